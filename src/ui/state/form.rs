//! The form of a record of the inventory that is entered or changed by hand.

use super::register::Register;
use crate::domain::{Company, CompanyId, Device, DeviceType, HandField, Named, Record, RecordId, Stream};
use crate::service::messages::{Detail, InventoryRow, Ticket};
use tui_input::Input;

/// What a person should know of a field.
#[must_use]
pub const fn help(field: HandField) -> &'static str {
    use HandField as F;
    match field {
        F::Name => "Every record has one.",
        F::Domain => "The mail domain in use, like example.com; may stay empty.",
        F::Company => "Type a part of its name; Left and Right choose among those found. It has to be there already.",
        F::Type => "Type a part of its name; Left and Right choose among the inventory's types. May stay empty.",
        F::Serial => "As it stands on the device; it identifies it when an RMM finds the same one.",
        F::WifiMac | F::EthernetMac => "Like 3c:06:30:11:22:33. Empty is unknown.",
        F::Macs => "Several with a space between them: 3c:06:30:11:22:33 3c:06:30:11:22:34. Empty is unknown.",
        F::HostName => "Its name in the network, where it is another one.",
        F::Memory | F::Disk | F::DiskFree => "Gigabytes, like 16. Empty is unknown.",
        F::FileVault | F::Firewall | F::Gatekeeper | F::Sip | F::Mdm | F::Supervised | F::Charging => {
            "yes or no. Empty is unknown, which is not the same as no."
        }
        F::Charge => "Percent, from 0 to 100. Empty is unknown.",
        F::LanAddress | F::WanAddress => "An IPv4 or IPv6 address. Empty is unknown.",
        _ => "Empty is unknown.",
    }
}

/// A record that is entered or changed by hand.
#[derive(Debug)]
pub struct Form {
    /// Company, device or type.
    pub stream: Stream,
    /// The record that is changed; `None` for a new one.
    pub edits: Option<RecordId>,
    /// What is entered.
    pub lines: Vec<(HandField, Input)>,
    /// What stood in each line before.
    before: Vec<String>,
    /// Line in focus.
    pub at: usize,
    /// First line on the screen.
    pub top: usize,
    /// Records of the inventory that fit what stands in the line in focus (company, type).
    pub hits: Vec<InventoryRow>,
    /// The chosen one of them.
    pub hit: usize,
    /// Searches under way, the latest of each line.
    pub asked: Vec<(Ticket, HandField)>,
    /// The company chosen.
    pub company: Option<(RecordId, String)>,
    /// The type chosen.
    pub kind: Option<(RecordId, String)>,
    /// It is to be kept as soon as the search under way has ended.
    pub save_when_found: bool,
    /// It is on its way into the inventory.
    pub saving: bool,
    /// Why it is not there.
    pub wrong: String,
    /// The list it was opened from.
    pub behind: Option<Box<Register>>,
}

impl Form {
    /// An empty one.
    #[must_use]
    pub fn new(stream: Stream) -> Self {
        let fields = HandField::of(stream);
        Self {
            stream,
            edits: None,
            lines: fields.iter().map(|field| (*field, Input::default())).collect(),
            before: vec![String::new(); fields.len()],
            at: 0,
            top: 0,
            hits: Vec::new(),
            hit: 0,
            asked: Vec::new(),
            company: None,
            kind: None,
            save_when_found: false,
            saving: false,
            wrong: String::new(),
            behind: None,
        }
    }

    /// One that shows a record as it stands. A device's company comes by its name.
    #[must_use]
    pub fn of(stream: Stream, detail: &Detail, company: &str) -> Self {
        let mut form = Self { edits: Some(detail.id.clone()), ..Self::new(stream) };
        for (field, text) in &detail.by_hand {
            if *field == HandField::Company {
                form.company = Some((text.as_str().into(), company.to_owned()));
                form.set(*field, company);
            } else {
                form.set(*field, text);
            }
        }
        form.before = form.lines.iter().map(|(_, input)| input.value().to_owned()).collect();
        form
    }

    /// The record's name before it was changed.
    #[must_use]
    pub fn was_called(&self) -> &str {
        self.before.first().map_or("", String::as_str)
    }

    /// The line in focus.
    #[must_use]
    pub fn line(&self) -> HandField {
        self.lines.get(self.at).map_or(HandField::Name, |(line, _)| *line)
    }

    /// The line's text, to edit.
    pub fn input(&mut self) -> Option<&mut Input> {
        self.lines.get_mut(self.at).map(|(_, input)| input)
    }

    /// What stands in a line; `None` when nothing does.
    #[must_use]
    pub fn text(&self, line: HandField) -> Option<String> {
        let text = self.lines.iter().find(|(l, _)| *l == line)?.1.value().trim().to_owned();
        (!text.is_empty()).then_some(text)
    }

    /// Puts a text into a line.
    pub fn set(&mut self, line: HandField, text: &str) {
        if let Some((_, input)) = self.lines.iter_mut().find(|(l, _)| *l == line) {
            *input = Input::new(text.to_owned());
        }
    }

    /// Records came that fit a line. Where a person has gone on meanwhile, the first stands for what was typed.
    pub fn came(&mut self, line: HandField, rows: Vec<InventoryRow>) {
        if line == self.line() {
            (self.hit, self.hits) = (0, rows);
        } else if let Some(first) = rows.first() {
            self.take(line, (first.id.clone(), first.name.clone()));
        }
    }

    /// The chosen hit stands for what was typed. True where there was one.
    pub fn take_hit(&mut self) -> bool {
        let Some(hit) = self.hits.get(self.hit).map(|row| (row.id.clone(), row.name.clone())) else { return false };
        self.take(self.line(), hit)
    }

    fn take(&mut self, line: HandField, hit: (RecordId, String)) -> bool {
        if self.text(line).is_none() {
            return false;
        }
        self.set(line, &hit.1);
        match line {
            HandField::Company => self.company = Some(hit),
            HandField::Type => self.kind = Some(hit),
            _ => return false,
        }
        true
    }

    /// The lines that say something else than before, as the inventory is told them; a company by its id.
    ///
    /// # Errors
    /// A sentence for the person.
    pub fn changes(&self) -> Result<Vec<(HandField, String)>, String> {
        let mut probe = self.blank();
        let mut changes = Vec::new();
        for ((field, input), before) in self.lines.iter().zip(&self.before) {
            if input.value().trim() == before {
                continue;
            }
            let text = self.meant(*field, input.value().trim())?;
            field.write(&mut probe, &text)?;
            changes.push((*field, text));
        }
        Ok(changes)
    }

    /// The record as entered, or what is missing.
    ///
    /// # Errors
    /// A sentence for the person.
    pub fn record(&self) -> Result<Record, String> {
        let mut record = self.blank();
        HandField::Name.write(&mut record, &self.text(HandField::Name).unwrap_or_default())?;
        if self.stream == Stream::Devices && self.text(HandField::Company).is_none() {
            return Err("a device needs its company".to_owned());
        }
        for (field, text) in self.changes()? {
            field.write(&mut record, &text)?;
        }
        if let Record::Device(device) = &mut record {
            device.company = self.company.as_ref().map(|(id, _)| CompanyId::from(id));
            if let (Some(kind), Some((id, name))) = (&mut device.device_type, &self.kind)
                && kind.name == *name
            {
                *kind = Named { id: id.to_string(), name: name.clone() };
            }
        }
        Ok(record)
    }

    /// What the inventory is told of a line.
    fn meant(&self, field: HandField, text: &str) -> Result<String, String> {
        if field != HandField::Company {
            return Ok(text.to_owned());
        }
        if text.is_empty() {
            return Err("a device needs its company".to_owned());
        }
        let chosen = self.company.as_ref().filter(|(_, name)| name == text);
        chosen.map(|(id, _)| id.to_string()).ok_or_else(|| format!("the inventory has no company “{text}”: + adds one"))
    }

    fn blank(&self) -> Record {
        match self.stream {
            Stream::Companies => Record::Company(Box::new(Company::new("", ""))),
            Stream::Devices => Record::Device(Box::new(Device::new("", ""))),
            _ => Record::DeviceType(DeviceType { id: "".into(), name: String::new() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hit(id: &str, name: &str) -> InventoryRow {
        InventoryRow { id: id.into(), name: name.into(), ..InventoryRow::default() }
    }

    #[test]
    fn a_device_is_what_was_entered_and_what_is_missing_is_said() {
        let mut form = Form::new(Stream::Devices);
        assert_eq!(form.record().unwrap_err(), "a record needs a name");
        form.set(HandField::Name, "front desk");
        assert_eq!(form.record().unwrap_err(), "a device needs its company");
        (form.at, form.hits) = (1, vec![hit("c-1", "Harbor Dental"), hit("c-2", "Harbor Law")]);
        form.set(HandField::Company, "harb");
        form.hit = 1;
        assert!(form.record().unwrap_err().contains("no company “harb”"));
        let mut quick = Form::new(Stream::Devices);
        quick.set(HandField::Company, "harb");
        quick.at = 2;
        quick.came(HandField::Company, vec![hit("c-1", "Harbor Dental")]);
        assert_eq!(quick.text(HandField::Company).as_deref(), Some("Harbor Dental"), "the person was quicker");
        assert!(form.take_hit());
        form.set(HandField::Macs, "3c:06:30:11:22:33, oops");
        assert!(form.record().unwrap_err().contains("“oops” is no MAC address"));
        form.set(HandField::Macs, "3c:06:30:11:22:33, 3C-06-30-11-22-34");
        form.set(HandField::Serial, " C02X ");
        form.set(HandField::Memory, "16 GB");
        let Ok(Record::Device(device)) = form.record() else { panic!("no device") };
        assert_eq!((device.name.as_str(), device.serial.as_deref()), ("front desk", Some("C02X")));
        assert_eq!(device.company.map(|id| RecordId::from(&id)), Some("c-2".into()));
        assert_eq!((device.interfaces.len(), device.details.hardware.memory_gb), (2, Some(16.0)));
        assert_eq!(device.details.security.firewall, None, "what was not entered is unknown");
    }

    #[test]
    fn a_domain_that_cannot_be_one_is_refused_before_it_is_sent() {
        let mut form = Form::new(Stream::Companies);
        form.set(HandField::Name, "Harbor");
        form.set(HandField::Domain, "harbor");
        assert!(form.record().is_err());
        form.set(HandField::Domain, "Harbor.example");
        let Ok(Record::Company(company)) = form.record() else { panic!("no company") };
        assert_eq!(company.domain.as_deref(), Some("harbor.example"));
    }

    #[test]
    fn of_a_record_that_is_changed_only_changes_are_sent() {
        let by_hand = vec![
            (HandField::Name, "front desk".to_owned()),
            (HandField::Company, "c-1".to_owned()),
            (HandField::Memory, "16".to_owned()),
        ];
        let detail = Detail { id: "d-1".into(), by_hand, ..Detail::default() };
        let mut form = Form::of(Stream::Devices, &detail, "Harbor Dental");
        assert_eq!(form.changes(), Ok(Vec::new()));
        form.set(HandField::Memory, "");
        form.set(HandField::FileVault, "yes");
        let changes = [(HandField::Memory, String::new()), (HandField::FileVault, "yes".to_owned())];
        assert_eq!(form.changes(), Ok(changes.to_vec()));
        form.set(HandField::Company, "");
        assert!(form.changes().is_err(), "a device keeps a company");
    }
}
