//! What PostgreSQL has and Projector refuses, with what to write instead.

use schemas::{Type, Value};
use sqlparser::ast;

use super::Fault;
use crate::expr::{Expr, Typed};

const CLOCK: &str = "a view depends on events alone: use a time that events carry, such as event.time in a fold";

/// Functions whose result is not decided by their arguments.
const VOLATILE: &[&str] = &[
    "now",
    "current_timestamp",
    "current_date",
    "current_time",
    "localtime",
    "localtimestamp",
    "clock_timestamp",
    "statement_timestamp",
    "transaction_timestamp",
    "timeofday",
];

const RANDOM: &[&str] = &["random", "gen_random_uuid", "uuid_generate_v4", "setseed", "nextval"];

/// What is wrong with the call, whatever its arguments are.
pub(super) fn call(call: &ast::Function, name: &str) -> Option<Fault> {
    if VOLATILE.contains(&name) {
        return Some(Fault::new(format!("{name} is not the same at every evaluation")).with_hint(CLOCK));
    }
    if RANDOM.contains(&name) {
        let fault = Fault::new(format!("{name} is not the same at every evaluation"));
        return Some(fault.with_hint("a view depends on events alone: use an id that events carry, such as event.id in a fold"));
    }
    if call.over.is_some() {
        let fault = Fault::new("window functions are not supported");
        return Some(fault.with_hint("write a correlated sub-select with an aggregate, or a GROUP BY view"));
    }
    if !call.within_group.is_empty() {
        return Some(Fault::new("WITHIN GROUP is not supported").with_hint("write ORDER BY inside the call"));
    }
    call.null_treatment
        .as_ref()
        .map(|_| Fault::new("IGNORE NULLS is not supported").with_hint("write FILTER (WHERE x IS NOT NULL)"))
}

/// Functions that PostgreSQL computes over numeric to some digits, and Projector only over double precision.
const INEXACT: &[&str] = &["exp", "ln", "log", "log10"];

/// What is wrong with calling the function over these types.
pub(super) fn inexact(name: &str, args: &[Type]) -> Option<Fault> {
    if !INEXACT.contains(&name) || !is_numeric(args) {
        return None;
    }
    let fault = Fault::new(format!("{name} is not supported over numeric"));
    Some(fault.with_hint("cast to double precision, and round the result: round((…)::numeric, 2)"))
}

/// Whether PostgreSQL computes with numeric where the arguments are of these types.
fn is_numeric(args: &[Type]) -> bool {
    args.contains(&Type::Decimal) && !args.contains(&Type::Double)
}

/// What is wrong with this power: over numeric, only whole ones are computed.
pub(super) fn power(name: &str, args: &[Typed]) -> Option<Fault> {
    let [base, exponent] = args else { return None };
    if !matches!(name, "^" | "power" | "pow") || !is_numeric(&[base.ty.clone(), exponent.ty.clone()]) {
        return None;
    }
    let is_whole = match &exponent.expr {
        Expr::Literal(Value::Decimal(literal)) => literal.fract().is_zero(),
        Expr::Literal(Value::Null) => true,
        _ => exponent.ty.is_integer(),
    };
    let fault = || Fault::new("a numeric can only be raised to a power that is an integer");
    (!is_whole).then(|| fault().with_hint("cast to double precision, and round the result: round((…)::numeric, 2)"))
}

/// What to write instead of a function that is not here.
pub(super) fn hint(name: &str) -> Option<String> {
    if let Some(rest) = name.strip_prefix("jsonb_") {
        return Some(format!("write json_{rest}"));
    }
    let hint = match name {
        "to_jsonb" => "write to_json(…)",
        "row" | "row_to_json" | "json_object" => "write json_build_object('name', value, …)",
        "to_date" | "to_number" => "cast the text: (…)::date, (…)::numeric",
        "regexp_replace" | "regexp_match" | "regexp_matches" | "regexp_split_to_array" | "regexp_like" => {
            "write replace, split_part, LIKE or translate"
        }
        "ifnull" | "nvl" | "isnull" => "write coalesce(…)",
        "if" | "iif" => "write CASE WHEN … THEN … ELSE … END",
        "len" => "write length(…)",
        "stddev" | "stddev_pop" | "stddev_samp" | "variance" | "var_pop" | "var_samp" => {
            "keep sum(x), sum(x * x) and count(x), and compute it where the view is read"
        }
        "unnest" | "generate_series" | "json_array_elements" | "json_each" | "json_object_keys" => {
            "a function that yields rows has no place here: fold the elements into an entity with for_each"
        }
        "sha256" | "encode" | "decode" => "compute it where the view is read",
        _ => return None,
    };
    Some(hint.to_owned())
}

/// A syntax that is not supported.
pub(super) fn syntax(ast: &ast::Expr) -> Fault {
    let (what, hint) = match ast {
        ast::Expr::Wildcard(_) | ast::Expr::QualifiedWildcard(..) => ("* is not supported", "name the columns"),
        ast::Expr::InSubquery { .. } => ("IN (SELECT …) is not supported", "write EXISTS (SELECT 1 FROM … WHERE …)"),
        ast::Expr::InUnnest { .. } => ("IN UNNEST is not supported", "write = ANY (…)"),
        ast::Expr::SimilarTo { .. } => ("SIMILAR TO is not supported", "write LIKE, or several joined with OR"),
        ast::Expr::RLike { .. } => ("regular expressions are not supported", "write LIKE, ILIKE or starts_with(…)"),
        ast::Expr::Tuple(_) => ("rows of values are not supported", "compare the columns one by one, joined with AND"),
        ast::Expr::AtTimeZone { .. } => ("AT TIME ZONE is not supported", "times are in UTC already: leave it away"),
        ast::Expr::Collate { .. } => ("COLLATE is not supported", "text compares by its bytes, as in collation \"C\""),
        ast::Expr::IsJson { .. } => ("IS JSON is not supported", "columns of type json hold nothing else"),
        ast::Expr::Like { .. } | ast::Expr::ILike { .. } => ("LIKE ANY is not supported", "join several LIKE with OR"),
        ast::Expr::Cast { .. } => ("CAST with FORMAT is not supported", "write CAST(… AS …)"),
        ast::Expr::GroupingSets(_) | ast::Expr::Cube(_) | ast::Expr::Rollup(_) => {
            ("GROUPING SETS, CUBE and ROLLUP are not supported", "declare a view for each grouping")
        }
        _ => return Fault::new(format!("{ast} is not supported")),
    };
    Fault::new(what).with_hint(hint)
}
