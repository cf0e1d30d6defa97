//! What the engine is given and what it answers: facts of both sides, what people decided, settings, solution.
//!
//! Owns the conversion from domain records. Refuses to look anything up: everything it needs is in a [`Problem`].

use crate::domain::{
    Cardinality, Company, Device, JunkList, Mac, NameMode, Proposal, RecordId, Ties, Timestamp, VendorLink,
    VendorSystem,
};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// What the engine reads of a company (or of a site, where rows of a list are sites).
#[derive(Clone, Debug, PartialEq, Hash)]
pub struct CompanyFacts {
    /// The vendor's id.
    pub id: RecordId,
    /// Name as the vendor shows it.
    pub name: String,
    /// Short name or code.
    pub short_name: Option<String>,
    /// Internet domain or web site.
    pub domain: Option<String>,
    /// Telephone as written.
    pub phone: Option<String>,
    /// Street and number.
    pub street: Option<String>,
    /// City.
    pub city: Option<String>,
    /// State, region or province.
    pub state: Option<String>,
    /// Postal code.
    pub zip: Option<String>,
    /// Name of the company above it, where rows are sites, plants or branches of companies.
    pub owner: Option<String>,
    /// Pointers to this company's records in other systems.
    pub links: Vec<VendorLink>,
    /// When the vendor created it.
    pub created: Option<Timestamp>,
}

impl CompanyFacts {
    /// A company of which only id and name are known.
    pub fn new(id: impl Into<RecordId>, name: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            short_name: None,
            domain: None,
            phone: None,
            street: None,
            city: None,
            state: None,
            zip: None,
            owner: None,
            links: Vec::new(),
            created: None,
        }
    }
}

/// The text, unless it is blank.
fn filled(text: &str) -> Option<String> {
    (!text.trim().is_empty()).then(|| text.to_owned())
}

impl From<&Company> for CompanyFacts {
    fn from(company: &Company) -> Self {
        let address = company.address.as_ref();
        Self {
            id: (&company.id).into(),
            name: company.name.clone(),
            short_name: company.short_name.clone(),
            domain: company.domain.clone(),
            phone: company.phone.clone(),
            street: address.and_then(|a| filled(&a.street)),
            city: address.and_then(|a| filled(&a.city)),
            state: address.and_then(|a| filled(&a.state)),
            zip: address.and_then(|a| filled(&a.zip)),
            owner: None,
            links: company.links.clone(),
            created: company.created,
        }
    }
}

/// What the engine reads of a device. Kept small: a large fleet's live in memory at once, and texts that many devices
/// have in common can be shared.
#[derive(Clone, Debug, PartialEq, Hash)]
pub struct DeviceFacts {
    /// The vendor's id.
    pub id: RecordId,
    /// The company it sits in; on the source side already rolled up to the level that is matched.
    pub company: Option<RecordId>,
    /// Display name.
    pub name: Box<str>,
    /// Network host name where it is given apart.
    pub host_name: Option<Box<str>>,
    /// Serial number as written.
    pub serial: Option<Box<str>>,
    /// Hardware UUID or UDID as written.
    pub hardware_uuid: Option<Box<str>>,
    /// Every address of every interface.
    pub macs: Box<[Mac]>,
    /// Maker.
    pub manufacturer: Option<Arc<str>>,
    /// Model as shown to people.
    pub model: Option<Arc<str>>,
    /// Model identifier.
    pub model_identifier: Option<Arc<str>>,
    /// Account of the last user.
    pub user: Option<Arc<str>>,
    /// When the vendor last heard of it.
    pub last_seen: Option<Timestamp>,
    /// When the record was last changed.
    pub updated: Option<Timestamp>,
    /// When the record was created.
    pub created: Option<Timestamp>,
    /// Put away, inactive, retired.
    pub archived: bool,
}

impl DeviceFacts {
    /// A device of which only id and name are known.
    pub fn new(id: impl Into<RecordId>, name: &str) -> Self {
        Self {
            id: id.into(),
            company: None,
            name: name.into(),
            host_name: None,
            serial: None,
            hardware_uuid: None,
            macs: Box::default(),
            manufacturer: None,
            model: None,
            model_identifier: None,
            user: None,
            last_seen: None,
            updated: None,
            created: None,
            archived: false,
        }
    }
}

/// Words of a status that mean "no longer in use".
const RETIRED: [&str; 8] =
    ["inactive", "archived", "retired", "decommissioned", "disposed", "deleted", "obsolete", "lost"];

/// True when a status says that the record is out of use.
#[must_use]
pub fn is_retired(status: &str) -> bool {
    let status = status.trim().to_ascii_lowercase();
    RETIRED.iter().any(|word| status.starts_with(word))
}

impl From<&Device> for DeviceFacts {
    fn from(device: &Device) -> Self {
        let boxed = |text: &Option<String>| text.as_deref().filter(|t| !t.trim().is_empty()).map(Box::from);
        let shared = |text: &Option<String>| text.as_deref().filter(|t| !t.trim().is_empty()).map(Arc::from);
        let mut macs = Vec::new();
        for mac in device.interfaces.iter().filter_map(|i| i.mac.as_deref()).flat_map(Mac::parse_all) {
            if !macs.contains(&mac) {
                macs.push(mac);
            }
        }
        Self {
            id: (&device.id).into(),
            company: device.company.as_ref().map(Into::into),
            name: device.name.as_str().into(),
            host_name: boxed(&device.host_name).filter(|h| **h != *device.name),
            serial: boxed(&device.serial),
            hardware_uuid: boxed(&device.hardware_uuid),
            macs: macs.into(),
            manufacturer: shared(&device.manufacturer),
            model: shared(&device.model),
            model_identifier: shared(&device.model_identifier),
            user: shared(&device.user),
            last_seen: device.last_seen,
            updated: device.updated,
            created: device.created,
            archived: device.archived || device.status.as_ref().is_some_and(|s| is_retired(&s.name)),
        }
    }
}

/// How a run matches.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How many left companies may have the same right company. Devices are always one-to-one.
    pub cardinality: Cardinality,
    /// How names are compared.
    pub names: NameMode,
    /// What happens when several targets are equally good.
    pub ties: Ties,
    /// A company may be matched automatically on its name alone. False in flows (`DESIGN.md` rule 4).
    pub name_alone_may_auto: bool,
    /// The system on the right, to which the left records' vendor links may point.
    pub target_system: Option<VendorSystem>,
    /// Values that identify nothing.
    pub junk: Arc<JunkList>,
    /// Confidence from which a candidate may be automatic.
    pub auto_from: f32,
    /// Confidence from which a candidate is suggested.
    pub suggest_from: f32,
    /// Candidates kept for each row.
    pub keep: usize,
    /// The weights of the name model; the default unless a study leaves one out.
    pub model: Arc<super::model::Model>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            cardinality: Cardinality::ManyToOne,
            names: NameMode::Fuzzy,
            ties: Ties::Block,
            name_alone_may_auto: false,
            target_system: None,
            junk: Arc::new(JunkList::built_in()),
            auto_from: 0.994,
            suggest_from: 0.35,
            keep: 9,
            model: Arc::new(super::model::Model::default()),
        }
    }
}

/// What people decided before; the engine never decides against it.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Left company → right company; `None` is ignored.
    pub companies: HashMap<RecordId, Option<RecordId>>,
    /// Left device → right device; `None` is ignored.
    pub devices: HashMap<RecordId, Option<RecordId>>,
    /// Company pairs that a person refused.
    pub refused_companies: HashSet<(RecordId, RecordId)>,
    /// Device pairs that a person refused.
    pub refused_devices: HashSet<(RecordId, RecordId)>,
    /// What names people said are, or are not, the same.
    pub aliases: Vec<super::Alias>,
}

/// Everything that a run needs.
#[derive(Clone, Copy, Debug)]
pub struct Problem<'a> {
    /// Companies of the source.
    pub left_companies: &'a [CompanyFacts],
    /// Companies of the target.
    pub right_companies: &'a [CompanyFacts],
    /// Devices of the source.
    pub left_devices: &'a [DeviceFacts],
    /// Devices of the target.
    pub right_devices: &'a [DeviceFacts],
    /// What people decided.
    pub known: &'a Known,
    /// How to match.
    pub settings: &'a Settings,
}

/// The engine's answer, by left index.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Solution {
    /// For each left company.
    pub companies: Vec<Proposal>,
    /// For each left device.
    pub devices: Vec<Proposal>,
}
