//! JSON as text: how values are written into it, its canonical form, and finding a part without parsing the rest.

mod canonical;
mod distinct;
mod scan;
mod write;

pub use canonical::canonical;
pub use distinct::last_of_each;
pub use scan::{Kind, elements, kind, members, unescape};
pub use write::{write_json, write_string};

#[cfg(test)]
mod tests;
