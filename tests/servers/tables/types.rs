//! Values of every type, as people see them in ClickHouse.

use std::sync::Arc;

use projector::tables::TableWriter;
use schemas::{Field, Shape, Type};

use super::{build, row, view};
use crate::clickhouse;

/// A type, a value as JSON, and how ClickHouse shows it; `null` where its type cannot hold it.
const NULL: &str = "null";

fn object(fields: &[(&str, Type)]) -> Type {
    let field = |(name, ty): &(&str, Type)| Field { name: (*name).to_owned(), ty: ty.clone(), nullable: true };
    Type::Json(Shape::Object(fields.iter().map(field).collect()))
}

fn cases() -> Vec<(Type, &'static str, &'static str)> {
    let array = |item: Type| Type::Array(Box::new(item));
    let lines =
        Type::Json(Shape::Array(Arc::new(object(&[("sku", Type::Text), ("it's `q`", Type::Int8), ("tags", array(Type::Text))]))));
    vec![
        (Type::Bool, "true", "true"),
        (Type::Bool, NULL, NULL),
        (Type::Int4, "-2147483648", "-2147483648"),
        (Type::Int8, "9223372036854775807", "9223372036854775807"),
        (Type::Int8, "-9223372036854775808", "-9223372036854775808"),
        (Type::Int8, NULL, NULL),
        (Type::Double, "0.1", "0.1"),
        (Type::Double, "1e+300", "1e300"),
        (Type::Double, "\"-Infinity\"", "\"-inf\""),
        (Type::Double, "\"NaN\"", "\"nan\""),
        (Type::Decimal, "9.00", "9"),
        (Type::Decimal, "79228162514264337593543950335", "79228162514264337593543950335"),
        (Type::Decimal, "-0.0000000000000000000000000001", "-0.0000000000000000000000000001"),
        (Type::Decimal, "-7.9228162514264337593543950335", "-7.9228162514264337593543950335"),
        (Type::Decimal, NULL, NULL),
        (Type::Text, r#""""#, r#""""#),
        (Type::Text, r#""é\t\"\\\u001f'`{p0:String}""#, r#""é\t\"\\\u001F'`{p0:String}""#),
        (Type::Timestamp, "\"2026-03-01T10:00:00.000001+00:00\"", "\"2026-03-01 10:00:00.000001\""),
        (Type::Timestamp, "\"1900-01-01T00:00:00+00:00\"", "\"1900-01-01 00:00:00.000000\""),
        (Type::Timestamp, "\"1899-12-31T23:59:59.999999+00:00\"", NULL),
        (Type::Timestamp, "\"2299-12-31T23:59:59.999999+00:00\"", "\"2299-12-31 23:59:59.999999\""),
        (Type::Timestamp, "\"2300-01-01T00:00:00+00:00\"", NULL),
        (Type::Timestamp, "\"0044-03-15T00:00:00+00:00 BC\"", NULL),
        (Type::Date, "\"1900-01-01\"", "\"1900-01-01\""),
        (Type::Date, "\"1899-12-31\"", NULL),
        (Type::Date, "\"2299-12-31\"", "\"2299-12-31\""),
        (Type::Date, "\"2300-01-01\"", NULL),
        (Type::Uuid, "\"61f0c404-5cb3-11e7-907b-a6006ad3dba0\"", "\"61f0c404-5cb3-11e7-907b-a6006ad3dba0\""),
        (Type::Interval, "\"1 mon -2 days 00:00:03\"", "\"1 mon -2 days +00:00:03\""),
        (Type::JSON, r#"{"a":[1.50,null]}"#, r#""{\"a\":[1.50,null]}""#),
        (Type::JSON, NULL, NULL),
        (array(Type::Int8), "[1,null,-1]", "[1,null,-1]"),
        (array(Type::Int8), "[]", "[]"),
        (array(Type::Int8), NULL, "[]"),
        (
            array(Type::Timestamp),
            "[\"2026-01-01T00:00:00+00:00\",\"0001-01-01T00:00:00+00:00\"]",
            "[\"2026-01-01 00:00:00.000000\",null]",
        ),
        (lines.clone(), NULL, "[]"),
        (
            lines,
            r#"[{"sku":"tea","it's `q`":2,"tags":["a\"b",null]},{"it's `q`":null,"other":1}]"#,
            r#"[{"sku":"tea","it's `q`":2,"tags":["a\"b",null]},{"sku":null,"it's `q`":null,"tags":[]}]"#,
        ),
        (object(&[("a", Type::Decimal)]), r#"{"a":1.50}"#, r#"{"a":1.5}"#),
        (object(&[("a", Type::Decimal)]), NULL, r#"{"a":null}"#),
    ]
}

#[test]
fn values_are_shown_as_they_are() {
    let server = clickhouse::start();
    let tables = clickhouse::tables(&server);
    let cases = cases();
    let mut types: Vec<Type> = Vec::new();
    for (ty, ..) in &cases {
        if !types.contains(ty) {
            types.push(ty.clone());
        }
    }
    let names: Vec<String> = (0..types.len()).map(|at| format!("c{at}")).collect();
    let columns = std::iter::once(("id", Type::Text)).chain(names.iter().map(String::as_str).zip(types.iter().cloned()));
    let build = build(vec![view("values", &columns.collect::<Vec<_>>())]);
    tables.ensure(&build).unwrap();

    let column_of = |ty: &Type| types.iter().position(|known| known == ty).unwrap();
    let document = |(number, (ty, json, _)): (usize, &(Type, &str, &str))| {
        let value = |at: usize| if at == column_of(ty) { json } else { NULL };
        let members: String = (0..types.len()).map(|at| format!(",\"c{at}\":{}", value(at))).collect();
        (number.to_string(), format!("{{\"id\":\"{number}\"{members}}}"))
    };
    let documents: Vec<(String, String)> = cases.iter().enumerate().map(document).collect();
    let rows: Vec<_> = documents.iter().map(|(id, json)| row(id, Some(json), (1, 1))).collect();
    tables.write(&build, 0, &rows).unwrap();
    tables.show(&build).unwrap();

    for ((id, json), (ty, written, shown)) in documents.iter().zip(&cases) {
        let column = column_of(ty);
        let settings = "output_format_json_quote_64bit_integers = 0, output_format_json_quote_denormals = 1";
        let found = clickhouse::ask(
            &server,
            &format!("SELECT c{column} FROM values WHERE id = '{id}' FORMAT JSONCompactEachRow SETTINGS {settings}"),
        );
        assert_eq!(found.trim_end(), format!("[{shown}]"), "{ty}: {written}");
        let kept = clickhouse::ask(&server, &format!("SELECT _document FROM values__g1 WHERE id = '{id}' FORMAT TSVRaw"));
        assert_eq!(kept.trim_end(), json);
    }
}
