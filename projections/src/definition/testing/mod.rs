//! Tests beside definitions: given events, expect documents.
//!
//! `tests/*.toml` of a projection:
//!
//! ```toml
//! [[test]]
//! name = "an order shows who placed it"
//! given = [
//!     { type = "OrderPlaced", data = { order_id = "o-1", customer_id = "c-1" } },
//!     { type = "CustomerRegistered", data = { customer_id = "c-1", name = "Ada" } },
//! ]
//! expect = [
//!     { view = "order_overview", key = ["o-1"], document = { customer_name = "Ada" }, nulls = ["paid"] },
//! ]
//!
//! [[test.then]]                       # any number of further steps
//! given = [{ type = "OrderRemoved", data = { order_id = "o-1" } }]
//! expect = [{ view = "order_overview", key = ["o-1"], absent = true }]
//! ```
//! An event's `source` is by default its type's owner, its version the newest (`OrderPlaced.v1` for an older one); its `id` and
//! `time` follow from its place. `data` may also be a string of
//! JSON. `document` names the columns that matter, `exactly` in its place all of them, `nulls` those that are NULL.
//! `dead_letters = 1` in a step expects that so many of its events cannot be applied. Every test is also run in other
//! interleavings of its sources, unless it says `interleave = false`.

mod case;
mod diff;
mod interleave;
mod json;
mod run;

pub use case::{Expectation, Expected, Given, Step, Test, load_tests};
pub use diff::{Difference, Failure, Finding};
pub use run::{Outcome, run_test};
