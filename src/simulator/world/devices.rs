//! The Apple devices of the world, each with the one trouble that its records have.

use super::{
    Company, Dice,
    companies::Side,
    words::{Hardware, Kind, Lists},
};

/// What is wrong between a device's record in the RMM and the one in the documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trouble {
    /// Serial and MAC agree.
    Plain,
    /// The documentation has no record of it.
    NotDocumented,
    /// The documentation has no serial; a MAC agrees.
    SerialMissing,
    /// The documentation has a placeholder for a serial; a MAC agrees.
    SerialPlaceholder,
    /// The RMM has none or a placeholder for a serial; a MAC agrees.
    BoardReplaced,
    /// Only the name agrees.
    NameOnly,
    /// Nothing agrees.
    Nothing,
    /// Renamed since; serial and MAC agree.
    Renamed,
    /// Both sides have private Wi-Fi addresses, which differ; the serial agrees.
    PrivateWifi,
    /// The MAC on both sides is a dock's that colleagues use too; the serial agrees.
    SharedDock,
    /// As before, and the documentation has no serial: the dock is all there is.
    SharedDockOnly,
    /// The documentation has an older record of it besides.
    OlderDuplicate,
    /// The documentation files it under another organization.
    Moved,
    /// The serials of two records were swapped: serial and MAC contradict each other.
    Swapped,
    /// A virtual machine with a long serial and a virtual adapter.
    Virtual,
    /// The serial in the documentation has a typing error; the MAC agrees.
    SerialSlip,
    /// An older enrollment of a device that is in the RMM twice.
    Ghost,
}

/// Troubles and their share in 1,000 devices; the rest is plain.
const SHARES: [(Trouble, u32); 16] = [
    (Trouble::Plain, 0),
    (Trouble::NotDocumented, 35),
    (Trouble::SerialMissing, 22),
    (Trouble::SerialPlaceholder, 12),
    (Trouble::BoardReplaced, 6),
    (Trouble::NameOnly, 15),
    (Trouble::Nothing, 6),
    (Trouble::Renamed, 25),
    (Trouble::PrivateWifi, 18),
    (Trouble::SharedDock, 15),
    (Trouble::SharedDockOnly, 4),
    (Trouble::OlderDuplicate, 15),
    (Trouble::Moved, 10),
    (Trouble::Swapped, 3),
    (Trouble::Virtual, 6),
    (Trouble::SerialSlip, 7),
];
const GHOSTS: u32 = 8;

/// A device.
#[derive(Clone, Debug)]
pub struct Device {
    /// Position of its company.
    pub company: u32,
    /// Position of its group in the company.
    pub group: u16,
    /// Position of its model in [`Hardware::apple`].
    pub model: u8,
    /// Position of its user's given name.
    pub given: u16,
    /// Position of its user's family name.
    pub family: u16,
    /// What facts that nobody matches are derived from.
    pub key: u64,
    /// Its true serial.
    pub serial: Box<str>,
    /// Its Wi-Fi address.
    pub wifi: u64,
    /// Its built-in wired address; 0 where it has none.
    pub ethernet: u64,
    /// The address of the dock it uses; 0 where it uses none.
    pub dock: u64,
    /// Its name in the RMM.
    pub name: Box<str>,
    /// What is wrong with its records.
    pub trouble: Trouble,
    /// The other device of a [`Trouble::Swapped`] or [`Trouble::Ghost`].
    pub partner: u32,
}

/// All devices, company after company.
pub fn devices(seed: u64, lists: &Lists, companies: &[Company]) -> Vec<Device> {
    let mut dice = Dice::new(seed, 2);
    let total = companies.iter().map(|c| c.devices).sum();
    let mut all = Vec::with_capacity(total);
    for (index, company) in companies.iter().enumerate() {
        let first = all.len();
        for number in 0..company.devices {
            let place = Place { company: index, number, first, at: all.len() };
            let device = device(&place, company, &all, lists, &mut dice);
            all.push(device);
        }
        pair_swapped(&mut all, first);
    }
    all
}

struct Place {
    company: usize,
    number: usize,
    first: usize,
    at: usize,
}

fn device(place: &Place, company: &Company, all: &[Device], lists: &Lists, dice: &mut Dice) -> Device {
    let trouble = if company.side == Side::RmmOnly { Trouble::NotDocumented } else { roll_trouble(dice) };
    if trouble != Trouble::NotDocumented
        && place.at > place.first
        && all[place.at - 1].trouble == Trouble::Plain
        && dice.chance(GHOSTS)
    {
        return ghost(place, all, dice);
    }
    let model = dice.weighted(lists.hardware.apple.iter().map(|m| m.share));
    let kind = lists.hardware.apple[model].kind;
    let trouble = possible(trouble, kind);
    let (wifi, ethernet) = addresses(place.at, kind, trouble, &lists.hardware, dice);
    let docked = kind == Kind::Laptop && (is_docked(trouble) || trouble == Trouble::Plain && dice.chance(60));
    let mut device = Device {
        company: index32(place.company),
        group: roll_group(company, dice),
        model: u8::try_from(model).unwrap_or(0),
        given: u16::try_from(dice.below(lists.words.given.len())).unwrap_or(0),
        family: u16::try_from(dice.below(lists.words.families.len())).unwrap_or(0),
        key: dice.bits(),
        serial: serial(trouble, dice).into(),
        wifi,
        ethernet,
        dock: if docked { dock(place.company, company, &lists.hardware, dice) } else { 0 },
        name: "".into(),
        trouble,
        partner: 0,
    };
    device.name = name(&device, place, company, lists, dice).into();
    device
}

/// A position as it is stored. Worlds stay far below 2^32 records.
pub fn index32(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

fn roll_trouble(dice: &mut Dice) -> Trouble {
    let troubled: u32 = SHARES.iter().map(|s| s.1).sum();
    let weights = SHARES.iter().map(|&(t, share)| if t == Trouble::Plain { 1000 - troubled } else { share });
    SHARES[dice.weighted(weights)].0
}

const fn is_docked(trouble: Trouble) -> bool {
    matches!(trouble, Trouble::SharedDock | Trouble::SharedDockOnly)
}

/// Phones, tablets and Apple TVs have neither docks nor virtual machines nor logic boards that anyone changes.
const fn possible(trouble: Trouble, kind: Kind) -> Trouble {
    match (trouble, kind) {
        (Trouble::SharedDock | Trouble::SharedDockOnly, Kind::Laptop) => trouble,
        (Trouble::SharedDock | Trouble::SharedDockOnly, _) => Trouble::Plain,
        (Trouble::Virtual | Trouble::BoardReplaced, Kind::Tablet | Kind::Phone | Kind::Tv) => Trouble::Plain,
        _ => trouble,
    }
}

fn roll_group(company: &Company, dice: &mut Dice) -> u16 {
    let leaves: Vec<u16> = (0u16..).zip(&company.groups).filter(|(_, g)| g.leaf).map(|(at, _)| at).collect();
    if leaves.is_empty() { 0 } else { *dice.pick(&leaves) }
}

const SERIAL_LETTERS: &[u8] = b"0123456789CDFGHJKLMNPQRTVWXY";

fn serial(trouble: Trouble, dice: &mut Dice) -> String {
    if trouble == Trouble::Virtual {
        let bytes: Vec<String> = (0..16).map(|_| format!("{:02x}", dice.below(256))).collect();
        return format!("VMware-{}-{}", bytes[..8].join(" "), bytes[8..].join(" "));
    }
    if dice.chance(400) {
        let place = *dice.pick(&["C02", "FVF", "C07", "DMP", "C17"]);
        return format!("{place}{}", dice.text(SERIAL_LETTERS, 9));
    }
    dice.text(SERIAL_LETTERS, 10)
}

fn addresses(at: usize, kind: Kind, trouble: Trouble, hardware: &Hardware, dice: &mut Dice) -> (u64, u64) {
    let prefix =
        if trouble == Trouble::Virtual { 0x00_0C29 } else { octets(dice.pick::<String>(&hardware.apple_prefixes)) };
    let unique = |n: usize| (n as u64).wrapping_mul(0x9E_3779) & 0xFF_FFFF;
    let wifi = if trouble == Trouble::PrivateWifi { private(dice) } else { prefix << 24 | unique(2 * at) };
    let wired = kind == Kind::Desktop;
    let ethernet = if wired && trouble != Trouble::PrivateWifi { prefix << 24 | unique(2 * at + 1) } else { 0 };
    (wifi, ethernet)
}

/// A locally administered address, new each time.
pub fn private(dice: &mut Dice) -> u64 {
    (dice.bits() & 0xFCFF_FFFF_FFFF) | 0x0200_0000_0000
}

fn octets(hexadecimal: &str) -> u64 {
    u64::from_str_radix(hexadecimal, 16).unwrap_or(0)
}

fn dock(index: usize, company: &Company, hardware: &Hardware, dice: &mut Dice) -> u64 {
    let number = dice.below(usize::from(company.docks)) as u64;
    let prefix = octets(&hardware.dock_prefixes[index % hardware.dock_prefixes.len()]);
    prefix << 24 | ((index as u64) << 8 | number & 0xFF) & 0xFF_FFFF
}

fn name(device: &Device, place: &Place, company: &Company, lists: &Lists, dice: &mut Dice) -> String {
    let model = &lists.hardware.apple[usize::from(device.model)];
    let given = &lists.words.given[usize::from(device.given)];
    let family = &lists.words.families[usize::from(device.family)];
    let short: String = model.name.split(' ').map(|w| w.get(..1).unwrap_or("X")).collect();
    let number = place.number + 1;
    match dice.weighted([34, 8, 20, 18, 10, 6, 4].into_iter()) {
        0 => format!("{given}'s {}", model.name),
        1 => format!("{given}’s {}", model.name),
        2 => format!("{}-{short}-{number:03}", company.code),
        3 => format!("{}{}-{short}", given.get(..1).unwrap_or("X"), any_ascii::any_ascii(family)).to_uppercase(),
        4 if model.kind.is_mac() => format!("{} ({})", model.name, 2 + dice.below(9)),
        4 => model.name.clone(),
        5 => format!("{} {} {number}", company.rmm_name, model.name),
        _ => format!("{family} {given}"),
    }
}

/// An older enrollment of the device before it.
fn ghost(place: &Place, all: &[Device], dice: &mut Dice) -> Device {
    let original = &all[place.at - 1];
    Device { key: dice.bits(), trouble: Trouble::Ghost, partner: index32(place.at - 1), ..original.clone() }
}

/// Swapped serials need two devices of one company; who finds no neighbour stays plain.
fn pair_swapped(all: &mut [Device], first: usize) {
    let mut waiting: Option<usize> = None;
    for at in first..all.len() {
        if all[at].trouble != Trouble::Swapped {
            continue;
        }
        let partner = waiting.take().or_else(|| (first..at).rev().find(|&p| swappable(all, p)));
        match partner {
            Some(partner) => {
                all[partner].trouble = Trouble::Swapped;
                all[partner].partner = index32(at);
                all[at].partner = index32(partner);
            }
            None => waiting = Some(at),
        }
    }
    if let Some(alone) = waiting {
        all[alone].trouble = Trouble::Plain;
    }
}

/// A plain device that no ghost refers to.
fn swappable(all: &[Device], at: usize) -> bool {
    all[at].trouble == Trouble::Plain && all.get(at + 1).is_none_or(|next| next.trouble != Trouble::Ghost)
}
