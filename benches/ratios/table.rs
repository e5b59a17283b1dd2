//! The table at the end: figure, floor, ratio, and what was aimed at.

use std::time::Duration;

/// Rows of figures.
#[derive(Default)]
pub struct Table(Vec<String>);

impl Table {
    /// A figure against its floor, both per event; the ratio is the median of the rounds' ratios.
    pub fn add(&mut self, name: &str, rounds: &[(Duration, Duration)], events: usize, aim: &str) {
        let ratio = median(rounds.iter().map(|(figure, floor)| figure.as_secs_f64() / floor.as_secs_f64()));
        let per_event = |times: Vec<Duration>| median(times.iter().map(|time| time.as_secs_f64() * 1e9 / events as f64));
        let figure = per_event(rounds.iter().map(|(figure, _)| *figure).collect());
        let floor = per_event(rounds.iter().map(|(_, floor)| *floor).collect());
        self.0.push(format!("{name:<44} {figure:>9.0} ns {floor:>9.0} ns {ratio:>7.2}   {aim}"));
        eprintln!("{}", self.0[self.0.len() - 1]);
    }

    /// Prints what was measured.
    pub fn print(&self) {
        println!("{:<44} {:>12} {:>12} {:>7}   aim", "per event", "figure", "floor", "ratio");
        for row in &self.0 {
            println!("{row}");
        }
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
