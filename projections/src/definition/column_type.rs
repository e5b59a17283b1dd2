//! Types of columns: what several rules agree on, and the names that users give types.

use schemas::Type;

use super::nearest::suggest;

/// The type that values of both types are stored as; `None` where there is none.
pub fn agree(a: &Type, b: &Type) -> Option<Type> {
    use Type::{Date, Decimal, Double, Int4, Int8, Json, Timestamp, Unknown};
    Some(match (a, b) {
        (Unknown, other) | (other, Unknown) => other.clone(),
        (Int4 | Int8, Int4 | Int8) => Int8,
        (Decimal, Int4 | Int8 | Decimal) | (Int4 | Int8, Decimal) => Decimal,
        (Double, Int4 | Int8 | Decimal | Double) | (Int4 | Int8 | Decimal, Double) => Double,
        (Date, Timestamp) | (Timestamp, Date) => Timestamp,
        (Json(a), Json(b)) if a == b => Json(a.clone()),
        (Json(_), Json(_)) => Type::JSON,
        (Type::Array(a), Type::Array(b)) => Type::Array(Box::new(agree(a, b)?)),
        (a, b) if a.is_same(b) => a.clone(),
        _ => return None,
    })
}

/// The type of a column whose values have this type: `integer` is only for expressions.
pub fn stored(ty: Type) -> Type {
    match ty {
        Type::Int4 => Type::Int8,
        Type::Array(item) => Type::Array(Box::new(stored(*item))),
        other => other,
    }
}

/// The type of this name; the error is a hint.
pub fn parse(name: &str) -> Result<Type, Option<String>> {
    const NAMES: [(&str, Type); 17] = [
        ("boolean", Type::Bool),
        ("bool", Type::Bool),
        ("integer", Type::Int8),
        ("bigint", Type::Int8),
        ("int", Type::Int8),
        ("double", Type::Double),
        ("double precision", Type::Double),
        ("decimal", Type::Decimal),
        ("numeric", Type::Decimal),
        ("text", Type::Text),
        ("string", Type::Text),
        ("timestamp", Type::Timestamp),
        ("timestamptz", Type::Timestamp),
        ("date", Type::Date),
        ("uuid", Type::Uuid),
        ("json", Type::JSON),
        ("jsonb", Type::JSON),
    ];
    if let Some(item) = name.strip_suffix("[]") {
        return Ok(Type::Array(Box::new(parse(item)?)));
    }
    let found = NAMES.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map(|(_, ty)| ty).ok_or_else(|| {
        let shown = ["boolean", "bigint", "double precision", "decimal", "text", "timestamptz", "date", "uuid", "json"];
        suggest(name, shown)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_agree_as_in_a_union() {
        let check = |a: Type, b: Type, expect: Option<Type>| {
            assert_eq!(agree(&a, &b), expect, "{a} {b}");
            assert_eq!(agree(&b, &a), expect, "{b} {a}");
        };
        check(Type::Int4, Type::Int4, Some(Type::Int8));
        check(Type::Int8, Type::Decimal, Some(Type::Decimal));
        check(Type::Decimal, Type::Double, Some(Type::Double));
        check(Type::Date, Type::Timestamp, Some(Type::Timestamp));
        check(Type::Unknown, Type::Uuid, Some(Type::Uuid));
        check(Type::Text, Type::Int8, None);
        check(Type::Array(Box::new(Type::Int4)), Type::Array(Box::new(Type::Int8)), Some(Type::Array(Box::new(Type::Int8))));
    }

    #[test]
    fn names_of_types() {
        assert_eq!(parse("decimal"), Ok(Type::Decimal));
        assert_eq!(parse("TEXT[]"), Ok(Type::Array(Box::new(Type::Text))));
        assert_eq!(parse("decimel"), Err(Some("did you mean `decimal`?".to_owned())));
    }
}
