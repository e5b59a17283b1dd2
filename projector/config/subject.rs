//! Under which subjects events are published.

use schemas::Envelope;

/// Characters that a part of a subject, or the name of a stream, cannot have.
pub const NOT_IN_NAMES: [char; 5] = ['.', '*', '>', '/', '\\'];

/// The subject of an event, with places to fill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubjectPattern(String);

// === impl SubjectPattern ===

impl SubjectPattern {
    /// Reads a pattern; the error says what is wrong with it.
    pub fn parse(text: &str) -> Result<SubjectPattern, String> {
        let filled = SubjectPattern(text.to_owned()).fill(None);
        let is_part = |part: &str| !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || "*>{}".contains(c));
        if filled.split('.').all(is_part) {
            Ok(SubjectPattern(text.to_owned()))
        } else {
            Err(format!("'{text}' is no subject; write parts separated by dots, each a name, {{service}} or {{type}}"))
        }
    }

    /// The subject of this event; of bytes that are no event at all if there is none.
    pub fn fill(&self, event: Option<&Envelope<'_>>) -> String {
        let service = event.and_then(|event| event.source.rsplit('/').find(|part| !part.is_empty()));
        let ty = event.map(|event| &*event.ty);
        self.0.replace("{service}", &part(service)).replace("{type}", &part(ty))
    }

    /// The pattern of all subjects that can come out.
    pub fn wildcard(&self) -> String {
        self.0.replace("{service}", "*").replace("{type}", "*")
    }
}

/// A name as one part of a subject.
fn part(name: Option<&str>) -> String {
    let fitting = |c: char| if c.is_whitespace() || c.is_control() || NOT_IN_NAMES.contains(&c) { '_' } else { c };
    match name {
        Some(name) if !name.is_empty() => name.chars().map(fitting).collect(),
        _ => "unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_of_events() {
        let pattern = SubjectPattern::parse("shop.{service}.{type}").unwrap();
        assert_eq!(pattern.wildcard(), "shop.*.*");
        for (source, ty, subject) in [
            ("/shop/orders", "OrderPlaced.v2", "shop.orders.OrderPlaced"),
            ("orders/", "com.x.Order Placed", "shop.orders.com_x_Order_Placed"),
            ("https://x/*", ">", "shop._._"),
        ] {
            let event = format!(r#"{{"specversion":"1.0","id":"1","source":"{source}","type":"{ty}"}}"#);
            assert_eq!(pattern.fill(Some(&Envelope::parse(event.as_bytes()).unwrap())), subject);
        }
        assert_eq!(pattern.fill(None), "shop.unknown.unknown");
        for wrong in ["", "a.*", "a.>", "a b", ".a", "a.{typ}"] {
            assert!(SubjectPattern::parse(wrong).is_err(), "{wrong}");
        }
    }
}
