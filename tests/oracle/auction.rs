//! Nexmark's auctions, judged by PostgreSQL.

use projector::demo::Auction;

use crate::definitions::Projection;
use crate::memory::log;
use crate::postgres::fresh_database;
use crate::{folded, judge};

#[test]
fn postgresql_says_the_same_of_a_million_auction_events() {
    let auction = Projection::embedded("auction");
    let events = log(Auction::new(0).take(1_000_000).map(|event| event.bytes));
    let build = auction.built(events.chunks(5000));
    assert!(build.dead_letters.is_empty(), "{:?}", build.dead_letters.first());
    let mut client = fresh_database();
    folded::fold(&mut client, &auction.plan, &events, include_str!("auction_fold.sql"));
    folded::assert_rows(&mut client, &build);
    judge::assert_documents(&mut client, &build);
}
