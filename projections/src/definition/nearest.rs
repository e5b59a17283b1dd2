//! What a misspelt name was meant to be.

use crate::expr::nearest;

/// "did you mean …?" with the candidate nearest to `name`, or the list of what there is, if that is short.
pub fn suggest<'c>(name: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<String> {
    const FEW: usize = 12;
    let mut candidates: Vec<&str> = candidates.into_iter().collect();
    if let Some(best) = nearest(name, candidates.iter().copied()) {
        return Some(format!("did you mean `{best}`?"));
    }
    candidates.sort_unstable();
    candidates.dedup();
    match candidates.len() {
        1..=FEW => Some(format!("there is {}", list(&candidates))),
        _ => None,
    }
}

/// The names in backticks, separated by commas.
pub fn list(names: &[impl AsRef<str>]) -> String {
    names.iter().map(|name| format!("`{}`", name.as_ref())).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_suggested() {
        let check = |name: &str, expect: Option<&str>| {
            assert_eq!(suggest(name, ["customer_id", "order_id", "status"]).as_deref(), expect, "{name}");
        };
        check("custmer_id", Some("did you mean `customer_id`?"));
        check("statsu", Some("did you mean `status`?"));
        check("price", Some("there is `customer_id`, `order_id`, `status`"));
        assert_eq!(suggest("price", []), None);
    }
}
