//! Figures of a run: quantiles, aims, and how they are printed.

use crate::pty::Answer;
use crate::steps::Aim;
use serde_json::{Map, Value, json};

/// One line of the report.
pub struct Row {
    figures: Map<String, Value>,
    over: Vec<String>,
}

impl Row {
    pub fn new(name: &str) -> Self {
        let mut figures = Map::new();
        figures.insert("name".into(), json!(name));
        Self { figures, over: Vec::new() }
    }

    #[must_use]
    pub fn with(mut self, figure: &str, value: impl Into<Value>) -> Self {
        self.figures.insert(figure.into(), value.into());
        self
    }

    /// Marks the figures that are above their aim. A figure that the step does not have counts as above.
    #[must_use]
    pub fn judged(mut self, aim: &Aim) -> Self {
        for (figure, most) in aim {
            if !self.figures.get(figure).and_then(Value::as_f64).is_some_and(|value| value <= *most) {
                self.over.push(format!("{figure}>{most}"));
            }
        }
        if !self.over.is_empty() {
            self.figures.insert("over".into(), json!(self.over));
        }
        self
    }

    pub fn is_over(&self) -> bool {
        !self.over.is_empty()
    }

    pub fn json(&self) -> Value {
        Value::Object(self.figures.clone())
    }

    /// `name  figure=value  …`
    pub fn line(&self) -> String {
        let figure = |(name, value): (&String, &Value)| match value {
            Value::String(text) if name == "name" => format!("{:<22}", text.escape_debug().to_string()),
            Value::String(text) => format!("{name}={text}"),
            other => format!("{name}={other}"),
        };
        self.figures.iter().map(figure).collect::<Vec<_>>().join("  ")
    }
}

/// The figures of a row of keys.
pub fn keys(name: &str, pressed: usize, answers: &[Answer]) -> Row {
    let row = Row::new(name).with("keys", pressed).with("silent", pressed - answers.len());
    if answers.is_empty() {
        return row;
    }
    let first: Vec<f64> = answers.iter().map(|answer| answer.first.as_secs_f64() * 1e3).collect();
    let last: Vec<f64> = answers.iter().map(|answer| answer.last.as_secs_f64() * 1e3).collect();
    let mut bytes: Vec<usize> = answers.iter().map(|answer| answer.bytes).collect();
    bytes.sort_unstable();
    row.with("first_p50", rounded(quantile(&first, 0.5)))
        .with("first_p99", rounded(quantile(&first, 0.99)))
        .with("last_p50", rounded(quantile(&last, 0.5)))
        .with("last_p99", rounded(quantile(&last, 0.99)))
        .with("bytes_p50", bytes[bytes.len() / 2])
        .with("bytes_max", bytes[bytes.len() - 1])
}

/// Two digits after the point are what a clock of this kind is good for.
pub fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

/// The value that a share of the values does not exceed (nearest rank). 0 for no values.
fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a rank among a few hundred values"
    )]
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.clamp(1, sorted.len().max(1)) - 1).copied().unwrap_or_default()
}
