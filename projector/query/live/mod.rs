//! Views as they change, told to those who watch. Each of them reads the commits at its own pace from one place that keeps the last ones; nobody waits
//! for them, and who falls too far behind is told so.

mod matching;
mod narrator;
mod watching;

pub use matching::Subject;
pub use narrator::{Narrator, parse_id, reached, reset};
pub use watching::{Start, Watching};
