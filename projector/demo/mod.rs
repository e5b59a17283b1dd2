//! Events to look at and to test with: an invented shop of five services, and Nexmark's auctions. The same seed
//! gives the same bytes, on every machine.

mod auction;
mod envelope;
mod random;
mod shop;

pub use auction::Auction;
pub use envelope::Generated;
pub use random::Random;
pub use shop::{Shop, definitions};
