//! The embedded daemon.
use crate::Scale;
use crate::table::Table;
pub fn measure(_: Scale, _: &mut Table) {}
