//! The tables of all functions, operators and casts, a file for each family.

mod arithmetic;
mod array;
mod cast;
mod comparison;
mod digest;
mod format;
mod json;
mod json_build;
mod numeric;
mod power;
mod text;
mod text_edit;
mod time;
mod time_parts;
mod to_char;

use super::function::Function;

pub(super) use cast::{CASTS, Context, TO_PRECISION, TO_TEXT};
pub(super) use format::check_places;
pub(crate) use json_build::{array as json_array, object as json_object};
pub(crate) use time::{part_of_interval, sum_of_intervals};
pub(super) use to_char::check_format;

/// Every function and operator by family; a name may stand in several.
static FAMILIES: [&[Function]; 14] = [
    arithmetic::TABLE,
    comparison::TABLE,
    numeric::TABLE,
    text::TABLE,
    text_edit::TABLE,
    time::TABLE,
    time_parts::TABLE,
    to_char::TABLE,
    json::TABLE,
    json_build::TABLE,
    array::TABLE,
    digest::TABLE,
    format::TABLE,
    power::TABLE,
];

/// All functions or operators of this name.
pub(super) fn named(name: &str) -> impl Iterator<Item = &'static Function> {
    all().filter(move |function| function.name == name)
}

/// All functions and operators.
pub(super) fn all() -> impl Iterator<Item = &'static Function> {
    FAMILIES.iter().flat_map(|family| family.iter())
}

/// Every function, operator and cast there is.
pub fn catalogue() -> impl Iterator<Item = &'static Function> {
    let casts = CASTS.iter().map(|rule| &rule.function).chain([&TO_TEXT, &TO_PRECISION]);
    all().chain(casts)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expressions are compared to compute what is equal only once; functions then by their signatures.
    #[test]
    fn no_two_functions_are_equal() {
        for (place, function) in all().enumerate() {
            assert!(all().skip(place + 1).all(|other| other != function), "{} is there twice", function.signature());
        }
    }
}
