//! JSON texts compared by what they mean: objects whatever the order of their names, numbers by their exact value.

use std::collections::BTreeMap;

/// The significant digits that are promised; PostgreSQL's numeric may have more.
const DIGITS: usize = 28;

/// A parsed JSON value. Numbers keep all of their digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Json {
    /// `null`, `true` or `false`
    Word(String),
    /// A number: its sign, its digits without zeros at either end, and the exponent e of 0.digits × 10^e.
    Number(bool, String, i64),
    /// A string, unescaped.
    Text(String),
    /// An array.
    Array(Vec<Json>),
    /// An object; of a repeated name the last value counts.
    Object(BTreeMap<String, Json>),
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

// === impl Json ===

impl Json {
    /// Parses a text that must be JSON.
    pub fn parse(text: &str) -> Json {
        let mut reader = Reader { text, at: 0 };
        let value = reader.value();
        reader.space();
        assert_eq!(reader.at, text.len(), "more after the end of the JSON: {text}");
        value
    }

    /// The value under a name of an object.
    pub fn get(&self, name: &str) -> Option<&Json> {
        match self {
            Json::Object(members) => members.get(name),
            _ => None,
        }
    }

    /// Whether both mean the same, as far as the promised digits go.
    pub fn agrees(&self, other: &Json) -> bool {
        match (self, other) {
            (Json::Number(..), Json::Number(..)) => self == other || self.agrees_in_leading_digits(other),
            (Json::Array(a), Json::Array(b)) => all_agree(a, b),
            (Json::Object(a), Json::Object(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.0 == b.0 && a.1.agrees(b.1))
            }
            _ => self == other,
        }
    }

    /// Whether a row of a table, as ClickHouse prints it, holds a document: arrays and tuples cannot be NULL there, and JSON of no known
    /// shape is a text.
    pub fn holds(&self, document: &Json) -> bool {
        match (self, document) {
            (Json::Array(items), Json::Word(null)) if null == "null" => items.is_empty(),
            (Json::Object(members), Json::Word(null)) if null == "null" => members.values().all(|member| member.holds(document)),
            (Json::Array(a), Json::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.holds(b)),
            (Json::Object(a), Json::Object(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.0 == b.0 && a.1.holds(b.1))
            }
            (Json::Text(text), Json::Array(_) | Json::Object(_)) => Json::parse(text).agrees(document),
            _ => self.agrees(document),
        }
    }

    /// With points in time, which ClickHouse ends with a Z and prints to the microsecond, as PostgreSQL prints them.
    pub fn with_times_of_postgres(self) -> Json {
        match self {
            Json::Text(text) => Json::Text(time_of_postgres(&text).unwrap_or(text)),
            Json::Array(items) => Json::Array(items.into_iter().map(Json::with_times_of_postgres).collect()),
            Json::Object(members) => {
                Json::Object(members.into_iter().map(|(name, value)| (name, value.with_times_of_postgres())).collect())
            }
            other => other,
        }
    }

    /// With 0 for -0, which equal each other and print differently.
    pub fn without_signs_of_zeros(self) -> Json {
        match self {
            Json::Number(_, digits, exponent) if digits.is_empty() => Json::Number(false, digits, exponent),
            Json::Array(items) => Json::Array(items.into_iter().map(Json::without_signs_of_zeros).collect()),
            Json::Object(members) => {
                Json::Object(members.into_iter().map(|(name, value)| (name, value.without_signs_of_zeros())).collect())
            }
            other => other,
        }
    }

    /// Only numbers with more digits than are promised may differ, and only behind those.
    fn agrees_in_leading_digits(&self, other: &Json) -> bool {
        let (Json::Number(sign, digits, exponent), Json::Number(other_sign, other_digits, other_exponent)) = (self, other) else {
            return false;
        };
        let longest = digits.len().max(other_digits.len());
        let leading = |digits: &str| format!("{digits:0<DIGITS$}")[..DIGITS].parse::<i128>().expect("digits");
        longest > DIGITS - 1
            && sign == other_sign
            && exponent == other_exponent
            && (leading(digits) - leading(other_digits)).abs() <= 10
    }
}

/// `2026-03-01T12:00:00.120000Z` as `2026-03-01T12:00:00.12+00:00`; `None` where it is no such text.
fn time_of_postgres(text: &str) -> Option<String> {
    let (seconds, micros) = text.strip_suffix('Z')?.split_once('.')?;
    let is_time = seconds.len() == 19 && micros.len() == 6 && seconds.as_bytes()[10] == b'T';
    let shown = format!("{seconds}.{micros}");
    is_time.then(|| format!("{}+00:00", shown.trim_end_matches('0').trim_end_matches('.')))
}

fn all_agree(a: &[Json], b: &[Json]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.agrees(b))
}

// === impl Reader ===

impl Reader<'_> {
    fn peek(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    fn space(&mut self) {
        while self.peek().is_ascii_whitespace() {
            self.at += 1;
        }
    }

    fn value(&mut self) -> Json {
        self.space();
        match self.peek() {
            b'{' => self.object(),
            b'[' => self.array(),
            b'"' => Json::Text(self.string()),
            b'-' | b'0'..=b'9' => self.number(),
            _ => Json::Word(self.token(|byte| byte.is_ascii_alphabetic()).to_owned()),
        }
    }

    fn token(&mut self, belongs: fn(u8) -> bool) -> &str {
        let start = self.at;
        while belongs(self.peek()) {
            self.at += 1;
        }
        assert!(self.at > start, "not JSON at byte {start}: {}", self.text);
        &self.text[start..self.at]
    }

    fn number(&mut self) -> Json {
        let text = self.token(|byte| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')).to_ascii_lowercase();
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (negative, mantissa) = mantissa.strip_prefix('-').map_or((false, mantissa), |rest| (true, rest));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{whole}{fraction}");
        let leading = all.len() - all.trim_start_matches('0').len();
        let digits = all.trim_matches('0').to_owned();
        if digits.is_empty() {
            return Json::Number(negative, digits, 0);
        }
        let exponent = exponent.parse::<i64>().expect("exponents are integers") + whole.len() as i64 - leading as i64;
        Json::Number(negative, digits, exponent)
    }

    fn string(&mut self) -> String {
        let start = self.at;
        self.at += 1;
        while self.peek() != b'"' {
            assert!(self.at < self.text.len(), "a string without an end: {}", self.text);
            self.at += if self.peek() == b'\\' { 2 } else { 1 };
        }
        self.at += 1;
        serde_json::from_str(&self.text[start..self.at]).expect("a JSON string")
    }

    fn array(&mut self) -> Json {
        let mut items = Vec::new();
        self.members(b']', |reader| items.push(reader.value()));
        Json::Array(items)
    }

    fn object(&mut self) -> Json {
        let mut members = BTreeMap::new();
        self.members(b'}', |reader| {
            let name = reader.string();
            reader.space();
            reader.at += 1; // the colon
            members.insert(name, reader.value());
        });
        Json::Object(members)
    }

    fn members(&mut self, end: u8, mut member: impl FnMut(&mut Self)) {
        loop {
            self.at += 1; // the bracket or the comma
            self.space();
            if self.peek() == end {
                break;
            }
            member(self);
            self.space();
            if self.peek() == end {
                break;
            }
        }
        self.at += 1;
    }
}

#[test]
fn rows_hold_documents() {
    let row = r#"{"at":"2026-03-01T12:00:00.120000Z","on":"2026-03-01T12:00:00.000000Z","tags":[],"pair":{"a":null},"raw":"{\"b\":1}"}"#;
    let document =
        r#"{"at":"2026-03-01T12:00:00.12+00:00","on":"2026-03-01T12:00:00+00:00","tags":null,"pair":null,"raw":{"b":1.0}}"#;
    let row = Json::parse(row).with_times_of_postgres();
    assert!(row.holds(&Json::parse(document)), "{row:?}");
    for other in
        [r#"null"#, r#"[]"#, &document.replace("12:", "13:"), &document.replace("1.0", "2"), &document.replace("null", "0")]
    {
        assert!(!row.holds(&Json::parse(other)), "{other}");
    }
}

#[test]
fn zeros_can_be_compared_without_their_signs() {
    let zero = Json::parse(r#"{"a":[-0,-1]}"#).without_signs_of_zeros();
    assert_eq!(zero, Json::parse(r#"{"a":[0,-1]}"#));
}

#[test]
fn texts_that_mean_the_same_agree() {
    let same = [
        (r#"{"a" : 1, "b" : [true, null]}"#, r#"{"b":[true,null],"a":1.00}"#),
        ("1e2", "100"),
        ("0.0012", "1.2e-3"),
        (r#""\u00e9\n""#, "\"é\\n\""),
        ("[]", "[ ]"),
        ("0.33333333333333333333333333333333", "0.3333333333333333333333333333"),
    ];
    for (a, b) in same {
        assert!(Json::parse(a).agrees(&Json::parse(b)), "{a} {b}");
    }
    for (a, b) in
        [("1", "2"), ("0.33333", "0.333333"), (r#"{"a":1}"#, r#"{"b":1}"#), ("[1]", "[1,1]"), ("-0", "0"), ("1", "\"1\"")]
    {
        assert!(!Json::parse(a).agrees(&Json::parse(b)), "{a} {b}");
    }
}
