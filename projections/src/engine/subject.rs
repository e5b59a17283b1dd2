//! NATS subject patterns: `*` stands for one token, a closing `>` for one or more.

/// Whether `subject` falls under `pattern`.
pub fn matches(pattern: &str, subject: &str) -> bool {
    let (mut wanted, mut tokens) = (pattern.split('.'), subject.split('.'));
    loop {
        match (wanted.next(), tokens.next()) {
            (Some(">"), Some(_)) | (None, None) => return true,
            (Some("*"), Some(_)) => {}
            (Some(one), Some(other)) if one == other => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_nats() {
        let check = |pattern, subject, expect| assert_eq!(matches(pattern, subject), expect, "{pattern} {subject}");
        check("shop.>", "shop.orders.OrderPlaced", true);
        check("shop.>", "shop", false);
        check(">", "shop", true);
        check("shop.*", "shop.orders", true);
        check("shop.*", "shop.orders.x", false);
        check("*.orders.>", "shop.orders.x.y", true);
        check("shop.orders", "shop.orders", true);
        check("shop.orders", "shop.order", false);
    }
}
