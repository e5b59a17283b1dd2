//! Everything that a store holds of a build.
//!
//! Left out is what is not a function of the log: the checkpoint's number of commits, and versions of documents, which are those of the
//! batches that changed them last.

use std::collections::BTreeMap;
use std::path::Path;

use projections::plan::Plan;
use redis::{Commands, Connection};
use rusqlite::types::Value;

use crate::process::Server;
use crate::redis as server;

/// What is stored, by its key.
pub type Stored = BTreeMap<Vec<u8>, Vec<u8>>;

/// Length of the hash in a mark.
const HASH: usize = 16;

/// What Redis holds of a build.
pub fn in_redis(redis: &Server, number: u64) -> Stored {
    let mut redis = server::client(redis);
    let prefix = format!("{{projector:shop:0}}:g{number}:");
    let keys: Vec<Vec<u8>> = redis.keys(format!("{prefix}*")).unwrap();
    let mut stored = Stored::new();
    for key in keys {
        let name = key[prefix.len()..].to_vec();
        if name != b"cp" && !name.starts_with(b"f") {
            stored.insert(name, value(&mut redis, &key));
        }
    }
    stored
}

fn value(redis: &mut Connection, key: &[u8]) -> Vec<u8> {
    let kind: String = redis::cmd("TYPE").arg(key).query(redis).unwrap();
    match kind.as_str() {
        "string" => {
            let bytes: Vec<u8> = redis.get(key).unwrap();
            let is_mark = key.windows(3).any(|part| part == b":m:");
            if is_mark { bytes[..HASH].to_vec() } else { bytes }
        }
        "zset" => redis.zrange::<_, Vec<Vec<u8>>>(key, 0, -1).unwrap().concat(),
        "hash" => {
            let fields: BTreeMap<Vec<u8>, Vec<u8>> = redis.hgetall(key).unwrap();
            fields.into_iter().map(|(field, value)| [field, value].concat()).collect::<Vec<_>>().concat()
        }
        kind => panic!("{kind} under {key:?}"),
    }
}

/// What the file holds of a build.
pub fn in_file(folder: &Path, plan: &Plan, number: u64) -> Stored {
    let file = rusqlite::Connection::open(folder.join("data/projector.db")).unwrap();
    let mut stored = Stored::new();
    let mut keep = |name: &str, sql: &str| {
        let mut select = file.prepare(sql).unwrap();
        let columns = select.column_count();
        let mut rows = select.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let values: Vec<Value> = (0..columns).map(|column| row.get(column).unwrap()).collect();
            let key = format!("{name} {:?}", values[0]).into_bytes();
            stored.insert(key, format!("{values:?}").into_bytes());
        }
    };
    let table = |name: &str| format!("\"shop.g{number}.{name}\"");
    keep("cells", &format!("SELECT key, value FROM {}", table("cells")));
    keep("links", &format!("SELECT key FROM {}", table("links")));
    for view in &plan.views {
        let sql = format!("SELECT key, hash, document, reason FROM {}", table(&format!("view.{}", view.name)));
        keep(&view.name, &sql);
    }
    let letters = "SELECT position, time, kind, reason, keys, event FROM dead_letters WHERE generation =";
    keep("letters", &format!("{letters} {number}"));
    keep("position", &format!("SELECT position, event_hash, event_time FROM generations WHERE number = {number}"));
    stored
}
