//! The table at the end: figure, floor, ratio, and what was aimed at.

use std::time::Duration;

/// Rows of figures.
#[derive(Default)]
pub struct Table(Vec<String>);

// === impl Table ===

impl Table {
    /// Events per second of the daemon and of its floor, measured in turn; the ratio is the median of the rounds' ratios.
    pub fn rates(&mut self, name: &str, rounds: &[(Duration, Duration)], events: usize, aim: &str) {
        let rate = |times: Vec<Duration>| format!("{:.0}/s", events as f64 / median(times.iter().map(Duration::as_secs_f64)));
        let (figure, floor) = rounds.iter().copied().unzip();
        let ratio = median(rounds.iter().map(|(figure, floor)| floor.as_secs_f64() / figure.as_secs_f64()));
        self.add(name, &rate(figure), &rate(floor), &format!("{ratio:.2}"), aim);
    }

    /// A time and its floor.
    pub fn times(&mut self, name: &str, figure: Duration, floor: Duration, aim: &str) {
        let ratio = figure.as_secs_f64() / floor.as_secs_f64();
        self.add(name, &format!("{figure:.2?}"), &format!("{floor:.2?}"), &format!("{ratio:.2}"), aim);
    }

    /// A figure that stands alone.
    pub fn alone(&mut self, name: &str, figure: &str, aim: &str) {
        self.add(name, figure, "", "", aim);
    }

    /// Prints what was measured.
    pub fn print(&self) {
        println!("{}", line(["", "figure", "floor", "ratio", "aim"]));
        self.0.iter().for_each(|row| println!("{row}"));
    }

    /// Shown at once, for the whole takes its time.
    fn add(&mut self, name: &str, figure: &str, floor: &str, ratio: &str, aim: &str) {
        let row = line([name, figure, floor, ratio, aim]);
        eprintln!("{row}");
        self.0.push(row);
    }
}

fn line([name, figure, floor, ratio, aim]: [&str; 5]) -> String {
    format!("{name:<46} {figure:>12} {floor:>12} {ratio:>7}   {aim}")
}

/// The value in the middle.
pub fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
