//! What there is to be seen of a database before anybody relies on it.

use clickhouse::Row;
use serde::Deserialize;

use super::ClickHouse;
use super::names::identifier;
use super::server::Question;
use crate::fault::Fault;

/// What is seen of a database and its server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClickHouseFacts {
    /// The version of the server.
    pub version: String,
    /// The most parts that a partition of a table of this database has.
    pub parts: u64,
    /// Bytes that the fullest disk has left.
    pub free: u64,
    /// Whether our user may do what tables need; `None` where the server cannot say.
    pub granted: Option<bool>,
}

/// What the server says of itself.
#[derive(Row, Deserialize)]
struct Said {
    version: String,
    parts: u64,
    free: u64,
}

/// An answer to whether something is allowed.
#[derive(Row, Deserialize)]
struct Granted {
    result: u8,
}

impl ClickHouse {
    /// Looks at the database; changes nothing.
    pub fn examine(&self) -> Result<ClickHouseFacts, Fault> {
        let text = "SELECT version() AS version, \
             ifNull((SELECT max(number) FROM (SELECT count() AS number FROM system.parts \
              WHERE database = {p0:String} AND active GROUP BY table, partition_id)), 0) AS parts, \
             ifNull((SELECT min(free_space) FROM system.disks), 0) AS free";
        let question = Question { text: text.to_owned(), parameters: vec![self.statements.database.clone()] };
        let said: Vec<Said> = self.server.ask("looking at the database", &question)?;
        let said = said.into_iter().next().ok_or_else(|| self.server.damaged("it says nothing of itself"))?;
        let Said { version, parts, free } = said;
        Ok(ClickHouseFacts { version, parts, free, granted: self.is_granted().ok() })
    }

    /// Servers before 24.10 do not understand the question.
    fn is_granted(&self) -> Result<bool, Fault> {
        let database = identifier(&self.statements.database);
        let text = format!("CHECK GRANT SELECT, INSERT, CREATE TABLE, CREATE VIEW, DROP TABLE, DROP VIEW ON {database}.*");
        let granted: Vec<Granted> = self.server.ask("asking for our rights", &Question { text, parameters: Vec::new() })?;
        Ok(granted.iter().all(|granted| granted.result == 1))
    }
}
