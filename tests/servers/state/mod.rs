//! Where state is kept: one contract, and what each store promises besides.

mod contract;
mod embedded;
mod redis;
mod redis_access;
mod redis_shop;
