//! The file of an upcast, as it is written.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use crate::{Diagnostic, SourceFile};

/// A text of the file, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Placed {
    pub(super) text: String,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// What a file says, in the order of the names.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    /// New name and old name.
    pub(super) rename: Vec<(Placed, Placed)>,
    /// New name and value.
    pub(super) default: Vec<(Placed, serde_json::Value)>,
    /// Old names.
    pub(super) drop: Vec<Placed>,
    /// New name and expression.
    pub(super) set: Vec<(Placed, Placed)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    #[serde(default)]
    rename: BTreeMap<Spanned<String>, Spanned<String>>,
    #[serde(default)]
    default: BTreeMap<Spanned<String>, toml::Value>,
    #[serde(default)]
    drop: Vec<Spanned<String>>,
    #[serde(default)]
    set: BTreeMap<Spanned<String>, Spanned<String>>,
}

/// Reads a file; what is not TOML, or not of this form, is one mistake.
pub(super) fn parse(file: &SourceFile) -> Result<Parsed, Diagnostic> {
    let raw: Raw = toml::from_str(&file.text).map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        Diagnostic::new(&file.path, span, error.message()).with_hint("the keys are `rename`, `drop`, `default` and `set`")
    })?;
    let pairs = |map: BTreeMap<Spanned<String>, Spanned<String>>| {
        map.into_iter().map(|(key, value)| (Placed::from(key), Placed::from(value))).collect()
    };
    Ok(Parsed {
        rename: pairs(raw.rename),
        default: raw.default.into_iter().map(|(key, value)| (key.into(), json(value))).collect(),
        drop: raw.drop.into_iter().map(Placed::from).collect(),
        set: pairs(raw.set),
    })
}

/// A constant as JSON. Times are strings there, and what JSON has no number for becomes text, which fits no number.
fn json(value: toml::Value) -> serde_json::Value {
    match value {
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(integer) => integer.into(),
        toml::Value::Float(float) if float.is_finite() => float.into(),
        toml::Value::Float(float) => float.to_string().into(),
        toml::Value::Boolean(boolean) => boolean.into(),
        toml::Value::Datetime(time) => time.to_string().into(),
        toml::Value::Array(items) => items.into_iter().map(json).collect(),
        toml::Value::Table(members) => members.into_iter().map(|(name, value)| (name, json(value))).collect(),
    }
}

// === impl Placed ===

impl Placed {
    /// Where it stands, quotes included.
    pub(super) fn span(&self) -> Range<usize> {
        self.start..self.end
    }

    /// Where a part of the text stands in the file: as a whole, where the text is written with escapes.
    pub(super) fn part(&self, file: &SourceFile, part: &Range<usize>) -> Range<usize> {
        let written = file.text.get(self.span()).unwrap_or_default();
        match (written.find(&self.text), self.text.get(part.clone())) {
            (Some(offset), Some(_)) => self.start + offset + part.start..self.start + offset + part.end,
            _ => self.span(),
        }
    }
}

impl From<Spanned<String>> for Placed {
    fn from(spanned: Spanned<String>) -> Placed {
        let Range { start, end } = spanned.span();
        Placed { text: spanned.into_inner(), start, end }
    }
}
