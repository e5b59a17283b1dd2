//! The resources of the API.

pub mod dead_letters;
pub mod events;
pub mod health;
pub mod metrics;
pub mod openapi;
pub mod operations;
pub mod overview;
pub mod projections;
pub mod settling;
pub mod views;
