//! Adding, renaming, moving and deleting records while the vendors run. Ids are the vendors' ids as text; changes to
//! unknown ids do nothing and say so.

#![expect(clippy::must_use_candidate, reason = "whether the record was there interests few tests")]

use crate::domain::Mac;
use crate::simulator::{
    addigy::{
        Addigy,
        records::{Agent, Parent, Policy, parse_uuid, uuid, uuid_bits},
    },
    itglue::{
        ItGlue,
        records::{Configuration, Organization},
    },
    world::Dice,
};

/// Addigy's records.
pub struct AddigyRecords<'a>(pub(super) &'a Addigy);

impl AddigyRecords<'_> {
    /// A new policy, on the first level or below another; its id.
    #[must_use]
    pub fn add_policy(&self, name: &str, parent: Option<&str>) -> String {
        let mut records = self.0.write();
        let id = uuid_bits(&mut Dice::new(records.revision, 80));
        let parent = parent.and_then(parse_uuid).map_or(Parent::None, Parent::Policy);
        records.policies.push(Policy { id, name: name.into(), parent, age: 0, itglue_account: None });
        uuid(id)
    }

    /// Renames a policy; false where there is none.
    pub fn rename_policy(&self, id: &str, name: &str) -> bool {
        let mut records = self.0.write();
        let found = parse_uuid(id).and_then(|id| records.policies.iter_mut().find(|p| p.id == id));
        found.map(|policy| policy.name = name.into()).is_some()
    }

    /// Deletes a policy, not what is below it or sits in it; false where there is none.
    pub fn delete_policy(&self, id: &str) -> bool {
        let mut records = self.0.write();
        let before = records.policies.len();
        records.policies.retain(|p| Some(p.id) != parse_uuid(id));
        records.policies.len() < before
    }

    /// A new device, heard of just now; its agent id. `None` where the policy's id is no id.
    #[must_use]
    pub fn add_device(&self, policy: &str, name: &str, serial: Option<&str>, wifi: Option<&str>) -> Option<String> {
        let policy = parse_uuid(policy)?;
        let mut records = self.0.write();
        let mut dice = Dice::new(records.revision, 81);
        let id = uuid_bits(&mut dice);
        records.agents.push(Agent {
            id,
            key: dice.bits(),
            policy,
            name: name.into(),
            serial: serial.map(Into::into),
            wifi: wifi.and_then(Mac::parse).map_or(0, Mac::as_u64),
            ethernet: 0,
            dock: 0,
            model: 0,
            given: 0,
            family: 0,
            silent: 0,
        });
        Some(uuid(id))
    }

    /// Renames a device; false where there is none.
    pub fn rename_device(&self, id: &str, name: &str) -> bool {
        self.change_device(id, |agent| agent.name = name.into())
    }

    /// Gives a device another serial; false where there is none.
    pub fn set_serial(&self, id: &str, serial: Option<&str>) -> bool {
        self.change_device(id, |agent| agent.serial = serial.map(Into::into))
    }

    /// Moves a device to another policy; false where one of the ids is unknown.
    pub fn move_device(&self, id: &str, policy: &str) -> bool {
        parse_uuid(policy).is_some_and(|policy| self.change_device(id, |agent| agent.policy = policy))
    }

    /// Deletes a device; false where there is none.
    pub fn delete_device(&self, id: &str) -> bool {
        let mut records = self.0.write();
        let before = records.agents.len();
        records.agents.retain(|a| Some(a.id) != parse_uuid(id));
        records.agents.len() < before
    }

    /// Takes a device away, to be given back later.
    pub fn take_device(&self, id: &str) -> Option<TakenDevice> {
        let mut records = self.0.write();
        let at = records.agents.iter().position(|a| Some(a.id) == parse_uuid(id))?;
        Some(TakenDevice(records.agents.remove(at)))
    }

    /// Puts a device back as it was.
    pub fn give_device_back(&self, device: TakenDevice) {
        self.0.write().agents.push(device.0);
    }

    /// Deletes every device but the first so many, as a broken filter on the vendor's side would.
    pub fn keep_devices(&self, count: usize) {
        self.0.write().agents.truncate(count);
    }

    fn change_device(&self, id: &str, change: impl FnOnce(&mut Agent)) -> bool {
        let mut records = self.0.write();
        let found = parse_uuid(id).and_then(|id| records.agents.iter_mut().find(|a| a.id == id));
        found.map(change).is_some()
    }
}

/// A device that was taken away.
pub struct TakenDevice(Agent);

/// IT Glue's records.
pub struct ItGlueRecords<'a>(pub(super) &'a ItGlue);

impl ItGlueRecords<'_> {
    /// How many organizations and configurations there are.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        let records = self.0.read();
        (records.organizations.len(), records.configurations.len())
    }

    /// An account in which nothing is documented yet: no organization, no configuration.
    pub fn clear(&self) {
        let mut records = self.0.write();
        let all: Vec<u32> = records.organizations.iter().map(|o| o.id).collect();
        records.delete_organizations(&all);
    }

    /// Id and notes of every configuration, then id and description of every organization.
    #[must_use]
    pub fn notes(&self) -> [Vec<(String, String)>; 2] {
        let records = self.0.read();
        let text = |text: &Option<Box<str>>| text.as_deref().unwrap_or_default().to_owned();
        let configurations = records.configurations.iter().map(|c| (c.id.to_string(), text(&c.notes))).collect();
        let organizations = records.organizations.iter().map(|o| (o.id.to_string(), text(&o.description))).collect();
        [configurations, organizations]
    }

    /// The attributes of configurations with that name: id, organization id, serial.
    #[must_use]
    pub fn configurations_named(&self, name: &str) -> Vec<(String, String, Option<String>)> {
        let records = self.0.read();
        let named = records.configurations.iter().filter(|c| &*c.name == name);
        named
            .map(|c| (c.id.to_string(), c.organization.to_string(), c.serial_number.as_deref().map(str::to_owned)))
            .collect()
    }

    /// The ids of organizations with that name.
    #[must_use]
    pub fn organizations_named(&self, name: &str) -> Vec<String> {
        let records = self.0.read();
        records.organizations.iter().filter(|o| &*o.name == name).map(|o| o.id.to_string()).collect()
    }

    /// A new organization; its id.
    #[must_use]
    pub fn add_organization(&self, name: &str) -> String {
        let mut records = self.0.write();
        let id = records.next_organization();
        let (created, updated) = (records.now(), records.now());
        let (organization_type, organization_status) = (86, 68);
        let name = name.into();
        let base = Organization::default();
        records.organizations.push(Organization {
            id,
            name,
            organization_type,
            organization_status,
            created,
            updated,
            ..base
        });
        id.to_string()
    }

    /// Renames an organization; false where there is none.
    pub fn rename_organization(&self, id: &str, name: &str) -> bool {
        let mut records = self.0.write();
        let now = records.now();
        let found = id.parse().ok().and_then(|id| records.organization_mut(id));
        found.map(|row| (row.name, row.updated) = (name.into(), now)).is_some()
    }

    /// Deletes an organization with its configurations; false where there is none.
    pub fn delete_organization(&self, id: &str) -> bool {
        let Ok(id) = id.parse::<u32>() else { return false };
        let mut records = self.0.write();
        let before = records.organizations.len();
        records.delete_organizations(&[id]);
        records.organizations.len() < before
    }

    /// A new configuration of an organization; its id. `None` where there is no such organization.
    #[must_use]
    pub fn add_configuration(
        &self,
        organization: &str,
        name: &str,
        serial: Option<&str>,
        mac: Option<&str>,
    ) -> Option<String> {
        let organization = organization.parse().ok()?;
        let mut records = self.0.write();
        records.organization(organization)?;
        let id = records.next_configuration();
        let (created, updated) = (records.now(), records.now());
        let row = Configuration { id, organization, name: name.into(), created, updated, ..Configuration::default() };
        let (serial_number, mac_address) = (serial.map(Into::into), mac.map(Into::into));
        records.configurations.push(Configuration { configuration_type: 65, serial_number, mac_address, ..row });
        Some(id.to_string())
    }

    /// Renames a configuration; false where there is none.
    pub fn rename_configuration(&self, id: &str, name: &str) -> bool {
        let mut records = self.0.write();
        let now = records.now();
        let found = id.parse().ok().and_then(|id| records.configuration_mut(id));
        found.map(|row| (row.name, row.updated) = (name.into(), now)).is_some()
    }

    /// Deletes a configuration; false where there is none.
    pub fn delete_configuration(&self, id: &str) -> bool {
        let Ok(id) = id.parse::<u32>() else { return false };
        let mut records = self.0.write();
        let before = records.configurations.len();
        records.delete_configurations(&[id]);
        records.configurations.len() < before
    }

    /// Marks a configuration as owned by a PSA; false where there is none.
    pub fn set_synced(&self, id: &str, synced: bool) -> bool {
        let mut records = self.0.write();
        let found = id.parse().ok().and_then(|id| records.configuration_mut(id));
        found.map(|row| row.synced = synced).is_some()
    }
}
