//! What selects and sorts the rows of a list, over columns that hold ordered bytes: the same for every store that has such columns, so that
//! lists are the same in all of them.

use projections::codec::Key;

use super::{Choice, Comparison, Condition, Cursor, Direction, List, Page, Sort};
use crate::state::Document;
use crate::view::ViewSpec;

/// How a store names ordered columns, and how its SQL writes bytes.
pub trait Dialect {
    /// The ordered bytes of a listed column.
    fn column(&self, column: usize) -> String;
    /// The document's key.
    fn key(&self) -> String;
    /// The value with this number, counted from 0.
    fn parameter(&self, number: usize) -> String;
    /// The byte that NULL is, above all others.
    fn null(&self) -> &'static str;
}

/// Parts of a statement.
pub struct Clauses {
    /// Which rows are in the list, each condition with ` AND ` before it.
    pub filters: String,
    /// How many of the values these have; they come first.
    pub filtering: usize,
    /// Which of them come after the cursor, likewise.
    pub after: String,
    /// What stands behind `ORDER BY`.
    pub order: String,
    /// The values of the parameters, by number.
    pub values: Vec<Key>,
}

/// Conditions under construction.
struct Builder<'d, D> {
    dialect: &'d D,
    text: String,
    values: Vec<Key>,
}

/// The parts that select this list; `order`: its [`total_order`].
pub fn clauses(dialect: &impl Dialect, list: &List, order: &[Sort]) -> Clauses {
    let mut builder = Builder { dialect, text: String::new(), values: Vec::new() };
    for condition in &list.conditions {
        builder.condition(condition);
    }
    for choice in &list.choices {
        builder.choice(choice);
    }
    let (filters, filtering) = (std::mem::take(&mut builder.text), builder.values.len());
    if let Some(after) = &list.after {
        builder.after(order, after);
    }
    let sort = |sort: &Sort| {
        let descending = if sort.direction == Direction::Descending { " DESC" } else { "" };
        format!("{}{descending}, ", dialect.column(sort.column))
    };
    let sorted: String = order.iter().map(sort).collect();
    Clauses { filters, filtering, after: builder.text, order: sorted + &dialect.key(), values: builder.values }
}

/// The order without what decides nothing: whatever follows the whole key, and columns that came before.
pub fn total_order(view: &ViewSpec, order: &[Sort]) -> Vec<Sort> {
    let mut total: Vec<Sort> = Vec::new();
    for sort in order {
        if view.key.iter().all(|key| total.iter().any(|before| before.column == *key)) {
            break;
        }
        if total.iter().all(|before| before.column != sort.column) {
            total.push(*sort);
        }
    }
    total
}

/// The page of these documents, each with its columns of the [`total_order`]; one more than asked for tells that there is a next one.
pub fn page(mut rows: Vec<(Document, Vec<Key>)>, list: &List, count: Option<u64>) -> Page {
    let has_more = rows.len() > list.limit;
    rows.truncate(list.limit);
    let last = rows.last().filter(|_| has_more);
    let next = last.map(|(document, columns)| Cursor::new(list.mark, padded(columns, list), document.key.clone()));
    Page { documents: rows.into_iter().map(|(document, _)| document).collect(), next, count }
}

/// A cursor has one column for each of the list's order, those that decide nothing included.
fn padded(columns: &[Key], list: &List) -> Vec<Key> {
    let nothing = Key::from_bytes(&[]);
    (0..list.order.len()).map(|at| columns.get(at).unwrap_or(&nothing).clone()).collect()
}

// === impl Builder ===

impl<D: Dialect> Builder<'_, D> {
    fn condition(&mut self, condition: &Condition) {
        let column = self.dialect.column(condition.column);
        let sign = match condition.comparison {
            Comparison::Equal => "=",
            Comparison::NotEqual => "<>",
            Comparison::Less => "<",
            Comparison::LessOrEqual => "<=",
            Comparison::Greater => ">",
            Comparison::GreaterOrEqual => ">=",
        };
        self.push(&format!(" AND {column} {sign} "));
        self.bind(&condition.value);
        if matches!(condition.comparison, Comparison::Greater | Comparison::GreaterOrEqual) {
            // NULLs sort after everything, but are not greater than anything.
            self.push(&format!(" AND {column} < {}", self.dialect.null()));
        }
    }

    fn choice(&mut self, choice: &Choice) {
        let column = self.dialect.column(choice.column);
        for (at, value) in choice.values.iter().enumerate() {
            self.push(&if at == 0 { format!(" AND {column} IN (") } else { ", ".to_owned() });
            self.bind(value);
        }
        self.push(")");
    }

    /// `a > ? OR (a = ? AND (b > ? OR (b = ? AND key > ?)))`, and for the sake of an index also `a >= ?`.
    fn after(&mut self, order: &[Sort], after: &Cursor) {
        if let (Some(first), Some(value)) = (order.first(), after.columns.first()) {
            let sign = if first.direction == Direction::Descending { "<=" } else { ">=" };
            self.push(&format!(" AND {} {sign} ", self.dialect.column(first.column)));
            self.bind(value);
        }
        self.push(" AND ");
        for (sort, value) in order.iter().zip(&after.columns) {
            let column = self.dialect.column(sort.column);
            let sign = if sort.direction == Direction::Descending { "<" } else { ">" };
            self.push(&format!("({column} {sign} "));
            self.bind(value);
            self.push(&format!(" OR ({column} = "));
            self.bind(value);
            self.push(" AND ");
        }
        self.push(&format!("{} > ", self.dialect.key()));
        self.bind(&after.key);
        self.push(&"))".repeat(order.len()));
    }

    fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn bind(&mut self, value: &Key) {
        self.push(&self.dialect.parameter(self.values.len()));
        self.values.push(value.clone());
    }
}
