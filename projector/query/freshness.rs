//! Reads that wait: `?min_position=N&timeout=2s` answers when the view has reached position N.

use std::time::Duration;

use axum::http::StatusCode;

use super::{Api, Problem};
use crate::run::Stage;

/// How long a read waits where nothing is said.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How long a read may wait at most: clients and proxies give up around then.
const LONGEST: Duration = Duration::from_secs(60);

/// What a read wants to see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Freshness {
    /// The position that must be reached; `None`: whatever is there.
    pub min_position: Option<u64>,
    /// How long to wait for it.
    pub timeout: Option<Duration>,
}

// === impl Freshness ===

impl Freshness {
    /// Takes a parameter of the query, if it is one of these.
    pub fn take(&mut self, name: &str, value: &str) -> Result<bool, Problem> {
        match name {
            "min_position" => {
                let position = value.parse().map_err(|_| Problem::bad_request(format!("'{value}' is no position")))?;
                self.min_position = Some(position);
            }
            "timeout" => self.timeout = Some(timeout(value)?),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Waits until readers see the position, or says how far it is.
    pub async fn wait(self, api: &Api, projection: &str) -> Result<(), Problem> {
        let Some(wanted) = self.min_position else { return Ok(()) };
        let late = |position: u64| {
            let detail = format!("{projection} has reached position {position}, not {wanted}");
            Problem::new(StatusCode::GATEWAY_TIMEOUT, "position_not_reached", detail).with("position", position)
        };
        let mut progress = api.board.follow(projection).ok_or_else(|| late(0))?;
        // A generation under construction says nothing about what readers see, and neither does a store that is being looked at.
        let reached = progress.wait_for(|now| !matches!(now.stage, Stage::Building | Stage::Starting) && now.position >= wanted);
        let waited = tokio::time::timeout(self.timeout.unwrap_or(TIMEOUT), reached).await.is_ok_and(|seen| seen.is_ok());
        let position = progress.borrow().position;
        if waited { Ok(()) } else { Err(late(position)) }
    }
}

/// How long a request is willing to wait.
pub fn timeout(text: &str) -> Result<Duration, Problem> {
    let timeout = parse_duration(text);
    let bad = || Problem::bad_request(format!("'{text}' is no duration: write 2s or 500ms"));
    timeout.map(|timeout| timeout.min(LONGEST)).ok_or_else(bad)
}

fn parse_duration(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let number: u64 = number.parse().ok()?;
    match unit {
        "ms" => Some(Duration::from_millis(number)),
        "s" | "" => Some(Duration::from_secs(number)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, duration) in [
            ("2s", Some(Duration::from_secs(2))),
            ("500ms", Some(Duration::from_millis(500))),
            ("3", Some(Duration::from_secs(3))),
            ("", None),
            ("2h", None),
            ("-1s", None),
        ] {
            assert_eq!(parse_duration(text), duration, "{text}");
        }
    }
}
