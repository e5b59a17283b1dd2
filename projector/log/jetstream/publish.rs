//! Publishing: under which subject, with which id, and how many on their way at once.

use std::collections::VecDeque;
use std::ops::RangeInclusive;

use async_nats::jetstream::Context;
use async_nats::jetstream::context::{PublishAckFuture, PublishError, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use schemas::Envelope;
use xxhash_rust::xxh3::Xxh3;

use super::problem::Problem;
use crate::config::SubjectPattern;
use crate::log::NewEvent;

/// Events on their way at once: enough that the time of a round trip does not matter.
const WINDOW: usize = 1000;

/// A publication under way.
struct Sent<'e> {
    subject: String,
    ack: PublishAckFuture,
    stream: &'e str,
}

/// Appends events in their order; answers the lowest and the highest of their positions.
pub async fn publish(
    context: &Context,
    stream: &str,
    pattern: &SubjectPattern,
    events: &[NewEvent<'_>],
) -> Result<RangeInclusive<u64>, Problem> {
    let mut under_way = VecDeque::with_capacity(WINDOW.min(events.len()));
    let (mut lowest, mut highest) = (u64::MAX, 0);
    let mut note = |position: u64| (lowest, highest) = (lowest.min(position), highest.max(position));
    for event in events {
        if under_way.len() == WINDOW
            && let Some(oldest) = under_way.pop_front()
        {
            note(settled(oldest).await?);
        }
        under_way.push_back(send(context, stream, pattern, event).await?);
    }
    for sent in under_way {
        note(settled(sent).await?);
    }
    Ok(lowest..=highest)
}

async fn send<'e>(
    context: &Context,
    stream: &'e str,
    pattern: &SubjectPattern,
    event: &NewEvent<'_>,
) -> Result<Sent<'e>, Problem> {
    let envelope = Envelope::parse(event.data).ok();
    let subject = match event.subject {
        Some(subject) => subject.to_owned(),
        None => pattern.fill(envelope.as_ref()),
    };
    let mut message = PublishMessage::build().payload(event.data.to_vec().into());
    if let Some(envelope) = &envelope {
        message = message.message_id(message_id(envelope));
    }
    let refused = |error: PublishError| match error.kind() {
        PublishErrorKind::MaxPayloadExceeded => Problem::TooLarge { bytes: event.data.len() },
        _ => Problem::of(error),
    };
    let ack = context.send_publish(subject.clone(), message).await.map_err(refused)?;
    Ok(Sent { subject, ack, stream })
}

/// The position of a publication, once it is stored.
async fn settled(Sent { subject, ack, stream }: Sent<'_>) -> Result<u64, Problem> {
    let foreign = |subject| Problem::ForeignSubject { subject, stream: stream.to_owned() };
    match ack.await {
        Ok(ack) if ack.stream == stream => Ok(ack.sequence),
        Ok(_) => Err(foreign(subject)),
        Err(error) if error.kind() == PublishErrorKind::StreamNotFound => Err(foreign(subject)),
        Err(error) => Err(Problem::of(error)),
    }
}

/// The same for the same source and id, and only for these: the server drops a repetition that comes soon.
fn message_id(envelope: &Envelope<'_>) -> String {
    let mut hash = Xxh3::new();
    hash.update(&(envelope.source.len() as u64).to_le_bytes());
    hash.update(envelope.source.as_bytes());
    hash.update(envelope.id.as_bytes());
    format!("{:032x}", hash.digest128())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_tell_events_apart() {
        let id = |source: &str, id: &str| {
            let event = format!(r#"{{"specversion":"1.0","id":"{id}","source":"{source}","type":"T"}}"#);
            message_id(&Envelope::parse(event.as_bytes()).unwrap())
        };
        assert_eq!(id("a", "b"), id("a", "b"));
        assert_ne!(id("a", "bc"), id("ab", "c"));
        assert_ne!(id("a", "b"), id("b", "a"));
    }
}
