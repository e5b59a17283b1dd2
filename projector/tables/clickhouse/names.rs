//! What things are called in ClickHouse, how SQL writes it, and whose they are.

use serde::{Deserialize, Serialize};

/// Whose a table or a stable name is; kept as its comment, so that nothing else is ever taken for ours, or ours for another's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// What it is.
    pub projector: Role,
    /// Which Projector's it is: see [`crate::config::ClickHousePlace::owner`].
    pub name: String,
    /// The projection it belongs to.
    pub projection: String,
    /// The generation that it holds or shows.
    pub generation: u64,
    /// The view.
    pub view: String,
    /// Which build: see [`crate::tables::TableBuild::identity`].
    pub build: String,
}

/// What something of ours is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// It holds rows, all of them or those of one shard.
    Table,
    /// It makes one table of those of all shards.
    Distributed,
    /// It is what people query.
    StableName,
}

// === impl Owner ===

impl Owner {
    /// The owner that a comment names, if it is one of ours.
    pub fn of_comment(comment: &str) -> Option<Owner> {
        serde_json::from_str(comment).ok()
    }

    /// The comment that names it.
    pub fn to_comment(&self) -> String {
        // Texts and numbers always become JSON.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The same for a table, of which there may be several, one after the other; `made`: a name that no other has.
    pub fn to_table_comment(&self, made: &str) -> String {
        serde_json::to_string(&TableComment { owner: self, made }).unwrap_or_default()
    }
}

#[derive(Serialize)]
struct TableComment<'o> {
    #[serde(flatten)]
    owner: &'o Owner,
    made: &'o str,
}

/// The name that was given to the table with this comment, if it is one of ours.
pub fn made_of_comment(comment: &str) -> Option<String> {
    let comment: serde_json::Value = serde_json::from_str(comment).ok()?;
    comment["made"].as_str().map(str::to_owned)
}

/// The table of a view in a generation.
pub fn table_name(view: &str, generation: u64) -> String {
    format!("{view}__g{generation}")
}

/// The table of a view in a generation on one of several shards.
pub fn shard_name(view: &str, generation: u64) -> String {
    format!("{view}__g{generation}_shard")
}

/// A name as SQL writes it. Every name that gets into a statement comes through here.
pub fn identifier(name: &str) -> String {
    quoted(name, '`')
}

/// A text as SQL writes it. Every text that gets into a statement comes through here, or as a parameter.
pub fn literal(text: &str) -> String {
    quoted(text, '\'')
}

/// In quotes, with a backslash before what would end them or begin an escape.
fn quoted(text: &str, quote: char) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for char in text.chars() {
        if char == quote || char == '\\' {
            out.push('\\');
        }
        out.push(char);
    }
    out.push(quote);
    out
}

/// The name of a type with needless quotes left out: servers of different versions do not agree on which names need some.
pub fn plain_type(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(start) = rest.find('`') {
        out.push_str(&rest[..start]);
        let end = quoted_end(&rest[start..]).map_or(rest.len(), |length| start + length);
        let inside = &rest[start..end];
        let is_plain = |byte: u8| byte == b'_' || byte.is_ascii_alphanumeric();
        let bare = inside.trim_matches('`');
        out.push_str(if !bare.is_empty() && bare.bytes().all(is_plain) { bare } else { inside });
        rest = &rest[end..];
    }
    out + rest
}

/// The length of the quoted name at the start.
fn quoted_end(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'`' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_texts_cannot_get_out_of_their_quotes() {
        assert_eq!(identifier("a`b\\c'd"), r"`a\`b\\c'd`");
        assert_eq!(literal("a`b\\c'd"), r"'a`b\\c\'d'");
    }

    #[test]
    fn types_are_compared_without_needless_quotes() {
        for (name, plain) in [
            ("Array(Tuple(`sku` Nullable(String), `a b` Int8))", "Array(Tuple(sku Nullable(String), `a b` Int8))"),
            (r"Tuple(`a\`b` Int8, `c` Int8)", r"Tuple(`a\`b` Int8, c Int8)"),
            ("DateTime64(6, 'UTC')", "DateTime64(6, 'UTC')"),
            ("Tuple(`a", "Tuple(a"),
        ] {
            assert_eq!(plain_type(name), plain);
        }
    }

    #[test]
    fn an_owner_is_known_by_its_comment() {
        let owner = Owner {
            projector: Role::Table,
            name: "test in redis://cache:6379/0".into(),
            projection: "shop".into(),
            generation: 3,
            view: "it's".into(),
            build: "1a EVENTS \"x\"".into(),
        };
        let comments = [owner.to_comment(), owner.to_table_comment("x\"1")];
        let found = comments.each_ref().map(|comment| (Owner::of_comment(comment), made_of_comment(comment)));
        assert_eq!(found, [(Some(owner.clone()), None), (Some(owner), Some("x\"1".to_owned()))]);
        for foreign in ["", "orders", "{}", r#"{"projection":"shop"}"#] {
            assert_eq!(Owner::of_comment(foreign), None, "{foreign}");
        }
    }
}
