//! Dead letters as operators see and settle them: found by what is known of them, tried again, repaired, discarded.

mod filter;
mod repairs;
mod settle;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::clock;
use crate::state::Order;
use crate::state::views::StoredDeadLetter;

pub use filter::Filter;
pub use repairs::{BadRepair, Repair, parse as parse_repairs, parse_one as parse_repair};
pub use settle::{CannotSettle, Carried, Desk, Report};

/// A dead letter as JSON. Its event is text where it can be, and otherwise its bytes as numbers: nothing of it is lost.
pub fn to_json(letter: &StoredDeadLetter) -> Value {
    let event = match str::from_utf8(&letter.event) {
        Ok(text) => json!(text),
        Err(_) => json!(letter.event),
    };
    json!({
        "position": letter.position,
        "time": clock::shown(letter.time),
        "kind": letter.kind,
        "reason": letter.reason,
        "keys": letter.keys,
        "event": event,
    })
}

/// What came of orders, as JSON.
pub fn report_to_json(projection: &str, carried: &Carried, report: &Report) -> Value {
    json!({
        "projection": projection,
        "asked": report.asked,
        "carried_out": *carried == Carried::Out,
        "gone": report.gone,
        "stay": kinds(report),
        "left": report.left,
    })
}

/// How many dead letters stay, by kind.
pub fn kinds(report: &Report) -> BTreeMap<&str, usize> {
    let mut kinds = BTreeMap::new();
    for letter in &report.stay {
        *kinds.entry(letter.kind.as_str()).or_default() += 1;
    }
    kinds
}

/// An order as JSON.
pub fn order_to_json(order: &Order) -> Value {
    json!({
        "position": order.position,
        "action": order.action.word(),
        "by": order.by,
        "at": clock::shown(order.at),
        "reason": order.reason,
        "event": order.action.event(),
    })
}
