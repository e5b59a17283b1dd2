//! What a reader must know of a view: its columns, its key, and what its lists can be filtered and sorted by.
//! Stored with each generation, so that reading needs no definition files.

mod stored_type;

use projections::plan::{Plan, View};
use schemas::Type;
use serde::{Deserialize, Serialize};

/// The names behind the numbers of one generation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Catalogue {
    /// Entities, by number.
    pub entities: Vec<String>,
    /// Views, by number.
    pub views: Vec<ViewSpec>,
}

/// A view, as its readers see it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ViewSpec {
    /// Its name.
    pub name: String,
    /// Its columns, in SELECT order.
    pub columns: Vec<ColumnSpec>,
    /// The columns of the key, in the key's order.
    pub key: Vec<usize>,
    /// Columns by which lists may be filtered and sorted, ascending; those of the key are among them.
    pub listed: Vec<usize>,
    /// The order of a list for which none is asked for.
    pub order_by: Vec<usize>,
}

/// A column of a view.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "stored_type::Column", into = "stored_type::Column")]
pub struct ColumnSpec {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: Type,
}

// === impl Catalogue ===

impl Catalogue {
    /// The names of a plan.
    pub fn of(plan: &Plan) -> Catalogue {
        Catalogue {
            entities: plan.entities.iter().map(|entity| entity.name.clone()).collect(),
            views: plan.views.iter().map(ViewSpec::of).collect(),
        }
    }
}

// === impl ViewSpec ===

impl ViewSpec {
    /// The reader's side of a planned view.
    pub fn of(view: &View) -> ViewSpec {
        let mut listed: Vec<usize> = [&view.filters, &view.order_by, &view.key].into_iter().flatten().copied().collect();
        listed.sort_unstable();
        listed.dedup();
        ViewSpec {
            name: view.name.clone(),
            columns: view.columns.iter().map(|c| ColumnSpec { name: c.name.clone(), ty: c.ty.clone() }).collect(),
            key: view.key.clone(),
            listed,
            order_by: view.order_by.clone(),
        }
    }

    /// The types of the key's parts.
    pub fn key_types(&self) -> Vec<Type> {
        self.key.iter().map(|&column| self.columns[column].ty.clone()).collect()
    }

    /// The number of the column of this name.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }
}
