//! The envelope: CloudEvents 1.0 in structured JSON. Attributes are decoded, the data is left as it stands.

use std::borrow::Cow;

use crate::registry::service_of;
use crate::rfc3339::parse_date_time;
use crate::scan::{Broken, Escapes, Scanner, Text, Token};
use crate::shortened::shown;
use crate::violation::Violation;

/// An event's attributes and its data, borrowed from its bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct Envelope<'a> {
    /// `id`: with `source`, what makes the event unique.
    pub id: Cow<'a, str>,
    /// `source`: who published it.
    pub source: Cow<'a, str>,
    /// `type`, without a `.v2` at its end.
    pub ty: Cow<'a, str>,
    /// The version of the type's schema: from `dataschema` (`…/v2`), else from the type (`….v2`), else 1.
    pub version: u32,
    /// `subject`
    pub subject: Option<Cow<'a, str>>,
    /// `time`, in microseconds since 1970-01-01T00:00:00Z.
    pub time: Option<i64>,
    /// `data`: one JSON value, checked to be one; `null` where the event has none.
    pub data: &'a str,
}

/// The attributes as they stand; of a repeated one the last counts.
#[derive(Default)]
struct Attributes<'a> {
    id: Option<Text<'a>>,
    source: Option<Text<'a>>,
    ty: Option<Text<'a>>,
    specversion: Option<Text<'a>>,
    subject: Option<Text<'a>>,
    time: Option<Text<'a>>,
    dataschema: Option<Text<'a>>,
    datacontenttype: Option<Text<'a>>,
    data: Option<&'a str>,
    has_base64: bool,
}

/// What stands in the way of reading the attributes.
enum Obstacle {
    Broken(Broken),
    NotCloudEvent(String),
}

// === impl Envelope ===

impl<'a> Envelope<'a> {
    /// The service that its source names: the last part of its path.
    pub fn service(&self) -> &str {
        service_of(&self.source)
    }

    /// Reads an event. All of it is checked to be JSON, the inside of its data too.
    pub fn parse(bytes: &'a [u8]) -> Result<Envelope<'a>, Violation> {
        let text = std::str::from_utf8(bytes)
            .map_err(|error| Violation::new(Violation::BROKEN_JSON, format!("not UTF-8 at byte {}", error.valid_up_to())))?;
        let mut scanner = Scanner::new(text);
        match Attributes::read(&mut scanner).and_then(Attributes::judge) {
            Ok(envelope) => Ok(envelope),
            Err(Obstacle::Broken(broken)) => Err(Violation::broken(&scanner, broken)),
            Err(Obstacle::NotCloudEvent(reason)) => Err(Violation::new(Violation::NOT_CLOUDEVENT, reason)),
        }
    }
}

// === impl Attributes ===

impl<'a> Attributes<'a> {
    fn read(scanner: &mut Scanner<'a>) -> Result<Self, Obstacle> {
        let token = scanner.token()?;
        if token != Token::Object {
            scanner.skip_rest(token)?;
            scanner.end()?;
            return Err(Obstacle::NotCloudEvent("an event is a JSON object".to_owned()));
        }
        let mut attributes = Attributes::default();
        let mut mistake = None;
        let mut name = scanner.first_name()?;
        while let Some(present) = name {
            // A mistake is told only when all is read: broken JSON goes before it.
            if let Err(reason) = attributes.member(scanner, present)? {
                mistake.get_or_insert(reason);
            }
            name = scanner.next_name()?;
        }
        scanner.end()?;
        mistake.map_or(Ok(attributes), |reason| Err(Obstacle::NotCloudEvent(reason)))
    }

    /// Reads one attribute; the inner error is a mistake that does not keep the rest from being read.
    fn member(&mut self, scanner: &mut Scanner<'a>, name: Text<'a>) -> Result<Result<(), String>, Broken> {
        let decoded = name.decode();
        if decoded == "data" {
            self.data = Some(scanner.skip()?);
            return Ok(Ok(()));
        }
        let token = scanner.token()?;
        if let Token::Object | Token::Array = token {
            scanner.skip_rest(token)?;
        }
        let Some(slot) = self.slot(&decoded) else {
            self.has_base64 |= decoded == "data_base64" && token != Token::Null;
            return Ok(Ok(()));
        };
        Ok(assign(slot, token).map_err(|what| format!("`{decoded}` {what}")))
    }

    fn slot(&mut self, name: &str) -> Option<&mut Option<Text<'a>>> {
        Some(match name {
            "id" => &mut self.id,
            "source" => &mut self.source,
            "type" => &mut self.ty,
            "specversion" => &mut self.specversion,
            "subject" => &mut self.subject,
            "time" => &mut self.time,
            "dataschema" => &mut self.dataschema,
            "datacontenttype" => &mut self.datacontenttype,
            _ => return None,
        })
    }

    fn judge(self) -> Result<Envelope<'a>, Obstacle> {
        self.check_specversion()?;
        self.check_content()?;
        let (ty, version) = split_version(required("type", self.ty)?);
        Ok(Envelope {
            id: required("id", self.id)?,
            source: required("source", self.source)?,
            version: chosen_version(self.dataschema, version)?,
            ty,
            subject: self.subject.map(|text| text.decode()),
            time: self.time.map(instant).transpose()?,
            data: self.data.unwrap_or("null"),
        })
    }

    fn check_specversion(&self) -> Result<(), Obstacle> {
        let version = required("specversion", self.specversion)?;
        if version == "1.0" { Ok(()) } else { refuse(format!("`specversion` is \"{}\", not \"1.0\"", shown(&version))) }
    }

    fn check_content(&self) -> Result<(), Obstacle> {
        if self.has_base64 {
            return refuse("`data_base64` holds binary data: publish JSON in `data`".to_owned());
        }
        match self.datacontenttype.map(|text| text.decode()) {
            Some(content) if !is_json(&content) => refuse(format!("`datacontenttype` is \"{}\", not JSON", shown(&content))),
            _ => Ok(()),
        }
    }
}

/// Takes an attribute's value; the error says what is wrong with it.
fn assign<'a>(slot: &mut Option<Text<'a>>, token: Token<'a>) -> Result<(), &'static str> {
    *slot = match token {
        Token::Text(Text { escapes: Escapes::Nul, .. }) => return Err("has a NUL character"),
        Token::Text(text) => Some(text),
        // An attribute that is null is an attribute that is not there.
        Token::Null => None,
        _ => return Err("is not a string"),
    };
    Ok(())
}

fn refuse<T>(reason: String) -> Result<T, Obstacle> {
    Err(Obstacle::NotCloudEvent(reason))
}

fn required<'a>(name: &str, text: Option<Text<'a>>) -> Result<Cow<'a, str>, Obstacle> {
    match text.map(|text| text.decode()) {
        None => refuse(format!("`{name}` is missing")),
        Some(value) if value.is_empty() => refuse(format!("`{name}` is empty")),
        Some(value) => Ok(value),
    }
}

fn instant(text: Text<'_>) -> Result<i64, Obstacle> {
    let text = text.decode();
    parse_date_time(&text).map_or_else(|| refuse(format!("`time` is \"{}\", not a time of RFC 3339", shown(&text))), Ok)
}

/// Whether a media type is JSON: `application/json`, `text/json` and all that end with `+json`.
fn is_json(content: &str) -> bool {
    let media = content.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    media.ends_with("/json") || media.ends_with("+json")
}

/// The type without the version at its end, and that version.
fn split_version(ty: Cow<'_, str>) -> (Cow<'_, str>, Option<u32>) {
    let Some((len, version)) = ty.rsplit_once('.').and_then(|(name, word)| Some((name.len(), version_word(word)?))) else {
        return (ty, None);
    };
    let name = match ty {
        Cow::Borrowed(ty) => Cow::Borrowed(&ty[..len]),
        Cow::Owned(mut ty) => {
            ty.truncate(len);
            Cow::Owned(ty)
        }
    };
    (name, Some(version))
}

/// `v2` is 2.
pub(crate) fn version_word(word: &str) -> Option<u32> {
    let digits = word.strip_prefix('v')?;
    if digits.starts_with(['0', '+']) { None } else { digits.parse().ok() }
}

fn chosen_version(dataschema: Option<Text<'_>>, of_type: Option<u32>) -> Result<u32, Obstacle> {
    let of_schema = dataschema.and_then(|text| {
        let uri = text.decode();
        version_word(uri.trim_end_matches('/').rsplit('/').next().unwrap_or_default())
    });
    match (of_schema, of_type) {
        (Some(schema), Some(ty)) if schema != ty => refuse(format!("`dataschema` says version {schema}, `type` says {ty}")),
        (schema, ty) => Ok(schema.or(ty).unwrap_or(1)),
    }
}

// === impl Obstacle ===

impl From<Broken> for Obstacle {
    fn from(broken: Broken) -> Self {
        Obstacle::Broken(broken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUIRED: &str = r#""id":"1","source":"/shop/orders","type":"OrderPlaced","specversion":"1.0""#;

    fn with(more: &str) -> String {
        format!("{{{REQUIRED}{more}}}")
    }

    fn reason(event: &str) -> String {
        let violation = Envelope::parse(event.as_bytes()).unwrap_err();
        format!("{}: {violation}", violation.kind)
    }

    #[test]
    fn reads_attributes() {
        let event = with(r#","subject":"o\u002d1","time":"1970-01-01T00:00:01Z","x":{"y":[1]},"data": {"a": 1} "#);
        let envelope = Envelope::parse(event.as_bytes()).unwrap();
        assert_eq!(envelope.id, "1");
        assert_eq!(envelope.source, "/shop/orders");
        assert_eq!((envelope.ty.as_ref(), envelope.version), ("OrderPlaced", 1));
        assert_eq!(envelope.subject.as_deref(), Some("o-1"));
        assert_eq!(envelope.time, Some(1_000_000));
        assert_eq!(envelope.data, r#"{"a": 1}"#);
        assert!(matches!(envelope.id, Cow::Borrowed(_)));
    }

    #[test]
    fn absent_data_is_null_and_the_last_of_repeated_attributes_counts() {
        assert_eq!(Envelope::parse(with("").as_bytes()).unwrap().data, "null");
        let event = with(r#","id":"2","data":1,"data":2,"subject":"s","subject":null"#);
        let envelope = Envelope::parse(event.as_bytes()).unwrap();
        assert_eq!((envelope.id.as_ref(), envelope.data, envelope.subject), ("2", "2", None));
    }

    #[test]
    fn versions() {
        for (ty, dataschema, expect) in [
            ("A", None, ("A", 1)),
            ("A.v2", None, ("A", 2)),
            ("com.shop.A.v12", None, ("com.shop.A", 12)),
            ("A.v0", None, ("A.v0", 1)),
            ("A.v01", None, ("A.v01", 1)),
            ("A.vx", None, ("A.vx", 1)),
            ("v2", None, ("v2", 1)),
            ("A", Some("https://x/schemas/A/v3"), ("A", 3)),
            ("A", Some("https://x/v3/"), ("A", 3)),
            ("A", Some("https://x/A.json"), ("A", 1)),
            ("A.v3", Some("urn:x/v3"), ("A", 3)),
        ] {
            let schema = dataschema.map(|uri| format!(r#","dataschema":"{uri}""#)).unwrap_or_default();
            let event = with(&format!(r#","type":"{ty}"{schema}"#));
            let envelope = Envelope::parse(event.as_bytes()).unwrap();
            assert_eq!((envelope.ty.as_ref(), envelope.version), expect, "{ty} {dataschema:?}");
        }
    }

    #[test]
    fn what_is_not_a_cloudevent() {
        for (event, expect) in [
            ("[]", "not_cloudevent: an event is a JSON object"),
            ("{}", "not_cloudevent: `specversion` is missing"),
            (r#"{"specversion":"1.0","type":"A","source":"s"}"#, "not_cloudevent: `id` is missing"),
            (r#"{"specversion":"0.3"}"#, "not_cloudevent: `specversion` is \"0.3\", not \"1.0\""),
            (&with(r#","id":"""#), "not_cloudevent: `id` is empty"),
            (&with(r#","id":7"#), "not_cloudevent: `id` is not a string"),
            (&with(r#","subject":"a\u0000""#), "not_cloudevent: `subject` has a NUL character"),
            (&with(r#","time":"yesterday""#), "not_cloudevent: `time` is \"yesterday\", not a time of RFC 3339"),
            (&with(r#","data_base64":"AA==""#), "not_cloudevent: `data_base64` holds binary data: publish JSON in `data`"),
            (&with(r#","datacontenttype":"text/xml""#), "not_cloudevent: `datacontenttype` is \"text/xml\", not JSON"),
            (&with(r#","type":"A.v2","dataschema":"x/v3""#), "not_cloudevent: `dataschema` says version 3, `type` says 2"),
        ] {
            assert_eq!(reason(event), expect, "{event}");
        }
    }

    #[test]
    fn reasons_repeat_little() {
        let long = "x".repeat(500_000);
        for name in ["specversion", "time", "datacontenttype"] {
            let event = with(&format!(r#","{name}":"{long}""#));
            assert!(reason(&event).contains(&format!("`{name}` is \"xxx")) && reason(&event).len() < 200, "{name}");
        }
    }

    #[test]
    fn json_content_types() {
        for content in ["application/json", "application/JSON; charset=utf-8", "application/vnd.shop+json", "text/json"] {
            assert!(Envelope::parse(with(&format!(r#","datacontenttype":"{content}""#)).as_bytes()).is_ok(), "{content}");
        }
    }

    #[test]
    fn broken_json_is_found_anywhere() {
        for event in [
            "",
            "{",
            "nul",
            r#"{"id":7,"data":}"#,
            &with(r#","data":{"deep":[1,{"x":01}]}"#),
            &with(r#","x":"\ud800""#),
            &format!("{} x", with("")),
            &with(&format!(r#","data":{}"#, "[".repeat(100_000))),
            &with(&format!(r#","data":{}{}"#, "[".repeat(200), "]".repeat(200))),
        ] {
            assert!(reason(event).starts_with("broken_json: "), "{event}");
        }
        let mut bytes = with(r#","data":"x""#).into_bytes();
        let at = bytes.len() - 3;
        bytes[at] = 0xff;
        assert_eq!(Envelope::parse(&bytes).unwrap_err().reason, format!("not UTF-8 at byte {at}"));
    }
}
