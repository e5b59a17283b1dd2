//! SQL in upcasts: the registry knows none, so it is given this compiler.

use schemas::{CompileUpcast, Diagnostic, Field, Registry, SourceFile, UpcastExpr, UpcastMistake, Value};
use sqlparser::ast::{Ident, Query, Spanned as _};
use sqlparser::tokenizer::Span;

use super::nearest::suggest;
use super::report::Report;
use super::sql::SqlText;
use crate::expr::{AggregateCall, EvalError, Expr, Frame, Mistake, Scope, Typed, compile, eval, settled};

/// Reads the event schemas below the folder `root`, upcasts and all.
pub fn load_registry(root: &str, files: &[SourceFile]) -> Result<Registry, Vec<Diagnostic>> {
    Registry::build(root, files, &SqlUpcasts)
}

struct SqlUpcasts;

/// The fields of the older version's data.
struct OldFields<'s> {
    fields: &'s [Field],
    read: Vec<Vec<String>>,
}

impl CompileUpcast for SqlUpcasts {
    fn compile(&self, text: &str, fields: &[Field]) -> Result<UpcastExpr, Vec<UpcastMistake>> {
        let sql = SqlText::of_file(text);
        let file = SourceFile { path: String::new(), text: text.to_owned() };
        let mut report = Report::new(&file);
        let Some(ast) = sql.parse_expr(&mut report) else {
            return Err(report.finish().into_iter().map(syntax_mistake).collect());
        };
        let mut scope = OldFields { fields, read: Vec::new() };
        let mut mistakes = Vec::new();
        match compile(&ast, &mut scope, &mut mistakes) {
            Some(typed) if mistakes.is_empty() => {
                let Typed { expr, ty } = settled(typed);
                Ok(UpcastExpr { fields: scope.read, ty, eval: Box::new(move |values| evaluate(&expr, values)) })
            }
            _ => Err(mistakes.into_iter().map(|mistake| placed(&sql, mistake)).collect()),
        }
    }
}

fn evaluate(expr: &Expr, values: &[Value<'_>]) -> Result<Value<'static>, String> {
    let params: Vec<Result<Value<'_>, EvalError>> = values.iter().map(|value| Ok(value.borrowed())).collect();
    let frame = Frame { rows: &[], params: &params };
    eval(expr, &frame).map(Value::into_owned).map_err(|error| error.to_string())
}

fn syntax_mistake(mistake: Diagnostic) -> UpcastMistake {
    UpcastMistake { span: mistake.span.unwrap_or_default(), message: mistake.message, hint: mistake.hint }
}

fn placed(sql: &SqlText<'_>, mistake: Mistake) -> UpcastMistake {
    UpcastMistake { span: sql.place(mistake.span), message: mistake.message, hint: mistake.hint }
}

impl Scope for OldFields<'_> {
    fn column(&mut self, name: &[Ident]) -> Result<Typed, Mistake> {
        let path: Vec<String> = name.iter().map(|ident| ident.value.clone()).collect();
        let found = path.split_first().and_then(|(first, rest)| self.fields.iter().find(|field| field.name == *first)?.at(rest));
        let field = found.ok_or_else(|| Mistake {
            span: Span::union_iter(name.iter().map(|ident| ident.span)),
            message: format!("the older version has no field `{}`", path.join(".")),
            hint: suggest(&path.join("."), self.fields.iter().map(|field| field.name.as_str())),
        })?;
        let number = self.read.iter().position(|known| *known == path).unwrap_or_else(|| {
            self.read.push(path);
            self.read.len() - 1
        });
        Ok(Typed { expr: Expr::Param(number), ty: field.ty })
    }

    fn subselect(&mut self, query: &Query, mistakes: &mut Vec<Mistake>) -> Option<Typed> {
        let hint = "an upcast sees the older data only";
        mistakes.push(Mistake::new(query.span(), "an upcast cannot have a sub-select").with_hint(hint));
        None
    }

    fn aggregate(&mut self, call: &AggregateCall<'_>, mistakes: &mut Vec<Mistake>) -> Option<Typed> {
        let hint = "an upcast sees one event only";
        mistakes.push(Mistake::new(call.span, "an upcast cannot have an aggregate").with_hint(hint));
        None
    }
}
