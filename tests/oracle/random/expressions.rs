//! Random expressions, one by one, over random rows: values and errors must be PostgreSQL's. Nothing is guarded here: what fails
//! for a row must fail for that row in both.

use std::collections::BTreeSet;

use postgres::Client;
use projections::codec::Row;
use projections::expr::{Expr, Frame, Function, Mistake, Scope as Names, Typed, catalogue, compile, eval};
use projector::demo::Random;
use schemas::{Type, Value, json::write_json, text};
use sqlparser::ast::Ident;
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::Span;

use super::budget::Budget;
use super::data::write_present;
use super::kind::{COLUMNS, Kind, SHOWN};
use super::model::Model;
use super::writer::{Leaf, Scope, Writer};
use crate::json::Json;
use crate::postgres::fresh_database;

/// How many rows each expression is evaluated over.
const ROWS: usize = 25;
/// How many columns there are of each kind.
const COPIES: usize = 2;

/// Expressions that are no functions.
const FORMS: [&str; 7] = ["cast of an array", "AND", "OR", "IN", "CASE", "coalesce", "object of known names"];
/// Functions without arguments: constants by the time they are evaluated.
const FOLDED: [&str; 2] = ["json_build_object() json", "json_build_array() json"];
/// The types that text is cast to.
const PARSED: [Type; 10] = [
    Type::Bool,
    Type::Int4,
    Type::Int8,
    Type::Double,
    Type::Decimal,
    Type::Timestamp,
    Type::Date,
    Type::Uuid,
    Type::Interval,
    Type::JSON,
];

/// How many differences are shown.
const SHOWN_DIFFERENCES: usize = 20;

#[test]
fn random_expressions_agree_with_postgresql() {
    let mut client = fresh_database();
    let budget = Budget::new(2);
    let (mut differences, mut reached) = (Vec::new(), BTreeSet::new());
    for seed in budget.first().. {
        differences.extend(check(&mut client, seed, &mut reached));
        if budget.ends_with(seed, || unreached(&reached).is_empty()) {
            break;
        }
    }
    differences.sort_by_key(String::len);
    differences.truncate(SHOWN_DIFFERENCES);
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert!(budget.is_one_seed() || unreached(&reached).is_empty(), "never tried: {:#?}", unreached(&reached));
}

/// The functions, operators, casts and forms that were not evaluated: what is never tried is not tested.
fn unreached(reached: &BTreeSet<String>) -> Vec<String> {
    let texts = PARSED.map(|ty| format!("text to {ty}"));
    let functions = catalogue().map(Function::signature).filter(|signature| !FOLDED.contains(&signature.as_str()));
    let all = functions.chain(texts).chain(FORMS.map(str::to_owned));
    all.filter(|signature| !reached.contains(signature)).collect()
}

/// Notes the functions and forms of which the expression is made.
fn note(expr: &Expr, reached: &mut BTreeSet<String>) {
    expr.walk(&mut |part| {
        reached.insert(match part {
            Expr::Call { function, .. } => function.signature(),
            Expr::Parse { to, .. } => format!("text to {to}"),
            Expr::Each { .. } => "cast of an array".to_owned(),
            Expr::And(_) => "AND".to_owned(),
            Expr::Or(_) => "OR".to_owned(),
            Expr::In { .. } => "IN".to_owned(),
            Expr::Case { .. } => "CASE".to_owned(),
            Expr::Coalesce(_) => "coalesce".to_owned(),
            Expr::Object(_) => "object of known names".to_owned(),
            Expr::Literal(_) | Expr::Column { .. } | Expr::Param(_) => return,
        });
    });
}

/// Evaluates a few dozen expressions over a few dozen rows; where they differ.
fn check(client: &mut Client, seed: u64, reached: &mut BTreeSet<String>) -> Vec<String> {
    let model = Model { entities: Vec::new(), domains: Vec::new() };
    let mut writer = Writer::new(Random::new(seed), &model);
    let columns = columns();
    let rows: Vec<Vec<Value<'static>>> = (0..ROWS).map(|_| random_row(&mut writer.random, &columns)).collect();
    fill(client, &columns, &rows);
    let scope = Scope { columns: columns.clone(), ..Scope::default() };
    let mut differences = Vec::new();
    for _ in 0..40 {
        let kind = SHOWN[writer.random.below(SHOWN.len())];
        let depth = writer.random.between(1, 4);
        let text = writer.expression(kind, &scope, depth);
        if let Err(difference) = compare(client, &columns, &rows, &text, reached) {
            differences.push(format!("PROJECTOR_RANDOM_SEED={seed}: {text}\n{difference}"));
        }
    }
    differences
}

fn columns() -> Vec<Leaf> {
    let copies = COLUMNS.into_iter().flat_map(|kind| (0..COPIES).map(move |copy| (kind, copy)));
    copies.map(|(kind, copy)| Leaf { text: format!("{kind:?}{copy}").to_lowercase(), kind, domain: None }).collect()
}

fn random_row(random: &mut Random, columns: &[Leaf]) -> Vec<Value<'static>> {
    let mut value = |kind: Kind| {
        if random.chance(12) {
            return Value::Null;
        }
        let mut written = String::new();
        write_present(random, kind, &mut written);
        let json: serde_json::Value = serde_json::from_str(&written).expect("the data is JSON");
        match (&kind.ty(), json) {
            (Type::Json(_), _) => text::parse(&written, &kind.ty()).expect("it is JSON").into_owned(),
            (Type::Array(_), serde_json::Value::Array(items)) => array(&items),
            (ty, serde_json::Value::String(content)) => text::parse(&content, ty).expect("it is of the type").into_owned(),
            (ty, _) => text::parse(&written, ty).expect("it is of the type").into_owned(),
        }
    };
    columns.iter().map(|column| value(column.kind)).collect()
}

fn array(items: &[serde_json::Value]) -> Value<'static> {
    let item = |item: &serde_json::Value| match item {
        serde_json::Value::String(text) => Value::Text(text.clone().into()),
        serde_json::Value::Number(number) => Value::Int(number.as_i64().expect("small")),
        _ => Value::Null,
    };
    Value::Array(items.iter().map(item).collect())
}

fn fill(client: &mut Client, columns: &[Leaf], rows: &[Vec<Value<'static>>]) {
    let defined: Vec<_> = columns.iter().map(|column| format!("{} {}", column.text, column.kind.ty())).collect();
    client
        .batch_execute(&format!("DROP TABLE IF EXISTS t; CREATE TABLE t (id bigint PRIMARY KEY, {})", defined.join(", ")))
        .expect("the table is created");
    let numbered = rows.iter().zip(0i64..).map(|(row, id)| std::iter::once(Value::Int(id)).chain(row.iter().cloned()).collect());
    crate::tables::copy(client, "t", &numbered.collect());
}

/// What PostgreSQL and we make of the expression, row by row.
fn compare(
    client: &mut Client,
    columns: &[Leaf],
    rows: &[Vec<Value<'static>>],
    text: &str,
    reached: &mut BTreeSet<String>,
) -> Result<(), String> {
    let compiled = compiled(columns, text);
    let whole =
        client.query(&format!("SELECT (row_to_json(q) -> 'v')::text FROM (SELECT id, {text} AS v FROM t) q ORDER BY id"), &[]);
    let compiled = match (compiled, &whole) {
        (Ok(compiled), _) => compiled,
        (Err(ours), Ok(_)) => return Err(format!("we refuse it: {ours}")),
        (Err(_), Err(_)) => return Ok(()),
    };
    note(&compiled.expr, reached);
    let theirs: Vec<Result<String, String>> = match whole {
        Ok(rows) => rows.iter().map(|row| Ok(row.get(0))).collect(),
        Err(_) => (0..rows.len()).map(|id| ask(client, text, id)).collect(),
    };
    for (row, their) in rows.iter().zip(theirs) {
        let our = evaluated(&compiled.expr, row);
        let same = match (&our, &their) {
            (Ok(our), Ok(their)) => our == their || Json::parse(our).agrees(&Json::parse(their)),
            (Err(_), Err(_)) => true,
            _ => false,
        };
        if !same {
            let named: Vec<_> = columns.iter().zip(row).filter(|(column, _)| text.contains(&column.text)).collect();
            let named: Vec<_> = named.iter().map(|(column, value)| format!("{} = {value:?}", column.text)).collect();
            return Err(format!("  ours   {our:?}\n  theirs {their:?}\n  where  {}", named.join(", ")));
        }
    }
    Ok(())
}

fn ask(client: &mut Client, text: &str, id: usize) -> Result<String, String> {
    let query = format!("SELECT (row_to_json(q) -> 'v')::text FROM (SELECT {text} AS v FROM t WHERE id = {id}) q");
    match client.query(&query, &[]) {
        Ok(rows) => Ok(rows[0].get(0)),
        Err(error) => Err(error.as_db_error().map_or_else(|| error.to_string(), |error| error.message().to_owned())),
    }
}

fn compiled(columns: &[Leaf], text: &str) -> Result<Typed, String> {
    let mut parser = Parser::new(&PostgreSqlDialect {}).try_with_sql(text).map_err(|error| error.to_string())?;
    let ast = parser.parse_expr().map_err(|error| error.to_string())?;
    let mut mistakes = Vec::new();
    let typed = compile(&ast, &mut Columns(columns), &mut mistakes);
    typed.ok_or_else(|| mistakes.iter().map(|mistake| mistake.message.clone()).collect::<Vec<_>>().join("; "))
}

fn evaluated(expr: &Expr, row: &[Value<'static>]) -> Result<String, String> {
    let row = Row::of(row);
    let frame = Frame { rows: &[Some(&row)], params: &[] };
    let value = eval(expr, &frame).map_err(|error| error.to_string())?;
    let mut json = String::new();
    write_json(&value, &mut json);
    Ok(json)
}

/// Names are columns of the one row.
struct Columns<'a>(&'a [Leaf]);

impl Names for Columns<'_> {
    fn column(&mut self, name: &[Ident]) -> Result<Typed, Mistake> {
        let column = self.0.iter().position(|leaf| name.last().is_some_and(|ident| ident.value == leaf.text));
        let column = column.ok_or_else(|| Mistake::new(Span::empty(), format!("no column {name:?}")))?;
        Ok(Typed { expr: Expr::Column { slot: 0, column }, ty: self.0[column].kind.ty() })
    }
}
