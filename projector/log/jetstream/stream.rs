//! What the server says of a stream, as far as the log needs it.
//!
//! Read here and not by the client library: the time of its creation must stay, to the last digit, the text that the
//! server gave, for it is all that tells a stream from one of the same name that took its place.

use async_nats::jetstream::Context;
use async_nats::jetstream::ErrorCode;
use async_nats::jetstream::response::Response;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::time::Duration;

use super::problem::Problem;

/// A stream.
#[derive(Debug, Deserialize)]
pub struct StreamInfo {
    /// When it was created.
    pub created: String,
    /// How it is configured.
    pub config: StreamConfig,
    /// What it holds.
    pub state: StreamState,
}

/// How a stream is configured, where that matters to who reads it.
#[derive(Debug, Deserialize)]
pub struct StreamConfig {
    /// Who decides when a message may go: `limits`, `interest` or `workqueue`.
    pub retention: String,
    /// Only so many messages of a subject are kept; not positive: all.
    #[serde(default)]
    pub max_msgs_per_subject: i64,
    /// Whether a message may replace those before it.
    #[serde(default)]
    pub allow_rollup_hdrs: bool,
    /// Whether messages may end by themselves, each at a time of its own.
    #[serde(default)]
    pub allow_msg_ttl: bool,
    /// Whether single messages cannot be deleted.
    #[serde(default)]
    pub deny_delete: bool,
    /// Whether messages cannot be purged.
    #[serde(default)]
    pub deny_purge: bool,
    /// How old messages become, in nanoseconds; 0: any age.
    #[serde(default)]
    pub max_age: u64,
    /// How many messages are kept; not positive: all.
    #[serde(default)]
    pub max_msgs: i64,
    /// How many bytes are kept; not positive: all.
    #[serde(default)]
    pub max_bytes: i64,
    /// Whether a full stream refuses `new` messages, or drops `old` ones.
    #[serde(default)]
    pub discard: String,
    /// The subjects that it takes.
    #[serde(default)]
    pub subjects: Vec<String>,
    /// Where messages are: `file` or `memory`.
    #[serde(default)]
    pub storage: String,
    /// On how many servers each message is.
    #[serde(default)]
    pub num_replicas: u64,
    /// For how long a message is recognized that is published again, in nanoseconds.
    #[serde(default)]
    pub duplicate_window: u64,
    /// The stream that this one is a copy of.
    #[serde(default)]
    pub mirror: Option<IgnoredAny>,
}

/// What a stream holds.
#[derive(Debug, Deserialize)]
pub struct StreamState {
    /// How many messages.
    pub messages: u64,
    /// The first sequence; 0 where there never was a message.
    pub first_seq: u64,
    /// The last sequence that was given to a message, whether that is still there or not.
    pub last_seq: u64,
    /// When that was.
    pub last_ts: String,
    /// How many messages are gone from between the first and the last.
    #[serde(default)]
    pub num_deleted: u64,
}

/// Asks for a stream.
pub async fn info(context: &Context, stream: &str) -> Result<StreamInfo, Problem> {
    let answer: Response<StreamInfo> = context.request(format!("STREAM.INFO.{stream}"), &()).await.map_err(Problem::of)?;
    match answer {
        Response::Ok(info) => Ok(info),
        Response::Err { error } if error.error_code() == ErrorCode::STREAM_NOT_FOUND => Err(Problem::NoStream(stream.to_owned())),
        Response::Err { error } => Err(Problem::of(error)),
    }
}

// === impl StreamConfig ===

impl StreamConfig {
    /// Why nobody can rely on what this stream holds, if so.
    pub fn unfit(&self) -> Option<String> {
        let reason = if self.retention != "limits" {
            format!("its retention is {}: what one reader has read is gone for all others; it must be limits", self.retention)
        } else if self.max_msgs_per_subject > 0 {
            let kept = self.max_msgs_per_subject;
            format!("it keeps only {kept} messages of a subject, and drops others from the middle of the history")
        } else if self.allow_rollup_hdrs {
            "it allows rollups, which drop what comes before them".to_owned()
        } else if self.allow_msg_ttl {
            "it lets messages expire one by one, from the middle of the history".to_owned()
        } else {
            return None;
        };
        Some(format!("{reason}; `projector log create` makes a stream with sound settings"))
    }

    /// How old messages become; `None`: any age.
    pub fn max_age(&self) -> Option<Duration> {
        (self.max_age > 0).then(|| Duration::from_nanos(self.max_age))
    }

    /// For how long a message is recognized that is published again.
    pub fn duplicate_window(&self) -> Duration {
        Duration::from_nanos(self.duplicate_window)
    }

    /// Whether it only copies another stream.
    pub fn is_mirror(&self) -> bool {
        self.mirror.is_some()
    }

    /// What can go wrong with it, though it can be relied on while it does not.
    pub fn risks(&self) -> Vec<&'static str> {
        let is_bounded = self.max_msgs > 0 || self.max_bytes > 0;
        let drops_old = self.max_age > 0 || is_bounded && self.discard != "new";
        let can_lose = !self.deny_delete || !self.deny_purge;
        let risks = [
            (
                can_lose,
                "its messages can be deleted (set deny_delete and deny_purge): one that was not read yet is missing for good",
            ),
            (drops_old, "its oldest messages expire: a projection that is further behind halts, and none can be built anew"),
        ];
        risks.into_iter().filter_map(|(is_so, risk)| is_so.then_some(risk)).collect()
    }
}

// === impl StreamState ===

impl StreamState {
    /// When the last sequence was given, in microseconds since 1970.
    pub fn last_time(&self) -> i64 {
        self.last_ts.parse().map_or(0, |time: jiff::Timestamp| time.as_microsecond())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_go_wrong_with_a_stream() {
        let safe = r#""retention":"limits","deny_delete":true,"deny_purge":true"#;
        for (settings, expected) in [
            ("", &[][..]),
            (r#","max_bytes":9,"discard":"new""#, &[]),
            (r#","max_bytes":9,"discard":"old""#, &["oldest"]),
            (r#","max_age":9"#, &["oldest"]),
        ] {
            let risks = serde_json::from_str::<StreamConfig>(&format!("{{{safe}{settings}}}")).unwrap().risks();
            let is_as_expected = risks.iter().zip(expected).all(|(risk, word)| risk.contains(word));
            assert!(risks.len() == expected.len() && is_as_expected, "{settings}: {risks:?}");
        }
        let open = serde_json::from_str::<StreamConfig>(r#"{"retention":"limits","deny_delete":true}"#).unwrap();
        assert!(open.risks()[0].contains("can be deleted"));
    }

    #[test]
    fn streams_that_nobody_can_rely_on() {
        for (config, expected) in [
            (r#"{"retention":"limits"}"#, None),
            (r#"{"retention":"limits","max_msgs_per_subject":-1,"max_age":5}"#, None),
            (r#"{"retention":"workqueue"}"#, Some("its retention is workqueue")),
            (r#"{"retention":"interest"}"#, Some("its retention is interest")),
            (r#"{"retention":"limits","max_msgs_per_subject":1}"#, Some("it keeps only 1 messages")),
            (r#"{"retention":"limits","allow_rollup_hdrs":true}"#, Some("it allows rollups")),
            (r#"{"retention":"limits","allow_msg_ttl":true}"#, Some("it lets messages expire")),
        ] {
            let unfit = serde_json::from_str::<StreamConfig>(config).unwrap().unfit();
            let starts = unfit.as_ref().zip(expected).is_some_and(|(found, expected)| found.starts_with(expected));
            assert!(starts || unfit.is_none() && expected.is_none(), "{config}: {unfit:?}");
        }
    }
}
