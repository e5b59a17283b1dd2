//! Every expression of the golden files, whose outcomes PostgreSQL has written, against ours.
//!
//! Where PostgreSQL fails, we must fail, when compiling or when evaluating. Where it does not, type and JSON must be equal, unless the
//! expression is in `refused.txt`, with the message that is given instead.

mod aggregates;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use schemas::json::{canonical, write_json};
use schemas::{Type, Value, text};
use sqlparser::ast::{self, Ident};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;

use super::{EvalError, Expr, Frame, Mistake, Scope, Typed, compile, eval, settled};
use crate::codec::Row;

/// The row that `regenerate.py` gives PostgreSQL: names, types, and values as text.
fn sample() -> Vec<(&'static str, Type, Option<&'static str>)> {
    let array = |item| Type::Array(Box::new(item));
    let json = r#"{"a":1,"b":[10,20,{"c":"x\ty"}],"n":null,"s":"str","d":1.50,"t":true,"e":{}}"#;
    vec![
        ("b", Type::Bool, Some("true")),
        ("nb", Type::Bool, None),
        ("i4", Type::Int4, Some("7")),
        ("ni4", Type::Int4, None),
        ("i8", Type::Int8, Some("42")),
        ("ni8", Type::Int8, None),
        ("d", Type::Double, Some("2.5")),
        ("nd", Type::Double, None),
        ("n", Type::Decimal, Some("12.50")),
        ("nn", Type::Decimal, None),
        ("t", Type::Text, Some("Hello Wörld")),
        ("nt", Type::Text, None),
        ("ts", Type::Timestamp, Some("2026-02-28 13:14:15.678901+00")),
        ("nts", Type::Timestamp, None),
        ("dt", Type::Date, Some("2024-02-29")),
        ("ndt", Type::Date, None),
        ("u", Type::Uuid, Some("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")),
        ("nu", Type::Uuid, None),
        ("iv", Type::Interval, Some("1 mon 2 days 03:04:05")),
        ("niv", Type::Interval, None),
        ("j", Type::JSON, Some(json)),
        ("nj", Type::JSON, None),
        ("ai", array(Type::Int8), Some("{1,2,NULL,4}")),
        ("nai", array(Type::Int8), None),
        ("at", array(Type::Text), Some("{a,b c,NULL,\"\"}")),
        ("nat", array(Type::Text), None),
    ]
}

struct Columns(Vec<(&'static str, Type, Option<&'static str>)>);

impl Scope for Columns {
    fn column(&mut self, name: &[Ident]) -> Result<Typed, Mistake> {
        let place = self.0.iter().position(|(known, ..)| name.last().is_some_and(|name| *known == name.value));
        let column = place.ok_or_else(|| Mistake::new(name[0].span, format!("column {} does not exist", name[0])))?;
        Ok(Typed { expr: Expr::Column { slot: 0, column }, ty: self.0[column].1.clone() })
    }
}

fn sample_row() -> Row {
    let values = sample().into_iter().map(|(_, ty, value)| value.map_or(Value::Null, |value| text::parse(value, &ty).unwrap()));
    Row::of(&values.collect::<Vec<_>>())
}

/// What becomes of an expression.
#[derive(Debug, PartialEq)]
enum Outcome {
    /// Its type and its JSON.
    Value(String, String),
    Refused(String),
    Failed(String),
}

fn parsed(sql: &str) -> Result<ast::Expr, String> {
    let parse = |mut parser: Parser<'_>| {
        let expr = parser.parse_expr()?;
        parser.expect_token(&sqlparser::tokenizer::Token::EOF).map(|_| expr)
    };
    Parser::new(&PostgreSqlDialect {}).try_with_sql(sql).and_then(parse).map_err(|error| error.to_string())
}

fn refused_with(mistakes: Vec<Mistake>) -> Outcome {
    let shown = mistakes.into_iter().map(|mistake| match mistake.hint {
        Some(hint) => format!("{}: {hint}", mistake.message),
        None => mistake.message,
    });
    Outcome::Refused(shown.collect::<Vec<_>>().join("; "))
}

fn shown(ty: &Type, value: Result<Value<'_>, EvalError>) -> Outcome {
    match value {
        Ok(value) => {
            let mut json = String::new();
            write_json(&value, &mut json);
            Outcome::Value(ty.to_string().replace("timestamptz", "timestamp with time zone"), json)
        }
        Err(error) => Outcome::Failed(error.to_string()),
    }
}

fn outcome(sql: &str, row: &Option<Row>) -> Outcome {
    let ast = match parsed(sql) {
        Ok(ast) => ast,
        Err(error) => return Outcome::Refused(error),
    };
    let mut mistakes = Vec::new();
    let Some(typed) = compile(&ast, &mut Columns(sample()), &mut mistakes) else { return refused_with(mistakes) };
    assert!(mistakes.is_empty(), "{sql}: {mistakes:?}");
    let typed = settled(typed);
    shown(&typed.ty, eval(&typed.expr, &Frame { rows: &[row.as_ref()], params: &[] }))
}

/// Where PostgreSQL has more digits than 28, all of ours but the last must be its digits.
fn is_rounded(ours: &str, expect: &str) -> bool {
    let digits = ours.bytes().filter(u8::is_ascii_digit).count();
    digits >= 28 && expect.len() > ours.len() && expect.starts_with(&ours[..ours.len() - 1])
}

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/golden"))
}

fn refused() -> BTreeMap<String, String> {
    let text = fs::read_to_string(folder().join("refused.txt")).unwrap();
    text.lines().filter_map(|line| line.split_once('\t')).map(|(sql, message)| (sql.to_owned(), message.to_owned())).collect()
}

/// Checks every line of a golden file.
fn check_with(family: &str, outcome: impl Fn(&str) -> Outcome) {
    let golden = fs::read_to_string(folder().join(family).with_extension("txt")).unwrap();
    let refused = refused();
    let mut differences = String::new();
    for line in golden.lines() {
        let mut parts = line.splitn(3, '\t');
        let (sql, ty, expect) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
        let ours = outcome(&sql.replace('␉', "\t"));
        let agrees = match &ours {
            Outcome::Value(our_ty, json) => {
                our_ty == &ty.replace("character varying", "text")
                    && (*json == canonical(expect).unwrap_or_default() || is_rounded(json, expect))
            }
            Outcome::Failed(_) => ty == "ERROR",
            Outcome::Refused(message) => ty == "ERROR" || refused.get(sql) == Some(message),
        };
        if !agrees {
            writeln!(differences, "{sql}\n    expected {ty} {expect}\n    but      {ours:?}").unwrap();
        }
    }
    assert!(differences.is_empty(), "{differences}");
}

fn check(family: &str) {
    let row = Some(sample_row());
    check_with(family, |sql| outcome(sql, &row));
}

/// What PostgreSQL can do and we refuse, and what we say.
#[test]
fn refusals() {
    let row = Some(sample_row());
    let mut differences = String::new();
    for (sql, message) in refused() {
        match outcome(&sql, &row) {
            Outcome::Refused(ours) if ours == message => {}
            Outcome::Refused(ours) => writeln!(differences, "{sql}\t{ours}").unwrap(),
            other => writeln!(differences, "{sql}\t{other:?}").unwrap(),
        }
    }
    assert!(differences.is_empty(), "{differences}");
}

/// PostgreSQL goes on to 1 GB.
#[test]
fn no_text_is_made_too_long() {
    let row = Some(sample_row());
    for sql in [
        "repeat('x', 70000000)",
        "replace(repeat('a', 1000000), 'a', repeat('b', 1000))",
        "overlay(repeat('a', 40000000) placing repeat('b', 40000000) from 1 for 0)",
        "repeat('a', 40000000) || repeat('b', 40000000)",
        "concat(repeat('a', 40000000), repeat('b', 40000000))",
        "concat_ws(repeat('a', 40000000), 1, 2, 3)",
        "array_to_string(array[1, 2, 3], repeat('a', 40000000))",
        "translate(repeat('a', 20000000), 'a', '😀')",
        "format(repeat(t || '%1$1000000s', 100), 'x')",
    ] {
        assert_eq!(outcome(sql, &row), Outcome::Failed("requested length too large".to_owned()), "{sql}");
    }
}

#[test]
fn extras() {
    check("extras");
}

#[test]
fn formats() {
    check("formats");
}

#[test]
fn nested() {
    check("nested");
}

#[test]
fn precedence() {
    check("precedence");
}

#[test]
fn arithmetic() {
    check("arithmetic");
}

#[test]
fn comparison() {
    check("comparison");
}

#[test]
fn logic() {
    check("logic");
}

#[test]
fn texts() {
    check("text");
}

#[test]
fn numeric() {
    check("numeric");
}

#[test]
fn casts() {
    check("casts");
}

#[test]
fn time() {
    check("time");
}

#[test]
fn json() {
    check("json");
}

#[test]
fn arrays() {
    check("arrays");
}
