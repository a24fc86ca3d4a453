//! What was measured, as a table for people and as JSON for programs.

use serde_json::{Value, json};
use std::fmt::Write;

/// One line of the report.
pub struct Row {
    name: String,
    unit: &'static str,
    ours: Vec<f64>,
    limit: Vec<f64>,
    target: Option<Target>,
}

/// What is to be reached.
#[derive(Clone, Copy)]
enum Target {
    RatioAtMost(f64),
    RatioAtLeast(f64),
    AtMost(f64),
}

impl Row {
    /// What was measured of ours, once or several times.
    pub fn new(name: impl Into<String>, unit: &'static str, ours: Vec<f64>) -> Self {
        Self { name: name.into(), unit, ours, limit: Vec::new(), target: None }
    }

    /// What the machine does at best, measured as often and in turn with ours.
    pub fn beside(mut self, limit: Vec<f64>) -> Self {
        self.limit = limit;
        self
    }

    pub fn ratio_at_most(mut self, most: f64) -> Self {
        self.target = Some(Target::RatioAtMost(most));
        self
    }

    pub fn ratio_at_least(mut self, least: f64) -> Self {
        self.target = Some(Target::RatioAtLeast(least));
        self
    }

    pub fn at_most(mut self, most: f64) -> Self {
        self.target = Some(Target::AtMost(most));
        self
    }

    fn ours(&self) -> f64 {
        median(&self.ours)
    }

    fn limit(&self) -> Option<f64> {
        (!self.limit.is_empty()).then(|| median(&self.limit))
    }

    /// Of each pair, which were measured one after the other: what slows the machine down for a while slows both.
    fn ratio(&self) -> Option<f64> {
        let ratios: Vec<f64> = self.ours.iter().zip(&self.limit).map(|(ours, limit)| ours / limit).collect();
        (!ratios.is_empty()).then(|| median(&ratios))
    }

    /// From the least to the most of ours, as a part of the median.
    fn spread(&self) -> f64 {
        let most = self.ours.iter().copied().fold(f64::MIN, f64::max);
        let least = self.ours.iter().copied().fold(f64::MAX, f64::min);
        if self.ours() > 0.0 { (most - least) / self.ours() } else { 0.0 }
    }

    pub fn is_reached(&self) -> Option<bool> {
        match (self.target?, self.ratio()) {
            (Target::AtMost(most), _) => Some(self.ours() <= most),
            (Target::RatioAtMost(most), Some(ratio)) => Some(ratio <= most),
            (Target::RatioAtLeast(least), Some(ratio)) => Some(ratio >= least),
            (_, None) => Some(false),
        }
    }

    fn target(&self) -> String {
        match self.target {
            None => String::new(),
            Some(Target::RatioAtMost(most)) => format!("≤ {most} ×"),
            Some(Target::RatioAtLeast(least)) => format!("≥ {least} ×"),
            Some(Target::AtMost(most)) => format!("≤ {most} {}", self.unit),
        }
    }

    fn json(&self) -> Value {
        json!({
            "name": self.name,
            "ours": self.ours(),
            "limit": self.limit(),
            "unit": self.unit,
            "ratio": self.ratio(),
            "target": self.target(),
            "reached": self.is_reached(),
            "spread": self.spread(),
        })
    }
}

/// The head of the table.
pub fn head() -> String {
    "| benchmark | ours | limit | ratio | spread | to reach | |\n|---|---:|---:|---:|---:|---|---|".to_owned()
}

/// A line of the table.
pub fn line(row: &Row) -> String {
    let mut line = format!("| {} | {} {} | ", row.name, short(row.ours()), row.unit);
    match (row.limit(), row.ratio()) {
        (Some(limit), Some(ratio)) => {
            let _ = write!(line, "{} {} | {} × | ", short(limit), row.unit, short(ratio));
        }
        _ => line.push_str("– | – | "),
    }
    match row.ours.len() {
        1 => line.push_str("– | "),
        _ => {
            let _ = write!(line, "{:.0} % | ", row.spread() * 100.0);
        }
    }
    let reached = match row.is_reached() {
        None => "",
        Some(true) => "reached",
        Some(false) => "**missed**",
    };
    let _ = write!(line, "{} | {reached} |", row.target());
    line
}

/// All of it, as JSON.
pub fn json(rows: &[Row]) -> String {
    let rows: Vec<Value> = rows.iter().map(Row::json).collect();
    format!("{:#}\n", Value::Array(rows))
}

/// A number with three digits that say something.
fn short(number: f64) -> String {
    match number.abs() {
        size if size >= 100.0 => format!("{number:.0}"),
        size if size >= 10.0 => format!("{number:.1}"),
        _ => format!("{number:.2}"),
    }
}

pub fn median(samples: &[f64]) -> f64 {
    percentile(samples, 50)
}

/// The sample below which so many of a hundred lie.
pub fn percentile(samples: &[f64], of_hundred: usize) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().saturating_sub(1);
    let at = (last * of_hundred).div_ceil(100);
    // Of an even number of samples, both that stand in the middle count.
    let below = if of_hundred == 50 { last / 2 } else { at };
    match (sorted.get(below), sorted.get(at)) {
        (Some(below), Some(at)) => f64::midpoint(*below, *at),
        _ => f64::NAN,
    }
}
