//! The statements that make and drop tables and stable names.

use super::column::ColumnType;
use super::layout::{DELETED, KEY, Layout, VERSION};
use super::names::{Owner, Role, identifier, literal, shard_name, table_name};
use crate::config::{Deployment, Replication, Sharding};
use schemas::Type;

/// Writes statements for one database.
#[derive(Clone, Debug)]
pub struct Statements {
    /// The database.
    pub database: String,
    /// How its tables are spread over servers.
    pub deployment: Deployment,
}

// === impl Statements ===

impl Statements {
    /// A name in the database.
    pub fn qualified(&self, name: &str) -> String {
        format!("{}.{}", identifier(&self.database), identifier(name))
    }

    /// The tables that a view has in a generation, with their names, in the order in which they are made.
    pub fn tables(&self, view: &str, generation: u64) -> Vec<(String, Role)> {
        let table = table_name(view, generation);
        match self.deployment.sharding {
            Sharding::None => vec![(table, Role::Table)],
            Sharding::ByKey => vec![(shard_name(view, generation), Role::Table), (table, Role::Distributed)],
        }
    }

    /// Makes a table where there is none of its name; `made`: a name that no other has or had.
    pub fn create(&self, name: &str, layout: &Layout, owner: &Owner, made: &str) -> String {
        let columns = layout.columns().into_iter().map(|column| format!("{} {}", identifier(&column.name), column.ty));
        let (indexes, engine) = match owner.projector {
            Role::Distributed => (Vec::new(), self.distributed(owner)),
            Role::Table | Role::StableName => (indexes(layout), self.engine()),
        };
        let parts: Vec<String> = columns.chain(indexes).collect();
        format!(
            "CREATE TABLE IF NOT EXISTS {}{} ({}) ENGINE = {engine} COMMENT {}",
            self.qualified(name),
            self.on_cluster(),
            parts.join(", "),
            literal(&owner.to_table_comment(made))
        )
    }

    /// Drops a table, with what a replica keeps elsewhere, before it returns.
    pub fn drop_table(&self, name: &str) -> String {
        format!("DROP TABLE IF EXISTS {}{} SYNC", self.qualified(name), self.on_cluster())
    }

    /// Makes a stable name show the table of its generation, from one moment to the next.
    pub fn show(&self, layout: &Layout, owner: &Owner) -> String {
        let columns: Vec<String> = layout.view_columns().map(|(name, _)| identifier(name)).collect();
        format!(
            "CREATE OR REPLACE VIEW {}{} AS SELECT {} FROM {} FINAL WHERE {} = 0 COMMENT {}",
            self.qualified(&owner.view),
            self.on_cluster(),
            columns.join(", "),
            self.qualified(&table_name(&owner.view, owner.generation)),
            identifier(DELETED),
            literal(&owner.to_comment())
        )
    }

    /// Drops a stable name.
    pub fn hide(&self, name: &str) -> String {
        format!("DROP VIEW IF EXISTS {}{} SYNC", self.qualified(name), self.on_cluster())
    }

    fn on_cluster(&self) -> String {
        self.deployment.cluster.as_ref().map(|cluster| format!(" ON CLUSTER {}", identifier(cluster))).unwrap_or_default()
    }

    /// Sorted by the key alone: rows replace each other where all of what sorts them is equal.
    fn engine(&self) -> String {
        let (version, deleted, key) = (identifier(VERSION), identifier(DELETED), identifier(KEY));
        let engine = match &self.deployment.replication {
            Replication::None => format!("ReplacingMergeTree({version}, {deleted})"),
            Replication::Default => format!("ReplicatedReplacingMergeTree({version}, {deleted})"),
            Replication::Path(path) => {
                format!("ReplicatedReplacingMergeTree({}, '{{replica}}', {version}, {deleted})", literal(path))
            }
        };
        format!("{engine} ORDER BY {key}")
    }

    /// All versions of a key go to one shard, where they can replace each other.
    fn distributed(&self, owner: &Owner) -> String {
        let cluster = self.deployment.cluster.as_deref().unwrap_or_default();
        let shard = shard_name(&owner.view, owner.generation);
        let (database, key) = (literal(&self.database), identifier(KEY));
        format!("Distributed({}, {database}, {}, cityHash64({key}))", literal(cluster), literal(&shard))
    }
}

/// The table is in the order of its keys; what else is filtered by skips what it can.
fn indexes(layout: &Layout) -> Vec<String> {
    let ordered = layout.ordered_columns().flat_map(|name| [index(&name, "minmax"), index(&name, "bloom_filter")]);
    let listed = |name: &str| layout.spec.column(name).is_some_and(|column| layout.spec.listed.contains(&column));
    let own = layout.view_columns().filter(|(name, _)| listed(name));
    ordered.chain(own.filter_map(|(name, ty)| Some(index(name, index_type(ty)?)))).collect()
}

fn index(column: &str, ty: &str) -> String {
    format!("INDEX {} {} TYPE {ty}", identifier(&format!("{column}_{ty}")), identifier(column))
}

/// What is asked for by value, and what by range.
fn index_type(ty: &ColumnType) -> Option<&'static str> {
    match ty {
        ColumnType::Scalar(Type::Text | Type::Uuid | Type::Int4 | Type::Int8) => Some("bloom_filter"),
        ColumnType::Scalar(_) => Some("minmax"),
        ColumnType::Json | ColumnType::Array(_) | ColumnType::Tuple(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::{ColumnSpec, ViewSpec};

    fn layout() -> Layout {
        let column = |name: &str, ty| ColumnSpec { name: name.into(), ty };
        let columns = vec![column("id", Type::Text), column("paid", Type::Decimal), column("notes", Type::JSON)];
        Layout::new(&ViewSpec { name: "orders".into(), columns, key: vec![0], listed: vec![0, 1], order_by: vec![1, 0] })
    }

    fn owner(projector: Role) -> Owner {
        Owner {
            projector,
            name: "me".into(),
            projection: "shop".into(),
            generation: 3,
            view: "orders".into(),
            build: "it's".into(),
        }
    }

    fn statements(deployment: Deployment) -> Statements {
        Statements { database: "db".into(), deployment }
    }

    #[test]
    fn tables_on_one_server() {
        let statements = statements(Deployment::default());
        assert_eq!(statements.tables("orders", 3), [("orders__g3".to_owned(), Role::Table)]);
        insta::assert_snapshot!(statements.create("orders__g3", &layout(), &owner(Role::Table), "m1"), @r#"CREATE TABLE IF NOT EXISTS `db`.`orders__g3` (`id` Nullable(String), `paid` Nullable(Decimal(76, 28)), `notes` Nullable(String), `_by_paid` String, `_document` String, `_position` UInt64, `_version` UInt64, `_deleted` UInt8, `_key` String, INDEX `_by_paid_minmax` `_by_paid` TYPE minmax, INDEX `_by_paid_bloom_filter` `_by_paid` TYPE bloom_filter, INDEX `id_bloom_filter` `id` TYPE bloom_filter, INDEX `paid_minmax` `paid` TYPE minmax) ENGINE = ReplacingMergeTree(`_version`, `_deleted`) ORDER BY `_key` COMMENT '{"projector":"table","name":"me","projection":"shop","generation":3,"view":"orders","build":"it\'s","made":"m1"}'"#);
        insta::assert_snapshot!(statements.show(&layout(), &owner(Role::StableName)), @r#"CREATE OR REPLACE VIEW `db`.`orders` AS SELECT `id`, `paid`, `notes` FROM `db`.`orders__g3` FINAL WHERE `_deleted` = 0 COMMENT '{"projector":"stable_name","name":"me","projection":"shop","generation":3,"view":"orders","build":"it\'s"}'"#);
        assert_eq!(statements.drop_table("a`b"), r"DROP TABLE IF EXISTS `db`.`a\`b` SYNC");
        assert_eq!(statements.hide("orders"), "DROP VIEW IF EXISTS `db`.`orders` SYNC");
    }

    #[test]
    fn tables_on_the_servers_of_a_cluster() {
        let cluster = Some("main".to_owned());
        let path = "/ch/{shard}/{table}".to_owned();
        let deployment = Deployment { cluster, replication: Replication::Path(path), sharding: Sharding::ByKey };
        let statements = statements(deployment);
        let tables = statements.tables("orders", 3);
        assert_eq!(tables, [("orders__g3_shard".to_owned(), Role::Table), ("orders__g3".to_owned(), Role::Distributed)]);
        let created = tables.iter().map(|(name, role)| statements.create(name, &layout(), &owner(*role), "m1"));
        insta::assert_snapshot!(created.collect::<Vec<_>>().join("\n"), @r#"
        CREATE TABLE IF NOT EXISTS `db`.`orders__g3_shard` ON CLUSTER `main` (`id` Nullable(String), `paid` Nullable(Decimal(76, 28)), `notes` Nullable(String), `_by_paid` String, `_document` String, `_position` UInt64, `_version` UInt64, `_deleted` UInt8, `_key` String, INDEX `_by_paid_minmax` `_by_paid` TYPE minmax, INDEX `_by_paid_bloom_filter` `_by_paid` TYPE bloom_filter, INDEX `id_bloom_filter` `id` TYPE bloom_filter, INDEX `paid_minmax` `paid` TYPE minmax) ENGINE = ReplicatedReplacingMergeTree('/ch/{shard}/{table}', '{replica}', `_version`, `_deleted`) ORDER BY `_key` COMMENT '{"projector":"table","name":"me","projection":"shop","generation":3,"view":"orders","build":"it\'s","made":"m1"}'
        CREATE TABLE IF NOT EXISTS `db`.`orders__g3` ON CLUSTER `main` (`id` Nullable(String), `paid` Nullable(Decimal(76, 28)), `notes` Nullable(String), `_by_paid` String, `_document` String, `_position` UInt64, `_version` UInt64, `_deleted` UInt8, `_key` String) ENGINE = Distributed('main', 'db', 'orders__g3_shard', cityHash64(`_key`)) COMMENT '{"projector":"distributed","name":"me","projection":"shop","generation":3,"view":"orders","build":"it\'s","made":"m1"}'
        "#);
        insta::assert_snapshot!(statements.drop_table("orders__g3"), @r#"DROP TABLE IF EXISTS `db`.`orders__g3` ON CLUSTER `main` SYNC"#);
    }
}
