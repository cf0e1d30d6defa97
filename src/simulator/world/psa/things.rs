//! What companies own, as PSAs hold it: the RMM's devices, what the documentation has besides, and what nobody else
//! has.

use super::{Account, Book, Person, Psa, Site};
use crate::simulator::world::{
    Device, Kind, Lists, Trouble, derived, derived_below, filled, host, index32, lan_ip, mac, words::Other as Hardware,
};

/// A thing that the documentation has and the RMM has not.
#[derive(Clone, Debug)]
pub struct Other {
    /// Its account's number.
    pub account: u32,
    /// Position in the list of such hardware.
    pub hardware: u32,
    /// Its serial as documented.
    pub serial: Option<Box<str>>,
    /// Its address.
    pub mac: u64,
    /// Its name as documented.
    pub name: Box<str>,
}

/// Where a thing is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThingState {
    /// In use.
    Active,
    /// Put aside.
    Spare,
    /// Away for repair.
    InRepair,
    /// No longer there.
    Retired,
}

#[derive(Clone, Copy)]
enum Source<'a> {
    Device(&'a Device),
    Other(&'a Other),
    /// Only PSAs know it.
    Extra(&'a Hardware),
    /// An older record of a device, by its number.
    Older(&'a Device, u32),
}

/// What is wrong with a device's serial in a PSA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slip {
    None,
    Missing,
    Placeholder,
    Typing,
    Case,
    /// Neither serial nor address.
    NameOnly,
}

/// A thing.
#[derive(Clone, Copy)]
pub struct Thing<'a> {
    psa: &'a Psa,
    /// Its number in the world.
    pub number: u32,
    own_account: u32,
    source: Source<'a>,
    key: u64,
}

impl<'a> Thing<'a> {
    pub(super) fn new(psa: &'a Psa, number: u32) -> Option<Self> {
        let key = psa.key(43, number);
        let at = number as usize;
        let devices = psa.size.1;
        let (source, own_account) = if at < devices {
            let device = &psa.world().devices[at];
            (Source::Device(device), device.company)
        } else if let Some(other) = psa.others.get(at - devices) {
            (Source::Other(other), other.account)
        } else if number < psa.things() {
            let (account, _) = psa.somebody(derived(key, 1));
            let owned = psa.devices_of(account);
            let hardware = &psa.lists.psa.things;
            if !owned.is_empty() && derived_below(key, 2, 100) < 15 {
                let device = owned.start + u32::try_from(derived(key, 3) % owned.len() as u64).unwrap_or(0);
                (Source::Older(&psa.world().devices[device as usize], device), account)
            } else {
                let at = usize::try_from(derived_below(key, 4, hardware.len() as u64)).unwrap_or(0);
                (Source::Extra(&hardware[at]), account)
            }
        } else {
            return None;
        };
        Some(Self { psa, number, own_account, source, key })
    }

    /// Whether that PSA has it.
    pub fn in_book(&self, book: Book) -> bool {
        let ghost = |device: &Device| device.trouble == Trouble::Ghost;
        let share = match self.source {
            Source::Device(device) | Source::Older(device, _) if ghost(device) => 0,
            Source::Device(_) => DEVICES,
            Source::Other(_) => 88,
            Source::Extra(_) => 85,
            Source::Older(..) => 60,
        };
        filed(self.psa, self.key, self.own_account, book, share)
    }

    /// The number of the thing that this is an older record of.
    pub fn older_of(&self) -> Option<u32> {
        match self.source {
            Source::Older(_, device) => Some(device),
            _ => None,
        }
    }

    /// The account under which that book files it: rarely another than whose it is.
    pub fn account(&self, book: Book) -> u32 {
        filed_under(self.psa, self.key, self.own_account, book)
    }

    fn owner(&self, book: Book) -> &'a Account {
        &self.psa.accounts[self.account(book) as usize]
    }

    fn device(&self) -> Option<&'a Device> {
        match self.source {
            Source::Device(device) | Source::Older(device, _) => Some(device),
            _ => None,
        }
    }

    fn hardware(&self) -> Option<&'a Hardware> {
        match self.source {
            Source::Other(other) => self.psa.lists.hardware.others.get(other.hardware as usize),
            Source::Extra(hardware) => Some(hardware),
            _ => None,
        }
    }

    /// What it is: `Laptop`, `Server` …
    pub fn kind(&self) -> &'a str {
        match self.device().map(|device| self.psa.lists.hardware.apple[usize::from(device.model)].kind) {
            Some(Kind::Laptop) => "Laptop",
            Some(Kind::Desktop) => "Desktop",
            Some(Kind::Tablet) => "Tablet",
            Some(Kind::Phone | Kind::Tv) => "Mobile Device",
            None => self.hardware().map_or("Other", |hardware| hardware.r#type.as_str()),
        }
    }

    /// That PSA has no type for it.
    pub fn untyped(&self, book: Book) -> bool {
        derived_below(self.key, 8 + book.salt(), 100) < 4
    }

    /// Position of its model in [`products`]; `None` where nobody noted it.
    pub fn product(&self) -> Option<u32> {
        let lists = &self.psa.lists;
        let (apple, others) = (lists.hardware.apple.len(), lists.hardware.others.len());
        let at = match self.source {
            Source::Device(device) | Source::Older(device, _) => usize::from(device.model),
            Source::Other(other) => apple + other.hardware as usize,
            Source::Extra(hardware) => {
                apple + others + lists.psa.things.iter().position(|h| h.model == hardware.model)?
            }
        };
        (derived_below(self.key, 9, 100) < 92).then(|| index32(at))
    }

    fn slip(&self, book: Book) -> Slip {
        match derived_below(self.key, 10 + book.salt(), 1000) {
            0..60 => Slip::Missing,
            60..80 => Slip::Placeholder,
            80..90 => Slip::Typing,
            90..120 => Slip::Case,
            120..140 => Slip::NameOnly,
            _ => Slip::None,
        }
    }

    /// Its true serial, where it has one.
    fn true_serial(&self) -> Option<String> {
        match self.source {
            Source::Device(device) | Source::Older(device, _) => Some(device.serial.to_string()),
            Source::Other(other) => other.serial.as_deref().map(str::to_owned),
            Source::Extra(hardware) => Some(filled(&hardware.serial, derived(self.key, 11))),
        }
    }

    /// Its serial as that PSA has it.
    pub fn serial(&self, book: Book) -> Option<String> {
        let serial = self.true_serial()?;
        let placeholders = &self.psa.lists.hardware.placeholder_serials;
        Some(match self.slip(book) {
            Slip::Missing | Slip::NameOnly => return None,
            Slip::Placeholder => placeholders
                [usize::try_from(derived_below(self.key, 12, placeholders.len() as u64)).unwrap_or(0)]
            .clone(),
            Slip::Typing => {
                let mut chars: Vec<char> = serial.chars().collect();
                let last = chars.len().saturating_sub(2);
                if let Some(c) = chars.get_mut(last) {
                    *c = if *c == '8' { 'B' } else { '8' };
                }
                chars.into_iter().collect()
            }
            Slip::Case if derived(self.key, 13) & 1 == 0 => serial.to_lowercase(),
            Slip::Case => format!(" {serial}"),
            Slip::None => serial,
        })
    }

    /// Whether its serial there is the true one, however it is written.
    pub fn has_true_serial(&self, book: Book) -> bool {
        matches!(self.slip(book), Slip::None | Slip::Case)
    }

    /// Whether the documentation, where it has it, has its true serial.
    pub fn documented_with_serial(&self) -> bool {
        match self.source {
            Source::Device(device) | Source::Older(device, _) => !matches!(
                device.trouble,
                Trouble::SerialMissing
                    | Trouble::SerialPlaceholder
                    | Trouble::NameOnly
                    | Trouble::Nothing
                    | Trouble::SharedDockOnly
                    | Trouble::Swapped
                    | Trouble::SerialSlip
            ),
            Source::Other(other) => other.serial.is_some(),
            Source::Extra(_) => false,
        }
    }

    /// Its addresses as that PSA has them, the primary one first.
    pub fn macs(&self, book: Book) -> Vec<u64> {
        let roll = derived_below(self.key, 14 + book.salt(), 100);
        let (noted, several) = (roll < 68, roll < 6);
        let mut all = match self.source {
            _ if self.slip(book) == Slip::NameOnly => Vec::new(),
            // Its serial is on another's record in the documentation: without the address nobody could tell.
            Source::Device(device) if device.trouble == Trouble::Swapped => vec![device.ethernet, device.wifi],
            _ if !noted => Vec::new(),
            Source::Device(device) | Source::Older(device, _) => match device.trouble {
                // Another network, another private address.
                Trouble::PrivateWifi => vec![derived(self.key, 15) & 0xFCFF_FFFF_FFFF | 0x0200_0000_0000],
                Trouble::SharedDock | Trouble::SharedDockOnly => vec![device.dock],
                _ => vec![device.ethernet, device.wifi],
            },
            Source::Other(other) => vec![other.mac],
            Source::Extra(_) => vec![0x1B_2200_0000 | u64::from(self.number) & 0xFF_FFFF],
        };
        all.retain(|&address| address != 0);
        if !several {
            all.truncate(1);
        }
        all
    }

    /// The same in one text of at most 25 characters, as somebody wrote it.
    pub fn mac_text(&self, book: Book) -> Option<String> {
        let all = self.macs(book);
        let first = mac(*all.first()?);
        let bare = |address: u64| mac(address).replace(':', "").to_uppercase();
        if let [one, two] = all[..] {
            return Some(format!("{},{}", bare(one), bare(two)));
        }
        Some(match derived_below(self.key, 16 + book.salt(), 10) {
            0..4 => first.to_uppercase(),
            4..7 => bare(all[0]),
            7..9 => first.replace(':', "-").to_uppercase(),
            _ => first,
        })
    }

    /// Its name in that PSA.
    pub fn name(&self, book: Book) -> String {
        let code = &self.owner(book).identifier;
        let roll = derived_below(self.key, 17 + book.salt(), 100);
        match self.source {
            Source::Device(device) => match roll {
                0..68 => device.name.to_string(),
                68..80 => host(&device.name).to_uppercase(),
                80..88 => format!("{code}-{}", device.name),
                _ => self.model_name(device).to_owned(),
            },
            Source::Older(device, _) => format!("{} (old)", self.model_name(device)),
            Source::Other(other) if roll < 70 => other.name.to_string(),
            Source::Other(_) | Source::Extra(_) => {
                let hardware = self.hardware();
                let model = hardware.map_or("Device", |hardware| hardware.model.as_str());
                if roll.is_multiple_of(2) {
                    let kind: String = self.kind().chars().take(3).collect::<String>().to_uppercase();
                    return format!("{code}-{kind}{:02}", derived_below(self.key, 18, 99) + 1);
                }
                format!("{} {model}", hardware.map_or("", |hardware| hardware.maker.as_str()))
            }
        }
    }

    fn model_name(&self, device: &Device) -> &'a str {
        &self.psa.lists.hardware.apple[usize::from(device.model)].name
    }

    /// Its name in its network.
    pub fn host(&self, book: Book) -> Option<String> {
        self.device().filter(|_| derived_below(self.key, 19 + book.salt(), 100) < 60).map(|device| host(&device.name))
    }

    /// Its address in its network.
    pub fn ip(&self) -> Option<String> {
        let key = self.device().map_or(self.key, |device| device.key);
        (derived_below(self.key, 20, 100) < 60).then(|| lan_ip(key))
    }

    /// Its operating system.
    pub fn system(&self) -> Option<&'static str> {
        match self.device().map(|device| self.psa.lists.hardware.apple[usize::from(device.model)].kind) {
            Some(kind) if kind.is_mac() => Some("macOS"),
            Some(_) => Some("iOS"),
            None => match self.kind() {
                "Laptop" | "Desktop" => Some("Windows 11"),
                "Server" => Some("Windows Server 2022"),
                _ => None,
            },
        }
    }

    /// Where it is in its life.
    pub fn state(&self, book: Book) -> ThingState {
        match derived_below(self.key, 21 + book.salt(), 100) {
            _ if self.older_of().is_some() => ThingState::Retired,
            0..90 => ThingState::Active,
            90..94 => ThingState::Spare,
            94..95 => ThingState::InRepair,
            _ => ThingState::Retired,
        }
    }

    /// Its asset tag.
    pub fn tag(&self) -> Option<String> {
        let key = self.device().map_or(self.key, |device| device.key);
        (derived_below(self.key, 22, 100) < 30).then(|| format!("A-{:05}", derived(key, 60) % 100_000))
    }

    /// Who uses it, where that PSA says so.
    pub fn person(&self, book: Book) -> Option<Person<'a>> {
        if derived_below(self.key, 23 + book.salt(), 100) >= 55 || self.account(book) != self.own_account {
            return None;
        }
        let account = &self.psa.accounts[self.own_account as usize];
        let position = match self.source {
            Source::Device(_) => self.number - account.devices.start,
            _ => u32::try_from(derived_below(self.key, 24, account.people.len() as u64)).unwrap_or(0),
        };
        let number = account.people.start + position;
        (number < account.people.end).then(|| self.psa.person(number)).flatten().filter(|person| person.in_book(book))
    }

    /// Where it is, where that PSA says so.
    pub fn site(&self, book: Book) -> Option<Site<'a>> {
        let account = self.account(book);
        let sites = u64::from(self.psa.accounts[account as usize].sites);
        let position = derived_below(self.key, 25, sites + 2).saturating_sub(2);
        let site = self.psa.site(account * super::SITES + u32::try_from(position).unwrap_or(0))?;
        (derived_below(self.key, 26 + book.salt(), 100) < 80 && site.in_book(book)).then_some(site)
    }

    /// When it was bought, put up, and when its warranty ends.
    pub fn dates(&self, book: Book) -> [Option<i64>; 3] {
        const DAY: i64 = 86_400;
        let (made, _) = self.moments(book);
        let midnight = made - made.rem_euclid(DAY);
        let known = |purpose| derived_below(self.key, purpose, 100) < 60;
        let days = |purpose, below| i64::try_from(derived_below(self.key, purpose, below)).unwrap_or(0) * DAY;
        let bought = midnight - days(27, 60) - 3 * DAY;
        let years = 1 + i64::try_from(derived_below(self.key, 28, 4)).unwrap_or(0);
        [known(29).then_some(bought), known(30).then_some(midnight), known(31).then_some(bought + years * 365 * DAY)]
    }

    /// When its record was made and last changed.
    pub fn moments(&self, book: Book) -> (i64, i64) {
        super::moments(derived(self.key, book.salt()), if self.older_of().is_some() { 2600 } else { 1500 })
    }
}

/// Of 100 devices, how many a PSA has.
const DEVICES: u64 = 91;

fn filed(psa: &Psa, key: u64, own_account: u32, book: Book, share: u64) -> bool {
    book != Book::Documentation
        && derived_below(key, 5 + book.salt(), 100) < share
        && psa.accounts[filed_under(psa, key, own_account, book) as usize].in_book(book)
}

fn filed_under(psa: &Psa, key: u64, own_account: u32, book: Book) -> u32 {
    if derived_below(key, 6 + book.salt(), 1000) < 6 {
        return u32::try_from(derived_below(key, 7, psa.accounts.len() as u64)).unwrap_or(0);
    }
    own_account
}

/// Whether that PSA has that device of that account.
pub(super) fn has_device(psa: &Psa, number: u32, account: u32, book: Book) -> bool {
    filed(psa, psa.key(43, number), account, book, DEVICES)
}

/// Maker and model of every product: the RMM's devices first, then the documentation's others, then the rest.
pub fn products(lists: &Lists) -> impl Iterator<Item = (&str, &str)> {
    let apple = lists.hardware.apple.iter().map(|model| ("Apple", model.title.as_str()));
    let others = lists.hardware.others.iter().chain(&lists.psa.things);
    apple.chain(others.map(|other| (other.maker.as_str(), other.model.as_str())))
}

/// The makers of all products, each once.
pub fn makers(lists: &Lists) -> Vec<&str> {
    let mut makers = Vec::new();
    for (maker, _) in products(lists) {
        if !makers.contains(&maker) {
            makers.push(maker);
        }
    }
    makers
}
