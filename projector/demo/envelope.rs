//! The CloudEvents envelope around generated data.

use std::fmt::Write;

/// One event, ready to publish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generated {
    /// The service that says it: the last segment of the event's source.
    pub service: &'static str,
    /// The event's type, without its version.
    pub ty: &'static str,
    /// The whole event in CloudEvents' JSON form.
    pub bytes: Vec<u8>,
}

/// The attributes of an event whose data is still to be written.
pub(super) struct Envelope<'a> {
    pub domain: &'static str,
    pub service: &'static str,
    pub ty: &'static str,
    pub version: u32,
    /// Unique among the events of the service.
    pub number: u64,
    /// What the event is about.
    pub subject: &'a str,
    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub time: i64,
}

impl Envelope<'_> {
    /// The event around this data, which must be JSON.
    pub(super) fn wrap(&self, data: &str) -> Generated {
        let mut text = String::with_capacity(200 + data.len());
        self.write(&mut text, data);
        Generated { service: self.service, ty: self.ty, bytes: text.into_bytes() }
    }

    fn write(&self, out: &mut String, data: &str) {
        let Envelope { domain, service, ty, number, subject, .. } = self;
        // Writing to a String cannot fail.
        let _ = write!(
            out,
            r#"{{"specversion":"1.0","id":"{service}-{number}","source":"/{domain}/{service}","type":"{ty}","subject":"{subject}","time":""#
        );
        write_time(out, self.time);
        if self.version > 1 {
            let _ = write!(out, r#"","dataschema":"https://schemas.example/{domain}/{service}/{ty}/v{}"#, self.version);
        }
        let _ = write!(out, r#"","data":{data}}}"#);
    }
}

/// Milliseconds since 1970 in RFC 3339's form.
pub(super) fn write_time(out: &mut String, millis: i64) {
    // Generated times lie within a few years of today.
    let time = jiff::Timestamp::from_millisecond(millis).unwrap_or_default();
    let _ = write!(out, "{time}");
}

#[cfg(test)]
mod tests {
    use super::Envelope;

    #[test]
    fn the_envelope_is_json() {
        let envelope = Envelope {
            domain: "shop",
            service: "orders",
            ty: "OrderPlaced",
            version: 2,
            number: 7,
            subject: "o-1",
            time: 1_767_225_600_250,
        };
        let expected = concat!(
            r#"{"specversion":"1.0","id":"orders-7","source":"/shop/orders","type":"OrderPlaced","subject":"o-1","#,
            r#""time":"2026-01-01T00:00:00.25Z","dataschema":"https://schemas.example/shop/orders/OrderPlaced/v2","data":{"a":1}}"#
        );
        assert_eq!(String::from_utf8(envelope.wrap(r#"{"a":1}"#).bytes).unwrap(), expected);
    }
}
