//! Groups of a roll-up: what units contribute, and what becomes of it.
//!
//! A contribution is a row: first the reason why the unit could not be evaluated (NULL where it could), then the group's
//! key, then the inputs of the aggregates (none where there is a reason). A group with such a unit is broken as a whole,
//! as PostgreSQL would fail the SELECT; it heals when the unit does.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use schemas::Value;
use smallvec::SmallVec;

use crate::aggregate::{Accumulators, Standing};
use crate::codec::{Corrupt, Key, KeyBuilder, Row, decode_key};
use crate::expr::{EvalError, Frame, eval};
use crate::plan::{Aggregate, Plan, Rollup, RollupId, RollupReader};

use super::cache::Weigh;
use super::cells::Content;
use super::decode::Param;

/// A group: its aggregates, and what is wrong with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    accumulators: Accumulators,
    /// How many units could not be evaluated, by reason; the reasons tell nothing of the rows, so there are few.
    broken: BTreeMap<String, u64>,
}

/// What a unit contributes.
#[derive(Clone, Debug, PartialEq)]
pub struct Contribution {
    /// The group that it goes into.
    pub group: Key,
    /// The row that is kept of it; it tells the group too.
    pub row: Row,
}

/// What a reason costs beside its text.
const REASON: usize = 64;

// === contributions ===

/// The contribution of a unit that cannot be evaluated.
pub fn broken(group: Vec<Value<'_>>, error: &EvalError) -> Row {
    let mut values = vec![Value::Text(without_data(&error.to_string()).into())];
    values.extend(group);
    Row::of(&values)
}

/// The text of an error without quoted text and numbers, which come from the rows: a group counts its reasons, so there must not be
/// one for each row.
fn without_data(text: &str) -> String {
    let mut bare = String::new();
    let quoted = text.find('"').zip(text.rfind('"')).filter(|(first, last)| first < last);
    let text = match quoted {
        Some((first, last)) => Cow::Owned([&text[..=first], "…", &text[last..]].concat()),
        None => Cow::Borrowed(text),
    };
    for c in text.chars() {
        match c {
            '0'..='9' if bare.ends_with('…') => {}
            '0'..='9' => bare.push('…'),
            c => bare.push(c),
        }
    }
    bare
}

/// The group of a unit whose group cannot be told: that of NULLs.
pub fn unknown(group_len: usize) -> Vec<Value<'static>> {
    vec![Value::Null; group_len]
}

/// Whether a NULL in a group's key makes a group, as GROUP BY has it; to a sub-select's `=` it belongs nowhere.
pub fn keeps_nulls(plan: &Plan, rollup: RollupId) -> bool {
    matches!(plan.rollups[rollup].reader, RollupReader::View { .. })
}

/// The key of the group that a contribution belongs to.
pub fn key_of(rollup: &Rollup, contribution: &Row) -> Key {
    let mut key = KeyBuilder::default();
    for column in 1..=rollup.group_len {
        if !contribution.push_part(column, &mut key) {
            key.push(&Value::Null);
        }
    }
    key.finish()
}

fn reason_of(contribution: &Row) -> Option<String> {
    match contribution.get(0) {
        Value::Text(reason) => Some(reason.into_owned()),
        _ => None,
    }
}

fn inputs_of<'r>(rollup: &Rollup, contribution: &'r Row) -> SmallVec<[Value<'r>; 4]> {
    (1 + rollup.group_len..contribution.len()).map(|column| contribution.get(column)).collect()
}

// === impl Group ===

impl Group {
    /// A group without a unit.
    pub fn new(rollup: &Rollup) -> Group {
        Group { accumulators: Accumulators::new(&rollup.aggregates), broken: BTreeMap::new() }
    }

    /// Whether no unit is left, so that there is no group.
    pub fn is_empty(&self) -> bool {
        self.accumulators.units() == 0 && self.broken.is_empty()
    }

    /// The group that these contributions make, in the order of their units.
    pub fn of(rollup: &Rollup, contributions: &[Row]) -> Group {
        let mut group = Group::new(rollup);
        let mut tuples = Vec::new();
        for contribution in contributions {
            match reason_of(contribution) {
                Some(reason) => *group.broken.entry(reason).or_default() += 1,
                None => tuples.push(inputs_of(rollup, contribution)),
            }
        }
        group.accumulators = Accumulators::of(&rollup.aggregates, &tuples);
        group
    }

    pub fn add(&mut self, rollup: &Rollup, contribution: &Row) -> Standing {
        let Some(reason) = reason_of(contribution) else {
            return self.accumulators.add(&rollup.aggregates, &inputs_of(rollup, contribution));
        };
        *self.broken.entry(reason).or_default() += 1;
        Standing::Current
    }

    pub fn remove(&mut self, rollup: &Rollup, contribution: &Row) -> Standing {
        let Some(reason) = reason_of(contribution) else {
            return self.accumulators.remove(&rollup.aggregates, &inputs_of(rollup, contribution));
        };
        if let Some(count) = self.broken.get_mut(&reason) {
            *count -= 1;
            if *count == 0 {
                self.broken.remove(&reason);
            }
        }
        Standing::Current
    }

    /// Why the group is broken, if it is.
    pub fn reason(&self) -> Option<&str> {
        self.broken.keys().next().map(String::as_str)
    }

    pub fn decode(aggregates: &[Aggregate], mut bytes: &[u8]) -> Result<Group, Corrupt> {
        let mut group = BTreeMap::new();
        let bytes = &mut bytes;
        for _ in 0..take_u32(bytes)? {
            let length = take_u32(bytes)? as usize;
            let (text, rest) = bytes.split_at_checked(length).ok_or(Corrupt("group ends early"))?;
            *bytes = rest;
            let reason = std::str::from_utf8(text).map_err(|_| Corrupt("text in a group is not UTF-8"))?;
            group.insert(reason.to_owned(), u64::from(take_u32(bytes)?));
        }
        Ok(Group { accumulators: Accumulators::decode(aggregates, bytes)?, broken: group })
    }

    /// How many reasons, each with its length, text and count (u32, little-endian); then the accumulators.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = (self.broken.len() as u32).to_le_bytes().to_vec();
        for (reason, count) in &self.broken {
            out.extend_from_slice(&(reason.len() as u32).to_le_bytes());
            out.extend_from_slice(reason.as_bytes());
            out.extend_from_slice(&(*count as u32).to_le_bytes());
        }
        self.accumulators.encode(&mut out);
        out
    }
}

impl Weigh for Arc<Group> {
    fn weight(&self) -> usize {
        let reasons: usize = self.broken.keys().map(|reason| REASON + reason.len()).sum();
        std::mem::size_of::<Group>() + self.accumulators.weight() + reasons
    }
}

fn take_u32(bytes: &mut &[u8]) -> Result<u32, Corrupt> {
    let (head, rest) = bytes.split_first_chunk().ok_or(Corrupt("group ends early"))?;
    *bytes = rest;
    Ok(u32::from_le_bytes(*head))
}

// === parameters ===

/// The parameters of a group: its key's values, then its aggregates; those of an empty group where there is none.
/// Fails where the group is broken.
pub fn params(rollup: &Rollup, group: Option<(&Key, &Group)>) -> Result<Vec<Param<'static>>, EvalError> {
    let Some((key, group)) = group else {
        let nulls = unknown(rollup.group_len).into_iter().map(Ok);
        return Ok(nulls.chain(Accumulators::new(&rollup.aggregates).results(&rollup.aggregates)).collect());
    };
    if let Some(reason) = group.reason() {
        return Err(EvalError::Invalid(reason.to_owned()));
    }
    let key = decode_key(key).map_err(|corrupt| EvalError::Invalid(corrupt.to_string()))?;
    Ok(key.into_iter().map(Ok).chain(group.accumulators.results(&rollup.aggregates)).collect())
}

/// The document of a GROUP BY view for a group, as it now is.
pub fn document(rollup: &Rollup, key: &Key, group: Option<&Group>) -> Content {
    let Some(group) = group else { return Content::Absent };
    let selected = params(rollup, Some((key, group))).and_then(|params| select(rollup, &params));
    match selected {
        Ok(Some(row)) => Content::Present(row),
        Ok(None) => Content::Absent,
        Err(error) => Content::Broken(error.to_string()),
    }
}

/// The view's columns, unless HAVING is not met.
fn select(rollup: &Rollup, params: &[Param<'_>]) -> Result<Option<Row>, EvalError> {
    let RollupReader::View { having, columns, .. } = &rollup.reader else { return Ok(None) };
    let frame = Frame { rows: &[], params };
    if let Some(having) = having
        && eval(having, &frame)? != Value::Bool(true)
    {
        return Ok(None);
    }
    let values: Vec<_> = columns.iter().map(|column| eval(column, &frame)).collect::<Result<_, _>>()?;
    Ok(Some(Row::of(&values)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_tell_nothing_of_the_rows() {
        let bare = without_data("invalid input syntax for type integer: \"a \"12\" b\"");
        assert_eq!(bare, "invalid input syntax for type integer: \"…\"");
        assert_eq!(without_data("date field value out of range: 2026-13-01"), "date field value out of range: …-…-…");
        assert_eq!(without_data("division by zero"), "division by zero");
    }
}
