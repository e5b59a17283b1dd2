//! The dashboard in a real browser, as people use it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should fail where it is")]

#[path = "../binary/command.rs"]
mod binary;
#[path = "../binary/daemon.rs"]
mod daemon;
mod driver;
mod newcomer;
mod page;
mod shop;
