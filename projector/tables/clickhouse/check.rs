//! What to do about the tables that are there: decided from what the server says of them.

use super::layout::{Column, Layout};
use super::names::{Owner, Role, plain_type};

/// A table, or a stable name, that is there.
#[derive(Clone, Debug, PartialEq, Eq, clickhouse::Row, serde::Deserialize)]
pub struct Found {
    /// Its name.
    pub name: String,
    /// Its comment.
    pub comment: String,
}

/// What to do about a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nobody has it: make ours.
    Make,
    /// It is left over from another build of ours: drop it and make ours.
    Replace,
    /// It is ours.
    Keep,
    /// Somebody else has it, who is described here.
    Refuse(String),
}

/// What to do about a table of a build.
pub fn table(found: Option<&Found>, wanted: &Owner) -> Verdict {
    match found.map(|found| Owner::of_comment(&found.comment)) {
        None => Verdict::Make,
        Some(Some(owner)) if owner == *wanted => Verdict::Keep,
        Some(Some(owner)) if is_predecessor(&owner, wanted) => Verdict::Replace,
        Some(owner) => Verdict::Refuse(refusal(wanted, owner.as_ref())),
    }
}

/// What to do about a stable name.
pub fn stable_name(found: Option<&Found>, wanted: &Owner) -> Verdict {
    match found.map(|found| Owner::of_comment(&found.comment)) {
        None => Verdict::Make,
        Some(Some(owner)) if owner == *wanted => Verdict::Keep,
        Some(Some(owner)) if is_stable_name_of(&owner, &wanted.name, &wanted.projection) => Verdict::Replace,
        Some(owner) => Verdict::Refuse(refusal(wanted, owner.as_ref())),
    }
}

/// Whether it is a stable name of this projection of the Projector of this name.
pub fn is_stable_name_of(owner: &Owner, name: &str, projection: &str) -> bool {
    owner.projector == Role::StableName && (&*owner.name, &*owner.projection) == (name, projection)
}

/// Another build of the same view under the same number; made as it should be made now or otherwise.
fn is_predecessor(owner: &Owner, wanted: &Owner) -> bool {
    owner.projector != Role::StableName
        && (&owner.name, &owner.projection, &owner.view, owner.generation)
            == (&wanted.name, &wanted.projection, &wanted.view, wanted.generation)
}

fn refusal(wanted: &Owner, owner: Option<&Owner>) -> String {
    let view = &wanted.view;
    match owner {
        Some(owner) if owner.name != wanted.name => format!(
            "it belongs to another Projector, '{}', and this one is '{}': give each a database of its own; where that one is this one, whose state has \
             moved, set tables.owner to the former, or drop its tables",
            owner.name, wanted.name
        ),
        Some(owner) => format!(
            "it belongs to view {} of projection {}; name view {view} otherwise, or give one of them a database of its own",
            owner.view, owner.projection
        ),
        None => format!("it is not Projector's; rename or drop it, or name view {view} otherwise"),
    }
}

/// What is wrong with the columns that a table has, if anything is. Columns that we do not know are others' business.
pub fn columns(layout: &Layout, found: &[Column]) -> Option<String> {
    layout.columns().into_iter().find_map(|wanted| {
        let ty = found.iter().find(|column| column.name == wanted.name).map(|column| plain_type(&column.ty));
        match ty {
            Some(ty) if ty == plain_type(&wanted.ty) => None,
            Some(ty) => Some(format!("column {} is {ty}, and not {}", wanted.name, wanted.ty)),
            None => Some(format!("column {} is missing", wanted.name)),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(projector: Role, projection: &str, build: &str) -> Owner {
        let (projection, build) = (projection.to_owned(), build.to_owned());
        Owner { projector, name: "me".into(), projection, generation: 3, view: "orders".into(), build }
    }

    fn found(comment: String) -> Found {
        Found { name: "x".into(), comment }
    }

    #[test]
    fn only_what_is_ours_is_replaced() {
        let wanted = owner(Role::Table, "shop", "a");
        let of = |owner: Owner| table(Some(&found(owner.to_comment())), &wanted);
        assert_eq!(table(None, &wanted), Verdict::Make);
        assert_eq!(of(wanted.clone()), Verdict::Keep);
        assert_eq!(of(owner(Role::Table, "shop", "b")), Verdict::Replace);
        assert_eq!(of(owner(Role::Distributed, "shop", "a")), Verdict::Replace);
        for (refused, why) in [
            (of(owner(Role::StableName, "shop", "a")), "belongs to view orders of projection shop"),
            (of(owner(Role::Table, "bank", "a")), "belongs to view orders of projection bank"),
            (of(Owner { generation: 4, ..wanted.clone() }), "belongs to view orders"),
            (of(Owner { name: "you".into(), ..wanted.clone() }), "belongs to another Projector, 'you', and this one is 'me'"),
            (table(Some(&found(String::new())), &wanted), "is not Projector's"),
        ] {
            assert!(matches!(&refused, Verdict::Refuse(reason) if reason.contains(why)), "{refused:?}");
        }
    }

    #[test]
    fn a_stable_name_goes_from_generation_to_generation() {
        let wanted = owner(Role::StableName, "shop", "a");
        let of = |owner: Owner| stable_name(Some(&found(owner.to_comment())), &wanted);
        assert_eq!(stable_name(None, &wanted), Verdict::Make);
        assert_eq!(of(wanted.clone()), Verdict::Keep);
        assert_eq!(of(Owner { generation: 2, ..wanted.clone() }), Verdict::Replace);
        assert!(matches!(of(owner(Role::StableName, "bank", "a")), Verdict::Refuse(_)));
        assert!(matches!(of(Owner { name: "you".into(), ..wanted.clone() }), Verdict::Refuse(_)));
        assert!(matches!(of(owner(Role::Table, "shop", "a")), Verdict::Refuse(_)));
        assert!(matches!(stable_name(Some(&found("orders".into())), &wanted), Verdict::Refuse(_)));
    }
}
