//! Labelled lists: reading them, and what the matcher makes of each row.

use matchbook::cli::link::{LinkArgs, read::Lists};
use matchbook::domain::Verdict;
use matchbook::matching::{Answers, CompanyFacts, Known, Problem, Run, Settings};
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

/// A labelled list.
pub struct Labelled {
    pub name: String,
    pub lists: Lists,
    pub gold: HashMap<String, HashSet<String>>,
    neutral: HashSet<(String, String)>,
}

/// What became of a left row: the score of its best candidate, and whether that is right.
#[expect(clippy::struct_excessive_bools, reason = "a row of a table of yes and no")]
pub struct Outcome {
    pub score: Option<f32>,
    pub right: bool,
    pub matchable: bool,
    pub auto: bool,
    pub top1: bool,
    pub top5: bool,
    pub name: String,
    pub why: String,
}

fn pairs(path: &Path) -> Vec<(String, String)> {
    let Ok(mut reader) = csv::Reader::from_path(path) else { return Vec::new() };
    reader.records().flatten().filter_map(|r| Some((r.get(0)?.to_owned(), r.get(1)?.to_owned()))).collect()
}

impl Labelled {
    pub fn read(spec: &str) -> Result<Self, String> {
        let (name, dir) = spec.split_once('=').ok_or_else(|| format!("{spec}: NAME=DIR expected"))?;
        let dir = PathBuf::from(dir);
        let companies = |side: &str| {
            let beside = dir.join("../companies").join(side);
            (name.contains("device") && beside.exists()).then_some(beside)
        };
        let args = LinkArgs {
            left: dir.join("left.csv"),
            right: dir.join("right.csv"),
            left_companies: companies("left.csv"),
            right_companies: companies("right.csv"),
            ..LinkArgs::default()
        };
        let lists = Lists::read(&args).map_err(|e| e.to_string())?;
        let mut gold: HashMap<String, HashSet<String>> = HashMap::new();
        for (l, r) in pairs(&dir.join("gold.csv")) {
            gold.entry(l).or_default().insert(r);
        }
        Ok(Self { name: name.to_owned(), lists, gold, neutral: pairs(&dir.join("neutral.csv")).into_iter().collect() })
    }

    /// The rows have nothing but names.
    pub fn has_names_alone(&self) -> bool {
        let bare = |c: &CompanyFacts| [&c.street, &c.phone, &c.owner, &c.city, &c.domain].iter().all(|f| f.is_none());
        !self.lists.are_devices && self.lists.left_companies.iter().all(bare)
    }

    fn problem<'a>(&'a self, known: &'a Known, settings: &'a Settings) -> Problem<'a> {
        Problem {
            left_companies: &self.lists.left_companies,
            right_companies: &self.lists.right_companies,
            left_devices: &self.lists.left_devices,
            right_devices: &self.lists.right_devices,
            known,
            settings,
        }
    }

    pub fn outcomes(&self, settings: &Settings) -> Vec<Outcome> {
        let known = Known::default();
        let problem = self.problem(&known, settings);
        let run = Run::new(&problem);
        let run = run.answers();
        let devices = self.lists.are_devices;
        let count = if devices { self.lists.left_devices.len() } else { self.lists.left_companies.len() };
        (0..count).map(|i| self.outcome(&run, i, devices)).collect()
    }

    fn outcome(&self, run: &Answers<'_>, i: usize, devices: bool) -> Outcome {
        let (id, name, proposal) = if devices {
            let device = &self.lists.left_devices[i];
            (device.id.to_string(), device.name.to_string(), run.device(i))
        } else {
            let company = &self.lists.left_companies[i];
            (company.id.to_string(), company.name.clone(), run.company(i))
        };
        let none = HashSet::new();
        let gold = self.gold.get(&id).unwrap_or(&none);
        let best = proposal.candidates.first();
        let hit = |n: usize| proposal.candidates.iter().take(n).any(|c| gold.contains(c.target.as_str()));
        let neutral = best.is_some_and(|b| !hit(1) && self.neutral.contains(&(id.clone(), b.target.to_string())));
        let why = best.map(|b| b.evidence.iter().map(|e| e.note.as_str()).collect::<Vec<_>>().join("; "));
        Outcome {
            score: best.filter(|_| !neutral).map(|b| b.confidence.get()),
            right: hit(1),
            matchable: !gold.is_empty(),
            auto: proposal.verdict == Verdict::Auto && !neutral,
            top1: hit(1),
            top5: hit(5),
            name: format!("{name} ({id})"),
            why: why.unwrap_or_default(),
        }
    }
}
