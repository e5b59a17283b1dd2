//! Mistakes are shown with the lines they are on, and those may hold secrets: also where a key is misspelt, or a quote is missing.

use std::ops::Range;

use super::Settings;

/// Settings whose values are never shown, nor those of unknown ones.
const SECRETS: [&str; 4] = ["credentials", "nkey", "password", "token"];

/// The text with what may be secret made unreadable, and everything else in its place.
pub fn masked(text: &str) -> String {
    let settings = Settings::defaults();
    text.split_inclusive('\n').map(|line| blank(line, secret(line, &settings))).collect()
}

/// Where in a line a secret may be.
fn secret(line: &str, settings: &Settings) -> Range<usize> {
    let end = line.trim_end().len();
    if line.trim_start().starts_with(['#', '[']) {
        return 0..0;
    }
    let Some((key, value)) = line.split_once('=').filter(|(_, value)| !value.trim_matches('=').trim().is_empty()) else {
        // A part of something longer.
        return 0..end;
    };
    let (start, name) = (key.len() + 1, key.trim());
    if settings.knows(name) && !SECRETS.iter().any(|secret| name.ends_with(secret)) {
        let inner = of_url(value);
        start + inner.start..start + inner.end
    } else {
        start..end.max(start)
    }
}

/// Who is named in a URL and how it is proved; everything before the last `@` of what is no URL.
fn of_url(value: &str) -> Range<usize> {
    let Some(end) = value.rfind('@') else { return 0..0 };
    let start = value.find("://").map_or(0, |scheme| scheme + 3);
    start.min(end)..end
}

/// As many bytes as before.
fn blank(line: &str, place: Range<usize>) -> String {
    format!("{}{}{}", &line[..place.start], "*".repeat(place.len()), &line[place.end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_shown() {
        for (line, shown) in [
            ("url = \"redis://ann:pä@ss@host\"\nlisten = 1\n", "url = \"redis://**********@host\"\nlisten = 1\n"),
            ("url = 'redis://:secret@host", "url = 'redis://*******@host"),
            ("url = \"redis://:sec\"ret@host\"", "url = \"redis://********@host\""),
            ("url = redis:/secret@host", "url =**************@host"),
            ("url = \"nats://token@host\"", "url = \"nats://*****@host\""),
            ("url = \"redis://host:6379/0\"\n", "url = \"redis://host:6379/0\"\n"),
            ("[log]\n# why\npasword = \"x\"\n", "[log]\n# why\npasword =****\n"),
            ("password = \"x\ntoken = x\nlog.token = x", "password =***\ntoken =**\nlog.token =**"),
            ("nkey = '''\nSUAABC\nabc==\n'''\n", "nkey =****\n******\n*****\n***\n"),
        ] {
            assert_eq!(masked(line), shown);
        }
    }
}
