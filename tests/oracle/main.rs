//! PostgreSQL as the judge: it runs the SELECTs of the views over tables of the folded rows, and every document must be
//! what it says.

mod auction;
mod batches;
mod definitions;
mod folded;
mod json;
mod judge;
mod memory;
mod postgres;
mod random;
mod shop;
mod tables;
