//! The types that columns and expressions have: PostgreSQL's, as far as Projector knows them.

use std::fmt;
use std::sync::Arc;

/// The type of a column or an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    /// `boolean`
    Bool,
    /// `integer`: what literals and casts have. Columns of events are [`Type::Int8`].
    Int4,
    /// `bigint`: a JSON Schema `integer`.
    Int8,
    /// `double precision`: a JSON Schema `number`.
    Double,
    /// `numeric`: a JSON Schema `number` or `string` with `"format": "decimal"`; 28 significant digits.
    Decimal,
    /// `text`, compared by bytes (collation "C").
    Text,
    /// `timestamptz`, shown in UTC: a `string` with `"format": "date-time"`.
    Timestamp,
    /// `date`: a `string` with `"format": "date"`.
    Date,
    /// `uuid`: a `string` with `"format": "uuid"`.
    Uuid,
    /// `interval`: only inside expressions.
    Interval,
    /// `json`: objects, arrays of anything but scalars, and values whose type the schema leaves open.
    Json(Shape),
    /// An SQL array of scalars: a JSON Schema `array` whose items have one scalar type.
    Array(Box<Type>),
    /// `NULL` or a quoted literal whose type nothing has decided yet; never the type of a column.
    Unknown,
}

/// What is known about the inside of a JSON value. It never decides whether an expression is allowed,
/// only how a store that has nested types may hold the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Nothing is known.
    Any,
    /// An object with these fields, in this order.
    Object(Arc<[Field]>),
    /// An array whose elements have this type.
    Array(Arc<Type>),
}

/// A named, typed part of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The field's name.
    pub name: String,
    /// The field's type.
    pub ty: Type,
    /// Whether the field may be absent or null.
    pub nullable: bool,
}

impl Type {
    /// JSON of which nothing more is known.
    pub const JSON: Type = Type::Json(Shape::Any);

    /// The types of single values, those of JSON of known shape aside.
    pub const SCALARS: [Type; 11] = [
        Type::Bool,
        Type::Int4,
        Type::Int8,
        Type::Double,
        Type::Decimal,
        Type::Text,
        Type::Timestamp,
        Type::Date,
        Type::Uuid,
        Type::Interval,
        Type::JSON,
    ];

    /// Whether two types are the same to SQL, which sees no difference between JSON values.
    pub fn is_same(&self, other: &Type) -> bool {
        match (self, other) {
            (Type::Json(_), Type::Json(_)) => true,
            (Type::Array(a), Type::Array(b)) => a.is_same(b),
            _ => self == other,
        }
    }

    /// `integer` or `bigint`.
    pub fn is_integer(&self) -> bool {
        matches!(self, Type::Int4 | Type::Int8)
    }

    /// A type that arithmetic works on.
    pub fn is_number(&self) -> bool {
        self.is_integer() || matches!(self, Type::Double | Type::Decimal)
    }

    /// Whether `=` and `<` exist for the type: not for JSON, as in PostgreSQL.
    pub fn is_comparable(&self) -> bool {
        match self {
            Type::Json(_) => false,
            Type::Array(item) => item.is_comparable(),
            _ => true,
        }
    }
}

/// PostgreSQL's name of the type.
impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Type::Bool => "boolean",
            Type::Int4 => "integer",
            Type::Int8 => "bigint",
            Type::Double => "double precision",
            Type::Decimal => "numeric",
            Type::Text => "text",
            Type::Timestamp => "timestamptz",
            Type::Date => "date",
            Type::Uuid => "uuid",
            Type::Interval => "interval",
            Type::Json(_) => "json",
            Type::Array(item) => return write!(f, "{item}[]"),
            Type::Unknown => "unknown",
        })
    }
}
