//! Estimation of the name model's weights and of the confidence's map, over lists of several kinds together.

use super::lists::Labelled;
use matchbook::cli::link::list_settings;
use matchbook::matching::companies::{Companies, Scored, compete};
use matchbook::matching::model::{FEATURES, Features, Model};
use matchbook::matching::{Known, Settings};
use std::collections::HashSet;

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

pub fn fit(sets: &[Labelled]) -> Model {
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

/// The points of the map from the competition's log-odds to what is said: estimated over lists, every list with the same
/// weight, with a pull towards no change.
pub fn calibrate(sets: &[Labelled], at: &[f32]) -> Vec<f32> {
    let settings = list_settings();
    let rows: Vec<(f32, bool, f64)> =
        sets.iter().filter(|s| !s.lists.are_devices).flat_map(|s| firsts(s, &settings)).collect();
    let mut said = at.to_vec();
    let loss = |said: &[f32]| -> f64 {
        let told: f64 = rows
            .iter()
            .map(|(z, right, weight)| {
                let p = f64::from(1.0 / (1.0 + (-between(at, said, *z)).exp())).clamp(1e-6, 1.0 - 1e-6);
                -weight * if *right { p.ln() } else { (1.0 - p).ln() }
            })
            .sum();
        told + at.iter().zip(said).map(|(a, s)| f64::from(a - s).powi(2)).sum::<f64>()
    };
    let (mut best, mut step) = (loss(&said), 1.0f32);
    while step > 0.02 {
        let before = best;
        for i in 0..said.len() {
            for direction in [step, -step] {
                let mut tried = said.clone();
                tried[i] += direction;
                if tried.is_sorted() && loss(&tried) < best {
                    best = loss(&tried);
                    said = tried;
                    break;
                }
            }
        }
        if before - best < 1e-6 {
            step *= 0.5;
        }
    }
    said
}

/// Log-odds of each row's best candidate in the competition, whether it is right, and its weight.
fn firsts(set: &Labelled, settings: &Settings) -> Vec<(f32, bool, f64)> {
    let known = Known::default();
    let companies = Companies::new(&set.lists.left_companies, &set.lists.right_companies, &known, settings);
    let ranked = companies.ranked();
    #[expect(clippy::cast_precision_loss, reason = "a count of rows")]
    let weight = ROWS_OF_A_LIST / ranked.len().max(1) as f64;
    let best = ranked.iter().zip(&set.lists.left_companies).filter_map(|(row, left)| Some((row.first()?, left)));
    best.map(|(scored, left)| {
        let id = set.lists.right_companies[scored.right as usize].id.as_str();
        let right = set.gold.get(left.id.as_str()).is_some_and(|gold| gold.contains(id));
        ((scored.probability / (1.0 - scored.probability)).ln().clamp(-16.0, 16.0), right, weight)
    })
    .collect()
}

/// As many rows as every list counts for.
const ROWS_OF_A_LIST: f64 = 300.0;

fn between(at: &[f32], said: &[f32], z: f32) -> f32 {
    let last = at.len() - 1;
    if z <= at[0] {
        return z + said[0] - at[0];
    }
    if z >= at[last] {
        return z + said[last] - at[last];
    }
    let i = at.partition_point(|x| *x < z).max(1);
    said[i - 1] + (said[i] - said[i - 1]) * (z - at[i - 1]) / (at[i] - at[i - 1])
}
