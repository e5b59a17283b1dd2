//! Expressions with a syntax of their own that stand for a function, and those that are refused.

use schemas::{Type, Value};
use sqlparser::ast::{self, AccessExpr, CeilFloorKind, DateTimeField, Spanned, Subscript, TrimWhereField};
use sqlparser::tokenizer::Span;

use super::{Compiler, Fault, refused};
use crate::expr::{Expr, Typed};

impl Compiler<'_> {
    pub(super) fn special(&mut self, ast: &ast::Expr) -> Option<Typed> {
        let span = ast.span();
        match ast {
            ast::Expr::Extract { field, expr, .. } => self.extract(field, expr, span),
            ast::Expr::Ceil { expr, field } => self.whole("ceil", expr, field, span),
            ast::Expr::Floor { expr, field } => self.whole("floor", expr, field, span),
            ast::Expr::Position { expr, r#in } => self.call("position", &[r#in, expr], span),
            ast::Expr::Substring { expr, substring_from, substring_for, .. } => {
                self.substring(expr, substring_from.as_deref(), substring_for.as_deref(), span)
            }
            ast::Expr::Trim { trim_where, trim_what, expr, trim_characters } => {
                let mut args = vec![&**expr];
                args.extend(trim_what.as_deref());
                args.extend(trim_characters.iter().flatten());
                self.call(trim_name(trim_where.as_ref()), &args, span)
            }
            ast::Expr::Overlay { expr, overlay_what, overlay_from, overlay_for } => {
                let mut args = vec![&**expr, overlay_what, overlay_from];
                args.extend(overlay_for.as_deref());
                self.call("overlay", &args, span)
            }
            ast::Expr::CompoundFieldAccess { root, access_chain } => self.access(root, access_chain, span),
            _ => self.fail(span, refused::syntax(ast)),
        }
    }

    fn extract(&mut self, field: &DateTimeField, from: &ast::Expr, span: Span) -> Option<Typed> {
        let from = self.expr(from)?;
        let unit = field.to_string().trim_matches(['\'', '"']).to_lowercase();
        let unit = Typed { expr: Expr::Literal(Value::Text(unit.into())), ty: Type::Text };
        self.apply("extract", vec![unit, from], span)
    }

    fn whole(&mut self, name: &str, arg: &ast::Expr, field: &CeilFloorKind, span: Span) -> Option<Typed> {
        if !matches!(field, CeilFloorKind::DateTimeField(DateTimeField::NoDateTime)) {
            return self.fail(
                span,
                Fault::new(format!("{name} takes one argument")).with_hint("write round(x, n) or date_trunc(unit, t)"),
            );
        }
        self.call(name, &[arg], span)
    }

    fn substring(&mut self, text: &ast::Expr, from: Option<&ast::Expr>, count: Option<&ast::Expr>, span: Span) -> Option<Typed> {
        let one = ast::Expr::value(ast::Value::Number("1".to_owned(), false));
        let mut args = vec![text, from.unwrap_or(&one)];
        args.extend(count);
        self.call("substring", &args, span)
    }

    /// `a[1]`, `t.a[1]`
    fn access(&mut self, root: &ast::Expr, chain: &[AccessExpr], span: Span) -> Option<Typed> {
        let (name, chain) = qualified(root, chain);
        let mut value = if name.is_empty() { self.expr(root) } else { self.column(&name) }?;
        for access in chain {
            let AccessExpr::Subscript(Subscript::Index { index }) = access else {
                let fault = Fault::new("only one element can be taken out of an array");
                return self.fail(span, fault.with_hint("write a[1], or data -> 'name' for json"));
            };
            if matches!(value.ty, Type::Json(_)) {
                let fault = Fault::new("cannot subscript type json because it does not support subscripting");
                return self.fail(span, fault.with_hint("write data -> 0 or data -> 'name'"));
            }
            let index = self.expr(index)?;
            value = self.apply("[]", vec![value, index], span)?;
        }
        Some(value)
    }
}

/// The name that a chain of accesses begins with, and what is accessed of it; no name where something else is accessed.
fn qualified<'a>(root: &ast::Expr, chain: &'a [AccessExpr]) -> (Vec<ast::Ident>, &'a [AccessExpr]) {
    let ast::Expr::Identifier(first) = root else { return (Vec::new(), chain) };
    let part = |access: &AccessExpr| match access {
        AccessExpr::Dot(ast::Expr::Identifier(part)) => Some(part.clone()),
        _ => None,
    };
    let parts: Vec<ast::Ident> = chain.iter().map_while(part).collect();
    let rest = &chain[parts.len()..];
    (std::iter::once(first.clone()).chain(parts).collect(), rest)
}

fn trim_name(side: Option<&TrimWhereField>) -> &'static str {
    match side {
        None | Some(TrimWhereField::Both) => "btrim",
        Some(TrimWhereField::Leading) => "ltrim",
        Some(TrimWhereField::Trailing) => "rtrim",
    }
}
