//! What a message carries, as the engine reads it: one CloudEvent in structured JSON.
//!
//! Rules make events of messages that are none. A message in structured mode is one already. In binary mode the attributes are headers (`ce-id`, `ce-source`…) and the
//! payload is the data alone: those are put together here, so that nobody after this has to know of the two modes.

use std::borrow::Cow;
use std::collections::BTreeMap;

use async_nats::HeaderMap;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::log::LogEvent;
use crate::log::mapping::{Mapping, Message};

/// The prefix of the headers that are attributes, in binary mode.
const ATTRIBUTE: &str = "ce-";
/// Members of a structured event that no header may set: they are the payload.
const DATA: [&str; 2] = ["data", "data_base64"];

/// A message's headers.
type Named<'h> = Vec<(&'h str, &'h str)>;

/// A message as the server stores it.
pub struct Stored<'m> {
    /// Its sequence.
    pub position: u64,
    /// When the server took it, in nanoseconds since 1970.
    pub nanos: i128,
    /// Its subject.
    pub subject: &'m str,
    /// Its headers, if it has any.
    pub headers: Option<&'m HeaderMap>,
    /// The rest.
    pub payload: &'m [u8],
}

/// The event in a message.
///
/// What is no event at all is passed on as it is, and why: for what the rules say nothing of, the engine does.
pub fn event(mapping: &Mapping, stored: &Stored<'_>) -> LogEvent {
    let &Stored { position, nanos, subject, headers, payload: body } = stored;
    let headers = headers.map(named).unwrap_or_default();
    let message = Message { position, subject, headers: &headers, body };
    let (data, flaw) = match mapping.apply(&message) {
        Some(Ok(event)) => (Cow::Owned(event), None),
        Some(Err(unmapped)) => (Cow::Borrowed(body), Some(unmapped.to_string().into())),
        None => (structured(headers, body), None),
    };
    LogEvent { position, time: micros(nanos), subject: Some(subject.into()), data: data.into(), flaw }
}

/// The event in a message that should be one.
fn structured<'m>(mut headers: Named<'_>, payload: &'m [u8]) -> Cow<'m, [u8]> {
    if !is_binary(&headers) {
        return Cow::Borrowed(payload);
    }
    // In the same order whenever it is read: the bytes of events are compared after a restart.
    headers.sort_unstable();
    assemble(&headers, payload)
}

/// Microseconds, of nanoseconds.
pub fn micros(nanos: i128) -> i64 {
    i64::try_from(nanos.div_euclid(1000)).unwrap_or(i64::MAX)
}

fn named(headers: &HeaderMap) -> Named<'_> {
    let firsts = headers.iter().filter_map(|(name, values)| Some((name.as_ref(), values.first()?.as_str())));
    firsts.collect()
}

fn is_binary(headers: &Named<'_>) -> bool {
    let is_structured = content_type(headers).is_some_and(|kind| kind.starts_with("application/cloudevents"));
    !is_structured && headers.iter().any(|(name, _)| attribute_name(name).is_some())
}

fn assemble<'m>(headers: &Named<'_>, payload: &'m [u8]) -> Cow<'m, [u8]> {
    let kind = content_type(headers);
    let Some(data) = data(kind.as_deref(), payload) else {
        // It should be JSON and is not: the reader of the payload alone says where.
        return Cow::Borrowed(payload);
    };
    let attribute = |(name, value): &(&str, &str)| Some((attribute_name(name)?, decode(value)));
    let mut event: BTreeMap<String, String> = headers.iter().filter_map(attribute).collect();
    event.extend(kind.map(|kind| ("datacontenttype".to_owned(), kind)));
    let mut text = json!(event).to_string();
    if let Some(data) = data {
        let comma = if event.is_empty() { "" } else { "," };
        text.truncate(text.len() - 1);
        text += &format!("{comma}\"data\":{data}}}");
    }
    Cow::Owned(text.into_bytes())
}

/// The payload as a JSON value, if there is one; `None` if it should be JSON and is not.
fn data<'m>(kind: Option<&str>, payload: &'m [u8]) -> Option<Option<Cow<'m, str>>> {
    if payload.is_empty() {
        return Some(None);
    }
    if kind.is_some_and(|kind| !is_json(kind)) {
        // Refused later, by its content type; until then it is shown as text.
        let text = Value::from(String::from_utf8_lossy(payload)).to_string();
        return Some(Some(Cow::Owned(text)));
    }
    // Checked, for what is not one value could add members to the event.
    let value: &RawValue = serde_json::from_slice(payload).ok()?;
    Some(Some(Cow::Borrowed(value.get())))
}

fn attribute_name(header: &str) -> Option<String> {
    let prefix = header.get(..ATTRIBUTE.len()).filter(|prefix| prefix.eq_ignore_ascii_case(ATTRIBUTE))?;
    let name = header[prefix.len()..].to_ascii_lowercase();
    if DATA.contains(&name.as_str()) { None } else { Some(name) }
}

fn content_type(headers: &Named<'_>) -> Option<String> {
    let (_, kind) = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"))?;
    Some(kind.trim().to_ascii_lowercase())
}

fn is_json(kind: &str) -> bool {
    let essence = kind.split(';').next().unwrap_or_default().trim_end();
    essence.ends_with("/json") || essence.ends_with("+json")
}

/// Header values are percent-encoded where they are not plain ASCII.
fn decode(value: &str) -> String {
    let (mut bytes, mut rest) = (Vec::with_capacity(value.len()), value.as_bytes());
    while let [first, tail @ ..] = rest {
        match encoded_byte(rest) {
            Some(byte) => {
                bytes.push(byte);
                rest = &rest[3..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| value.to_owned())
}

fn encoded_byte(text: &[u8]) -> Option<u8> {
    let [b'%', high, low, ..] = text else { return None };
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(headers: &[(&str, &str)], payload: &str, expected: &str) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, *value);
        }
        let found = structured(named(&map), payload.as_bytes());
        assert_eq!(String::from_utf8_lossy(&found), expected, "{headers:?} {payload}");
    }

    #[test]
    fn structured_events_stay_as_they_are() {
        assert_eq!(&*structured(Vec::new(), b"{\"id\":1}"), b"{\"id\":1}");
        check(&[], "{ }", "{ }");
        check(&[("Nats-Msg-Id", "7")], "{ }", "{ }");
        check(&[("content-type", "application/cloudevents+json; charset=utf-8"), ("ce-id", "7")], "{ }", "{ }");
    }

    #[test]
    fn binary_events_are_put_together() {
        check(&[("ce-id", "7")], r#"{"a": 1}"#, r#"{"id":"7","data":{"a": 1}}"#);
        check(&[("Ce-Id", "7"), ("CE-Type", "T"), ("other", "x")], "[1]", r#"{"id":"7","type":"T","data":[1]}"#);
        check(&[("ce-id", "7")], "", r#"{"id":"7"}"#);
        check(
            &[("ce-id", "7"), ("Content-Type", "application/json")],
            "1",
            r#"{"datacontenttype":"application/json","id":"7","data":1}"#,
        );
        check(
            &[("ce-id", "7"), ("content-type", "application/x+json; a=b")],
            "1",
            r#"{"datacontenttype":"application/x+json; a=b","id":"7","data":1}"#,
        );
        check(
            &[("ce-id", "7"), ("content-type", "text/plain")],
            "a\"",
            r#"{"datacontenttype":"text/plain","id":"7","data":"a\""}"#,
        );
        check(&[("ce-id", "\"\\")], "1", r#"{"id":"\"\\","data":1}"#);
        check(&[("ce-data", "1"), ("ce-data_base64", "1"), ("ce-id", "7")], "2", r#"{"id":"7","data":2}"#);
    }

    #[test]
    fn header_values_are_decoded() {
        check(&[("ce-subject", "Z%C3%BCrich%20%7e%")], "1", r#"{"subject":"Zürich ~%","data":1}"#);
        check(&[("ce-subject", "%FF%zz%")], "1", r#"{"subject":"%FF%zz%","data":1}"#);
    }

    #[test]
    fn a_payload_that_is_no_json_cannot_add_members() {
        for payload in [r#"1,"id":"8""#, r#"1}"#, "{", "tru"] {
            check(&[("ce-id", "7")], payload, payload);
        }
    }
}
