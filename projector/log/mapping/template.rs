//! Texts with places that are filled from a message: `{subject.2}`, `{header.NAME}`, `{body/a/0}`, `{position}`.

use serde_json::Value;

use super::Message;
use super::body;

/// What can stand between braces.
const PLACES: &str = "{subject.2}, {header.NAME}, {body/member/0} or {position}";

/// A text with places to fill.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Template(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Part {
    Text(String),
    Place(Place),
}

/// Something of a message.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Place {
    from: From,
    /// Whether the message may lack it.
    is_optional: bool,
    /// As it was written.
    written: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum From {
    /// A part of the subject, from 0.
    Subject(usize),
    Header(String),
    /// A value in the body, all of it where there is no step.
    Body(Vec<String>),
    Position,
}

// === impl Template ===

impl Template {
    /// The body as it is.
    pub fn body() -> Template {
        let written = "{body}".to_owned();
        Template(vec![Part::Place(Place { from: From::Body(Vec::new()), is_optional: false, written })])
    }

    /// Reads a template; the error says what is wrong with it.
    pub fn parse(text: &str) -> Result<Template, String> {
        let (mut parts, mut rest) = (Vec::new(), text);
        while let Some((before, after)) = rest.split_once('{') {
            let Some((place, after)) = after.split_once('}') else {
                return Err(format!("there is no closing brace after {{{after}"));
            };
            parts.extend((!before.is_empty()).then(|| Part::Text(before.to_owned())));
            parts.push(Part::Place(Place::parse(place)?));
            rest = after;
        }
        parts.extend((!rest.is_empty()).then(|| Part::Text(rest.to_owned())));
        let template = Template(parts);
        if template.is_optional() && template.0.len() > 1 {
            return Err("what may be missing stands alone".to_owned());
        }
        if template.0.is_empty() { Err("it is empty".to_owned()) } else { Ok(template) }
    }

    /// Whether a message may lack what it takes.
    pub fn is_optional(&self) -> bool {
        self.0.iter().any(|part| matches!(part, Part::Place(Place { is_optional: true, .. })))
    }

    /// The last part of the subject that it takes, from 1; 0 where it takes none.
    pub fn subject_parts(&self) -> usize {
        let part = |part: &Part| match part {
            Part::Place(Place { from: From::Subject(index), .. }) => index + 1,
            _ => 0,
        };
        self.0.iter().map(part).max().unwrap_or(0)
    }

    /// The text; `None` where the message lacks what it may lack.
    pub fn text(&self, message: &Message<'_>) -> Result<Option<String>, String> {
        let mut filled = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => filled += text,
                Part::Place(place) => match place.text(message)? {
                    Some(text) => filled += &text,
                    None => return Ok(None),
                },
            }
        }
        Ok(Some(filled))
    }

    /// The value: that in the body where it takes nothing else, otherwise the text.
    pub fn json(&self, message: &Message<'_>) -> Result<Option<String>, String> {
        match &self.0[..] {
            [Part::Place(place @ Place { from: From::Body(path), .. })] => {
                let found = body::find(message.body, path)?;
                Ok(place.unless_missing(found)?.map(str::to_owned))
            }
            _ => Ok(self.text(message)?.map(|text| Value::String(text).to_string())),
        }
    }
}

// === impl Place ===

impl Place {
    fn parse(text: &str) -> Result<Place, String> {
        let (name, is_optional) = text.strip_suffix('?').map_or((text, false), |name| (name, true));
        let from = if name == "position" {
            Some(From::Position)
        } else if let Some(path) = name.strip_prefix("body") {
            steps(path).map(From::Body)
        } else if let Some(number) = name.strip_prefix("subject.") {
            number.parse::<usize>().ok().and_then(|number| number.checked_sub(1)).map(From::Subject)
        } else {
            name.strip_prefix("header.").filter(|name| !name.is_empty()).map(|name| From::Header(name.to_owned()))
        };
        let written = format!("{{{text}}}");
        from.map(|from| Place { from, is_optional, written })
            .ok_or_else(|| format!("{{{text}}} is nothing of a message; write {PLACES}"))
    }

    fn text(&self, message: &Message<'_>) -> Result<Option<String>, String> {
        let found = match &self.from {
            From::Subject(index) => message.subject.split('.').nth(*index).map(str::to_owned),
            From::Header(wanted) => message.header(wanted).map(str::to_owned),
            From::Position => Some(message.position.to_string()),
            From::Body(path) => match body::find(message.body, path)? {
                Some(json) => Some(body::text_of(json).map_err(|reason| format!("{} has no text: {reason}", self.written))?),
                None => None,
            },
        };
        self.unless_missing(found)
    }

    fn unless_missing<T>(&self, found: Option<T>) -> Result<Option<T>, String> {
        if found.is_none() && !self.is_optional { Err(format!("the message has no {}", self.written)) } else { Ok(found) }
    }
}

/// The steps of a path, each after a slash; `~1` stands for a slash in a name and `~0` for a tilde, as in JSON pointers.
fn steps(path: &str) -> Option<Vec<String>> {
    if path.is_empty() {
        return Some(Vec::new());
    }
    let steps = path.strip_prefix('/')?.split('/').map(|step| step.replace("~1", "/").replace("~0", "~"));
    Some(steps.collect())
}

// === impl Message ===

impl<'m> Message<'m> {
    /// The first header of this name, whatever its case.
    fn header(&self, name: &str) -> Option<&'m str> {
        self.headers.iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }
}
