//! Projector on real servers, which `tests/servers/install` puts in place. Where one is missing these tests fail.

mod folder;
mod jetstream;
mod nats;
mod process;
mod survival;
