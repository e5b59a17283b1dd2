//! Tables in ClickHouse: one for each view of each generation, and a stable name that shows the live one.
//!
//! A table holds the view's columns in ClickHouse's own types, for people to query, and beside them what Projector needs: the
//! document as it is, versions, the key, and the columns of lists as ordered bytes. `FINAL` leaves of each key the row of the highest version.

mod body;
mod check;
mod column;
mod examine;
mod layout;
mod lists;
mod names;
mod problem;
mod server;
mod statements;
mod url;
mod value;
mod writer;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use clickhouse::Row;
use serde::Deserialize;
use xxhash_rust::xxh3::xxh3_128;

use self::check::{Found, Verdict};
use self::layout::{Column, Layout};
use self::names::{Owner, Role};
use self::server::{Question, Server};
use self::statements::Statements;
use super::TableBuild;
use crate::config::ClickHousePlace;
use crate::fault::Fault;
use crate::token;

pub use examine::ClickHouseFacts;
pub use lists::ClickHouseTables;
pub use url::ClickHouseUrl;

/// A database in ClickHouse, as those see it who write to it.
pub struct ClickHouse {
    server: Server,
    statements: Statements,
    /// Whose tables are ours.
    owner: String,
    /// Columns of tables that were looked at before, by the tables' names.
    columns: Mutex<HashMap<String, Arc<Vec<Column>>>>,
}

/// A table that a build has or should have.
struct Wanted {
    name: String,
    owner: Owner,
    layout: Layout,
}

/// A column of some table.
#[derive(Row, Deserialize)]
struct FoundColumn {
    name: String,
    r#type: String,
}

// === impl ClickHouse ===

impl ClickHouse {
    /// The database of this place; connected to when it is first asked.
    pub fn new(place: &ClickHousePlace) -> Result<ClickHouse, Fault> {
        let statements = Statements { database: place.url.database().to_owned(), deployment: place.deployment.clone() };
        Ok(ClickHouse { server: Server::new(place)?, statements, owner: place.owner.clone(), columns: Mutex::default() })
    }

    fn server(&self) -> &Server {
        &self.server
    }

    fn statements(&self) -> &Statements {
        &self.statements
    }

    /// What of ours, and of others, is in the database: tables and stable names.
    fn found(&self) -> Result<Vec<Found>, Fault> {
        let text = "SELECT name, comment FROM system.tables WHERE database = {p0:String}".to_owned();
        self.server.ask("looking for tables", &Question { text, parameters: vec![self.statements.database.clone()] })
    }

    fn wanted(&self, build: &TableBuild) -> Vec<Wanted> {
        let of_view = |spec: &crate::view::ViewSpec| {
            let layout = Layout::new(spec);
            let tables = self.statements.tables(&spec.name, build.number);
            tables.into_iter().map(move |(name, role)| {
                let owner = self.owner(build, &layout.spec.name, role);
                Wanted { name, owner, layout: layout.clone() }
            })
        };
        build.catalogue.views.iter().flat_map(of_view).collect()
    }

    /// The columns of a table, once they were found to be those of the layout; in the layout's order, with types as the server spells them.
    fn columns(&self, table: &str, layout: &Layout) -> Result<Arc<Vec<Column>>, Fault> {
        if let Some(columns) = self.known_columns().get(table) {
            return Ok(columns.clone());
        }
        let found = self.ask_columns(table)?;
        if found.is_empty() {
            return Err(self.server.lost(format!("table {table}")));
        }
        if let Some(difference) = check::columns(layout, &found) {
            let what =
                format!("in table {table} {difference}; somebody changed it: drop the table, and it is made and filled anew");
            return Err(self.server.unfit(what));
        }
        let spelled = |wanted: Column| found.iter().find(|column| column.name == wanted.name).cloned().unwrap_or(wanted);
        let columns = Arc::new(layout.columns().into_iter().map(spelled).collect::<Vec<_>>());
        self.known_columns().insert(table.to_owned(), columns.clone());
        Ok(columns)
    }

    fn ask_columns(&self, table: &str) -> Result<Vec<Column>, Fault> {
        let text = "SELECT name, type FROM system.columns WHERE database = {p0:String} AND table = {p1:String}".to_owned();
        let question = Question { text, parameters: vec![self.statements.database.clone(), table.to_owned()] };
        let found: Vec<FoundColumn> = self.server.ask("looking at a table", &question)?;
        Ok(found.into_iter().map(|column| Column { name: column.name, ty: column.r#type }).collect())
    }

    fn known_columns(&self) -> MutexGuard<'_, HashMap<String, Arc<Vec<Column>>>> {
        self.columns.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What to do about each table; refuses before anything is done.
    fn verdicts(&self, wanted: &[Wanted]) -> Result<Vec<Verdict>, Fault> {
        let found = self.found()?;
        let verdict = |table: &Wanted| {
            if let Some(objection) = table.layout.objection() {
                return Err(self.server.unfit(format!("view {} {objection}", table.owner.view)));
            }
            match table.verdict(&found) {
                Verdict::Refuse(reason) => Err(self.server.unfit(format!("there is a table {}: {reason}", table.name))),
                verdict => Ok(verdict),
            }
        };
        wanted.iter().map(verdict).collect()
    }

    fn make(&self, table: &Wanted, verdict: &Verdict) -> Result<(), Fault> {
        match verdict {
            Verdict::Keep | Verdict::Refuse(_) => return Ok(()),
            Verdict::Make => {}
            Verdict::Replace => {
                tracing::warn!("table {} is left over from another build: it is dropped and made anew", table.name);
                self.server.change("dropping a table", &self.statements.drop_table(&table.name))?;
            }
        }
        let create = self.statements.create(&table.name, &table.layout, &table.owner, &token::unique());
        self.server.change("making a table", &create)
    }

    /// Whose the table of a view is.
    fn owner(&self, build: &TableBuild, view: &str, role: Role) -> Owner {
        Owner {
            projector: role,
            name: self.owner.clone(),
            projection: build.projection.clone(),
            generation: build.number,
            view: view.to_owned(),
            build: build.identity.clone(),
        }
    }

    /// The tables of a projection, with their names.
    fn tables_of(&self, projection: &str) -> Result<Vec<(String, Owner)>, Fault> {
        let owned = |found: Found| Some((found.name, Owner::of_comment(&found.comment)?));
        let of_projection = |owner: &Owner| {
            (&*owner.name, &*owner.projection) == (&*self.owner, projection) && owner.projector != Role::StableName
        };
        Ok(self.found()?.into_iter().filter_map(owned).filter(|(_, owner)| of_projection(owner)).collect())
    }
}

// === impl Wanted ===

impl Wanted {
    fn verdict(&self, found: &[Found]) -> Verdict {
        check::table(self.find(found), &self.owner)
    }

    /// Whether rows are written to it and read from it, rather than below it.
    fn is_read(&self) -> bool {
        self.name == names::table_name(&self.owner.view, self.owner.generation)
    }

    fn find<'f>(&self, found: &'f [Found]) -> Option<&'f Found> {
        found.iter().find(|found| found.name == self.name)
    }
}

/// What tells these tables from all others; `None` where one is missing, or is another's.
fn identity(wanted: &[Wanted], found: &[Found]) -> Option<String> {
    let mut made = Vec::new();
    for table in wanted {
        if table.verdict(found) != Verdict::Keep {
            return None;
        }
        made.push(names::made_of_comment(&table.find(found)?.comment)?);
    }
    Some(format!("{:032x}", xxh3_128(made.join(" ").as_bytes())))
}
