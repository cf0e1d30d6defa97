//! Writes the quality report: how good the matcher is on labelled lists, and what each kind of evidence earns.
//!
//! ```text
//! cargo run --release --example quality -- --out benches/QUALITY.md NAME=DIR…
//! cargo run --release --example quality -- --fit NAME=DIR…
//! ```
//! Each `DIR` holds `left.csv`, `right.csv`, `gold.csv` (`left_id,right_id`) and, if there is one, `neutral.csv`. With
//! `--fit` the weights of the name model are estimated over all lists together and printed. With `--errors N` the report
//! ends with the N worst errors; it then holds names of the lists and stays out of the repository.

use matchbook::cli::link::{LinkArgs, list_settings, read::Lists};
use matchbook::domain::Verdict;
use matchbook::matching::companies::{Companies, Scored, compete};
use matchbook::matching::model::{FEATURES, Features, Model, NAMES, feature};
use matchbook::matching::{Answers, Known, Problem, Run, Settings};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A labelled list.
struct Labelled {
    name: String,
    lists: Lists,
    gold: HashMap<String, HashSet<String>>,
    neutral: HashSet<(String, String)>,
}

/// What became of a left row: the score of its best candidate, and whether that is right.
#[expect(clippy::struct_excessive_bools, reason = "a row of a table of yes and no")]
struct Outcome {
    score: Option<f32>,
    right: bool,
    matchable: bool,
    auto: bool,
    top1: bool,
    top5: bool,
    name: String,
    why: String,
}

fn pairs(path: &Path) -> Vec<(String, String)> {
    let Ok(mut reader) = csv::Reader::from_path(path) else { return Vec::new() };
    reader.records().flatten().filter_map(|r| Some((r.get(0)?.to_owned(), r.get(1)?.to_owned()))).collect()
}

impl Labelled {
    fn read(spec: &str) -> Result<Self, String> {
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

    fn outcomes(&self, settings: &Settings) -> Vec<Outcome> {
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

#[expect(clippy::cast_precision_loss, reason = "counts of rows")]
fn share(part: usize, whole: usize) -> f64 {
    100.0 * part as f64 / whole.max(1) as f64
}

/// Best F1 and the largest recall at 99.5 % precision, over all thresholds.
#[expect(clippy::cast_precision_loss, reason = "counts of rows")]
fn curve(all: &[&Outcome]) -> (f64, f64) {
    let matchable = all.iter().filter(|o| o.matchable).count().max(1) as f64;
    let mut scored: Vec<(f32, bool)> = all.iter().filter_map(|o| Some((o.score?, o.right))).collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut right, mut f1, mut safe) = (0.0f64, 0.0f64, 0.0f64);
    for (i, (score, ok)) in scored.iter().enumerate() {
        right += f64::from(u8::from(*ok));
        if scored.get(i + 1).is_some_and(|next| next.0 >= *score) {
            continue;
        }
        let taken = (i + 1) as f64;
        let (precision, recall) = (right / taken, right / matchable);
        f1 = f1.max(2.0 * precision * recall / (precision + recall).max(1e-9));
        if precision >= 0.995 {
            safe = safe.max(recall);
        }
    }
    (100.0 * f1, 100.0 * safe)
}

fn line(name: &str, all: &[&Outcome]) -> String {
    let matchable = all.iter().filter(|o| o.matchable).count();
    let count = |f: fn(&Outcome) -> bool| all.iter().filter(|o| f(o)).count();
    let (f1, safe) = curve(all);
    let (auto, wrong) = (count(|o| o.auto), count(|o| o.auto && !o.right));
    format!(
        "| {name} | {} | {f1:.1} | {safe:.1} | {:.1} | {:.1} | {:.2} ({wrong} wrong) | {:.1} |\n",
        all.len(),
        share(count(|o| o.matchable && o.top1), matchable),
        share(count(|o| o.matchable && o.top5), matchable),
        share(auto - wrong, auto),
        share(auto - wrong, matchable),
    )
}

fn reliability(all: &[&Outcome]) -> String {
    let mut out = String::from("| confidence | rows | said | right |\n|---|---|---|---|\n");
    let edges = [0.0, 0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.95, 0.99, 1.01];
    for pair in edges.windows(2) {
        let inside: Vec<(f32, bool)> = all
            .iter()
            .filter_map(|o| Some((o.score?, o.right)))
            .filter(|(s, _)| f64::from(*s) >= pair[0] && f64::from(*s) < pair[1])
            .collect();
        let said: f64 = inside.iter().map(|(s, _)| 100.0 * f64::from(*s)).sum();
        #[expect(clippy::cast_precision_loss, reason = "counts of rows")]
        let mean = said / inside.len().max(1) as f64;
        let right = share(inside.iter().filter(|(_, ok)| *ok).count(), inside.len());
        let _ =
            writeln!(out, "| {:.2}–{:.2} | {} | {mean:.1} % | {right:.1} % |", pair[0], pair[1].min(1.0), inside.len());
    }
    out
}

fn with_model(model: Model) -> Settings {
    Settings { model: Arc::new(model), ..list_settings() }
}

const HEAD: &str = "| list | rows | best F1 | R@99.5 | top 1 | top 5 | auto precision | auto recall |\n|---|---|---|---|---|---|---|---|\n";

fn report(sets: &[Labelled], errors: usize, brief: bool) -> String {
    let mut out = String::from(
        "# Quality of the matcher\n\nGenerated by `cargo run --release --example quality`; not edited by hand. All figures in percent. \
         `R@99.5` is the recall at the threshold where 99.5 % of what is accepted is right; one threshold for all lists in \
         the pooled line. `auto` is the engine's own decision.\n\n",
    );
    let settings = list_settings();
    let outcomes: Vec<Vec<Outcome>> = sets.iter().map(|s| s.outcomes(&settings)).collect();
    let pooled: Vec<&Outcome> =
        outcomes.iter().zip(sets).filter(|(_, s)| !s.lists.are_devices).flat_map(|(o, _)| o).collect();
    out.push_str(HEAD);
    for (set, outcomes) in sets.iter().zip(&outcomes) {
        out.push_str(&line(&set.name, &outcomes.iter().collect::<Vec<_>>()));
    }
    out.push_str(&line("name lists pooled", &pooled));
    out.push_str("\n## Reliability of the confidence (best candidate of each row, name lists)\n\n");
    out.push_str(&reliability(&pooled));
    for (set, outcomes) in sets.iter().zip(&outcomes).filter(|(s, _)| s.lists.are_devices) {
        let _ = write!(out, "\n## Reliability of the confidence ({})\n\n", set.name);
        out.push_str(&reliability(&outcomes.iter().collect::<Vec<_>>()));
    }
    if brief {
        return out;
    }
    out.push_str("\n## What each kind of evidence earns (name lists pooled, each left out in turn)\n\n");
    out.push_str("| without | best F1 | R@99.5 |\n|---|---|---|\n");
    let (f1, safe) = curve(&pooled);
    let _ = writeln!(out, "| nothing | {f1:.1} | {safe:.1} |");
    for (number, name) in NAMES.iter().enumerate().skip(1) {
        let settings = with_model(Model::default().without(number));
        let all: Vec<Outcome> =
            sets.iter().filter(|s| !s.lists.are_devices).flat_map(|s| s.outcomes(&settings)).collect();
        let (f1, safe) = curve(&all.iter().collect::<Vec<_>>());
        let _ = writeln!(out, "| {name} | {f1:.1} | {safe:.1} |");
    }
    out.push_str(&kinds_of_errors(&outcomes.iter().flatten().collect::<Vec<_>>()));
    if errors > 0 {
        out.push_str("\n## Worst errors\n\n");
        let mut wrong: Vec<&Outcome> = outcomes.iter().flatten().filter(|o| o.score.is_some() && !o.right).collect();
        wrong.sort_by(|a, b| b.score.unwrap_or(0.0).total_cmp(&a.score.unwrap_or(0.0)));
        for o in wrong.iter().take(errors) {
            let _ = writeln!(out, "- {:.3} {}: {}", o.score.unwrap_or(0.0), o.name, o.why);
        }
    }
    out
}

/// What the wrong best candidates of the hundred worst errors showed, without any name.
fn kinds_of_errors(all: &[&Outcome]) -> String {
    let mut wrong: Vec<&&Outcome> = all.iter().filter(|o| o.score.is_some() && !o.right).collect();
    wrong.sort_by(|a, b| b.score.unwrap_or(0.0).total_cmp(&a.score.unwrap_or(0.0)));
    let mut kinds: BTreeMap<&str, (usize, f32)> = BTreeMap::new();
    for o in wrong.iter().take(100) {
        let kind = kinds.entry(o.why.as_str()).or_default();
        kind.0 += 1;
        kind.1 = kind.1.max(o.score.unwrap_or(0.0));
    }
    let mut rows: Vec<_> = kinds.into_iter().collect();
    rows.sort_by(|a, b| b.1.0.cmp(&a.1.0).then(a.0.cmp(b.0)));
    let mut out = String::from("\n## The hundred worst errors, by what spoke for and against the wrong candidate\n\n");
    out.push_str("| evidence | errors | highest confidence |\n|---|---|---|\n");
    for (why, (count, highest)) in rows {
        let _ = writeln!(out, "| {why} | {count} | {highest:.2} |");
    }
    out
}

/// The candidates of a list with their features, for the estimation.
struct Sample {
    rows: Vec<Vec<(Scored, Features, bool)>>,
    rights: usize,
    weight: f64,
}

fn sample(set: &Labelled, settings: &Settings) -> Sample {
    let known = Known::default();
    let companies = Companies::new(&set.lists.left_companies, &set.lists.right_companies, &known, settings);
    let none = HashSet::new();
    let rows = (0u32..).zip(companies.score()).zip(&set.lists.left_companies).map(|((i, row), left)| {
        let gold = set.gold.get(left.id.as_str()).unwrap_or(&none);
        let one = |s: Scored| {
            let id = set.lists.right_companies[s.right as usize].id.as_str();
            (s, companies.features(i, s.right), gold.contains(id))
        };
        row.into_iter().map(one).collect()
    });
    #[expect(clippy::cast_precision_loss, reason = "a count of rows")]
    let weight = 1.0 / (set.lists.left_companies.len().max(1) as f64).sqrt();
    Sample { rows: rows.collect(), rights: set.lists.right_companies.len(), weight }
}

/// Penalised negative log-likelihood.
fn loss(samples: &[Sample], model: &Model, start: &Model) -> f64 {
    let mut total = 0.0;
    for sample in samples {
        let mut rows: Vec<Vec<Scored>> = sample
            .rows
            .iter()
            .map(|row| row.iter().map(|(s, f, _)| Scored { log_odds: model.log_odds(f), ..*s }).collect())
            .collect();
        compete(&mut rows, sample.rights, model.rivalry);
        for (scored, row) in rows.iter().zip(&sample.rows) {
            let right: f64 = scored.iter().zip(row).filter(|(_, r)| r.2).map(|(s, _)| f64::from(s.probability)).sum();
            let wrong: f64 = scored.iter().zip(row).filter(|(_, r)| !r.2).map(|(s, _)| f64::from(s.probability)).sum();
            let p = if row.iter().any(|r| r.2) { right } else { 1.0 - wrong };
            total -= sample.weight * p.clamp(1e-6, 1.0).ln();
        }
    }
    let pull = |(w, s): (&f32, &f32)| f64::from((w - s) / (0.7 + 0.5 * s.abs())).powi(2);
    total + 0.02 * model.weights.iter().zip(&start.weights).map(pull).sum::<f64>()
}

fn fit(sets: &[Labelled]) -> Model {
    let settings = list_settings();
    let samples: Vec<Sample> = sets.iter().filter(|s| !s.lists.are_devices).map(|s| sample(s, &settings)).collect();
    let start = Model::default();
    let mut model = start.clone();
    let mut best = loss(&samples, &model, &start);
    eprintln!("start {best:.4}");
    let mut steps = [0.4f32; FEATURES];
    for round in 0..12 {
        for (i, step) in steps.iter_mut().enumerate() {
            for direction in [1.0, -1.0] {
                let mut tried = model.clone();
                tried.weights[i] += direction * *step;
                let found = loss(&samples, &tried, &start);
                if found < best - 1e-6 {
                    (best, model) = (found, tried);
                    *step *= 1.5;
                    break;
                }
                if direction < 0.0 {
                    *step *= 0.5;
                }
            }
        }
        eprintln!("round {round}: {best:.4}");
    }
    model
}

fn main() -> Result<(), String> {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    let fitting = args.iter().position(|a| a == "--fit").map(|i| args.remove(i)).is_some();
    let brief = args.iter().position(|a| a == "--brief").map(|i| args.remove(i)).is_some();
    let mut option = |name: &str| {
        let at = args.iter().position(|a| a == name)?;
        args.remove(at);
        (at < args.len()).then(|| args.remove(at))
    };
    let out = option("--out");
    let errors = option("--errors").and_then(|n| n.parse().ok()).unwrap_or(0);
    let sets = args.iter().map(|a| Labelled::read(a)).collect::<Result<Vec<_>, _>>()?;
    if fitting {
        let model = fit(&sets);
        for (i, name) in NAMES.iter().enumerate() {
            println!("{i:2} {:6.2}  {name}", model.weights[i]);
        }
        debug_assert_eq!(feature::BIAS, 0);
        return Ok(());
    }
    let text = report(&sets, errors, brief);
    if let Some(path) = out {
        return std::fs::write(&path, text).map_err(|e| format!("{path}: {e}"));
    }
    print!("{text}");
    Ok(())
}
