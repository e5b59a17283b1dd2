//! Which nodes share the slots of a Redis Cluster, as one of them sees it.

use redis::{FromRedisValue, ParsingError, Value};

use super::route::Address;

/// How many slots a cluster has.
pub const SLOTS: usize = 1 << 14;

/// Slots that follow each other and have the same master.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// How many they are.
    pub slots: usize,
    /// Who has them.
    pub master: Address,
    /// Who would take them over.
    pub replicas: Vec<Address>,
}

/// The shares, as the node at `asked` answers `CLUSTER SLOTS`.
pub fn parse(found: &[Value], asked: &Address) -> Result<Vec<Share>, ParsingError> {
    found.iter().map(|share| parse_share(share, asked).ok_or_else(|| format!("{share:?} is no share of slots").into())).collect()
}

fn parse_share(share: &Value, asked: &Address) -> Option<Share> {
    let Value::Array(parts) = share else { return None };
    let [Value::Int(first), Value::Int(last), master, replicas @ ..] = &parts[..] else { return None };
    let replicas = replicas.iter().map(|replica| parse_address(replica, asked)).collect::<Option<_>>()?;
    Some(Share { slots: usize::try_from(last - first).ok()? + 1, master: parse_address(master, asked)?, replicas })
}

/// A node without a name has that of the one that was asked.
fn parse_address(node: &Value, asked: &Address) -> Option<Address> {
    let Value::Array(parts) = node else { return None };
    let [host, Value::Int(port), ..] = &parts[..] else { return None };
    let host = Option::<String>::from_redis_value_ref(host).ok()?.filter(|host| !host.is_empty());
    Some(Address { host: host.unwrap_or_else(|| asked.host.clone()), port: u16::try_from(*port).ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(host: Value, port: i64) -> Value {
        Value::Array(vec![host, Value::Int(port), Value::BulkString(b"id".into()), Value::Array(vec![])])
    }

    #[test]
    fn shares_have_a_master_and_replicas() {
        let host = |name: &str| Value::BulkString(name.into());
        let share = |nodes: &[Value]| Value::Array([&[Value::Int(5), Value::Int(7)], nodes].concat());
        let at = |host: &str, port| Address { host: host.to_owned(), port };
        let asked = at("asked", 1);
        let found = [share(&[node(host("a"), 7000), node(host(""), 7001)]), share(&[node(Value::Nil, 7002)])];
        let expected = [
            Share { slots: 3, master: at("a", 7000), replicas: vec![at("asked", 7001)] },
            Share { slots: 3, master: at("asked", 7002), replicas: vec![] },
        ];
        assert_eq!(parse(&found, &asked).unwrap(), expected);
        assert!(parse(&[share(&[])], &asked).is_err());
    }
}
