//! How far a run is: a bar for each projection on a terminal, plain lines in a pipe.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::context::Form;
use super::say::say;
use crate::run::{Board, Goal, Progress as Standing};

/// How often bars move.
const BAR_PERIOD: Duration = Duration::from_millis(100);
/// How often lines are written.
const LINE_PERIOD: Duration = Duration::from_secs(5);

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Bars.
    Bars,
    /// Lines.
    Lines,
    /// Not at all.
    Silent,
}

/// Shows progress until it is finished.
#[must_use]
pub struct Watching(Option<(Sender<()>, JoinHandle<()>)>);

/// How to show the progress of a run: one that follows the log has no end to show a way to.
pub fn of(goal: Goal, form: Form) -> Progress {
    match (goal, form) {
        (Goal::Follow | Goal::Settle, _) | (_, Form::Json) => Progress::Silent,
        (Goal::CatchUp, Form::Text) if io::stderr().is_terminal() => Progress::Bars,
        (Goal::CatchUp, Form::Text) => Progress::Lines,
    }
}

// === impl Progress ===

impl Progress {
    /// Starts to show what is on the board.
    pub fn watch(self, board: Arc<Board>) -> Watching {
        let period = match self {
            Progress::Silent => return Watching(None),
            Progress::Bars => BAR_PERIOD,
            Progress::Lines => LINE_PERIOD,
        };
        let (finish, finished) = channel();
        let thread = thread::spawn(move || {
            let mut bars = Bars::default();
            while finished.recv_timeout(period) == Err(RecvTimeoutError::Timeout) {
                self.show(&board, &mut bars);
            }
            self.show(&board, &mut bars);
        });
        Watching(Some((finish, thread)))
    }

    fn show(self, board: &Board, bars: &mut Bars) {
        for (number, (name, standing)) in board.all().iter().enumerate() {
            match self {
                Progress::Bars => bars.show(number, name, standing),
                _ => say(format_args!("{name}: position {} of {}, {}", standing.position, standing.head, standing.stage.word())),
            }
        }
    }
}

// === impl Watching ===

impl Watching {
    /// Shows the end, and stops.
    pub fn finish(self) {
        if let Some((finish, thread)) = self.0 {
            drop(finish);
            // A thread that could not draw is no reason to fail.
            let _ = thread.join();
        }
    }
}

/// The bars that are drawn.
#[derive(Default)]
struct Bars {
    all: MultiProgress,
    bars: Vec<ProgressBar>,
}

// === impl Bars ===

impl Bars {
    fn show(&mut self, number: usize, name: &str, standing: &Standing) {
        while self.bars.len() <= number {
            // The template is ours, and a bar without it is a bar too.
            let style = ProgressStyle::with_template("{prefix:16} {bar:40} {human_pos}/{human_len} {per_sec} {eta} {msg}");
            let bar = ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            self.bars.push(self.all.add(bar));
        }
        let bar = &self.bars[number];
        bar.set_prefix(name.to_owned());
        bar.set_length(standing.head);
        bar.set_position(standing.position);
        bar.set_message(standing.stage.word());
    }
}
