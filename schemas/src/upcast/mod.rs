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

pub use expression::{CompileUpcast, UpcastEval, UpcastExpr, UpcastMistake};

use crate::extract::Plan;
use crate::registry::Version;
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
}

/// What a computed NULL becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OnNull {
    /// `null`
    Write,
    /// Nothing: the newer field may be absent, but not null.
    Omit,
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
            let writes_null = newer.schema.property(&name).is_none_or(|property| property.schema.allows_null());
            let on_null = if writes_null { OnNull::Write } else { OnNull::Omit };
            sets.push(Set { name, expr, args: start..paths.len(), on_null });
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

#[cfg(test)]
mod tests;
