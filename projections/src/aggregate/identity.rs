//! Equal values that look different: 1.0 and 1.00, 0 and -0, a month and thirty days. What is kept of a group must not depend
//! on which of them came first, and it has changed when one takes the place of the other.

use std::cmp::Ordering;

use schemas::Value;

use crate::expr::compare;

/// A value that equals only what cannot be told from it.
#[derive(Clone, Debug)]
pub struct Exactly(pub Value<'static>);

/// Whether nobody can tell the two values apart.
pub fn identical(left: &Value<'_>, right: &Value<'_>) -> bool {
    order(left, right).is_eq()
}

/// The order of two values of one type; among equal ones, that of their looks.
pub fn order(left: &Value<'_>, right: &Value<'_>) -> Ordering {
    compare(left, right).then_with(|| match (left, right) {
        (Value::Decimal(a), Value::Decimal(b)) => a.scale().cmp(&b.scale()),
        (Value::Double(a), Value::Double(b)) => a.to_bits().cmp(&b.to_bits()),
        (Value::Interval(a), Value::Interval(b)) => (a.months, a.days).cmp(&(b.months, b.days)),
        (Value::Array(a), Value::Array(b)) => {
            a.iter().zip(b).map(|(a, b)| order(a, b)).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
        }
        _ => Ordering::Equal,
    })
}

impl PartialEq for Exactly {
    fn eq(&self, other: &Exactly) -> bool {
        identical(&self.0, &other.0)
    }
}

#[cfg(test)]
mod tests {
    use schemas::{Decimal, Interval};

    use super::*;

    #[test]
    fn equal_is_not_identical() {
        let array = |scale| Value::Array(vec![Value::Null, Value::Decimal(Decimal::new(0, scale))]);
        let interval = |months, days| Value::Interval(Interval { months, days, micros: 0 });
        let pairs = [
            (Value::Decimal(Decimal::new(10, 1)), Value::Decimal(Decimal::new(100, 2))),
            (Value::Double(0.0), Value::Double(-0.0)),
            (interval(1, 0), interval(0, 30)),
            (array(0), array(2)),
        ];
        for (a, b) in pairs {
            assert!(compare(&a, &b).is_eq() && !identical(&a, &b) && identical(&a, &a), "{a:?} {b:?}");
        }
        assert!(identical(&Value::Double(f64::NAN), &Value::Double(f64::NAN)));
        assert!(!identical(&Value::Null, &Value::Int(0)));
    }
}
