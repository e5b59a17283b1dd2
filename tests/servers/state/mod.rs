//! Where state is kept: one contract, and what each store promises besides.

/// A test for each of these parts of a contract, each with a place of its own.
macro_rules! each_alone {
    ($module:ident, $fixture:expr; $($name:ident),*) => {
        $(#[test]
        fn $name() {
            $crate::state::$module::$name(&$fixture);
        })*
    };
}
pub(crate) use each_alone;

/// One test of all these parts of a contract: for places that take long to make. The fixtures come from a closure.
macro_rules! all_in_one {
    ($module:ident, $fixtures:expr; $($name:ident),*) => {
        #[test]
        fn $module() {
            let mut fixtures = $fixtures;
            $($crate::state::$module::$name(&fixtures());)*
        }
    };
}
pub(crate) use all_in_one;

mod contract;
mod copies;
mod embedded;
mod letters;
mod outbox;
mod poison;
mod redis;
mod redis_access;
mod redis_cluster;
mod redis_outbox;
mod redis_shop;
