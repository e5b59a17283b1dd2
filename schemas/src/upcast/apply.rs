//! Lifting data. What is not computed is carried over as text, so that no digit of a number is lost.

use std::borrow::Cow;

use super::{Form, OnNull, Set, Upcast};
use crate::extract::Extracted;
use crate::json::{last_of_each, write_json, write_string};
use crate::registry::Version;
use crate::scan::{Broken, Scanner, Token};
use crate::text;
use crate::value::Value;
use crate::violation::Violation;

/// The members of an object: names and JSON text.
type Members<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

impl Upcast {
    /// Checks `data` against its version, `older`, and makes data of the next version of it.
    pub(crate) fn apply(&self, older: &Version, data: &str) -> Result<String, Violation> {
        let mut wanted = Extracted::default();
        self.plan.read(older, data, &mut wanted)?;
        let Some(members) = members(data) else { return Ok(data.to_owned()) };
        let computed = self.compute(&wanted.fields)?;
        let mut members = self.renamed(members);
        for (name, value) in &self.defaults {
            match members.iter_mut().find(|(present, _)| present == name) {
                Some((_, present)) if present == "null" => *present = Cow::Borrowed(value),
                Some(_) => {}
                None => members.push((Cow::Borrowed(name), Cow::Borrowed(value))),
            }
        }
        for (set, value) in self.sets.iter().zip(computed) {
            members.retain(|(name, _)| *name != set.name);
            members.extend(value.map(|value| (Cow::Borrowed(set.name.as_str()), Cow::Owned(value))));
        }
        Ok(object(&members))
    }

    /// What is not dropped, by its new names. A member that was not declared gives way to one that gets its name.
    fn renamed<'a>(&'a self, mut members: Members<'a>) -> Members<'a> {
        let is_there = |old: &str| members.iter().any(|(name, _)| name == old);
        let new: Vec<&str> = self.renames.iter().filter(|(old, _)| is_there(old)).map(|(_, new)| new.as_str()).collect();
        members.retain_mut(|(name, _)| {
            let renamed = self.renames.iter().find(|(old, _)| old == name);
            let stays = renamed.is_some() || !(new.contains(&&**name) || self.drops.iter().any(|drop| drop == name));
            *name = renamed.map_or(std::mem::take(name), |(_, new)| Cow::Borrowed(new));
            stays
        });
        members
    }

    /// The JSON of each computed field; `None` where it is left out.
    fn compute(&self, values: &[Value<'_>]) -> Result<Vec<Option<String>>, Violation> {
        self.sets.iter().map(|set| set.compute(values)).collect()
    }
}

impl Set {
    fn compute(&self, values: &[Value<'_>]) -> Result<Option<String>, Violation> {
        let args = values.get(self.args.clone()).unwrap_or_default();
        let value = (self.expr.eval)(args).map_err(|reason| {
            Violation::new(Violation::UPCAST_FAILED, format!("`{}` cannot be computed: {reason}", self.name))
        })?;
        if value.is_null() && self.on_null == OnNull::Omit {
            return Ok(None);
        }
        let mut json = String::new();
        match self.form {
            Form::Quoted if !value.is_null() => print_quoted(&value, &mut json),
            Form::Quoted | Form::Plain => write_json(&value, &mut json),
        }
        Ok(Some(json))
    }
}

/// A number as a string.
fn print_quoted(number: &Value<'_>, out: &mut String) {
    out.push('"');
    text::print(number, out);
    out.push('"');
}

/// The members of the data, of a repeated name only the last; `None` where it is not an object.
fn members(data: &str) -> Option<Members<'_>> {
    let mut scanner = Scanner::new(data);
    // The data was read before, so nothing here is broken.
    if scanner.token().ok()? != Token::Object { None } else { read_members(&mut scanner).ok() }
}

fn read_members<'a>(scanner: &mut Scanner<'a>) -> Result<Members<'a>, Broken> {
    let mut members = Members::new();
    let mut name = scanner.first_name()?;
    while let Some(text) = name {
        members.push((text.decode(), Cow::Borrowed(scanner.skip()?)));
        name = scanner.next_name()?;
    }
    Ok(last_of_each(members))
}

fn object(members: &Members<'_>) -> String {
    let mut out = String::from("{");
    for (index, (name, value)) in members.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        write_string(name, &mut out);
        out.push(':');
        out.push_str(value);
    }
    out.push('}');
    out
}
