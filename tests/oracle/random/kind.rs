//! What a random expression can be. Numbers come in two sorts: tame ones, which stay small enough for any arithmetic, and
//! wild ones with the extremes of their types, which are only looked at. PostgreSQL fails a whole SELECT over one overflow.

use schemas::Type;

/// The sort of a column or an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[rustfmt::skip]
pub enum Kind {
    Bool, Int, WildInt, Double, WildDouble, Decimal, WildDecimal, Text, Time, Date, Uuid, Json, Texts, Ints, Interval,
}

/// What columns can be.
#[rustfmt::skip]
pub const COLUMNS: [Kind; 14] = [
    Kind::Bool, Kind::Int, Kind::WildInt, Kind::Double, Kind::WildDouble, Kind::Decimal, Kind::WildDecimal, Kind::Text,
    Kind::Time, Kind::Date, Kind::Uuid, Kind::Json, Kind::Texts, Kind::Ints,
];

/// What keys can be, and with them the columns that refer to them.
pub const KEYS: [Kind; 6] = [Kind::Int, Kind::Text, Kind::Uuid, Kind::Date, Kind::Time, Kind::Decimal];

/// What a view can show: everything but intervals, which no column can hold.
pub const SHOWN: [Kind; 14] = COLUMNS;

// === impl Kind ===

impl Kind {
    /// The kind that a hole of a template names.
    pub fn named(name: &str) -> Option<Kind> {
        Some(match name {
            "bool" => Kind::Bool,
            "int" => Kind::Int,
            "bigint" => Kind::WildInt,
            "double" => Kind::Double,
            "wild" => Kind::WildDouble,
            "num" => Kind::Decimal,
            "bignum" => Kind::WildDecimal,
            "text" => Kind::Text,
            "time" => Kind::Time,
            "date" => Kind::Date,
            "uuid" => Kind::Uuid,
            "json" => Kind::Json,
            "texts" => Kind::Texts,
            "ints" => Kind::Ints,
            "interval" => Kind::Interval,
            _ => return None,
        })
    }

    /// The type of a column of this kind.
    pub fn ty(self) -> Type {
        match self {
            Kind::Bool => Type::Bool,
            Kind::Int | Kind::WildInt => Type::Int8,
            Kind::Double | Kind::WildDouble => Type::Double,
            Kind::Decimal | Kind::WildDecimal => Type::Decimal,
            Kind::Text => Type::Text,
            Kind::Time => Type::Timestamp,
            Kind::Date => Type::Date,
            Kind::Uuid => Type::Uuid,
            Kind::Json => Type::JSON,
            Kind::Texts => Type::Array(Box::new(Type::Text)),
            Kind::Ints => Type::Array(Box::new(Type::Int8)),
            Kind::Interval => Type::Interval,
        }
    }

    /// Whether values of the kind have an order.
    pub fn is_comparable(self) -> bool {
        self != Kind::Json
    }

    /// Whether `min` and `max` exist for it.
    pub fn has_minimum(self) -> bool {
        !matches!(self, Kind::Bool | Kind::Uuid | Kind::Json)
    }
}
