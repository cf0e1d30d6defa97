//! Addigy's records: policies and agents, as small as 100,000 of them allow. Facts that nobody matches are derived.

use crate::simulator::world::{Dice, Lists, Side, Trouble, World, derived_below};

/// A policy.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Its id.
    pub id: u128,
    /// As shown.
    pub name: Box<str>,
    /// What stands in `parent`.
    pub parent: Parent,
    /// When it was made, days before the world's moment.
    pub age: u16,
    /// The IT Glue organization that it names.
    pub itglue_account: Option<Box<str>>,
}

/// The ways in which a policy says what is above it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parent {
    /// `null`: the first level.
    None,
    /// `""`: the first level too.
    Empty,
    /// A policy, which the key may not see.
    Policy(u128),
}

/// A device.
#[derive(Clone, Debug)]
pub struct Agent {
    /// Its id.
    pub id: u128,
    /// What facts that nobody matches are derived from.
    pub key: u64,
    /// Where it sits.
    pub policy: u128,
    /// `device_name`.
    pub name: Box<str>,
    /// `serial_number`.
    pub serial: Option<Box<str>>,
    /// `wifi_mac_address`; 0 for none.
    pub wifi: u64,
    /// Its built-in wired address; 0 for none.
    pub ethernet: u64,
    /// The dock's wired address; 0 for none.
    pub dock: u64,
    /// Position of its model in the hardware list.
    pub model: u8,
    /// Position of its user's given name.
    pub given: u16,
    /// Position of its user's family name.
    pub family: u16,
    /// When it was last heard of, minutes before the world's moment.
    pub silent: u32,
}

/// All records of the simulated tenant.
pub struct Records {
    /// The tenant.
    pub organization: u128,
    /// Policies.
    pub policies: Vec<Policy>,
    /// Agents.
    pub agents: Vec<Agent>,
    /// Goes up with every change.
    pub revision: u64,
}

/// The records and which of the world's things they stand for.
pub struct Written {
    /// The records.
    pub records: Records,
    /// The first-level policy of each company.
    pub policy_of: Vec<Option<u128>>,
    /// The agent of each device.
    pub agent_of: Vec<u128>,
}

/// Writes the world down as Addigy has it. `organization_id` gives the IT Glue id of a company.
pub fn write(world: &World, lists: &Lists, organization_id: impl Fn(usize) -> Option<u32>) -> Written {
    let mut dice = Dice::new(world.seed, 10);
    let organization = uuid_bits(&mut dice);
    let mut records = Records { organization, policies: Vec::new(), agents: Vec::new(), revision: 0 };
    let mut policy_of = Vec::with_capacity(world.companies.len());
    let mut groups: Vec<Vec<u128>> = Vec::with_capacity(world.companies.len());
    for (index, company) in world.companies.iter().enumerate() {
        if company.side == Side::DocumentationOnly {
            policy_of.push(None);
            groups.push(Vec::new());
            continue;
        }
        let ids: Vec<u128> = company.groups.iter().map(|_| uuid_bits(&mut dice)).collect();
        for (at, group) in company.groups.iter().enumerate() {
            let parent = match group.parent {
                Some(parent) => Parent::Policy(ids[usize::from(parent)]),
                None => first_level(index, &mut dice),
            };
            let linked = (at == 0 && company.linked).then(|| organization_id(index)).flatten();
            let age = u16::try_from(100 + dice.below(2000)).unwrap_or(0);
            records.policies.push(Policy {
                id: ids[at],
                name: group.name.clone(),
                parent,
                age,
                itglue_account: linked.map(|id| id.to_string().into()),
            });
        }
        policy_of.push(ids.first().copied());
        groups.push(ids);
    }
    for name in &lists.words.not_companies {
        let (id, parent) = (uuid_bits(&mut dice), Parent::None);
        // A link whose organization was deleted long ago.
        records.policies.push(Policy {
            id,
            name: name.as_str().into(),
            parent,
            age: 900,
            itglue_account: Some("17".into()),
        });
    }
    records.agents = agents(world, lists, &groups, &mut dice);
    let agent_of = records.agents.iter().map(|a| a.id).collect();
    Written { records, policy_of, agent_of }
}

/// The ways in which Addigy marks a first-level policy: null, rarely an empty text or a policy that the key cannot see.
fn first_level(index: usize, dice: &mut Dice) -> Parent {
    match index % 97 {
        41 => Parent::Empty,
        73 => Parent::Policy(uuid_bits(dice)),
        _ => Parent::None,
    }
}

fn agents(world: &World, lists: &Lists, groups: &[Vec<u128>], dice: &mut Dice) -> Vec<Agent> {
    let mut agents = Vec::with_capacity(world.devices.len());
    for device in &world.devices {
        let serial = match device.trouble {
            Trouble::BoardReplaced if dice.chance(400) => None,
            Trouble::BoardReplaced => Some(dice.pick(&lists.hardware.board_serials).as_str().into()),
            _ => Some(device.serial.clone()),
        };
        agents.push(Agent {
            id: uuid_bits(dice),
            key: device.key,
            policy: groups[device.company as usize][usize::from(device.group)],
            name: device.name.clone(),
            serial,
            wifi: device.wifi,
            ethernet: device.ethernet,
            dock: device.dock,
            model: device.model,
            given: device.given,
            family: device.family,
            silent: silent(device.key, device.trouble),
        });
    }
    agents
}

/// Most devices were heard of today, some not for years; an older enrollment is silent since the newer one.
fn silent(key: u64, trouble: Trouble) -> u32 {
    const DAY: u64 = 1440;
    let minutes = match (trouble, derived_below(key, 1, 100)) {
        (Trouble::Ghost, _) => 200 * DAY + derived_below(key, 2, 500 * DAY),
        (_, 0..70) => derived_below(key, 2, DAY / 3),
        (_, 70..90) => derived_below(key, 2, 14 * DAY),
        (_, 90..97) => 14 * DAY + derived_below(key, 2, 120 * DAY),
        _ => 120 * DAY + derived_below(key, 2, 900 * DAY),
    };
    u32::try_from(minutes).unwrap_or(0)
}

/// A random version 4 UUID.
pub fn uuid_bits(dice: &mut Dice) -> u128 {
    dice.wide_bits() & !(0xF000 << 64) & !(0xC000 << 48) | (0x4000 << 64) | (0x8000 << 48)
}

/// As Addigy writes it.
pub fn uuid(bits: u128) -> String {
    let hex = format!("{bits:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// Reads what [`uuid`] wrote, in any case.
pub fn parse_uuid(text: &str) -> Option<u128> {
    let hex: String = text.chars().filter(|&c| c != '-').collect();
    (text.len() == 36 && hex.len() == 32).then(|| u128::from_str_radix(&hex, 16).ok()).flatten()
}
