//! The companies of the world: which side knows them, under which names, with which departments.

use super::{Dice, NameTrouble, TrueName, names::spellings, words::Words};
use std::collections::HashSet;

/// Which side knows a company.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The RMM and the documentation.
    Both,
    /// Only the RMM.
    RmmOnly,
    /// Only the documentation.
    DocumentationOnly,
}

/// A second record of the name on the documentation's side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Double {
    /// None.
    No,
    /// An old record of the same company, without devices.
    OldRecord,
    /// Another company of exactly that name.
    Namesake,
}

/// A group of devices inside a company. The first of a company is the company itself.
#[derive(Clone, Debug)]
pub struct Group {
    /// As shown.
    pub name: Box<str>,
    /// Position of the group above it.
    pub parent: Option<u16>,
    /// Devices may sit in it.
    pub leaf: bool,
}

/// A company.
#[derive(Clone, Debug)]
pub struct Company {
    /// Name on the RMM's side.
    pub rmm_name: Box<str>,
    /// Name on the documentation's side.
    pub documentation_name: Box<str>,
    /// How the two differ.
    pub name_trouble: NameTrouble,
    /// Technicians' code for it.
    pub code: Box<str>,
    /// Position of its city in the word list.
    pub city: usize,
    /// Who knows it.
    pub side: Side,
    /// A second record of its name.
    pub double: Double,
    /// The RMM carries the documentation's id.
    pub linked: bool,
    /// The documentation's record is owned by a PSA.
    pub synced: bool,
    /// Its groups.
    pub groups: Vec<Group>,
    /// How many devices the RMM has of it.
    pub devices: usize,
    /// Shared docks in its offices.
    pub docks: u16,
}

/// All companies, and how the devices spread over them.
pub fn companies(seed: u64, words: &Words, count: usize, devices: usize) -> Vec<Company> {
    let mut dice = Dice::new(seed, 1);
    let mut taken = HashSet::new();
    let mut names: Vec<TrueName> = Vec::with_capacity(count);
    while names.len() < count {
        let twin = (!names.is_empty() && dice.chance(20))
            .then(|| dice.below(names.len()))
            .and_then(|of| names[of].near_twin(words, &mut dice));
        let mut name = twin.unwrap_or_else(|| TrueName::roll(words, &mut dice));
        if !taken.insert(name.words.to_lowercase()) {
            name.words = format!("{} {}", name.words, words.cities[name.city]);
            name.trade = None;
            if !taken.insert(name.words.to_lowercase()) {
                continue;
            }
        }
        names.push(name);
    }
    let mut all: Vec<Company> = names.iter().map(|name| company(name, words, &mut dice)).collect();
    plant_hostile(&mut all, words);
    spread_devices(&mut all, devices, &mut dice);
    for company in &mut all {
        add_groups(company, words, &mut dice);
    }
    all
}

fn company(name: &TrueName, words: &Words, dice: &mut Dice) -> Company {
    let (left, right, name_trouble) = spellings(name, words, dice);
    let side = [Side::Both, Side::RmmOnly, Side::DocumentationOnly][dice.weighted([920, 30, 50].into_iter())];
    let double = match side {
        Side::Both => [Double::No, Double::OldRecord, Double::Namesake][dice.weighted([985, 8, 7].into_iter())],
        _ => Double::No,
    };
    Company {
        rmm_name: left.into(),
        documentation_name: right.into(),
        name_trouble,
        code: name.code.as_str().into(),
        city: name.city,
        side,
        double,
        linked: side == Side::Both && dice.chance(40),
        synced: dice.chance(80),
        groups: Vec::new(),
        devices: 0,
        docks: 0,
    }
}

/// Gives evenly spaced companies the names that must not harm what shows them.
fn plant_hostile(all: &mut [Company], words: &Words) {
    let step = (all.len() / (words.hostile.len() + 1)).max(8);
    let places = (1..=all.len()).map(|n| n * step).take_while(|&at| at < all.len()).collect::<Vec<_>>();
    for (at, name) in places.into_iter().zip(&words.hostile) {
        let company = &mut all[at];
        company.rmm_name = name.as_str().into();
        company.documentation_name = name.as_str().into();
        company.name_trouble = NameTrouble::Same;
    }
}

/// A few large customers, many small ones, some without any device.
fn spread_devices(all: &mut [Company], devices: usize, dice: &mut Dice) {
    let mut weights: Vec<f64> = all
        .iter()
        .map(|company| match company.side {
            Side::DocumentationOnly => 0.0,
            _ if dice.chance(30) => 0.0,
            _ => (1.0 - dice.unit()).max(0.002).powf(-0.6),
        })
        .collect();
    if weights.iter().all(|&w| w == 0.0)
        && let Some(at) = all.iter().position(|c| c.side != Side::DocumentationOnly)
    {
        weights[at] = 1.0;
    }
    let total: f64 = weights.iter().sum();
    if total == 0.0 {
        return;
    }
    let (mut sum, mut given) = (0.0, 0);
    for (company, weight) in all.iter_mut().zip(weights) {
        sum += weight;
        let until = share_of(devices, sum / total);
        company.devices = until - given;
        given = until;
    }
    if let Some(last) = all.iter_mut().rev().find(|c| c.devices > 0) {
        last.devices += devices - given;
    }
}

/// That part of a count.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of a count"
)]
pub fn share_of(count: usize, part: f64) -> usize {
    ((count as f64) * part).round().min(count as f64) as usize
}

fn add_groups(company: &mut Company, words: &Words, dice: &mut Dice) {
    company.docks = u16::try_from(1 + company.devices / 25).unwrap_or(u16::MAX);
    company.groups.push(Group { name: company.rmm_name.clone(), parent: None, leaf: true });
    if company.devices < 6 || !dice.chance(420) {
        return;
    }
    company.groups[0].leaf = false;
    let departments = 2 + dice.below(4);
    let first = dice.below(words.departments.len());
    for n in 0..departments {
        let word = &words.departments[(first + n) % words.departments.len()];
        let name = if dice.chance(500) { format!("{} - {word}", company.rmm_name) } else { word.clone() };
        let at = u16::try_from(company.groups.len()).unwrap_or(0);
        let nested = company.devices > 20 && dice.chance(250);
        company.groups.push(Group { name: name.into(), parent: Some(0), leaf: !(nested || n > 1 && dice.chance(100)) });
        if nested {
            let lab = dice.below(words.labs.len());
            for m in 0..2 + dice.below(2) {
                let name = words.labs[(lab + m) % words.labs.len()].as_str().into();
                company.groups.push(Group { name, parent: Some(at), leaf: true });
            }
        }
    }
}
