//! What a person chose to sync of an integration (`CAPABILITIES` S4): a record that is not within it is left out, see
//! [`super::left_out`].
//!
//! Names are the vendor's own, compared without case; an empty list of choices means "all", also what the vendor adds
//! later and records that have none. Once something is chosen, a record that has none is left out, unless
//! `unclassified` or `untyped` takes it.

use super::{Stream, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// How a company with several types is judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TypesMode {
    /// Every type of the company must be chosen.
    #[default]
    All,
    /// One chosen type is enough.
    Any,
}

/// The choices of one integration; the default takes everything but tickets older than a year.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub struct SyncScope {
    /// Types of companies; empty: all, also companies without a type.
    pub company_types: Vec<String>,
    /// How several types of one company are judged.
    pub company_types_mode: TypesMode,
    /// Statuses of companies; empty: all.
    pub company_statuses: Vec<String>,
    /// Classifications of companies; empty: all.
    pub classifications: Vec<String>,
    /// Companies without a classification, where classifications are chosen.
    pub unclassified: bool,
    /// Types of devices; empty: all.
    pub device_types: Vec<String>,
    /// Devices without a type, where types are chosen.
    pub untyped: bool,
    /// Statuses of devices; empty: all.
    pub device_statuses: Vec<String>,
    /// Contacts are synced.
    pub contacts: bool,
    /// Locations are synced.
    pub locations: bool,
    /// Tickets are synced.
    pub tickets: bool,
    /// Boards or queues of tickets; empty: all.
    pub ticket_queues: Vec<String>,
    /// Tickets that were updated within so many months; 0: all.
    pub ticket_months: u32,
}

impl Default for SyncScope {
    fn default() -> Self {
        Self {
            company_types: Vec::new(),
            company_types_mode: TypesMode::All,
            company_statuses: Vec::new(),
            classifications: Vec::new(),
            unclassified: true,
            device_types: Vec::new(),
            untyped: true,
            device_statuses: Vec::new(),
            contacts: true,
            locations: true,
            tickets: true,
            ticket_queues: Vec::new(),
            ticket_months: 12,
        }
    }
}

/// One setting of a scope, by which a record can be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScopeRule {
    /// Types of companies, with their mode.
    CompanyTypes,
    /// Statuses of companies.
    CompanyStatuses,
    /// Classifications of companies.
    Classifications,
    /// Types of devices.
    DeviceTypes,
    /// Statuses of devices.
    DeviceStatuses,
    /// Contacts on or off.
    Contacts,
    /// Locations on or off.
    Locations,
    /// Tickets on or off.
    Tickets,
    /// Boards or queues of tickets.
    TicketQueues,
    /// Age of tickets.
    TicketMonths,
    /// The record's company is left out.
    Company,
}

impl ScopeRule {
    /// The settings that are lists of the vendor's names, in the order of the screen.
    pub const LISTS: [ScopeRule; 6] = [
        ScopeRule::CompanyTypes,
        ScopeRule::CompanyStatuses,
        ScopeRule::Classifications,
        ScopeRule::DeviceTypes,
        ScopeRule::DeviceStatuses,
        ScopeRule::TicketQueues,
    ];

    /// The stream whose records the setting judges; `None` for that of their company.
    #[must_use]
    pub const fn stream(self) -> Option<Stream> {
        match self {
            Self::CompanyTypes | Self::CompanyStatuses | Self::Classifications => Some(Stream::Companies),
            Self::DeviceTypes | Self::DeviceStatuses => Some(Stream::Devices),
            Self::Contacts => Some(Stream::Contacts),
            Self::Locations => Some(Stream::Locations),
            Self::Tickets | Self::TicketQueues | Self::TicketMonths => Some(Stream::Tickets),
            Self::Company => None,
        }
    }

    /// Its key in the configuration.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::CompanyTypes => "company_types",
            Self::CompanyStatuses => "company_statuses",
            Self::Classifications => "classifications",
            Self::DeviceTypes => "device_types",
            Self::DeviceStatuses => "device_statuses",
            Self::Contacts => "contacts",
            Self::Locations => "locations",
            Self::Tickets => "tickets",
            Self::TicketQueues => "ticket_queues",
            Self::TicketMonths => "ticket_months",
            Self::Company => "company",
        }
    }
}

impl fmt::Display for ScopeRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}

impl SyncScope {
    /// The chosen names of a setting that is a list; empty for the others.
    #[must_use]
    pub fn chosen(&self, rule: ScopeRule) -> &[String] {
        match rule {
            ScopeRule::CompanyTypes => &self.company_types,
            ScopeRule::CompanyStatuses => &self.company_statuses,
            ScopeRule::Classifications => &self.classifications,
            ScopeRule::DeviceTypes => &self.device_types,
            ScopeRule::DeviceStatuses => &self.device_statuses,
            ScopeRule::TicketQueues => &self.ticket_queues,
            _ => &[],
        }
    }

    /// The chosen names of a setting that is a list, to change; `None` for the others.
    pub fn chosen_mut(&mut self, rule: ScopeRule) -> Option<&mut Vec<String>> {
        Some(match rule {
            ScopeRule::CompanyTypes => &mut self.company_types,
            ScopeRule::CompanyStatuses => &mut self.company_statuses,
            ScopeRule::Classifications => &mut self.classifications,
            ScopeRule::DeviceTypes => &mut self.device_types,
            ScopeRule::DeviceStatuses => &mut self.device_statuses,
            ScopeRule::TicketQueues => &mut self.ticket_queues,
            _ => return None,
        })
    }

    /// True when the list takes that name.
    #[must_use]
    pub fn takes(&self, rule: ScopeRule, name: &str) -> bool {
        let chosen = self.chosen(rule);
        chosen.is_empty() || chosen.iter().any(|choice| same_name(choice, name))
    }

    /// True when the list takes records that have none.
    #[must_use]
    pub fn takes_none(&self, rule: ScopeRule) -> bool {
        self.chosen(rule).is_empty() || self.none_switch(rule).unwrap_or(false)
    }

    /// The switch for records that have none; `None` where the list has no such switch.
    #[must_use]
    pub const fn none_switch(&self, rule: ScopeRule) -> Option<bool> {
        match rule {
            ScopeRule::Classifications => Some(self.unclassified),
            ScopeRule::DeviceTypes => Some(self.untyped),
            _ => None,
        }
    }

    /// The switch of a setting that is on or off, to change; for lists the one for records that have none.
    pub fn switch_mut(&mut self, rule: ScopeRule) -> Option<&mut bool> {
        Some(match rule {
            ScopeRule::Classifications => &mut self.unclassified,
            ScopeRule::DeviceTypes => &mut self.untyped,
            ScopeRule::Contacts => &mut self.contacts,
            ScopeRule::Locations => &mut self.locations,
            ScopeRule::Tickets => &mut self.tickets,
            _ => return None,
        })
    }

    /// Whether records of the stream are wanted at all.
    #[must_use]
    pub const fn wants(&self, stream: Stream) -> bool {
        match stream {
            Stream::Contacts => self.contacts,
            Stream::Locations => self.locations,
            Stream::Tickets => self.tickets,
            _ => true,
        }
    }

    /// The moment before which a ticket's last update is too old; `None` when age does not matter.
    #[must_use]
    pub fn tickets_since(&self, now: Timestamp) -> Option<Timestamp> {
        if self.ticket_months == 0 {
            return None;
        }
        let month = i64::from(now.year()) * 12 + i64::from(u8::from(now.month())) - 1 - i64::from(self.ticket_months);
        let year = i32::try_from(month.div_euclid(12)).ok()?;
        let number = u8::try_from(month.rem_euclid(12) + 1).ok()?;
        let month = time::Month::try_from(number).ok()?;
        // The 31st has no counterpart in every month.
        let day = now.day().min(month.length(year));
        Some(now.replace_date(time::Date::from_calendar_date(year, month, day).ok()?))
    }

    /// Whether a record of the stream can be outside of this scope.
    #[must_use]
    pub fn may_leave_out(&self, stream: Stream) -> bool {
        let restricts = |rule: &ScopeRule| !self.chosen(*rule).is_empty();
        let own =
            ScopeRule::LISTS.into_iter().filter(|rule| rule.stream() == Some(stream)).any(|rule| restricts(&rule));
        let by_company = Stream::MATCHED.contains(&stream) || stream == Stream::Domains;
        let companies = ScopeRule::LISTS.into_iter().filter(|rule| rule.stream() == Some(Stream::Companies));
        own || !self.wants(stream)
            || (stream == Stream::Tickets && self.ticket_months > 0)
            || (by_company && companies.into_iter().any(|rule| restricts(&rule)))
    }

    /// Streams of which this scope may take records that the earlier one did not: only the vendor can bring those.
    #[must_use]
    pub fn widens(&self, before: &Self) -> BTreeSet<Stream> {
        let list = |rule: &ScopeRule| {
            let (now, then) = (self.chosen(*rule), before.chosen(*rule));
            let gains_names = now.is_empty() || now.iter().any(|name| !before.takes(*rule, name));
            !then.is_empty() && (gains_names || (self.takes_none(*rule) && !before.takes_none(*rule)))
        };
        let mut streams: BTreeSet<Stream> =
            ScopeRule::LISTS.into_iter().filter(list).filter_map(ScopeRule::stream).collect();
        let any_type = self.company_types_mode == TypesMode::Any && before.company_types_mode == TypesMode::All;
        if any_type && !before.company_types.is_empty() {
            streams.insert(Stream::Companies);
        }
        let on = |stream: &Stream| self.wants(*stream) && !before.wants(*stream);
        streams.extend(Stream::INSIDE.into_iter().filter(on));
        let longer =
            before.ticket_months != 0 && (self.ticket_months == 0 || self.ticket_months > before.ticket_months);
        if longer {
            streams.insert(Stream::Tickets);
        }
        streams.retain(|stream| self.wants(*stream));
        if streams.contains(&Stream::Companies) {
            // What belongs to a company comes in with it.
            let theirs = Stream::MATCHED.into_iter().chain([Stream::Domains]);
            streams.extend(theirs.filter(|stream| self.wants(*stream)));
        }
        streams
    }
}

/// Names are compared without case and without blanks around them.
#[must_use]
pub fn same_name(a: &str, b: &str) -> bool {
    let (a, b) = (a.trim(), b.trim());
    a.eq_ignore_ascii_case(b) || a.chars().flat_map(char::to_lowercase).eq(b.chars().flat_map(char::to_lowercase))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &[&str]) -> Vec<String> {
        list.iter().map(|name| (*name).to_owned()).collect()
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text, &time::format_description::well_known::Rfc3339).unwrap()
    }

    #[test]
    fn names_are_compared_without_case_and_blanks() {
        assert!(same_name(" Managed  ", "managed") && same_name("BÜRO", "büro") && !same_name("Client", "Clients"));
        let scope = SyncScope { company_types: names(&["client"]), ..SyncScope::default() };
        assert!(scope.takes(ScopeRule::CompanyTypes, "Client") && !scope.takes(ScopeRule::CompanyTypes, "Vendor"));
        assert!(scope.takes(ScopeRule::DeviceTypes, "Printer"), "an empty list takes everything");
    }

    #[test]
    fn months_are_calendar_months() {
        let scope = |months| SyncScope { ticket_months: months, ..SyncScope::default() };
        let now = at("2026-03-31T10:00:00Z");
        assert_eq!(scope(1).tickets_since(now), Some(at("2026-02-28T10:00:00Z")));
        assert_eq!(scope(3).tickets_since(now), Some(at("2025-12-31T10:00:00Z")));
        assert_eq!(scope(12).tickets_since(now), Some(at("2025-03-31T10:00:00Z")));
        assert_eq!(scope(0).tickets_since(now), None);
        assert_eq!(scope(u32::MAX).tickets_since(now), None, "before all calendars nothing is too old");
    }

    #[test]
    fn widening_names_the_streams_that_only_the_vendor_can_fill() {
        let all = SyncScope::default();
        let narrow = SyncScope { device_types: names(&["Laptop"]), untyped: false, ..all.clone() };
        assert!(narrow.widens(&all).is_empty() && narrow.widens(&narrow).is_empty());
        let devices = BTreeSet::from([Stream::Devices]);
        assert_eq!(all.widens(&narrow), devices);
        let more = SyncScope { device_types: names(&["laptop", "Server"]), ..narrow.clone() };
        assert_eq!(more.widens(&narrow), devices);
        let other = SyncScope { untyped: true, ..narrow.clone() };
        assert_eq!(other.widens(&narrow), devices);
        let companies = SyncScope { company_types: names(&["Client"]), contacts: false, ..all.clone() };
        let any = SyncScope { company_types_mode: TypesMode::Any, ..companies.clone() };
        let expected = [Stream::Companies, Stream::Devices, Stream::Locations, Stream::Tickets, Stream::Domains];
        assert_eq!(any.widens(&companies), BTreeSet::from(expected), "not the contacts, which are off");
        let longer = SyncScope { ticket_months: 24, ..all.clone() };
        assert_eq!(longer.widens(&all), BTreeSet::from([Stream::Tickets]));
        assert!(all.widens(&longer).is_empty());
    }
}
