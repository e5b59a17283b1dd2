//! The command line, from the outside: what is printed and which code it ends with.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should fail where it is")]

mod abuse;
mod access;
mod bad_input;
#[path = "../binary/command.rs"]
mod binary;
mod commands;
#[path = "../binary/daemon.rs"]
mod daemon;
mod dead_letters;
mod demo;
mod deploy;
mod doctor;
mod http;
mod live;
mod metrics;
mod operations;
mod sandbox;
mod top;
