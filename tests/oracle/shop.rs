//! The shop, judged by PostgreSQL.

use projector::demo::{Random, Shop};

use crate::definitions::Projection;
use crate::memory::log;
use crate::postgres::fresh_database;
use crate::{folded, judge};

#[test]
fn postgresql_says_the_same_of_the_shop() {
    let shop = Projection::embedded("shop");
    let events = log(Shop::new(1).take(100_000).map(|event| event.bytes));
    let build = shop.built(events.chunks(1000));
    assert!(build.dead_letters.is_empty(), "{:?}", build.dead_letters.first());
    let mut client = fresh_database();
    folded::fold(&mut client, &shop.plan, &events, include_str!("shop_fold.sql"));
    folded::assert_rows(&mut client, &build);
    judge::assert_documents(&mut client, &build);
}

#[test]
fn documents_are_the_same_however_the_services_interleave() {
    let shop = Projection::embedded("shop");
    let events: Vec<_> = Shop::new(3).take(10_000).collect();
    let expected = shop.built(log(events.iter().map(|event| event.bytes.clone())).chunks(500)).documents;
    for seed in 1..=4 {
        let shuffled = log(interleaved(&events, &mut Random::new(seed)));
        assert!(shop.built(shuffled.chunks(500)).documents == expected, "other documents in the interleaving of seed {seed}");
    }
}

/// The same events, each service's in its own order, in another order of the services.
fn interleaved(events: &[projector::demo::Generated], random: &mut Random) -> Vec<Vec<u8>> {
    let mut services: Vec<(&str, std::collections::VecDeque<Vec<u8>>)> = Vec::new();
    for event in events {
        match services.iter_mut().find(|(service, _)| *service == event.service) {
            Some((_, waiting)) => waiting.push_back(event.bytes.clone()),
            None => services.push((event.service, [event.bytes.clone()].into())),
        }
    }
    let mut order = Vec::new();
    while !services.is_empty() {
        let place = random.below(services.len());
        for _ in 0..random.between(1, 40) {
            order.extend(services[place].1.pop_front());
        }
        services.retain(|(_, waiting)| !waiting.is_empty());
    }
    order
}
