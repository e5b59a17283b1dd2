//! Views: the SELECT in its own file, and how documents and lists are kept.

use std::sync::Arc;

use schemas::SourceFile;
use sqlparser::ast::Query;

use super::file::ViewDef;
use super::nearest::suggest;
use super::report::Report;
use super::rules::report_at;
use super::sql::SqlText;
use super::syntax::Text;
use crate::plan::{Column, View, ViewId};
use crate::planner::{Planner, Selected, named_columns};

/// A view whose SELECT is parsed.
pub struct ViewDraft<'f> {
    /// The view as it is written in `projection.toml`.
    pub def: &'f ViewDef<'f>,
    /// The file of its SELECT.
    pub sql: SqlText<'f>,
    /// The SELECT.
    pub query: Query,
    /// The mistakes in its file.
    pub report: Report<'f>,
}

/// Finds and parses the view's SELECT. A mistake in it goes to the report of its own file, which comes back as the error.
pub fn parse<'f>(
    def: &'f ViewDef<'f>,
    folder: &str,
    files: &'f [SourceFile],
    report: &mut Report<'_>,
) -> Result<ViewDraft<'f>, Option<Report<'f>>> {
    let path = format!("{folder}{}", def.query.value);
    let Some(file) = files.iter().find(|file| file.path == path) else {
        let beside = files.iter().filter_map(|file| file.path.strip_prefix(folder)).filter(|name| name.ends_with(".sql"));
        let message = format!("there is no file `{path}`");
        report.add_with_hint(def.query.span.clone(), message, suggest(def.query.value, beside));
        return Err(None);
    };
    let sql = SqlText::of_file(&file.text);
    let mut own = Report::new(file);
    match sql.parse_query(&mut own) {
        Some(query) => Ok(ViewDraft { def, sql, query, report: own }),
        None => Err(Some(own)),
    }
}

// === impl ViewDraft ===

impl ViewDraft<'_> {
    /// Plans the SELECT; its mistakes go to the report of its file, and those about its columns to `report`.
    pub fn plan(&mut self, number: ViewId, planner: &mut Planner<'_>, report: &mut Report<'_>) -> Option<View> {
        let mut mistakes = Vec::new();
        let selected = planner.view(number, &self.query, &mut mistakes);
        report_at(&self.sql, mistakes, &mut self.report);
        let Some(Selected { columns, key }) = selected else {
            // The names are known all the same.
            let columns = named_columns(&self.query);
            column_numbers(&self.def.filters, &columns, report);
            column_numbers(&self.def.order_by, &columns, report);
            return None;
        };
        let filters = with_key(column_numbers(&self.def.filters, &columns, report), &key);
        let order_by = with_key(column_numbers(&self.def.order_by, &columns, report), &key);
        Some(View {
            name: self.def.name.value.to_owned(),
            query: Arc::from(self.sql.text.as_ref()),
            columns,
            key,
            filters,
            order_by,
        })
    }
}

fn column_numbers(names: &[Text<'_>], columns: &[Column], report: &mut Report<'_>) -> Vec<usize> {
    names.iter().filter_map(|name| column_number(name, columns, report)).collect()
}

fn column_number(name: &Text<'_>, columns: &[Column], report: &mut Report<'_>) -> Option<usize> {
    let Some(number) = columns.iter().position(|column| column.name == name.value) else {
        let hint = suggest(name.value, columns.iter().map(|column| column.name.as_str()));
        report.add_with_hint(name.span.clone(), format!("the view has no column `{}`", name.value), hint);
        return None;
    };
    let ty = &columns[number].ty;
    if !ty.is_comparable() {
        report.add(name.span.clone(), format!("`{}` is {ty}, which has no order", name.value));
        return None;
    }
    Some(number)
}

/// The columns, and those of the key that are not among them.
fn with_key(mut columns: Vec<usize>, key: &[usize]) -> Vec<usize> {
    columns.extend(key.iter().filter(|column| !columns.contains(column)).copied().collect::<Vec<_>>());
    columns
}
