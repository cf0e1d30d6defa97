//! Writes the world down as IT Glue has it: organizations, and configurations with their troubles.

use super::{
    locations,
    records::{Choice, Configuration, Interface, Organization, Records, Table},
};
use crate::simulator::world::{
    Company, Device, Dice, Double, Lists, NOW, Side, Trouble, World, derived, host, index32, lan_ip, mac, private,
    psa::Other,
};
use std::collections::HashMap;

/// The records and which of the world's things they stand for.
pub struct Written {
    /// The records.
    pub records: Records,
    /// The organization of each company.
    pub organization_of: Vec<Option<u32>>,
    /// The organizations of suppliers, in the order of the word list.
    pub vendors: Vec<u32>,
    /// An old organization record of a company, besides its own.
    pub old_organization_of: HashMap<usize, u32>,
    /// The configuration of each device.
    pub configuration_of: Vec<Option<u32>>,
    /// An older configuration of a device, besides its own.
    pub older_configuration_of: HashMap<usize, u32>,
    /// Things that the RMM has not, as PSAs may know them.
    pub others: Vec<Other>,
    /// Their configurations.
    pub configuration_of_other: Vec<u32>,
}

impl Written {
    /// The organization of each account of the business side: companies, the MSP itself, suppliers.
    pub fn organizations_of_accounts(&self) -> Vec<Option<u32>> {
        let own = std::iter::once(None);
        self.organization_of.iter().copied().chain(own).chain(self.vendors.iter().copied().map(Some)).collect()
    }
}

const DAY: i64 = 86_400;

/// The organizations of all companies; configurations follow with [`configurations`].
pub fn organizations(world: &World, lists: &Lists) -> Written {
    let mut dice = Dice::new(world.seed, 20);
    let mut records = Records::default();
    choices(&mut records, lists);
    let mut next_id = 2_100_000 + index32(dice.below(5000));
    let mut organization_of = Vec::with_capacity(world.companies.len());
    let mut old_organization_of = HashMap::new();
    for (index, company) in world.companies.iter().enumerate() {
        if company.side == Side::RmmOnly {
            organization_of.push(None);
            continue;
        }
        if company.double != Double::No && dice.chance(500) {
            records.organizations.push(second_organization(company, &mut next_id, &mut dice));
            note_old(&records, company, index, &mut old_organization_of);
        }
        let organization = organization(company, &company.documentation_name, &mut next_id, &mut dice);
        organization_of.push(Some(organization.id));
        records.organizations.push(organization);
        if company.double != Double::No && !old_organization_of.contains_key(&index) {
            records.organizations.push(second_organization(company, &mut next_id, &mut dice));
            note_old(&records, company, index, &mut old_organization_of);
        }
    }
    let mut vendors = Vec::new();
    for name in &lists.words.vendors {
        let id = take(&mut next_id, &mut dice);
        vendors.push(id);
        let base = Organization {
            id,
            name: name.as_str().into(),
            organization_type: 88,
            organization_status: 68,
            ..Organization::default()
        };
        records.organizations.push(Organization { created: NOW - 900 * DAY, updated: NOW - 90 * DAY, ..base });
    }
    Written {
        records,
        organization_of,
        vendors,
        old_organization_of,
        configuration_of: Vec::new(),
        older_configuration_of: HashMap::new(),
        others: Vec::new(),
        configuration_of_other: Vec::new(),
    }
}

fn note_old(records: &Records, company: &Company, index: usize, old: &mut HashMap<usize, u32>) {
    if company.double == Double::OldRecord
        && let Some(last) = records.organizations.last()
    {
        old.insert(index, last.id);
    }
}

fn take(next_id: &mut u32, dice: &mut Dice) -> u32 {
    *next_id += 1 + index32(dice.below(7));
    *next_id
}

fn organization(company: &Company, name: &str, next_id: &mut u32, dice: &mut Dice) -> Organization {
    let age = i64::try_from(60 + dice.below(2500)).unwrap_or(0) * DAY;
    let inactive = company.devices == 0 && dice.chance(300);
    Organization {
        id: take(next_id, dice),
        name: name.into(),
        short_name: dice.chance(450).then(|| company.code.clone()),
        organization_type: if dice.chance(60) { 87 } else { 86 },
        organization_status: if inactive { 69 } else { 68 },
        synced: company.synced,
        created: NOW - age,
        updated: NOW - age / 7,
        ..Organization::default()
    }
}

/// A second record of the same name: the company's own from years ago, or another company's.
fn second_organization(company: &Company, next_id: &mut u32, dice: &mut Dice) -> Organization {
    let second = organization(company, &company.documentation_name, next_id, dice);
    let old = company.double == Double::OldRecord;
    let (created, updated) = if old { (NOW - 3500 * DAY, NOW - 2600 * DAY) } else { (second.created, second.updated) };
    Organization {
        organization_status: if old { 69 } else { 68 },
        synced: false,
        short_name: None,
        created,
        updated,
        ..second
    }
}

fn choices(records: &mut Records, lists: &Lists) {
    let mut add = |table: Table, rows: Vec<(u32, &str, u32)>| {
        let (created, updated) = (NOW - 3000 * DAY, NOW - 2000 * DAY);
        records.choices[table as usize] = rows
            .into_iter()
            .map(|(id, name, parent)| Choice { id, name: name.into(), parent, iso: "".into(), created, updated })
            .collect();
    };
    add(
        Table::OrganizationTypes,
        vec![(86, "Customer", 0), (87, "Prospect", 0), (88, "Vendor", 0), (89, "Internal", 0)],
    );
    add(Table::OrganizationStatuses, vec![(68, "Active", 0), (69, "Inactive", 0)]);
    let types = [
        "Laptop",
        "Desktop",
        "Mobile Device",
        "Tablet",
        "Printer",
        "Switch",
        "Wireless Access Point",
        "Firewall",
        "Storage",
        "Server",
    ];
    add(Table::ConfigurationTypes, (65..).zip(types).map(|(id, name)| (id, name, 0)).collect());
    add(Table::ConfigurationStatuses, vec![(29, "Active", 0), (30, "Inactive", 0), (31, "Retired", 0)]);
    add(Table::ContactTypes, vec![(12, "Decision Maker", 0), (13, "End User", 0)]);
    let mut makers = vec!["Apple"];
    let mut models: Vec<(u32, &str, u32)> =
        (900..).zip(&lists.hardware.apple).map(|(id, model)| (id, model.title.as_str(), 495)).collect();
    for (id, other) in (960..).zip(&lists.hardware.others) {
        if !makers.contains(&other.maker.as_str()) {
            makers.push(&other.maker);
        }
        let maker = makers.iter().position(|m| *m == other.maker).unwrap_or(0);
        models.push((id, &other.model, 495 + index32(maker)));
    }
    add(Table::Manufacturers, (495..).zip(makers).map(|(id, name)| (id, name, 0)).collect());
    add(Table::Models, models);
    add(Table::OperatingSystems, vec![(210, "macOS", 2), (211, "iOS", 3), (212, "Windows 11", 1), (213, "tvOS", 3)]);
    add(Table::Platforms, vec![(1, "Windows", 0), (2, "Mac", 0), (3, "Mobile", 0)]);
    countries_and_regions(records, lists);
}

fn countries_and_regions(records: &mut Records, lists: &Lists) {
    let (created, updated) = (NOW - 3000 * DAY, NOW - 2000 * DAY);
    for town in &lists.psa.towns {
        let mut id_of = |table: Table, [name, iso]: [&String; 2], parent: u32| {
            let rows = &mut records.choices[table as usize];
            if let Some(row) = rows.iter().find(|row| *row.name == **name && row.parent == parent) {
                return row.id;
            }
            let id = 1 + index32(rows.len());
            let (name, iso) = (name.as_str().into(), iso.as_str().into());
            rows.push(Choice { id, name, parent, iso, created, updated });
            id
        };
        let country = id_of(Table::Countries, town.country.each_ref(), 0);
        id_of(Table::Regions, town.region.each_ref(), country);
    }
}

/// Adds the configurations of all devices and the other things that companies own.
pub fn configurations(world: &World, lists: &Lists, written: &mut Written) {
    let mut scribe =
        Scribe { dice: Dice::new(world.seed, 21), next_id: 8_400_000, next_interface: 9_100_000, world, lists };
    let main_location: HashMap<u32, u32> = (0..)
        .zip(&written.organization_of)
        .filter_map(|(account, id)| Some(((*id)?, locations::of_account(account))))
        .collect();
    let mut rows = Vec::with_capacity(world.devices.len() * 11 / 10);
    let organizations: Vec<u32> = written.organization_of.iter().flatten().copied().collect();
    written.configuration_of = vec![None; world.devices.len()];
    for (at, device) in world.devices.iter().enumerate() {
        let Some(own) = written.organization_of[device.company as usize] else { continue };
        match device.trouble {
            Trouble::NotDocumented => continue,
            Trouble::Ghost => {
                written.configuration_of[at] = written.configuration_of[device.partner as usize];
                continue;
            }
            _ => {}
        }
        let organization = if device.trouble == Trouble::Moved { scribe.elsewhere(own, &organizations) } else { own };
        let location = main_location.get(&organization).copied().unwrap_or(0);
        if device.trouble == Trouble::OlderDuplicate {
            let older = Configuration { location, ..scribe.older(device, organization) };
            written.older_configuration_of.insert(at, older.id);
            rows.push(older);
        }
        let row = Configuration { location, ..scribe.configuration(device, organization) };
        written.configuration_of[at] = Some(row.id);
        rows.push(row);
    }
    for (account, (company, organization)) in (0..).zip(world.companies.iter().zip(&written.organization_of)) {
        if let Some(organization) = *organization {
            for _ in 0..company.devices / 12 + scribe.dice.below(3) {
                let (hardware, row) = scribe.other(organization);
                written.configuration_of_other.push(row.id);
                written.others.push(Other {
                    account,
                    hardware,
                    serial: row.serial_number.clone(),
                    mac: row.interfaces.first().map_or(0, |interface| interface.mac),
                    name: row.name.clone(),
                });
                rows.push(row);
            }
        }
    }
    written.records.last_interface = scribe.next_interface;
    written.records.configurations = rows;
}

/// Writes configurations one after the other.
struct Scribe<'a> {
    dice: Dice,
    next_id: u32,
    next_interface: u32,
    world: &'a World,
    lists: &'a Lists,
}

impl Scribe<'_> {
    fn elsewhere(&mut self, own: u32, organizations: &[u32]) -> u32 {
        let other = *self.dice.pick(organizations);
        if other == own { *organizations.iter().find(|&&o| o != own).unwrap_or(&own) } else { other }
    }

    fn configuration(&mut self, device: &Device, organization: u32) -> Configuration {
        let model = &self.lists.hardware.apple[usize::from(device.model)];
        let age = i64::try_from(20 + self.dice.below(1500)).unwrap_or(0) * DAY;
        let interfaces = self.interfaces(device);
        let mac_address = self.written_mac(device, &interfaces);
        Configuration {
            id: take(&mut self.next_id, &mut self.dice),
            organization,
            name: self.name(device).into(),
            hostname: self.dice.chance(200).then(|| host(&device.name).into()),
            serial_number: self.serial(device),
            mac_address,
            asset_tag: self.dice.chance(120).then(|| format!("A-{:05}", derived(device.key, 60) % 100_000).into()),
            configuration_type: type_id(model.kind),
            configuration_status: 29,
            manufacturer: 495,
            model: if self.dice.chance(850) { 900 + u32::from(device.model) } else { 0 },
            operating_system: if model.kind.is_mac() { 210 } else { 211 },
            synced: self.dice.chance(30),
            created: NOW - age,
            updated: NOW - age / 5,
            interfaces,
            ..Configuration::default()
        }
    }

    /// A record of the same device from its first years here.
    fn older(&mut self, device: &Device, organization: u32) -> Configuration {
        let plain = Device { trouble: Trouble::Renamed, ..device.clone() };
        let row = self.configuration(&plain, organization);
        let archived = self.dice.chance(300);
        Configuration {
            configuration_status: 30,
            archived,
            created: NOW - 2600 * DAY,
            updated: NOW - 1400 * DAY,
            ..row
        }
    }

    fn serial(&mut self, device: &Device) -> super::records::Text {
        let own = &device.serial;
        Some(match device.trouble {
            Trouble::SerialMissing | Trouble::NameOnly | Trouble::Nothing | Trouble::SharedDockOnly => return None,
            Trouble::SerialPlaceholder => self.dice.pick(&self.lists.hardware.placeholder_serials).as_str().into(),
            Trouble::Swapped => self.world.devices[device.partner as usize].serial.clone(),
            Trouble::SerialSlip => slip(own, &mut self.dice),
            _ => match self.dice.below(200) {
                0..5 => own.to_lowercase().into(),
                5..10 => format!(" {own}").into(),
                // The letter that Apple's bar codes have before the serial.
                10 if own.len() < 13 => format!("S{own}").into(),
                _ => own.clone(),
            },
        })
    }

    fn interfaces(&mut self, device: &Device) -> Box<[Interface]> {
        let shown: Vec<(&str, u64)> = match device.trouble {
            Trouble::NameOnly | Trouble::Nothing => Vec::new(),
            Trouble::PrivateWifi => vec![("Wi-Fi", private(&mut self.dice))],
            Trouble::SharedDockOnly => vec![("Dock", device.dock)],
            Trouble::SharedDock => vec![("Dock", device.dock), ("Wi-Fi", device.wifi)],
            _ if needs_mac(device.trouble) || self.dice.chance(900) => {
                [("Ethernet", device.ethernet), ("Wi-Fi", device.wifi), ("Dock", device.dock)]
                    .into_iter()
                    .filter(|(_, mac)| *mac != 0)
                    .collect()
            }
            _ => Vec::new(),
        };
        let ip = lan_ip(device.key).parse().ok();
        let ids = self.next_interface + 1..;
        let rows: Box<[Interface]> = ids
            .zip(shown.into_iter().enumerate())
            .map(|(id, (at, (name, mac)))| Interface {
                id,
                name: Some(name.into()),
                mac,
                ip: if at == 0 { ip } else { None },
                primary: at == 0,
                notes: None,
            })
            .collect();
        self.next_interface += index32(rows.len());
        rows
    }

    /// The MAC as somebody wrote it: of the primary interface, sometimes all of them in one field.
    fn written_mac(&mut self, device: &Device, interfaces: &[Interface]) -> super::records::Text {
        let first = mac(interfaces.first()?.mac);
        let several = interfaces.len() > 1 && device.trouble != Trouble::SharedDock && self.dice.chance(60);
        let bare = first.replace(':', "");
        Some(
            match self.dice.weighted([38, 20, 26, 10, 6].into_iter()) {
                _ if several => {
                    let separator = *self.dice.pick(&[", ", "|", " / "]);
                    interfaces.iter().map(|i| mac(i.mac)).collect::<Vec<_>>().join(separator)
                }
                0 => first.replace(':', "-").to_uppercase(),
                1 => first.to_uppercase(),
                2 => first,
                3 => bare.to_uppercase(),
                _ => format!("{}.{}.{}", &bare[..4], &bare[4..8], &bare[8..]),
            }
            .into(),
        )
    }

    fn name(&mut self, device: &Device) -> String {
        let words = &self.lists.words;
        let model = &self.lists.hardware.apple[usize::from(device.model)];
        let company = &self.world.companies[device.company as usize];
        match device.trouble {
            Trouble::NameOnly | Trouble::SharedDockOnly => return device.name.to_string(),
            Trouble::Nothing => return format!("{} spare {}", model.name, 1 + self.dice.below(40)),
            Trouble::Renamed => {
                let (given, family) = (self.dice.pick(&words.given), self.dice.pick(&words.families));
                return format!("{given} {family} – {}", model.name);
            }
            _ => {}
        }
        match self.dice.weighted([64, 12, 5, 5, 7, 7].into_iter()) {
            0 => device.name.to_string(),
            1 => host(&device.name).to_lowercase(),
            2 => device.name.to_uppercase(),
            3 => format!("{}.local", host(&device.name)),
            4 => format!("{} - {}", company.code, device.name),
            _ => format!("{} – {}", model.name, words.given[usize::from(device.given)]),
        }
    }

    /// Something that Addigy does not manage.
    fn other(&mut self, organization: u32) -> (u32, Configuration) {
        let at = self.dice.below(self.lists.hardware.others.len());
        let other = &self.lists.hardware.others[at];
        let maker = 495 + self.maker_of(at);
        let serial = if self.dice.chance(120) {
            self.dice.pick(&self.lists.hardware.placeholder_serials).clone()
        } else {
            let dice = &mut self.dice;
            other.serial.chars().map(|c| filled(c, dice)).collect()
        };
        let id = take(&mut self.next_id, &mut self.dice);
        let address = 0x1B_2100_0000 | u64::from(id) & 0xFF_FFFF;
        let age = i64::try_from(20 + self.dice.below(1500)).unwrap_or(0) * DAY;
        self.next_interface += 1;
        let interface = Interface { id: self.next_interface, mac: address, primary: true, ..Interface::default() };
        let row = Configuration {
            id,
            organization,
            name: format!("{}-{}", other.r#type.split(' ').next().unwrap_or_default(), 1 + self.dice.below(99)).into(),
            serial_number: (!serial.is_empty()).then(|| serial.into()),
            mac_address: Some(mac(address).replace(':', "-").to_uppercase().into()),
            configuration_type: kind_id(&other.r#type),
            configuration_status: 29,
            manufacturer: maker,
            model: 960 + index32(at),
            operating_system: if matches!(other.r#type.as_str(), "Laptop" | "Desktop") { 212 } else { 0 },
            created: NOW - age,
            updated: NOW - age / 5,
            interfaces: Box::new([interface]),
            ..Configuration::default()
        };
        (index32(at), row)
    }

    fn maker_of(&self, at: usize) -> u32 {
        let others = &self.lists.hardware.others;
        let mut makers: Vec<&str> = Vec::new();
        for other in &others[..=at] {
            if !makers.contains(&other.maker.as_str()) {
                makers.push(&other.maker);
            }
        }
        1 + index32(makers.iter().position(|m| *m == others[at].maker).unwrap_or(0))
    }
}

/// Troubles whose only identifier is a MAC.
const fn needs_mac(trouble: Trouble) -> bool {
    matches!(
        trouble,
        Trouble::SerialMissing
            | Trouble::SerialPlaceholder
            | Trouble::BoardReplaced
            | Trouble::Swapped
            | Trouble::SerialSlip
    )
}

fn filled(form: char, dice: &mut Dice) -> char {
    match form {
        '#' => char::from(*dice.pick(b"0123456789")),
        '?' => char::from(*dice.pick(b"0123456789ABCDEFGHJKLMNPQRSTUVWXYZ")),
        other => other,
    }
}

fn slip(serial: &str, dice: &mut Dice) -> Box<str> {
    if serial.contains('0') && dice.chance(600) {
        return serial.replacen('0', "O", 1).into();
    }
    let mut bytes = serial.as_bytes().to_vec();
    let at = 1 + dice.below(bytes.len() - 2);
    bytes[at] = if bytes[at] == b'8' { b'B' } else { b'8' };
    String::from_utf8_lossy(&bytes).into_owned().into()
}

const fn type_id(kind: crate::simulator::world::Kind) -> u32 {
    use crate::simulator::world::Kind;
    match kind {
        Kind::Laptop => 65,
        Kind::Desktop => 66,
        Kind::Phone | Kind::Tv => 67,
        Kind::Tablet => 68,
    }
}

fn kind_id(name: &str) -> u32 {
    match name {
        "Laptop" => 65,
        "Desktop" => 66,
        "Printer" => 69,
        "Switch" => 70,
        "Wireless Access Point" => 71,
        "Firewall" => 72,
        _ => 73,
    }
}
