//! Which type of ClickHouse's holds the values of a column.
//!
//! | ours | ClickHouse's | |
//! |---|---|---|
//! | `boolean`, `integer`, `bigint`, `double precision` | `Bool`, `Int32`, `Int64`, `Float64` | all values |
//! | `numeric` | `Decimal(76, 28)` | all values: at most 29 digits before the point and 28 behind it |
//! | `text`, `uuid` | `String`, `UUID` | all values |
//! | `timestamptz`, `date` | `DateTime64(6, 'UTC')`, `Date32` | the years 1900 to 2299 only, on every server |
//! | `interval` | `String` | as PostgreSQL shows it |
//! | arrays, JSON of known shape | `Array(…)`, `Tuple(…)` | |
//! | other JSON | `String` | the JSON text |
//!
//! All but arrays and tuples are `Nullable`: these cannot be.

use std::fmt;

use schemas::{Field, Shape, Type};

use super::names::identifier;

/// A type of ClickHouse's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ColumnType {
    /// A single value of this type of ours, or NULL. Not JSON, and no array.
    Scalar(Type),
    /// JSON as text, or NULL.
    Json,
    /// An array; NULL is the empty one.
    Array(Box<ColumnType>),
    /// A JSON object, member by member; NULL is a NULL for each.
    Tuple(Vec<(String, ColumnType)>),
}

// === impl ColumnType ===

impl ColumnType {
    /// The type that holds values of this type.
    pub fn of(ty: &Type) -> ColumnType {
        match ty {
            Type::Array(item) => ColumnType::Array(Box::new(ColumnType::of(item))),
            Type::Json(Shape::Array(item)) => ColumnType::Array(Box::new(ColumnType::of(item))),
            Type::Json(Shape::Object(fields)) if is_tuple(fields) => {
                ColumnType::Tuple(fields.iter().map(|field| (field.name.clone(), ColumnType::of(&field.ty))).collect())
            }
            Type::Json(_) => ColumnType::Json,
            scalar => ColumnType::Scalar(scalar.clone()),
        }
    }
}

/// A tuple has members, and each name once; JSON needs neither.
fn is_tuple(fields: &[Field]) -> bool {
    let is_first = |(at, field): (usize, &Field)| fields[..at].iter().all(|before| before.name != field.name);
    !fields.is_empty() && fields.iter().all(|field| !field.name.is_empty()) && fields.iter().enumerate().all(is_first)
}

/// As ClickHouse writes it.
impl fmt::Display for ColumnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ColumnType::Scalar(ty) => write!(f, "Nullable({})", scalar_name(ty)),
            ColumnType::Json => f.write_str("Nullable(String)"),
            ColumnType::Array(item) => write!(f, "Array({item})"),
            ColumnType::Tuple(members) => {
                let members = members.iter().map(|(name, ty)| format!("{} {ty}", identifier(name)));
                write!(f, "Tuple({})", members.collect::<Vec<_>>().join(", "))
            }
        }
    }
}

fn scalar_name(ty: &Type) -> &'static str {
    match ty {
        Type::Bool => "Bool",
        Type::Int4 => "Int32",
        Type::Int8 => "Int64",
        Type::Double => "Float64",
        Type::Decimal => "Decimal(76, 28)",
        Type::Timestamp => "DateTime64(6, 'UTC')",
        Type::Date => "Date32",
        Type::Uuid => "UUID",
        Type::Text | Type::Interval | Type::Unknown | Type::Json(_) | Type::Array(_) => "String",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(fields: &[(&str, Type)]) -> Type {
        let field = |(name, ty): &(&str, Type)| Field { name: (*name).to_owned(), ty: ty.clone(), nullable: true };
        Type::Json(Shape::Object(fields.iter().map(field).collect()))
    }

    fn array(item: Type) -> Type {
        Type::Json(Shape::Array(item.into()))
    }

    #[test]
    fn types_of_columns() {
        let lines = array(object(&[("sku", Type::Text), ("a`b", array(Type::Int8))]));
        for (ty, expected) in [
            (Type::Decimal, "Nullable(Decimal(76, 28))"),
            (Type::Timestamp, "Nullable(DateTime64(6, 'UTC'))"),
            (Type::Interval, "Nullable(String)"),
            (Type::JSON, "Nullable(String)"),
            (Type::Array(Box::new(Type::Uuid)), "Array(Nullable(UUID))"),
            (Type::Array(Box::new(Type::Array(Box::new(Type::Int4)))), "Array(Array(Nullable(Int32)))"),
            (lines, r"Array(Tuple(`sku` Nullable(String), `a\`b` Array(Nullable(Int64))))"),
            (object(&[]), "Nullable(String)"),
            (object(&[("", Type::Text)]), "Nullable(String)"),
            (object(&[("a", Type::Text), ("b", Type::Text), ("a", Type::Bool)]), "Nullable(String)"),
        ] {
            assert_eq!(ColumnType::of(&ty).to_string(), expected);
        }
    }
}
