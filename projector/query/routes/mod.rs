//! The resources of the API.

pub mod dead_letters;
pub mod events;
pub mod health;
pub mod metrics;
pub mod projections;
pub mod views;
