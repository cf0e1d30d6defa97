//! The word lists of `assets/simulator/` as types.

use serde::Deserialize;

/// Words for companies and people.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// Family names.
    pub families: Vec<String>,
    /// Given names.
    pub given: Vec<String>,
    /// Towns, districts, landscapes.
    pub places: Vec<String>,
    /// Cities that name a branch.
    pub cities: Vec<String>,
    /// Invented trade names.
    pub coined: Vec<String>,
    /// What companies do; synonyms are separated by `|`.
    pub trades: Vec<String>,
    /// Partners in a firm.
    pub professions: Vec<String>,
    /// After a practitioner's name.
    pub practice_titles: Vec<String>,
    /// After “The”.
    pub the_things: Vec<String>,
    /// Names as their country writes them.
    pub national: Vec<National>,
    /// Legal forms with their spellings.
    pub legal: Vec<Legal>,
    /// Long word, short word.
    pub abbreviations: Vec<[String; 2]>,
    /// Own script, Latin script.
    pub transcribed: Vec<[String; 2]>,
    /// Names that must not harm what shows them.
    pub hostile: Vec<String>,
    /// First-level policies that are no company.
    pub not_companies: Vec<String>,
    /// Organizations that are suppliers.
    pub vendors: Vec<String>,
    /// Second-level policies.
    pub departments: Vec<String>,
    /// Third-level policies.
    pub labs: Vec<String>,
}

/// Names of one country's companies.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct National {
    /// Its legal form, one of [`Words::legal`].
    pub legal: String,
    /// Names with `{F}` for the family.
    pub patterns: Vec<String>,
}

/// One legal form.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Legal {
    /// Its spellings, the usual one first.
    pub forms: Vec<String>,
}

/// Devices and what is written in their fields.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hardware {
    /// Apple models.
    pub apple: Vec<Model>,
    /// First octets of Apple interfaces, as hexadecimal digits.
    pub apple_prefixes: Vec<String>,
    /// First octets of docks, as hexadecimal digits.
    pub dock_prefixes: Vec<String>,
    /// What stands in a serial field and is none.
    pub placeholder_serials: Vec<String>,
    /// What an Apple device says after its logic board was changed.
    pub board_serials: Vec<String>,
    /// Devices that Addigy does not manage.
    pub others: Vec<Other>,
    /// macOS: version, build, name.
    pub mac_os: Vec<[String; 3]>,
    /// iOS and tvOS versions.
    pub ios: Vec<String>,
}

/// An Apple model.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// `MacBook Air`.
    pub name: String,
    /// `MacBook Air (M1, 2020)`.
    pub title: String,
    /// `MacBookAir10,1`.
    pub id: String,
    /// Processor.
    pub chip: String,
    /// What it is.
    pub kind: Kind,
    /// GB.
    pub memory: u32,
    /// GB.
    pub disk: u32,
    /// Weight in the fleet.
    pub share: u32,
}

/// What a device is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// `MacBook`.
    Laptop,
    /// `iMac`, `Mac mini`, `Mac Studio`.
    Desktop,
    /// iPad.
    Tablet,
    /// iPhone.
    Phone,
    /// Apple TV.
    Tv,
}

impl Kind {
    /// Runs macOS.
    #[must_use]
    pub const fn is_mac(self) -> bool {
        matches!(self, Self::Laptop | Self::Desktop)
    }
}

/// A device that only the documentation platform knows.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Other {
    /// Maker.
    pub maker: String,
    /// Model.
    pub model: String,
    /// Configuration type.
    pub r#type: String,
    /// Form of its serial: `#` a digit, `?` a letter or digit.
    pub serial: String,
}

/// What PSAs hold besides.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PsaWords {
    /// Given name, short form.
    pub nicknames: Vec<[String; 2]>,
    /// What people do.
    pub titles: Vec<String>,
    /// Kinds of streets, long and short.
    pub streets: Vec<[String; 2]>,
    /// What stands before a number in a second address line.
    pub units: Vec<String>,
    /// Names of places beyond the main one, with `{city}`.
    pub offices: Vec<String>,
    /// Things that only a PSA knows.
    pub things: Vec<Other>,
    /// What tickets are about.
    pub subjects: Vec<String>,
    /// Where the cities of [`Words::cities`] are, in the same order.
    pub towns: Vec<Town>,
}

/// Where a city is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Town {
    /// As in [`Words::cities`].
    pub city: String,
    /// State or province, and its code.
    pub region: [String; 2],
    /// Country, and its ISO 3166 code.
    pub country: [String; 2],
    /// Form of its postal codes: `#` a digit, `?` a letter.
    pub zip: String,
}

/// All lists.
#[derive(Debug)]
pub struct Lists {
    /// Words for companies and people.
    pub words: Words,
    /// Devices.
    pub hardware: Hardware,
    /// What PSAs hold besides.
    pub psa: PsaWords,
}

impl Lists {
    /// The embedded lists.
    ///
    /// # Panics
    /// Never: a unit test parses them.
    #[must_use]
    pub fn built_in() -> Self {
        Self {
            words: toml::from_str(include_str!("../../../assets/simulator/names.toml")).expect("embedded list parses"),
            hardware: toml::from_str(include_str!("../../../assets/simulator/hardware.toml"))
                .expect("embedded list parses"),
            psa: toml::from_str(include_str!("../../../assets/simulator/psa.toml")).expect("embedded list parses"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Lists;

    #[test]
    fn the_embedded_lists_parse_and_refer_to_known_legal_forms() {
        let lists = Lists::built_in();
        for national in &lists.words.national {
            assert!(lists.words.legal.iter().any(|l| l.forms.contains(&national.legal)), "{}", national.legal);
        }
        let towns: Vec<&String> = lists.psa.towns.iter().map(|town| &town.city).collect();
        assert_eq!(towns, lists.words.cities.iter().collect::<Vec<_>>());
        for prefix in lists.hardware.apple_prefixes.iter().chain(&lists.hardware.dock_prefixes) {
            let octets = u32::from_str_radix(prefix, 16).unwrap();
            assert_eq!(octets >> 16 & 3, 0, "{prefix} is given by a maker");
        }
    }
}
