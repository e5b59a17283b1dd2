//! Making a stream: a command, never a side effect.

use async_nats::jetstream::Context;
use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy, StorageType};
use std::time::Duration;

use super::problem::Problem;

/// A second publication of the same event within this time is dropped by the server.
const DUPLICATES: Duration = Duration::from_secs(120);

/// A stream to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewStream {
    /// The subjects that it takes.
    pub subjects: Vec<String>,
    /// On how many servers each message is.
    pub replicas: usize,
}

/// Makes the stream. Without effect where it is there and the same.
pub async fn create(context: &Context, name: &str, new: &NewStream) -> Result<(), Problem> {
    context.create_stream(config(name, new)).await.map(drop).map_err(Problem::of)
}

/// Settings under which what was read once stays what it was: nothing expires, is replaced or deleted; a full disk is told to
/// publishers and takes nothing from readers.
fn config(name: &str, new: &NewStream) -> Config {
    Config {
        name: name.to_owned(),
        subjects: new.subjects.clone(),
        retention: RetentionPolicy::Limits,
        storage: StorageType::File,
        discard: DiscardPolicy::New,
        max_messages: -1,
        max_messages_per_subject: -1,
        max_bytes: -1,
        max_consumers: -1,
        num_replicas: new.replicas,
        duplicate_window: DUPLICATES,
        deny_delete: true,
        deny_purge: true,
        ..Config::default()
    }
}
