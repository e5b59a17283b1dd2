//! What users read.

use std::sync::Arc;

use super::Column;

/// What users read.
#[derive(Clone, Debug)]
pub struct View {
    /// The view's name.
    pub name: String,
    /// The columns, in SELECT order.
    pub columns: Vec<Column>,
    /// The columns that are the key, in the order of the key of the root, or of GROUP BY.
    pub key: Vec<usize>,
    /// The SELECT as it was written, for those who check it elsewhere.
    pub query: Arc<str>,
    /// Columns that lists may be filtered by; the key's are always among them.
    pub filters: Vec<usize>,
    /// The order of a list for which none is asked for; ends with the key.
    pub order_by: Vec<usize>,
}
