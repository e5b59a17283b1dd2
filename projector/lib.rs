//! Projector, the daemon and its command line: everything that touches the world.

pub mod clock;
pub mod demo;
pub mod fault;
pub mod log;
pub mod sqlite;
