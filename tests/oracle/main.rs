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
mod served;
mod shop;
mod tables;

#[path = "../binary/command.rs"]
mod binary;
#[path = "../servers/certificates.rs"]
#[expect(dead_code, reason = "other tests encrypt")]
mod certificates;
#[path = "../servers/clickhouse.rs"]
#[expect(dead_code, reason = "other tests write tables themselves")]
mod clickhouse;
#[path = "../servers/nats.rs"]
#[expect(dead_code, reason = "other tests do more to a stream")]
mod nats;
#[path = "../servers/process.rs"]
#[expect(dead_code, reason = "other tests do more to a server")]
mod process;
#[path = "../servers/redis.rs"]
#[expect(dead_code, reason = "other tests encrypt")]
mod redis;
