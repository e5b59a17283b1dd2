//! The order in which the relations of a FROM are found: a root, and from it the others, each by its full key.

use sqlparser::ast::{self, BinaryOperator, Spanned as _};
use sqlparser::tokenizer::Span;

use super::Planner;
use super::from::Joined;
use super::level::{LevelId, Resolved};
use super::scope::ConstantScope;
use crate::expr::{Mistake, Typed, compile};
use crate::plan::JoinKind;

/// The order of a FROM.
pub struct Order {
    /// The relation that all others are found from.
    pub root: usize,
    /// The others, each after those that its key comes from.
    pub lookups: Vec<Keyed>,
    /// Conditions of INNER joins that found no key: they belong to WHERE.
    pub rest: Vec<ast::Expr>,
}

/// A relation found by its key.
pub struct Keyed {
    /// The relation.
    pub relation: usize,
    /// LEFT or INNER.
    pub kind: JoinKind,
    /// What each column of its key equals.
    pub key: Vec<KeyPart>,
    /// The rest of ON.
    pub condition: Vec<ast::Expr>,
}

/// What a column of a key equals.
#[derive(Clone)]
pub enum KeyPart {
    /// A column of another relation, and where that is written.
    Column(Resolved, Span),
    /// A constant.
    Constant(Typed, Span),
}

/// One side of an equality.
enum Side {
    Part(KeyPart),
    Other,
}

/// How the conditions tie one relation to those before it.
struct Tied {
    relation: usize,
    /// Whether the columns on the other side are the key of their relation.
    one_to_many: bool,
}

// === impl Planner ===

impl Planner<'_> {
    /// Decides the order. Any relation of the INNER joins at the front may be the root; the first that works is taken.
    pub(super) fn order(&self, level: LevelId, joined: &[Joined<'_>]) -> Result<Order, Mistake> {
        let inner = 1 + joined.iter().skip(1).take_while(|join| join.kind == JoinKind::Inner).count();
        (0..inner).find_map(|root| self.order_from(level, joined, root, inner)).ok_or_else(|| self.explain(level, joined))
    }

    /// The order with this root. The first `inner` relations are in INNER joins, which may be done in any order.
    fn order_from(&self, level: LevelId, joined: &[Joined<'_>], root: usize, inner: usize) -> Option<Order> {
        let mut pool: Vec<&ast::Expr> = joined[..inner].iter().flat_map(|join| join.on.iter().copied()).collect();
        let mut placed = vec![root];
        let mut lookups = Vec::new();
        while placed.len() < inner {
            let next = (0..inner).filter(|relation| !placed.contains(relation));
            let (relation, key) =
                next.into_iter().find_map(|relation| Some((relation, self.key_of(level, relation, &mut pool, &placed)?)))?;
            placed.push(relation);
            lookups.push(Keyed { relation, kind: JoinKind::Inner, key, condition: Vec::new() });
        }
        for (relation, join) in joined.iter().enumerate().skip(inner) {
            let mut on = join.on.clone();
            let key = self.key_of(level, relation, &mut on, &placed)?;
            placed.push(relation);
            lookups.push(Keyed { relation, kind: join.kind, key, condition: on.into_iter().cloned().collect() });
        }
        Some(Order { root, lookups, rest: pool.into_iter().cloned().collect() })
    }

    /// What the columns of the relation's key equal, if each equals something known. The equalities are taken out of `pool`.
    pub(super) fn key_of(
        &self,
        level: LevelId,
        relation: usize,
        pool: &mut Vec<&ast::Expr>,
        placed: &[usize],
    ) -> Option<Vec<KeyPart>> {
        let entity = &self.entities[self.state.levels[level].relations[relation].entity];
        let mut used = Vec::new();
        let mut key = Vec::new();
        for column in 0..entity.key_len {
            let own = Resolved { level, relation, column };
            let (number, part) = pool.iter().enumerate().find_map(|(i, condition)| {
                let part = self.equal_to(level, &own, condition)?;
                (!used.contains(&i) && self.is_known(level, &part, placed)).then_some((i, part))
            })?;
            used.push(number);
            key.push(part);
        }
        let mut number = 0..;
        pool.retain(|_| number.next().is_none_or(|i| !used.contains(&i)));
        Some(key)
    }

    /// What the condition says that the column equals.
    fn equal_to(&self, level: LevelId, column: &Resolved, condition: &ast::Expr) -> Option<KeyPart> {
        let [a, b] = self.equality(level, condition)?;
        match (a, b) {
            (Side::Part(KeyPart::Column(a, _)), Side::Part(b)) if a == *column => Some(b),
            (Side::Part(a), Side::Part(KeyPart::Column(b, _))) if b == *column => Some(a),
            _ => None,
        }
    }

    fn is_known(&self, level: LevelId, part: &KeyPart, placed: &[usize]) -> bool {
        match part {
            KeyPart::Constant(..) => true,
            KeyPart::Column(column, _) => column.level != level || placed.contains(&column.relation),
        }
    }

    /// The two columns that the condition equates, if it does.
    pub(super) fn equated_columns(&self, level: LevelId, condition: &ast::Expr) -> Option<[(Resolved, Span); 2]> {
        match self.equality(level, condition)? {
            [Side::Part(KeyPart::Column(a, a_span)), Side::Part(KeyPart::Column(b, b_span))] => Some([(a, a_span), (b, b_span)]),
            _ => None,
        }
    }

    fn equality(&self, level: LevelId, condition: &ast::Expr) -> Option<[Side; 2]> {
        match condition {
            ast::Expr::Nested(inner) => self.equality(level, inner),
            ast::Expr::BinaryOp { left, op: BinaryOperator::Eq, right } => {
                Some([self.side(level, left), self.side(level, right)])
            }
            _ => None,
        }
    }

    fn side(&self, level: LevelId, expr: &ast::Expr) -> Side {
        let name = match expr {
            ast::Expr::Nested(inner) => return self.side(level, inner),
            ast::Expr::Identifier(name) => std::slice::from_ref(name),
            ast::Expr::CompoundIdentifier(name) => name.as_slice(),
            constant => {
                let typed = compile(constant, &mut ConstantScope, &mut Vec::new());
                return typed.map_or(Side::Other, |typed| Side::Part(KeyPart::Constant(typed, constant.span())));
            }
        };
        let resolved = self.resolve(level, name);
        resolved.map_or(Side::Other, |column| Side::Part(KeyPart::Column(column, expr.span())))
    }

    // === what is wrong with the joins ===

    /// ON sees the tables up to its own; an equality with a column of a later one.
    pub(super) fn names_later(&self, level: LevelId, relation: usize, join: &Joined<'_>) -> Option<Mistake> {
        let mut sides = join.on.iter().filter_map(|condition| self.equality(level, condition)).flatten();
        sides.find_map(|side| match side {
            Side::Part(KeyPart::Column(column, span)) if column.level == level && column.relation > relation => {
                let later = &self.state.relation(&column).name;
                let message = format!("`{later}` is joined later, ON sees the tables up to its own only");
                Some(Mistake::new(span, message).with_hint(format!("write the condition in the ON of `{later}`")))
            }
            _ => None,
        })
    }

    /// Why no order works: the joins that find several rows, or that have no equality at all.
    fn explain(&self, level: LevelId, joined: &[Joined<'_>]) -> Mistake {
        let mut many = Vec::new();
        for (relation, join) in joined.iter().enumerate().skip(1) {
            let placed: Vec<usize> = (0..relation).collect();
            if self.key_of(level, relation, &mut join.on.clone(), &placed).is_some() {
                continue;
            }
            match self.tie_of(level, relation, join) {
                Some(tied) => many.push(tied),
                None => return self.no_equality(level, relation, join),
            }
        }
        match many.as_slice() {
            [] => Mistake::new(joined[0].span, "these joins cannot be ordered").with_hint("join from many to one"),
            [one] if one.one_to_many => self.one_to_many(level, one, joined),
            [one] => self.many_to_many(level, one, joined),
            [first, second, ..] => self.fan_trap(level, first, second, joined),
        }
    }

    /// The equalities between the relation and those before it.
    fn tie_of(&self, level: LevelId, relation: usize, join: &Joined<'_>) -> Option<Tied> {
        let mut others: Vec<Resolved> = join
            .on
            .iter()
            .filter_map(|condition| {
                let [(a, _), (b, _)] = self.equated_columns(level, condition)?;
                let (own, other) = if a.relation == relation && a.level == level { (a, b) } else { (b, a) };
                (own.relation == relation && own.level == level && other.relation != relation).then_some(other)
            })
            .collect();
        others.sort_by_key(|other| (other.relation, other.column));
        let first = others.first()?;
        let entity = &self.entities[self.state.relation(first).entity];
        let is_key = |column: &usize| others.iter().any(|o| o.relation == first.relation && o.column == *column);
        Some(Tied { relation, one_to_many: (0..entity.key_len).all(|column| is_key(&column)) })
    }

    fn no_equality(&self, level: LevelId, relation: usize, join: &Joined<'_>) -> Mistake {
        let relation = &self.state.levels[level].relations[relation];
        let entity = &self.entities[relation.entity];
        let key: Vec<String> =
            entity.columns[..entity.key_len].iter().map(|column| format!("{}.{} = …", relation.name, column.name)).collect();
        Mistake::new(join.span, format!("the join with `{}` does not say what its key equals", relation.name))
            .with_hint(format!("write ON {}, with a column of a table before it, or a constant", key.join(" AND ")))
    }

    fn one_to_many(&self, level: LevelId, tied: &Tied, joined: &[Joined<'_>]) -> Mistake {
        let name = self.relation_name(level, tied);
        let message = format!(
            "the join with `{name}` may find several rows, for it is not on its whole key ({})",
            self.key_names(level, tied)
        );
        Mistake::new(joined[tied.relation].span, message).with_hint(self.as_subselect(level, tied))
    }

    fn many_to_many(&self, level: LevelId, tied: &Tied, joined: &[Joined<'_>]) -> Mistake {
        let name = self.relation_name(level, tied);
        let message = format!("the join with `{name}` is many-to-many: it is on the whole key of neither side");
        Mistake::new(joined[tied.relation].span, message)
            .with_hint(format!("join through an entity that holds the pairs, or {}", self.as_subselect(level, tied)))
    }

    fn fan_trap(&self, level: LevelId, first: &Tied, second: &Tied, joined: &[Joined<'_>]) -> Mistake {
        let (a, b) = (self.relation_name(level, first), self.relation_name(level, second));
        let message = format!("`{a}` and `{b}` may both find several rows, which multiply each other (a fan trap)");
        Mistake::new(joined[second.relation].span, message)
            .with_hint(format!("for each of the two {}", self.as_subselect(level, second)))
    }

    fn as_subselect(&self, level: LevelId, tied: &Tied) -> String {
        let relation = &self.state.levels[level].relations[tied.relation];
        let entity = &self.entities[relation.entity].name;
        let alias = if relation.name == *entity { String::new() } else { format!(" {}", relation.name) };
        format!("aggregate the rows in a sub-select of the SELECT list: (SELECT json_agg(…) FROM {entity}{alias} WHERE …)")
    }

    fn relation_name(&self, level: LevelId, tied: &Tied) -> &str {
        &self.state.levels[level].relations[tied.relation].name
    }

    fn key_names(&self, level: LevelId, tied: &Tied) -> String {
        let entity = &self.entities[self.state.levels[level].relations[tied.relation].entity];
        entity.columns[..entity.key_len].iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(", ")
    }
}
