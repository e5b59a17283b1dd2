//! The types that casts name.

use schemas::Type;
use sqlparser::ast::{ArrayElemTypeDef, CharacterLength, DataType, ExactNumberInfo, TimezoneInfo};

use crate::expr::fault::Fault;

/// A type as it is written, with what restricts it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Target {
    pub ty: Type,
    pub modifier: Option<Modifier>,
}

/// What restricts a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Modifier {
    /// `numeric(precision, scale)`
    Precision { precision: u32, scale: u32 },
    /// `varchar(length)`
    Length(u32),
}

impl From<Type> for Target {
    fn from(ty: Type) -> Target {
        Target { ty, modifier: None }
    }
}

/// The type that the words name.
pub(super) fn data_type(written: &DataType) -> Result<Target, Fault> {
    Ok(match written {
        DataType::Bool | DataType::Boolean => Type::Bool.into(),
        DataType::Int(None) | DataType::Integer(None) | DataType::Int4(None) => Type::Int4.into(),
        DataType::BigInt(None) | DataType::Int8(None) => Type::Int8.into(),
        DataType::DoublePrecision | DataType::Float8 | DataType::Float(ExactNumberInfo::None) => Type::Double.into(),
        DataType::Numeric(info) | DataType::Decimal(info) | DataType::Dec(info) => numeric(info)?,
        DataType::Text | DataType::Varchar(None) | DataType::CharacterVarying(None) | DataType::CharVarying(None) => {
            Type::Text.into()
        }
        DataType::Varchar(Some(length)) | DataType::CharacterVarying(Some(length)) | DataType::CharVarying(Some(length)) => {
            varchar(length)?
        }
        DataType::Timestamp(None, TimezoneInfo::WithTimeZone | TimezoneInfo::Tz) => Type::Timestamp.into(),
        DataType::Date => Type::Date.into(),
        DataType::Uuid => Type::Uuid.into(),
        DataType::Interval { fields: None, precision: None } => Type::Interval.into(),
        DataType::JSON => Type::JSON.into(),
        DataType::Array(ArrayElemTypeDef::SquareBracket(item, None)) => array(item)?,
        other => return Err(unknown(other)),
    })
}

fn array(item: &DataType) -> Result<Target, Fault> {
    let item = data_type(item)?;
    match (&item.ty, item.modifier) {
        (Type::Array(_), _) => Err(Fault::new("arrays have one dimension here").with_hint("use json for arrays of arrays")),
        (_, Some(_)) => Err(Fault::new("elements of an array cannot be restricted in length or precision")),
        _ => Ok(Type::Array(Box::new(item.ty)).into()),
    }
}

fn numeric(info: &ExactNumberInfo) -> Result<Target, Fault> {
    let (precision, scale) = match *info {
        ExactNumberInfo::None => return Ok(Type::Decimal.into()),
        ExactNumberInfo::Precision(precision) => (precision, 0),
        ExactNumberInfo::PrecisionAndScale(precision, scale) => (precision, scale),
    };
    match (u32::try_from(precision), u32::try_from(scale)) {
        (Ok(precision @ 1..=1000), Ok(scale @ 0..=28)) => {
            Ok(Target { ty: Type::Decimal, modifier: Some(Modifier::Precision { precision, scale }) })
        }
        _ => Err(Fault::new(format!("numeric({precision}, {scale}) is beyond what numeric is here"))
            .with_hint("write a precision from 1 to 1000 and a scale from 0 to 28")),
    }
}

fn varchar(length: &CharacterLength) -> Result<Target, Fault> {
    match length {
        CharacterLength::IntegerLength { length, unit: None } if (1..=10_485_760).contains(length) => {
            Ok(Target { ty: Type::Text, modifier: Some(Modifier::Length(*length as u32)) })
        }
        _ => Err(Fault::new("the length of a varchar is from 1 to 10485760").with_hint("write text")),
    }
}

/// Types that PostgreSQL has and Projector has not, with what comes nearest.
fn unknown(written: &DataType) -> Fault {
    let hint = match written {
        DataType::SmallInt(_) | DataType::Int2(_) => "write integer",
        DataType::Real | DataType::Float4 | DataType::Float(_) => "write double precision",
        DataType::Char(_) | DataType::Character(_) => "write text or varchar(n)",
        DataType::Timestamp(..) | DataType::Datetime(_) => "write timestamptz: all times are shown in UTC",
        DataType::JSONB => "write json",
        DataType::Time(..) => "write timestamptz or interval",
        DataType::Bytea => "write text",
        _ => {
            "the types are boolean, integer, bigint, double precision, numeric, text, timestamptz, date, uuid, interval, json and \
             their arrays"
        }
    };
    Fault::new(format!("there is no type {} here", written.to_string().to_lowercase())).with_hint(hint)
}
