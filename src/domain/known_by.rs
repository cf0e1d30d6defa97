//! What a record is known by: the facts that people and matching go by, and not what changes by itself all day
//! (battery, last contact, free space, addresses given by docks). A change of these is kept in the record's history and
//! counts towards the limit of [`super::MassLimit`].

use super::{Address, Named, Record};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// A fact with its name in words.
pub type KnownFact<'a> = (&'static str, Cow<'a, str>);

/// One fact of a record that changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactChange {
    /// Which, in words (`serial`).
    pub fact: String,
    /// Before; empty where unknown.
    pub before: String,
    /// After; empty where unknown.
    pub after: String,
}

fn text(value: Option<&str>) -> Cow<'_, str> {
    value.unwrap_or_default().into()
}

fn named(value: Option<&Named>) -> Cow<'_, str> {
    value.map_or_else(Cow::default, |named| named.name.as_str().into())
}

fn flag(value: bool) -> Cow<'static, str> {
    if value { "yes".into() } else { Cow::default() }
}

fn address(a: &Address) -> Cow<'_, str> {
    let parts = [&a.street, &a.street2, &a.city, &a.state, &a.zip, &a.country];
    parts.into_iter().filter(|part| !part.is_empty()).map(String::as_str).collect::<Vec<_>>().join(", ").into()
}

impl Record {
    /// What it is known by, in a fixed order.
    #[must_use]
    pub fn known_by(&self) -> Vec<KnownFact<'_>> {
        let mut facts = vec![("name", Cow::from(self.name()))];
        if let Some(company) = self.company() {
            facts.push(("company", company.as_str().into()));
        }
        match self {
            Record::Company(c) => facts.extend([
                ("short name", text(c.short_name.as_deref())),
                ("parent", text(c.parent.as_ref().map(super::CompanyId::as_str))),
                ("types", c.types.iter().map(|t| t.name.as_str()).collect::<Vec<_>>().join(", ").into()),
                ("status", named(c.status.as_ref())),
                ("classification", named(c.classification.as_ref())),
                ("number", text(c.number.as_deref())),
                ("domain", text(c.domain.as_deref())),
            ]),
            Record::Device(d) => facts.extend([
                ("serial", text(d.serial.as_deref())),
                ("hardware UUID", text(d.hardware_uuid.as_deref())),
                ("asset tag", text(d.asset_tag.as_deref())),
                ("type", named(d.device_type.as_ref())),
                ("status", named(d.status.as_ref())),
                ("archived", flag(d.archived)),
            ]),
            Record::Location(l) => facts.extend([("address", address(&l.address)), ("archived", flag(l.archived))]),
            Record::Contact(c) => {
                let email = c.emails.first().map(String::as_str);
                facts.extend([("email", text(email)), ("archived", flag(c.archived))]);
            }
            Record::Ticket(t) => facts.push(("number", t.number.as_str().into())),
            Record::Member(m) => {
                facts.extend([("account", text(m.account.as_deref())), ("archived", flag(m.archived))]);
            }
            Record::Domain(_) | Record::DeviceType(_) | Record::Manufacturer(_) | Record::Model(_) => {}
        }
        facts
    }

    /// What changed of that between two states of one record.
    #[must_use]
    pub fn changes_to(&self, after: &Record) -> Vec<FactChange> {
        let (before, after) = (self.known_by(), after.known_by());
        let find = |facts: &[KnownFact<'_>], name: &str| {
            facts.iter().find(|(n, _)| *n == name).map(|(_, v)| v.clone().into_owned()).unwrap_or_default()
        };
        let mut names: Vec<&'static str> = before.iter().map(|(name, _)| *name).collect();
        names.extend(after.iter().map(|(name, _)| *name).filter(|name| !before.iter().any(|(n, _)| n == name)));
        let changed = names.into_iter().map(|name| FactChange {
            fact: name.to_owned(),
            before: find(&before, name),
            after: find(&after, name),
        });
        changed.filter(|change| change.before != change.after).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Device;

    #[test]
    fn what_changes_all_day_is_not_what_a_device_is_known_by() {
        let before = Device::new("1", "Mac");
        let mut after = before.clone();
        after.details.battery.percent = Some(3.0);
        after.user = Some("ann".into());
        let (before, after) = (Record::Device(Box::new(before)), Record::Device(Box::new(after)));
        assert_eq!(before.known_by(), after.known_by());
        assert_eq!(before.changes_to(&after), []);
    }

    #[test]
    fn a_change_names_the_fact_with_both_values() {
        let before = Device::new("1", "Mac");
        let after = Device { company: Some("c".into()), serial: Some("S".into()), ..before.clone() };
        let changes = Record::Device(Box::new(before)).changes_to(&Record::Device(Box::new(after)));
        let shown: Vec<_> = changes.iter().map(|c| (&*c.fact, &*c.before, &*c.after)).collect();
        assert_eq!(shown, [("serial", "", "S"), ("company", "", "c")]);
    }
}
