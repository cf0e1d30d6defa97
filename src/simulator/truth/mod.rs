//! Which records of the vendors are the same thing, and which of them a matcher can find at all.

mod business;

pub use business::{Agreement, Pair, Subject};

use super::{
    addigy::{
        self,
        records::{parse_uuid, uuid},
    },
    itglue,
    world::{NameTrouble, Psa, Trouble, World, index32},
};
use serde::{Deserialize, Serialize};
use std::{collections::HashMap, sync::Arc};

/// What a device pair can be found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Findable {
    /// A serial or a MAC of its own agrees and nothing contradicts.
    Identifier,
    /// An identifier agrees and another one contradicts, or is mistyped: for a person to decide.
    Contradicted,
    /// Only the name agrees.
    Name,
    /// Nothing agrees.
    Nothing,
}

/// Whether a match is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The true pair.
    Right,
    /// Another record of the same thing: neither right nor wrong.
    Neutral,
    /// Two different things.
    Wrong,
    /// One of the two is not of this world (created or added since).
    Unknown,
}

/// What is known of a device of the RMM.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DevicePair<'a> {
    /// Addigy's agent id.
    pub agent: String,
    /// IT Glue's configuration id; `None` where the documentation has none.
    pub configuration: Option<&'a str>,
    /// What it can be found by.
    pub findable: Findable,
    /// What is wrong with its records.
    pub trouble: Trouble,
}

impl DevicePair<'_> {
    /// The configuration is filed under another organization.
    #[must_use]
    pub fn moved(&self) -> bool {
        self.trouble == Trouble::Moved
    }

    /// An older enrollment of a device whose newer agent is the one to match; matching it instead is neutral.
    #[must_use]
    pub fn ghost(&self) -> bool {
        self.trouble == Trouble::Ghost
    }
}

/// How many there are of what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TruthCounts {
    /// First-level policies that are companies.
    pub companies_left: usize,
    /// Of these, with an organization.
    pub company_pairs: usize,
    /// Agents, ghosts included.
    pub devices_left: usize,
    /// Agents with a configuration, without ghosts.
    pub device_pairs: usize,
    /// Of these, findable by an identifier without contradiction, in the organization of their company.
    pub device_pairs_by_identifier: usize,
    /// Of all pairs, with contradicting or mistyped identifiers.
    pub device_pairs_contradicted: usize,
    /// Of all pairs, with nothing but the name.
    pub device_pairs_by_name: usize,
    /// Of all pairs, with nothing in common.
    pub device_pairs_by_nothing: usize,
    /// Of all pairs, filed under another organization.
    pub device_pairs_moved: usize,
    /// Older enrollments.
    pub ghosts: usize,
}

/// What is known of a company of the RMM.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CompanyPair {
    /// Addigy's first-level policy.
    pub policy: Box<str>,
    /// IT Glue's organization; `None` where the documentation has none.
    pub organization: Option<Box<str>>,
    /// An old record of the same organization.
    pub old_organization: Option<Box<str>>,
    /// How the two names differ.
    pub names: NameTrouble,
    /// How many agents it has.
    pub devices: usize,
}

struct Entry {
    agent: u128,
    configuration: Option<Box<str>>,
    older: Option<Box<str>>,
    trouble: Trouble,
    /// Its number in the world.
    number: u32,
    /// The newer enrollment's number.
    partner: u32,
}

/// The truth of a simulated world as it was at the start. What is created or changed afterwards does not change it.
pub struct Truth {
    companies: Vec<CompanyPair>,
    devices: Vec<Entry>,
    last_organization: u32,
    last_configuration: u32,
    psa: Arc<Psa>,
    /// Account and policy.
    policies: Vec<(u32, u128)>,
    /// The agent of each device.
    agents: Vec<u128>,
    /// The organization of each account.
    organizations: Vec<Option<u32>>,
    /// Organization and account, sorted.
    accounts_of: Vec<(u32, u32)>,
    /// An older organization and its account, sorted.
    older_organizations: Vec<(u32, u32)>,
    /// The configuration of each thing.
    configurations: Vec<Option<u32>>,
    /// Configuration and thing, sorted.
    things_of: Vec<(u32, u32)>,
    /// An older configuration and its thing, sorted.
    older_configurations: Vec<(u32, u32)>,
}

impl Truth {
    pub(super) fn new(
        world: &World,
        addigy: &addigy::records::Written,
        itglue: &itglue::write::Written,
        psa: Arc<Psa>,
    ) -> Self {
        let text = |id: u32| Box::<str>::from(id.to_string());
        let mut companies = Vec::new();
        for (index, company) in world.companies.iter().enumerate() {
            let Some(policy) = addigy.policy_of[index] else { continue };
            companies.push(CompanyPair {
                policy: uuid(policy).into(),
                organization: itglue.organization_of[index].map(text),
                old_organization: itglue.old_organization_of.get(&index).copied().map(text),
                names: company.name_trouble,
                devices: company.devices,
            });
        }
        companies.sort_by(|a, b| a.policy.cmp(&b.policy));
        let mut devices: Vec<Entry> = (world.devices.iter().enumerate())
            .map(|(at, device)| Entry {
                agent: addigy.agent_of[at],
                configuration: itglue.configuration_of[at].map(text),
                older: itglue.older_configuration_of.get(&at).copied().map(text),
                trouble: device.trouble,
                number: index32(at),
                partner: device.partner,
            })
            .collect();
        devices.sort_unstable_by_key(|entry| entry.agent);
        let organizations = itglue.organizations_of_accounts();
        let own = (0..).zip(&world.devices).zip(&itglue.configuration_of);
        let own = own.map(|((_, device), id)| id.filter(|_| device.trouble != Trouble::Ghost));
        let configurations: Vec<Option<u32>> =
            own.chain(itglue.configuration_of_other.iter().map(|&id| Some(id))).collect();
        Self {
            policies: (0..).zip(&addigy.policy_of).filter_map(|(at, policy)| Some((at, (*policy)?))).collect(),
            agents: addigy.agent_of.clone(),
            accounts_of: inverse(&organizations),
            older_organizations: sorted(&itglue.old_organization_of),
            organizations,
            things_of: inverse(&configurations),
            older_configurations: sorted(&itglue.older_configuration_of),
            configurations,
            psa,
            companies,
            devices,
            last_organization: itglue.records.organizations.last().map_or(0, |o| o.id),
            last_configuration: itglue.records.configurations.last().map_or(0, |c| c.id),
        }
    }

    /// The organization id of a first-level policy.
    #[must_use]
    pub fn company(&self, policy_id: &str) -> Option<&str> {
        self.company_pair(policy_id)?.organization.as_deref()
    }

    /// The configuration id of an agent. An older enrollment has its newer one's.
    #[must_use]
    pub fn device(&self, agent_id: &str) -> Option<&str> {
        self.entry(agent_id)?.configuration.as_deref()
    }

    /// What is known of a first-level policy.
    #[must_use]
    pub fn company_pair(&self, policy_id: &str) -> Option<&CompanyPair> {
        let at = self.companies.binary_search_by(|pair| (*pair.policy).cmp(policy_id)).ok()?;
        Some(&self.companies[at])
    }

    /// What is known of an agent.
    #[must_use]
    pub fn device_pair(&self, agent_id: &str) -> Option<DevicePair<'_>> {
        self.entry(agent_id).map(Entry::pair)
    }

    /// Every company of the RMM.
    #[must_use]
    pub fn companies(&self) -> &[CompanyPair] {
        &self.companies
    }

    /// Every device of the RMM.
    pub fn devices(&self) -> impl Iterator<Item = DevicePair<'_>> {
        self.devices.iter().map(Entry::pair)
    }

    /// Whether matching this policy with that organization is right.
    #[must_use]
    pub fn judge_company(&self, policy_id: &str, organization_id: &str) -> Verdict {
        let Some(pair) = self.company_pair(policy_id) else { return Verdict::Wrong };
        if organization_id.parse::<u32>().is_ok_and(|id| id > self.last_organization) {
            return Verdict::Unknown;
        }
        judge(pair.organization.as_deref(), pair.old_organization.as_deref(), organization_id)
    }

    /// Whether matching this agent with that configuration is right.
    #[must_use]
    pub fn judge_device(&self, agent_id: &str, configuration_id: &str) -> Verdict {
        let Some(entry) = self.entry(agent_id) else { return Verdict::Unknown };
        if configuration_id.parse::<u32>().is_ok_and(|id| id > self.last_configuration) {
            return Verdict::Unknown;
        }
        let own = entry.configuration.as_deref();
        match judge(own, entry.older.as_deref(), configuration_id) {
            Verdict::Right if entry.trouble == Trouble::Ghost => Verdict::Neutral,
            verdict => verdict,
        }
    }

    /// How many there are of what.
    #[must_use]
    pub fn counts(&self) -> TruthCounts {
        let mut counts = TruthCounts {
            companies_left: self.companies.len(),
            company_pairs: self.companies.iter().filter(|c| c.organization.is_some()).count(),
            devices_left: self.devices.len(),
            ..TruthCounts::default()
        };
        for pair in self.devices() {
            if pair.ghost() {
                counts.ghosts += 1;
                continue;
            }
            if pair.configuration.is_none() {
                continue;
            }
            counts.device_pairs += 1;
            counts.device_pairs_moved += usize::from(pair.moved());
            match pair.findable {
                Findable::Identifier => counts.device_pairs_by_identifier += usize::from(!pair.moved()),
                Findable::Contradicted => counts.device_pairs_contradicted += 1,
                Findable::Name => counts.device_pairs_by_name += 1,
                Findable::Nothing => counts.device_pairs_by_nothing += 1,
            }
        }
        counts
    }

    fn entry(&self, agent_id: &str) -> Option<&Entry> {
        let agent = parse_uuid(agent_id)?;
        let at = self.devices.binary_search_by_key(&agent, |entry| entry.agent).ok()?;
        Some(&self.devices[at])
    }
}

/// Id and position, by id.
fn inverse(ids: &[Option<u32>]) -> Vec<(u32, u32)> {
    let mut all: Vec<(u32, u32)> = (0..).zip(ids).filter_map(|(at, id)| Some(((*id)?, at))).collect();
    all.sort_unstable();
    all
}

fn sorted(ids: &HashMap<usize, u32>) -> Vec<(u32, u32)> {
    let mut all: Vec<(u32, u32)> = ids.iter().map(|(&at, &id)| (id, index32(at))).collect();
    all.sort_unstable();
    all
}

fn judge(own: Option<&str>, other: Option<&str>, given: &str) -> Verdict {
    if own == Some(given) {
        Verdict::Right
    } else if other == Some(given) {
        Verdict::Neutral
    } else {
        Verdict::Wrong
    }
}

impl Entry {
    fn pair(&self) -> DevicePair<'_> {
        let findable = match self.trouble {
            Trouble::NotDocumented | Trouble::Nothing => Findable::Nothing,
            Trouble::NameOnly | Trouble::SharedDockOnly => Findable::Name,
            Trouble::Swapped | Trouble::SerialSlip => Findable::Contradicted,
            _ => Findable::Identifier,
        };
        let configuration = self.configuration.as_deref();
        DevicePair { agent: uuid(self.agent), configuration, findable, trouble: self.trouble }
    }
}
