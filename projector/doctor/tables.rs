//! Judges a ClickHouse database.

use super::{Finding, Subject};
use crate::config::ClickHousePlace;
use crate::tables::ClickHouseFacts;

/// From so many parts of a partition on ClickHouse slows inserts down.
const MANY_PARTS: u64 = 1000;
/// With less space on a disk than this, in bytes, something is to be done soon.
const SCARCE: u64 = 1 << 30;

/// What there is to say of a database.
pub fn judge(facts: &ClickHouseFacts, place: &ClickHousePlace) -> Vec<Finding> {
    let tables = Subject::Tables;
    let mut findings = vec![tables.ok(format!("{} answers: ClickHouse {}", place.url, facts.version))];
    if facts.granted == Some(false) {
        findings.push(tables.fail(format!(
            "the user may not do all that is needed: GRANT SELECT, INSERT, CREATE TABLE, CREATE VIEW, DROP TABLE, DROP VIEW ON {}.*",
            place.url.database()
        )));
    }
    if facts.parts >= MANY_PARTS {
        let parts = facts.parts;
        findings.push(tables.warn(format!(
            "a partition has {parts} parts: from {MANY_PARTS} on inserts are slowed down; see why merges do not keep up"
        )));
    }
    if facts.free < SCARCE {
        findings.push(tables.warn(format!("there are {} MB left on a disk of the server: make room", facts.free >> 20)));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::{Expected, Level, assert_found};
    use super::*;
    use crate::config::{Deployment, Tls};
    use crate::tables::ClickHouseUrl;

    #[test]
    fn what_is_found_of_a_database() {
        use Level::{Fail, Warn};
        let url = ClickHouseUrl::parse("http://a:8123/shop").unwrap();
        let place = ClickHousePlace {
            url,
            owner: "me".into(),
            user: None,
            password: None,
            tls: Tls::default(),
            deployment: Deployment::default(),
        };
        let sound = ClickHouseFacts { version: "26.7".to_owned(), parts: 3, free: SCARCE, granted: Some(true) };
        let cases: [(ClickHouseFacts, Expected<'_>); 5] = [
            (sound.clone(), &[]),
            (ClickHouseFacts { granted: None, ..sound.clone() }, &[]),
            (ClickHouseFacts { granted: Some(false), ..sound.clone() }, &[(Fail, "DROP VIEW ON shop.*")]),
            (ClickHouseFacts { parts: MANY_PARTS, ..sound.clone() }, &[(Warn, "has 1000 parts")]),
            (ClickHouseFacts { free: 5 << 20, ..sound.clone() }, &[(Warn, "5 MB left")]),
        ];
        for (facts, expected) in cases {
            assert_found(&judge(&facts, &place), expected, &format!("{facts:?}"));
        }
    }
}
