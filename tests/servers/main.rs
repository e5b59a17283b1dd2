//! Projector on real servers, which `tests/servers/install` puts in place. Where one is missing these tests fail.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../binary/command.rs"]
mod binary;
mod certificates;
mod clickhouse;
mod cluster;
mod contract;
mod cut_over;
#[path = "../binary/daemon.rs"]
mod daemon;
mod doctor;
mod faults;
mod flushing;
mod folder;
mod health;
mod https;
mod isolation;
mod jetstream;
mod nats;
mod pairs;
mod process;
mod proxy;
mod rebuild;
mod redis;
mod reference;
mod starting;
mod state;
mod stored_views;
mod survival;
mod tables;
mod telemetry;
