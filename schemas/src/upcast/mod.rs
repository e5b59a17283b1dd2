//! Upcasts: how data of an older version becomes data of the next.
//!
//! `<EventType>.v1-to-v2.toml` beside the schemas says it, for the fields of the data itself (not of objects in it):
//!
//! ```toml
//! rename  = { customer_id = "customer" }        # new name = old name
//! drop    = ["express"]
//! default = { channel = "unknown" }             # where the older data has none, or null
//! set     = { delivery = "CASE WHEN express THEN 'express' ELSE 'standard' END" }   # SQL over the older data
//! ```
//! Fields that are not named pass unchanged, to the digit. Without a file all of them do.

mod apply;
mod check;
mod expression;
mod file;

#[cfg(test)]
pub(crate) use expression::NoSql;
pub use expression::{CompileUpcast, UpcastEval, UpcastExpr, UpcastMistake};

use crate::extract::Plan;
use crate::registry::Version;
use crate::schema::{Format, Kinds, Schema};
use crate::{Diagnostic, SourceFile};

/// How data of one version becomes data of the next.
#[derive(Debug)]
pub(crate) struct Upcast {
    /// Checks the older data, and takes from it what the expressions read.
    plan: Plan,
    /// New names by old ones.
    renames: Vec<(String, String)>,
    /// Names of the older data.
    drops: Vec<String>,
    /// New names, and JSON text.
    defaults: Vec<(String, String)>,
    sets: Vec<Set>,
}

/// A field that is computed.
#[derive(Debug)]
struct Set {
    /// The new name.
    name: String,
    expr: UpcastExpr,
    /// Where the values that the expression reads are among those that the plan takes.
    args: std::ops::Range<usize>,
    on_null: OnNull,
    form: Form,
}

/// What a computed NULL becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OnNull {
    /// `null`
    Write,
    /// Nothing: the newer field may be absent, but not null.
    Omit,
}

/// How a computed value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// As JSON has it.
    Plain,
    /// A number, as a string: the newer field is a decimal in a string.
    Quoted,
}

/// Reads the upcast from `older` to `newer`, and checks that its result fits. Without a file the older data is
/// taken as it is.
pub(crate) fn read(
    file: Option<&SourceFile>,
    older: &Version,
    newer: &Version,
    compile: &dyn CompileUpcast,
) -> Result<Upcast, Vec<Diagnostic>> {
    let parsed = file.map(file::parse).transpose().map_err(|mistake| vec![mistake])?.unwrap_or_default();
    let mut mistakes = Vec::new();
    let source = check::Source { file, older, newer };
    let sets = source.sets(&parsed, compile, &mut mistakes);
    source.check(&parsed, &sets, &mut mistakes);
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    Ok(Upcast::new(older, newer, parsed, sets))
}

// === impl Upcast ===

impl Upcast {
    fn new(older: &Version, newer: &Version, parsed: file::Parsed, exprs: Vec<(file::Placed, UpcastExpr)>) -> Upcast {
        let mut paths = Vec::new();
        let mut sets = Vec::new();
        for (file::Placed { text: name, .. }, expr) in exprs {
            let start = paths.len();
            paths.extend(expr.fields.iter().cloned());
            let field = newer.schema.property(&name).map(|property| &property.schema);
            let on_null = if field.is_none_or(Schema::allows_null) { OnNull::Write } else { OnNull::Omit };
            let form = field.map_or(Form::Plain, |field| Form::of(&expr, field));
            sets.push(Set { name, expr, args: start..paths.len(), on_null, form });
        }
        Upcast {
            plan: Plan::new(&older.schema, &paths, &[]),
            renames: parsed.rename.iter().map(|(new, old)| (old.text.clone(), new.text.clone())).collect(),
            drops: parsed.drop.iter().map(|name| name.text.clone()).collect(),
            defaults: parsed.default.iter().map(|(name, value)| (name.text.clone(), value.to_string())).collect(),
            sets,
        }
    }
}

// === impl Form ===

impl Form {
    /// How what `expr` yields is written into `field`.
    fn of(expr: &UpcastExpr, field: &Schema) -> Form {
        let is_text = field.possible_kinds().without(Kinds::NULL) == Kinds::STRING;
        if is_text && field.format == Some(Format::Decimal) && expr.ty.is_number() { Form::Quoted } else { Form::Plain }
    }
}

#[cfg(test)]
mod tests;
