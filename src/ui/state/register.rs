//! The inventory on the screen: the list of its records, and the form of one that is entered by hand.

use crate::domain::{Company, CompanyId, Device, Interface, Mac, Named, Record, RecordId, Stream};
use crate::service::messages::{InventoryList, InventoryRow, Ticket};
use tui_input::Input;

/// Streams that the inventory keeps, in their order.
pub const STREAMS: [Stream; 3] = [Stream::Companies, Stream::Devices, Stream::DeviceTypes];

/// Records asked for at once.
pub const WINDOW: u64 = 200;

/// The list of the inventory's records.
#[derive(Debug)]
pub struct Register {
    /// Which records.
    pub stream: Stream,
    /// Text that they contain.
    pub input: Input,
    /// That text is being typed.
    pub typing: bool,
    /// The records around the screen; `None` before the first answer.
    pub list: Option<InventoryList>,
    /// The question under way, and whether it is out of date already.
    pub asked: Option<(Ticket, bool)>,
    /// Position of the chosen record.
    pub cursor: u64,
    /// Position of the first record on the screen.
    pub top: u64,
}

impl Register {
    /// With nothing known yet.
    #[must_use]
    pub fn new(stream: Stream) -> Self {
        Self { stream, input: Input::default(), typing: false, list: None, asked: None, cursor: 0, top: 0 }
    }

    /// Records that the text fits.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.list.as_ref().map_or(0, |list| list.total)
    }

    /// The record at a position, when it is known.
    #[must_use]
    pub fn row(&self, at: u64) -> Option<&InventoryRow> {
        let list = self.list.as_ref()?;
        list.rows.get(usize::try_from(at.checked_sub(list.offset)?).ok()?)
    }

    /// The chosen record.
    #[must_use]
    pub fn current(&self) -> Option<&InventoryRow> {
        self.row(self.cursor)
    }

    /// Position of the first record to ask for when those on the screen are not all known.
    #[must_use]
    pub fn wants(&self, page: u64) -> Option<u64> {
        let last = (self.top + page).min(self.len()).saturating_sub(1);
        let known =
            self.list.is_some() && (self.len() == 0 || (self.row(self.top).is_some() && self.row(last).is_some()));
        (!known).then(|| self.top.saturating_sub(WINDOW / 2))
    }
}

/// What a line of the form is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// Name.
    Name,
    /// Internet domain.
    Domain,
    /// Company of the inventory.
    Company,
    /// Type of the inventory.
    Kind,
    /// Serial number.
    Serial,
    /// MAC addresses.
    Macs,
    /// Host name.
    HostName,
    /// Maker.
    Maker,
    /// Model.
    Model,
}

impl Line {
    /// What stands before it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Domain => "primary domain",
            Self::Company => "company",
            Self::Kind => "type",
            Self::Serial => "serial number",
            Self::Macs => "MAC addresses",
            Self::HostName => "host name",
            Self::Maker => "manufacturer",
            Self::Model => "model",
        }
    }

    /// What a person should know of it.
    #[must_use]
    pub const fn help(self) -> &'static str {
        match self {
            Self::Name => "Every record has one.",
            Self::Domain => "The mail domain in use, like example.com; may stay empty.",
            Self::Company => {
                "Type a part of its name; Left and Right choose among those found. It has to be there already."
            }
            Self::Kind => "Type a part of its name; Left and Right choose among the inventory's types. May stay empty.",
            Self::Serial => "As it stands on the device; it identifies it when an RMM finds the same one.",
            Self::Macs => "Several with a space between them: 3c:06:30:11:22:33 3c:06:30:11:22:34. May stay empty.",
            Self::HostName => "Its name in the network, where it is another one.",
            Self::Maker | Self::Model => "May stay empty.",
        }
    }
}

/// A record that is entered by hand.
#[derive(Debug)]
pub struct Form {
    /// Company, device or type.
    pub stream: Stream,
    /// What is entered.
    pub lines: Vec<(Line, Input)>,
    /// Line in focus.
    pub at: usize,
    /// Records of the inventory that fit what stands in the line in focus (company, type).
    pub hits: Vec<InventoryRow>,
    /// The chosen one of them.
    pub hit: usize,
    /// The search for them under way.
    pub asked: Option<Ticket>,
    /// The company chosen.
    pub company: Option<(RecordId, String)>,
    /// The type chosen.
    pub kind: Option<(RecordId, String)>,
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
        let lines: &[Line] = match stream {
            Stream::Companies => &[Line::Name, Line::Domain],
            Stream::Devices => &[
                Line::Name,
                Line::Company,
                Line::Kind,
                Line::Serial,
                Line::Macs,
                Line::HostName,
                Line::Maker,
                Line::Model,
            ],
            _ => &[Line::Name],
        };
        Self {
            stream,
            lines: lines.iter().map(|line| (*line, Input::default())).collect(),
            at: 0,
            hits: Vec::new(),
            hit: 0,
            asked: None,
            company: None,
            kind: None,
            saving: false,
            wrong: String::new(),
            behind: None,
        }
    }

    /// The line in focus.
    #[must_use]
    pub fn line(&self) -> Line {
        self.lines.get(self.at).map_or(Line::Name, |(line, _)| *line)
    }

    /// The line's text, to edit.
    pub fn input(&mut self) -> Option<&mut Input> {
        self.lines.get_mut(self.at).map(|(_, input)| input)
    }

    /// What stands in a line; `None` when nothing does.
    #[must_use]
    pub fn text(&self, line: Line) -> Option<String> {
        let text = self.lines.iter().find(|(l, _)| *l == line)?.1.value().trim().to_owned();
        (!text.is_empty()).then_some(text)
    }

    /// Puts a text into a line.
    pub fn set(&mut self, line: Line, text: &str) {
        if let Some((_, input)) = self.lines.iter_mut().find(|(l, _)| *l == line) {
            *input = Input::new(text.to_owned());
        }
    }

    /// The chosen hit stands for what was typed. True where there was one.
    pub fn take_hit(&mut self) -> bool {
        let line = self.line();
        let Some(hit) = self.hits.get(self.hit).map(|row| (row.id.clone(), row.name.clone())) else { return false };
        if self.text(line).is_none() {
            return false;
        }
        self.set(line, &hit.1);
        match line {
            Line::Company => self.company = Some(hit),
            Line::Kind => self.kind = Some(hit),
            _ => return false,
        }
        true
    }

    /// The record as entered, or what is missing.
    ///
    /// # Errors
    /// A sentence for the person.
    pub fn record(&self) -> Result<Record, String> {
        let name = self.text(Line::Name).ok_or_else(|| "a record needs a name".to_owned())?;
        match self.stream {
            Stream::Companies => {
                let domain = self.text(Line::Domain).map(|domain| domain.to_lowercase());
                if domain.as_ref().is_some_and(|d| !d.contains('.') || d.contains(char::is_whitespace)) {
                    return Err("a domain looks like example.com".to_owned());
                }
                Ok(Record::Company(Box::new(Company { domain, ..Company::new("", name) })))
            }
            Stream::Devices => Ok(Record::Device(Box::new(self.device(name)?))),
            _ => Ok(Record::DeviceType(crate::domain::DeviceType { id: "".into(), name })),
        }
    }

    fn device(&self, name: String) -> Result<Device, String> {
        let typed = self.text(Line::Company).ok_or_else(|| "a device needs its company".to_owned())?;
        let chosen = self.company.as_ref().filter(|(_, name)| *name == typed);
        let (company, _) = chosen.ok_or_else(|| format!("the inventory has no company “{typed}”: + adds one"))?;
        let kind = self.text(Line::Kind).map(|typed| match &self.kind {
            Some((id, name)) if *name == typed => Named { id: id.to_string(), name: typed },
            _ => Named { id: String::new(), name: typed },
        });
        let mut interfaces = Vec::new();
        for part in self.text(Line::Macs).unwrap_or_default().split([' ', ',', ';']).filter(|part| !part.is_empty()) {
            if Mac::parse(part).is_none() {
                return Err(format!("“{part}” is no MAC address: six pairs of 0–9 and a–f"));
            }
            interfaces.push(Interface { mac: Some(part.to_owned()), ..Interface::default() });
        }
        Ok(Device {
            company: Some(CompanyId::from(company)),
            device_type: kind,
            serial: self.text(Line::Serial),
            interfaces,
            host_name: self.text(Line::HostName),
            manufacturer: self.text(Line::Maker),
            model: self.text(Line::Model),
            ..Device::new("", name)
        })
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
        form.set(Line::Name, "front desk");
        assert_eq!(form.record().unwrap_err(), "a device needs its company");
        (form.at, form.hits) = (1, vec![hit("c-1", "Harbor Dental"), hit("c-2", "Harbor Law")]);
        form.set(Line::Company, "harb");
        form.hit = 1;
        assert!(form.record().unwrap_err().contains("no company “harb”"));
        assert!(form.take_hit());
        form.set(Line::Macs, "3c:06:30:11:22:33, oops");
        assert!(form.record().unwrap_err().contains("“oops” is no MAC address"));
        form.set(Line::Macs, "3c:06:30:11:22:33, 3C-06-30-11-22-34");
        form.set(Line::Serial, " C02X ");
        let Ok(Record::Device(device)) = form.record() else { panic!("no device") };
        assert_eq!((device.name.as_str(), device.serial.as_deref()), ("front desk", Some("C02X")));
        assert_eq!(device.company.map(|id| RecordId::from(&id)), Some("c-2".into()));
        assert_eq!(device.interfaces.len(), 2);
    }

    #[test]
    fn a_domain_that_cannot_be_one_is_refused_before_it_is_sent() {
        let mut form = Form::new(Stream::Companies);
        form.set(Line::Name, "Harbor");
        form.set(Line::Domain, "harbor");
        assert!(form.record().is_err());
        form.set(Line::Domain, "Harbor.example");
        let Ok(Record::Company(company)) = form.record() else { panic!("no company") };
        assert_eq!(company.domain.as_deref(), Some("harbor.example"));
    }
}
