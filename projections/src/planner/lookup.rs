//! Many-to-one joins: rows found by their full key.

use schemas::Type;
use sqlparser::ast::{self, Ident, Select, Spanned as _};
use sqlparser::tokenizer::Span;

use super::Planner;
use super::draft::Link;
use super::from::conjuncts;
use super::join::{KeyPart, Keyed};
use super::level::LevelId;
use super::scope::Clause;
use crate::expr::{Expr, Mistake, Typed, coerce};
use crate::plan::{JoinKind, Lookup};

/// Whether values of the two types that are equal have the same bytes, so that one finds the other through an index.
pub fn are_keys_of_one_kind(a: &Type, b: &Type) -> bool {
    (a.is_integer() && b.is_integer()) || (a.is_same(b) && a.is_comparable())
}

/// Whether a constant of type `found` means a value of type `wanted`.
fn is_constant_of(found: &Type, wanted: &Type) -> bool {
    let is_wider = found.is_integer() && matches!(wanted, Type::Decimal | Type::Double);
    *found == Type::Unknown || is_wider || are_keys_of_one_kind(found, wanted)
}

// === impl Planner ===

impl Planner<'_> {
    /// Gives the relation a slot and the level's host a lookup that fills it.
    pub(super) fn place_lookup(&mut self, level: LevelId, keyed: &Keyed, mistakes: &mut Vec<Mistake>) {
        let slot = self.place(level, keyed.relation);
        let (key, link) = self.key_exprs(level, keyed, mistakes);
        let draft = self.state.levels[level].draft;
        self.state.drafts[draft].occurrences[slot].link = Some(link);
        let condition = self.conditions(level, Clause::On, &keyed.condition, mistakes);
        let entity = self.state.levels[level].relations[keyed.relation].entity;
        let host = self.state.levels[level].host;
        self.state.levels[host].lookups.push(Lookup { slot, entity, key, condition, kind: keyed.kind });
    }

    fn key_exprs(&mut self, level: LevelId, keyed: &Keyed, mistakes: &mut Vec<Mistake>) -> (Vec<Expr>, Link) {
        let (mut key, mut ties) = (Vec::new(), Vec::new());
        for (column, part) in keyed.key.iter().enumerate() {
            match self.key_expr(level, keyed.relation, column, part) {
                Ok(expr) => {
                    if let KeyPart::Column(other, _) = part {
                        ties.push((column, other));
                    }
                    key.push(expr);
                }
                Err(mistake) => mistakes.push(mistake),
            }
        }
        (key, self.link(self.state.levels[level].draft, ties))
    }

    fn key_expr(&mut self, level: LevelId, relation: usize, column: usize, part: &KeyPart) -> Result<Expr, Mistake> {
        let entity = &self.entities[self.state.levels[level].relations[relation].entity];
        let (name, ty) = (entity.columns[column].name.clone(), entity.columns[column].ty.clone());
        match part {
            KeyPart::Column(other, span) => {
                let typed = self.column(level, other, *span)?;
                check_kinds(&name, &ty, &typed.ty, *span)?;
                Ok(typed.expr)
            }
            KeyPart::Constant(typed, span) => {
                let message = format!("`{name}` is {ty}, and cannot be equal to {}", typed.ty);
                let coerced = coerce(typed.clone(), &ty).ok().filter(|_| is_constant_of(&typed.ty, &ty));
                coerced.map(|typed| typed.expr).ok_or_else(|| Mistake::new(*span, message))
            }
        }
    }

    /// A sub-select without an aggregate: it must find at most one row, by its key. It is lifted into the level around
    /// it as LEFT lookups; its value counts only where every row that it needs was found and its WHERE is true.
    pub(super) fn scalar(
        &mut self,
        level: LevelId,
        select: &Select,
        value: &ast::Expr,
        mistakes: &mut Vec<Mistake>,
    ) -> Option<Typed> {
        let before = mistakes.len();
        let sub = self.add_level(self.state.levels[level].draft, Some(level));
        self.state.levels[sub].host = self.state.levels[level].host;
        let joined = self.relations(sub, select, mistakes)?;
        let order = self.order(sub, &joined).map_err(|mistake| mistakes.push(mistake)).ok()?;
        let mut conditions: Vec<&ast::Expr> = select.selection.iter().flat_map(conjuncts).chain(&order.rest).collect();
        let Some(key) = self.key_of(sub, order.root, &mut conditions, &[]) else {
            mistakes.push(several_rows(select, value));
            return None;
        };
        let root = Keyed { relation: order.root, kind: JoinKind::Left, key, condition: Vec::new() };
        self.place_lookup(sub, &root, mistakes);
        let mut needed = vec![order.root];
        for keyed in order.lookups {
            if keyed.kind == JoinKind::Inner {
                needed.push(keyed.relation);
            }
            self.place_lookup(sub, &Keyed { kind: JoinKind::Left, ..keyed }, mistakes);
        }
        let mut conditions: Vec<ast::Expr> = conditions.into_iter().cloned().collect();
        let plain = conditions.is_empty() && needed.len() == 1 && self.is_own_column(sub, value);
        if plain {
            return self.row_expr(sub, Clause::Select, value, mistakes);
        }
        conditions.splice(0..0, needed.into_iter().map(|relation| self.is_found(sub, relation)));
        let value = self.row_expr(sub, Clause::Select, value, mistakes)?;
        let condition = self.conditions(sub, Clause::Where, &conditions, mistakes)?;
        let arms = Box::new([(condition, value.expr)]);
        let otherwise = Box::new(Expr::Literal(schemas::Value::Null));
        (mistakes.len() == before).then_some(Typed { expr: Expr::Case { arms, otherwise }, ty: value.ty })
    }

    fn is_own_column(&self, level: LevelId, expr: &ast::Expr) -> bool {
        let name = match expr {
            ast::Expr::Identifier(name) => std::slice::from_ref(name),
            ast::Expr::CompoundIdentifier(name) => name.as_slice(),
            _ => return false,
        };
        self.resolve(level, name).is_ok_and(|resolved| resolved.level == level)
    }

    /// `relation.key IS NOT NULL`: keys never are, so the row was found.
    fn is_found(&self, level: LevelId, relation: usize) -> ast::Expr {
        let relation = &self.state.levels[level].relations[relation];
        let column = &self.entities[relation.entity].columns[0].name;
        let name = vec![Ident::with_quote('"', &relation.name), Ident::with_quote('"', column)];
        ast::Expr::IsNotNull(Box::new(ast::Expr::CompoundIdentifier(name)))
    }
}

/// Refuses two columns whose values cannot find each other.
pub fn check_kinds(name: &str, own: &Type, other: &Type, span: Span) -> Result<(), Mistake> {
    if are_keys_of_one_kind(own, other) {
        return Ok(());
    }
    let message = format!("`{name}` is {own}, but what it is joined with is {other}");
    let hint = "a join does not cast: give both columns one type where the entities are declared, with `columns`";
    Err(Mistake::new(span, message).with_hint(hint))
}

fn several_rows(select: &Select, value: &ast::Expr) -> Mistake {
    let span = if value.span() == Span::empty() { select.select_token.0.span } else { value.span() };
    Mistake::new(span, "the sub-select may find several rows, for its WHERE is not on the whole key, and it has no aggregate")
        .with_hint(format!("aggregate the rows, for example `(array_agg({value} ORDER BY …))[1]` or `max({value})`"))
}
