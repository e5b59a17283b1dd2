//! What the daemon says about itself, on stderr.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

use super::say::say;
use crate::config::{Format, Telemetry};

/// Starts to write log lines. A span is told when it ends, with how long it was worked on, and how long it waited.
pub fn start(telemetry: &Telemetry) {
    // The filter was checked with the configuration.
    let filter = EnvFilter::new(&telemetry.filter);
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_span_events(FmtSpan::CLOSE);
    // Whoever reads a file wants no colours.
    let lines = lines.with_ansi(io::stderr().is_terminal());
    let started = match telemetry.format {
        Format::Text => lines.with_target(false).try_init(),
        Format::Json => lines.json().try_init(),
    };
    if let Err(error) = started {
        say(format_args!("cannot write log lines: {error}"));
    }
}
