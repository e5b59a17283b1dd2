//! Where state is kept: one contract, and what each store promises besides.

mod contract;
mod embedded;
mod letters;
mod outbox;
mod poison;
mod redis;
mod redis_access;
mod redis_outbox;
mod redis_shop;
