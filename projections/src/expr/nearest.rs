//! The known name that is nearest to one that is not known.

/// The candidate that needs the fewest changes to become `name`; `None` where even that would be another word.
pub fn nearest<'c>(name: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let allowed = (name.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (strsim::levenshtein(name, candidate), candidate))
        .filter(|(distance, _)| (1..=allowed).contains(distance))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_is_seen_through() {
        let known = ["lower", "upper", "left"];
        for (name, expect) in [("lowr", Some("lower")), ("uper", Some("upper")), ("lower", None), ("round", None)] {
            assert_eq!(nearest(name, known), expect, "{name}");
        }
    }
}
