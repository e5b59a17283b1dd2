//! Projector, the daemon and its command line: everything that touches the world.

pub mod clock;
pub mod demo;
pub mod document;
pub mod fault;
pub mod log;
pub mod sqlite;
pub mod state;
pub mod tables;
pub mod view;
