//! Projector, the daemon and its command line: everything that touches the world.

// They panic when nobody reads them; `cli` writes to streams that may be closed.
#![deny(clippy::print_stdout, clippy::print_stderr)]

pub mod access;
pub mod cli;
pub mod clock;
pub mod compare;
pub mod config;
mod dashboard;
pub mod dead_letters;
pub mod definitions;
pub mod demo;
pub mod deploy;
pub mod doctor;
pub mod document;
pub mod duration;
pub mod fault;
pub mod intake;
pub mod log;
pub mod metrics;
pub mod operate;
pub mod query;
pub mod rebuild;
pub mod run;
pub mod sqlite;
pub mod state;
pub mod status;
pub mod stores;
pub mod tables;
mod token;
pub mod verify;
pub mod view;
