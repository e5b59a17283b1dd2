//! Orders and pauses as JSON: orders and what they settled in a hash of the build, the pause in the projection's record.

use redis::Connection;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::keys::BuildKeys;
use super::server::Server;
use crate::fault::Fault;
use crate::state::{Asked, Order, Pause};

const ORDER: &str = include_str!("scripts/order.lua");

/// Gives orders to the owner of a build; whether there is such a build.
pub fn give(server: &Server, keys: &BuildKeys, orders: &[Order]) -> Result<bool, Fault> {
    let mut script = redis::cmd("EVAL");
    script.arg(ORDER).arg(2).arg(keys.checkpoint()).arg(keys.orders());
    for order in orders {
        script.arg(order.name()).arg(json!(order).to_string());
    }
    server.ask("giving orders", |redis| script.query(redis))
}

/// What is asked for.
pub fn asked(server: &Server, keys: &BuildKeys, limit: usize) -> Result<Asked, Fault> {
    let (record, orders) = (keys.projection().record(), keys.orders());
    type Found = ((Option<String>, Option<u64>), Vec<(String, String)>);
    let ((pause, live), mut found): Found = server.ask("reading orders", |redis| {
        redis::pipe().cmd("HMGET").arg(&record).arg(&["pause", "live"]).cmd("HGETALL").arg(&orders).query(redis)
    })?;
    found.sort_unstable();
    let orders = found.iter().take(limit).map(|(_, text)| parse(server, keys, text)).collect::<Result<_, Fault>>()?;
    Ok(Asked { live, pause: pause.map(|text| parse(server, keys, &text)).transpose()?, orders })
}

/// The orders by which a build differs from its log.
pub fn settled(server: &Server, keys: &BuildKeys) -> Result<Vec<Order>, Fault> {
    let texts: Vec<String> =
        server.ask("reading orders", |redis: &mut Connection| redis::cmd("HVALS").arg(keys.settled()).query(redis))?;
    let mut orders = texts.iter().map(|text| parse(server, keys, text)).collect::<Result<Vec<Order>, Fault>>()?;
    orders.sort_unstable_by_key(|order| order.position);
    Ok(orders)
}

/// The pause in the record of a projection.
pub fn pause(text: Option<&String>) -> Option<Pause> {
    // One that cannot be read is better kept than ignored; `resume` removes it.
    let unreadable = |error: serde_json::Error| Pause { since: 0, by: "unknown".to_owned(), reason: Some(error.to_string()) };
    text.map(|text| serde_json::from_str(text).unwrap_or_else(unreadable))
}

fn parse<T: DeserializeOwned>(server: &Server, keys: &BuildKeys, text: &str) -> Result<T, Fault> {
    let unreadable = |error| server.damaged(format!("an order under {} cannot be read: {error}", keys.prefix()));
    serde_json::from_str(text).map_err(unreadable)
}
