//! Measures over rows: F1, recall at 99.5 % precision, reliability.

use super::lists::Outcome;
use std::fmt::Write as _;

#[expect(clippy::cast_precision_loss, reason = "counts of rows")]
pub fn share(part: usize, whole: usize) -> f64 {
    100.0 * part as f64 / whole.max(1) as f64
}

/// Best F1 and the largest recall at 99.5 % precision, over all thresholds.
#[expect(clippy::cast_precision_loss, reason = "counts of rows")]
pub fn curve(all: &[&Outcome]) -> (f64, f64) {
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

pub fn line(name: &str, all: &[&Outcome]) -> String {
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

pub fn reliability(all: &[&Outcome]) -> String {
    let mut out = String::from("| confidence | rows | said | right |\n|---|---|---|---|\n");
    let edges = [0.0, 0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.95, 0.99, 1.01];
    for pair in edges.windows(2) {
        let inside: Vec<(f32, bool)> = all
            .iter()
            .filter_map(|o| Some((o.score?, o.right)))
            .filter(|(s, _)| f64::from(*s) >= pair[0] && f64::from(*s) < pair[1])
            .collect();
        if inside.is_empty() {
            let _ = writeln!(out, "| {:.2}–{:.2} | 0 | | |", pair[0], pair[1].min(1.0));
            continue;
        }
        let said: f64 = inside.iter().map(|(s, _)| 100.0 * f64::from(*s)).sum();
        #[expect(clippy::cast_precision_loss, reason = "counts of rows")]
        let mean = said / inside.len().max(1) as f64;
        let right = share(inside.iter().filter(|(_, ok)| *ok).count(), inside.len());
        let _ =
            writeln!(out, "| {:.2}–{:.2} | {} | {mean:.1} % | {right:.1} % |", pair[0], pair[1].min(1.0), inside.len());
    }
    out
}
