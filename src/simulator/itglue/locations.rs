//! Locations: the sites of organizations. What nobody has written yet is derived from the world when it is read.

use super::{
    answers::Refusal,
    attributes::Attributes,
    records::{Records, Table, Text},
    rows::{Field, named, stamps},
};
use crate::simulator::connectwise::ids;
use crate::simulator::world::psa::{Book, Psa, SITES, Site};
use serde::ser::SerializeMap;
use std::borrow::Cow;

/// The first id of a location; the number of its site in the world is added.
const FIRST_ID: u32 = 310_000;

/// The location of that site.
pub const fn of_site(site: u32) -> u32 {
    FIRST_ID + site
}

/// The main location of that account.
pub const fn of_account(account: u32) -> u32 {
    of_site(account * SITES)
}

/// The number of the site that a location stands for.
pub fn site_of(psa: &Psa, id: u32) -> Option<Site<'_>> {
    psa.site(id.checked_sub(FIRST_ID)?)
}

/// A place of an organization.
#[derive(Clone, Debug, Default)]
pub struct Location {
    /// Its id.
    pub id: u32,
    /// Whose.
    pub organization: u32,
    /// The main one.
    pub primary: bool,
    /// Owned by a PSA.
    pub synced: bool,
    /// Seconds since 1970.
    pub created: i64,
    /// Seconds since 1970.
    pub updated: i64,
    /// What was written since the start; until then it is as in the world.
    pub own: Option<Box<LocationText>>,
}

/// What stands in a location.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LocationText {
    /// As shown.
    pub name: Box<str>,
    /// Street.
    pub address_1: Text,
    /// Suite, floor.
    pub address_2: Text,
    /// City.
    pub city: Text,
    /// Postal code.
    pub postal_code: Text,
    /// Id in [`Table::Regions`]; 0 for none.
    pub region: u32,
    /// Id in [`Table::Countries`]; 0 for none.
    pub country: u32,
    /// Telephone number, digits.
    pub phone: Text,
    /// Fax number, digits.
    pub fax: Text,
    /// Notes.
    pub notes: Text,
}

impl Location {
    /// The location of a site; `None` where the documentation has none.
    pub fn of(site: &Site<'_>, organization: u32, synced: bool) -> Option<Self> {
        if !site.in_book(Book::Documentation) {
            return None;
        }
        let (created, updated) = site.moments(Book::Documentation);
        let primary = site.position == 0;
        let synced = synced && site.in_book(Book::ConnectWise);
        Some(Self { id: of_site(site.number), organization, primary, synced, created, updated, own: None })
    }

    /// What stands in it.
    pub fn text<'a>(&'a self, records: &Records) -> Cow<'a, LocationText> {
        match (&self.own, records.psa().and_then(|psa| site_of(psa, self.id))) {
            (Some(own), _) => Cow::Borrowed(own),
            (None, Some(site)) => Cow::Owned(self.derived(&site, records)),
            (None, None) => Cow::Owned(LocationText::default()),
        }
    }

    fn derived(&self, site: &Site<'_>, records: &Records) -> LocationText {
        let text = site.text(if self.synced { Book::ConnectWise } else { Book::Documentation });
        let id = |table: Table, name: &str| {
            records.table(table).iter().find(|choice| *choice.name == *name).map_or(0, |choice| choice.id)
        };
        let boxed = |text: Option<String>| text.map(Into::into);
        LocationText {
            name: text.name.into(),
            address_1: Some(text.address1.into()),
            address_2: boxed(text.address2),
            city: Some(text.city.into()),
            postal_code: boxed(text.zip),
            region: id(Table::Regions, &text.region),
            country: id(Table::Countries, &text.country),
            phone: boxed(text.phone),
            fax: None,
            notes: None,
        }
    }

    /// The PSA's id of it, where it comes from there.
    pub fn psa_id(&self, records: &Records) -> Option<u32> {
        let site = records.psa().and_then(|psa| site_of(psa, self.id)).filter(|_| self.synced);
        site.map(|site| ids::SITES.of(site.number))
    }

    /// The field of that name in snake case.
    pub fn field(&self, name: &str, records: &Records) -> Option<Field<'static>> {
        let text = |text: Text| text.map(|text| Field::Text(text.into_string().into()));
        let number = |id: u32| (id != 0).then(|| Field::Number(id.into()));
        match name {
            "organization_id" => number(self.organization),
            "primary" => Some(Field::Number(self.primary.into())),
            "created_at" => Some(Field::Number(self.created)),
            "updated_at" => Some(Field::Number(self.updated)),
            "psa_id" => number(self.psa_id(records)?),
            "psa_integration_type" => self.synced.then(|| Field::Text("manage".into())),
            "name" => text(Some(self.text(records).into_owned().name)),
            "city" => text(self.text(records).into_owned().city),
            "region_id" => number(self.text(records).region),
            "country_id" => number(self.text(records).country),
            _ => None,
        }
    }

    /// Its attributes.
    pub fn attributes<M: SerializeMap>(&self, m: &mut M, records: &Records) -> Result<(), M::Error> {
        let text = self.text(records);
        m.serialize_entry("organization-id", &self.organization)?;
        m.serialize_entry("organization-name", &records.organization(self.organization).map(|o| &o.name))?;
        m.serialize_entry("resource-url", &format!("/{}/locations/{}", self.organization, self.id))?;
        m.serialize_entry("name", &text.name)?;
        m.serialize_entry("primary", &self.primary)?;
        m.serialize_entry("address-1", &text.address_1)?;
        m.serialize_entry("address-2", &text.address_2)?;
        m.serialize_entry("city", &text.city)?;
        m.serialize_entry("postal-code", &text.postal_code)?;
        named(m, "region", records.choice(Table::Regions, text.region))?;
        named(m, "country", records.choice(Table::Countries, text.country))?;
        m.serialize_entry("phone", &text.phone)?;
        m.serialize_entry("fax", &text.fax)?;
        m.serialize_entry("formatted-phone", &text.phone.as_deref().map(formatted))?;
        m.serialize_entry("formatted-fax", &text.fax.as_deref().map(formatted))?;
        m.serialize_entry("notes", &text.notes)?;
        m.serialize_entry("psa-integration", &self.synced.then_some("manage"))?;
        stamps(m, self.created, self.updated)
    }
}

/// Ten digits as people group them.
pub fn formatted(digits: &str) -> String {
    match digits.as_bytes() {
        [_, _, _, _, _, _, _, _, _, _] if digits.is_ascii() => {
            format!("{}-{}-{}", &digits[..3], &digits[3..6], &digits[6..])
        }
        _ => digits.to_owned(),
    }
}

impl Attributes {
    /// Writes onto a location.
    pub fn onto_location(&self, row: &mut Location, records: &Records) -> Result<(), Refusal> {
        const WRITABLE: [&str; 12] = [
            "name",
            "primary",
            "address_1",
            "address_2",
            "city",
            "postal_code",
            "region_id",
            "country_id",
            "phone",
            "fax",
            "notes",
            "organization_id",
        ];
        if row.synced {
            self.only(&[], |key| WRITABLE.contains(&key))?;
        }
        self.set_organization(&mut row.organization, records)?;
        let mut text = row.text(records).into_owned();
        self.set_name(&mut text.name)?;
        for (name, field) in [
            ("address_1", &mut text.address_1),
            ("address_2", &mut text.address_2),
            ("city", &mut text.city),
            ("postal_code", &mut text.postal_code),
            ("phone", &mut text.phone),
            ("fax", &mut text.fax),
            ("notes", &mut text.notes),
        ] {
            self.set_text(name, field)?;
        }
        self.set_choice("region_id", Table::Regions, &mut text.region, records)?;
        self.set_choice("country_id", Table::Countries, &mut text.country, records)?;
        if self.has("primary") {
            row.primary = self.flag("primary")?;
        }
        row.own = Some(Box::new(text));
        Ok(())
    }
}
