//! The results, as a Markdown table and as JSON.

use serde_json::{Value, json};
use std::fmt::Write;

/// A result with its baseline and target.
pub struct Row {
    name: String,
    unit: &'static str,
    measured: Vec<f64>,
    /// The best that the machine can do, in pairs with `measured`; empty if there is no baseline.
    baseline: Vec<f64>,
    target: Option<Target>,
}

/// What the result must reach.
#[derive(Clone, Copy)]
enum Target {
    RatioAtMost(f64),
    RatioAtLeast(f64),
    AtMost(f64),
}

impl Row {
    /// A result that was measured once or several times.
    pub fn new(name: impl Into<String>, unit: &'static str, measured: Vec<f64>) -> Self {
        Self { name: name.into(), unit, measured, baseline: Vec::new(), target: None }
    }

    /// Adds a baseline, which was measured as often as the result and in turn with it.
    pub fn with_baseline(mut self, baseline: Vec<f64>) -> Self {
        self.baseline = baseline;
        self
    }

    pub fn ratio_at_most(mut self, max: f64) -> Self {
        self.target = Some(Target::RatioAtMost(max));
        self
    }

    pub fn ratio_at_least(mut self, min: f64) -> Self {
        self.target = Some(Target::RatioAtLeast(min));
        self
    }

    pub fn at_most(mut self, max: f64) -> Self {
        self.target = Some(Target::AtMost(max));
        self
    }

    fn measured(&self) -> f64 {
        median(&self.measured)
    }

    fn baseline(&self) -> Option<f64> {
        (!self.baseline.is_empty()).then(|| median(&self.baseline))
    }

    /// The median of the ratios of all pairs. A temporary slowdown of the machine affects both values of a pair.
    fn ratio(&self) -> Option<f64> {
        let pairs = self.measured.iter().zip(&self.baseline);
        let ratios: Vec<f64> = pairs.map(|(measured, baseline)| measured / baseline).collect();
        (!ratios.is_empty()).then(|| median(&ratios))
    }

    /// The range of the measurements, as a fraction of their median.
    fn spread(&self) -> f64 {
        let max = self.measured.iter().copied().fold(f64::MIN, f64::max);
        let min = self.measured.iter().copied().fold(f64::MAX, f64::min);
        if self.measured() > 0.0 { (max - min) / self.measured() } else { 0.0 }
    }

    /// Whether the target is reached, or `None` without a target.
    pub fn reaches_target(&self) -> Option<bool> {
        match (self.target?, self.ratio()) {
            (Target::AtMost(max), _) => Some(self.measured() <= max),
            (Target::RatioAtMost(max), Some(ratio)) => Some(ratio <= max),
            (Target::RatioAtLeast(min), Some(ratio)) => Some(ratio >= min),
            (_, None) => Some(false),
        }
    }

    fn target(&self) -> String {
        match self.target {
            None => String::new(),
            Some(Target::RatioAtMost(max)) => format!("≤ {max} ×"),
            Some(Target::RatioAtLeast(min)) => format!("≥ {min} ×"),
            Some(Target::AtMost(max)) => format!("≤ {max} {}", self.unit),
        }
    }

    fn json(&self) -> Value {
        json!({
            "name": self.name,
            "ours": self.measured(),
            "limit": self.baseline(),
            "unit": self.unit,
            "ratio": self.ratio(),
            "target": self.target(),
            "reached": self.reaches_target(),
            "spread": self.spread(),
        })
    }
}

/// The header of the table.
pub fn header() -> String {
    "| benchmark | measured | baseline | ratio | spread | target | |\n|---|---:|---:|---:|---:|---|---|"
        .to_owned()
}

/// A row of the table.
pub fn format_row(row: &Row) -> String {
    let mut line = format!("| {} | {} {} | ", row.name, format_number(row.measured()), row.unit);
    match (row.baseline(), row.ratio()) {
        (Some(baseline), Some(ratio)) => {
            let _ = write!(line, "{} {} | {} × | ", format_number(baseline), row.unit, format_number(ratio));
        }
        _ => line.push_str("– | – | "),
    }
    match row.measured.len() {
        1 => line.push_str("– | "),
        _ => {
            let _ = write!(line, "{:.0} % | ", row.spread() * 100.0);
        }
    }
    let reached = match row.reaches_target() {
        None => "",
        Some(true) => "reached",
        Some(false) => "**missed**",
    };
    let _ = write!(line, "{} | {reached} |", row.target());
    line
}

/// All results, as JSON.
pub fn json(rows: &[Row]) -> String {
    let rows: Vec<Value> = rows.iter().map(Row::json).collect();
    format!("{:#}\n", Value::Array(rows))
}

/// Formats a number with three significant digits.
fn format_number(number: f64) -> String {
    match number.abs() {
        size if size >= 100.0 => format!("{number:.0}"),
        size if size >= 10.0 => format!("{number:.1}"),
        _ => format!("{number:.2}"),
    }
}

pub fn median(samples: &[f64]) -> f64 {
    percentile(samples, 50)
}

/// The sample at this percentile. The 50th is the median.
pub fn percentile(samples: &[f64], percent: usize) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().saturating_sub(1);
    let above = (last * percent).div_ceil(100);
    // The median of an even number of samples is the mean of the two in the middle.
    let below = if percent == 50 { last / 2 } else { above };
    match (sorted.get(below), sorted.get(above)) {
        (Some(below), Some(above)) => f64::midpoint(*below, *above),
        _ => f64::NAN,
    }
}
