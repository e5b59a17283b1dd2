//! Operators.

use schemas::Type;
use sqlparser::ast::{self, BinaryOperator, UnaryOperator};
use sqlparser::tokenizer::Span;

use super::{Compiler, Fault, literal, refused, types};
use crate::expr::Typed;
use crate::expr::convert::convert;
use crate::expr::functions::{Context, named};
use crate::expr::resolve::{Unresolved, resolve, signature};

impl Compiler<'_> {
    pub(super) fn unary(&mut self, op: UnaryOperator, arg: &ast::Expr, span: Span) -> Option<Typed> {
        match op {
            UnaryOperator::Minus => self.minus(arg, span),
            UnaryOperator::Plus => self.operator("+", &[arg], span),
            UnaryOperator::Not => {
                let expr = self.condition(arg, "NOT")?;
                self.apply("not", vec![Typed { expr, ty: Type::Bool }], span)
            }
            UnaryOperator::PGAbs => self.fail(span, unsupported(&op).with_hint("write abs(x)")),
            UnaryOperator::PGSquareRoot => self.fail(span, unsupported(&op).with_hint("write sqrt(x)")),
            _ => self.fail(span, unsupported(&op)),
        }
    }

    pub(super) fn binary(&mut self, left: &ast::Expr, op: &BinaryOperator, right: &ast::Expr, span: Span) -> Option<Typed> {
        if matches!(op, BinaryOperator::And | BinaryOperator::Or) {
            return self.logic(left, op, right);
        }
        match op {
            BinaryOperator::StringConcat => {
                let args = self.exprs(&[left, right])?;
                self.concatenation(args, span)
            }
            BinaryOperator::PGLikeMatch => self.operator("like", &[left, right], span),
            BinaryOperator::PGILikeMatch => self.operator("ilike", &[left, right], span),
            _ if is_comparison(op) && is_compared(left) => {
                let fault = Fault::new(format!("comparisons cannot be chained with {op}"));
                self.fail(span, fault.with_hint("write (a < b) = c, or a < b AND b < c"))
            }
            _ => match sign(op) {
                Some(sign) => self.operator(sign, &[left, right], span),
                None => {
                    self.exprs(&[left, right]);
                    self.fail(span, refused_operator(op))
                }
            },
        }
    }

    fn minus(&mut self, arg: &ast::Expr, span: Span) -> Option<Typed> {
        if let Some(digits) = signed_digits(arg) {
            // The sign belongs to the constant: -9223372036854775808 is a bigint.
            return self.outcome(span, literal::number(&opposite(digits)));
        }
        if let ast::Expr::BinaryOp { left, op: BinaryOperator::PGExp, right } = arg {
            // In PostgreSQL, not in the parser, the sign binds closer than ^ does.
            let base = ast::Expr::UnaryOp { op: UnaryOperator::Minus, expr: left.clone() };
            return self.binary(&base, &BinaryOperator::PGExp, right, span);
        }
        self.operator("-", &[arg], span)
    }

    fn operator(&mut self, sign: &str, args: &[&ast::Expr], span: Span) -> Option<Typed> {
        let args = self.exprs(args)?;
        self.apply_operator(sign, args, span)
    }

    /// The operator of these arguments, which were compiled.
    pub(super) fn apply_operator(&mut self, sign: &str, args: Vec<Typed>, span: Span) -> Option<Typed> {
        let own = types(&args);
        if let Some(hint) = without_zone(sign, &own) {
            return self.fail(span, no_operator(sign, &own).with_hint(hint));
        }
        if let Some(fault) = refused::inexact(sign, &own) {
            return self.fail(span, fault);
        }
        let found = resolve(named(sign), &assumed(sign, &own))
            .and_then(|function| signature(function, &own).map(|_| function).ok_or(Unresolved::None));
        match found {
            Ok(function) => self.apply_function(function, args, span),
            Err(_) => self.fail(span, no_operator(sign, &own).with_hint(advice(&own))),
        }
    }

    /// `||`: of texts, of text and anything, of arrays and elements.
    fn concatenation(&mut self, args: Vec<Typed>, span: Span) -> Option<Typed> {
        let own = types(&args);
        let name = match (&own[0], &own[1]) {
            (Type::Array(_), Type::Array(_) | Type::Unknown) | (Type::Unknown, Type::Array(_)) => "array_cat",
            (Type::Array(_), _) => "array_append",
            (_, Type::Array(_)) => "array_prepend",
            (Type::Text | Type::Unknown, _) | (_, Type::Text | Type::Unknown) => "||",
            (Type::Json(_), _) | (_, Type::Json(_)) => {
                let hint = "build the object anew with json_build_object(…)";
                return self.fail(span, no_operator("||", &own).with_hint(hint));
            }
            _ => return self.fail(span, no_operator("||", &own).with_hint("cast one side to text: (…)::text")),
        };
        if name != "||" {
            return self.apply(name, args, span);
        }
        let texts = args.into_iter().map(|arg| convert(arg, &Type::Text, Context::Explicit));
        let texts = self.outcome(span, texts.collect::<Result<Vec<_>, _>>())?;
        self.apply(name, texts, span)
    }
}

fn is_comparison(op: &BinaryOperator) -> bool {
    use BinaryOperator::{Eq, Gt, GtEq, Lt, LtEq, NotEq};
    matches!(op, Eq | NotEq | Lt | LtEq | Gt | GtEq)
}

fn is_compared(ast: &ast::Expr) -> bool {
    matches!(ast, ast::Expr::BinaryOp { op, .. } if is_comparison(op))
}

/// The digits of a constant with its sign, in parentheses or not.
fn signed_digits(ast: &ast::Expr) -> Option<String> {
    match ast {
        ast::Expr::Nested(inner) => signed_digits(inner),
        ast::Expr::UnaryOp { op: UnaryOperator::Minus, expr } => signed_digits(expr).map(opposite),
        ast::Expr::Value(value) => match &value.value {
            ast::Value::Number(digits, _) => Some(digits.clone()),
            _ => None,
        },
        _ => None,
    }
}

fn opposite(digits: String) -> String {
    match digits.strip_prefix('-') {
        Some(unsigned) => unsigned.to_owned(),
        None => format!("-{digits}"),
    }
}

/// A quoted literal beside a value is first taken to be of that value's type.
fn assumed(sign: &str, own: &[Type]) -> Vec<Type> {
    let alike = match own {
        [Type::Unknown, other] | [other, Type::Unknown] if *other != Type::Unknown => vec![other.clone(), other.clone()],
        _ => return own.to_vec(),
    };
    let is_exact = |function: &&crate::expr::Function| {
        function.takes(2) && (0..2).all(|index| function.param(index).and_then(|kind| kind.ty()) == Some(alike[index].clone()))
    };
    if named(sign).any(|function| is_exact(&function)) { alike } else { own.to_vec() }
}

/// The operator's sign in the tables.
pub(super) fn sign(op: &BinaryOperator) -> Option<&'static str> {
    Some(match op {
        BinaryOperator::Plus => "+",
        BinaryOperator::Minus => "-",
        BinaryOperator::Multiply => "*",
        BinaryOperator::Divide => "/",
        BinaryOperator::Modulo => "%",
        BinaryOperator::PGExp => "^",
        BinaryOperator::Eq => "=",
        BinaryOperator::NotEq => "<>",
        BinaryOperator::Lt => "<",
        BinaryOperator::LtEq => "<=",
        BinaryOperator::Gt => ">",
        BinaryOperator::GtEq => ">=",
        BinaryOperator::Arrow => "->",
        BinaryOperator::LongArrow => "->>",
        BinaryOperator::HashArrow => "#>",
        BinaryOperator::HashLongArrow => "#>>",
        BinaryOperator::AtArrow => "@>",
        BinaryOperator::ArrowAt => "<@",
        BinaryOperator::PGOverlap => "&&",
        BinaryOperator::PGStartsWith => "^@",
        _ => return None,
    })
}

fn no_operator(sign: &str, types: &[Type]) -> Fault {
    Fault::new(match types {
        [arg] => format!("operator does not exist: {sign} {arg}"),
        [left, right] => format!("operator does not exist: {left} {sign} {right}"),
        _ => format!("operator does not exist: {sign}"),
    })
}

fn advice(types: &[Type]) -> &'static str {
    if types.iter().any(|ty| matches!(ty, Type::Json(_))) {
        "json has no order: take a part out as text with ->> and cast it, as in (data ->> 'price')::numeric"
    } else {
        "cast one side to the type of the other"
    }
}

/// In PostgreSQL these yield a timestamp without time zone, which is not a type here.
fn without_zone(sign: &str, types: &[Type]) -> Option<&'static str> {
    match (sign, types) {
        ("+" | "-", [Type::Date, Type::Interval]) | ("+", [Type::Interval, Type::Date]) => {
            Some("cast the date: d::timestamptz + interval '…'; or add days: d + 7")
        }
        ("+", [Type::Date, Type::Unknown] | [Type::Unknown, Type::Date]) => Some("add days as a number: d + 7"),
        _ => None,
    }
}

fn unsupported(op: &impl std::fmt::Display) -> Fault {
    Fault::new(format!("operator {op} is not supported"))
}

fn refused_operator(op: &BinaryOperator) -> Fault {
    let fault = unsupported(op);
    match op {
        BinaryOperator::PGRegexMatch
        | BinaryOperator::PGRegexIMatch
        | BinaryOperator::PGRegexNotMatch
        | BinaryOperator::PGRegexNotIMatch => fault.with_hint("write LIKE, ILIKE or starts_with(…)"),
        BinaryOperator::PGNotLikeMatch => fault.with_hint("write NOT LIKE"),
        BinaryOperator::PGNotILikeMatch => fault.with_hint("write NOT ILIKE"),
        BinaryOperator::Question => fault.with_hint("write data -> 'name' IS NOT NULL"),
        BinaryOperator::Spaceship => fault.with_hint("write IS NOT DISTINCT FROM"),
        _ => fault,
    }
}
