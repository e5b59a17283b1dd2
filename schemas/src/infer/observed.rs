//! What values were seen in one place of the data.

use std::collections::HashMap;

use crate::rfc3339::{parse_date, parse_date_time};
use crate::scan::{Broken, Number, Scanner, Text, Token};
use crate::schema::{Format, Kinds};

/// What was seen in one place.
#[derive(Debug)]
pub(super) struct Observed {
    /// The kinds of values.
    pub(super) kinds: Kinds,
    texts: Texts,
    /// The elements of all arrays.
    pub(super) items: Option<Box<Observed>>,
    /// The members of all objects, in the order in which they were first seen.
    pub(super) members: Vec<Member>,
    /// Where each member is among them.
    places: HashMap<String, usize>,
    objects: usize,
}

/// A member of objects.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) observed: Observed,
    /// How many objects had it.
    count: usize,
    /// The object that had it last: a name may be repeated.
    last: usize,
}

/// What all texts have in common.
#[derive(Debug)]
struct Texts {
    /// The formats that all of them have.
    formats: Vec<Format>,
    /// How many had a point: a decimal is not guessed from digits alone.
    points: usize,
}

// === impl Observed ===

impl Default for Observed {
    fn default() -> Self {
        let formats = vec![Format::DateTime, Format::Date, Format::Uuid, Format::Decimal];
        let texts = Texts { formats, points: 0 };
        Observed { kinds: Kinds::NONE, texts, items: None, members: Vec::new(), places: HashMap::new(), objects: 0 }
    }
}

impl Observed {
    /// Reads a value and takes it into account.
    pub(super) fn read(&mut self, scanner: &mut Scanner<'_>) -> Result<(), Broken> {
        let token = scanner.token()?;
        self.kinds = self.kinds.union(kind(&token));
        match token {
            Token::Text(text) => self.texts.add(&text),
            Token::Object => self.read_members(scanner)?,
            Token::Array => self.read_items(scanner)?,
            Token::Null | Token::Bool(_) | Token::Number(_) => {}
        }
        Ok(())
    }

    /// The format that all texts have.
    pub(super) fn format(&self) -> Option<Format> {
        if self.kinds.without(Kinds::NULL) == Kinds::STRING { self.texts.format() } else { None }
    }

    /// Whether every object had the member.
    pub(super) fn is_required(&self, member: &Member) -> bool {
        member.count == self.objects
    }

    fn read_items(&mut self, scanner: &mut Scanner<'_>) -> Result<(), Broken> {
        let mut more = scanner.first_item()?;
        while more {
            self.items.get_or_insert_default().read(scanner)?;
            more = scanner.next_item()?;
        }
        Ok(())
    }

    fn read_members(&mut self, scanner: &mut Scanner<'_>) -> Result<(), Broken> {
        self.objects += 1;
        let mut name = scanner.first_name()?;
        while let Some(text) = name {
            self.member(&text.decode()).read(scanner)?;
            name = scanner.next_name()?;
        }
        Ok(())
    }

    /// The member of that name, counted.
    fn member(&mut self, name: &str) -> &mut Observed {
        let next = self.members.len();
        let place = *self.places.entry(name.to_owned()).or_insert(next);
        if place == next {
            self.members.push(Member { name: name.to_owned(), observed: Observed::default(), count: 0, last: 0 });
        }
        let member = &mut self.members[place];
        if member.last != self.objects {
            member.last = self.objects;
            member.count += 1;
        }
        &mut member.observed
    }
}

fn kind(token: &Token<'_>) -> Kinds {
    match token {
        Token::Null => Kinds::NULL,
        Token::Bool(_) => Kinds::BOOL,
        // An integer that no column holds is better a number.
        Token::Number(number) if number.as_integer().is_some() => Kinds::INTEGER,
        Token::Number(_) => Kinds::NUMBER,
        Token::Text(_) => Kinds::STRING,
        Token::Array => Kinds::ARRAY,
        Token::Object => Kinds::OBJECT,
    }
}

// === impl Texts ===

impl Texts {
    fn add(&mut self, text: &Text<'_>) {
        let text = text.decode();
        self.formats.retain(|format| has_format(&text, *format));
        self.points += usize::from(text.contains('.'));
    }

    fn format(&self) -> Option<Format> {
        let format = *self.formats.first()?;
        (format != Format::Decimal || self.points > 0).then_some(format)
    }
}

fn has_format(text: &str, format: Format) -> bool {
    match format {
        Format::DateTime => parse_date_time(text).is_some(),
        Format::Date => parse_date(text).is_some(),
        Format::Uuid => crate::extract::parse_uuid_text(text).is_some(),
        Format::Decimal => number(text).is_some_and(|number| crate::text::parse_decimal(number.raw).is_ok()),
    }
}

fn number(text: &str) -> Option<Number<'_>> {
    match Scanner::new(text).token() {
        Ok(Token::Number(number)) if number.raw.len() == text.len() => Some(number),
        _ => None,
    }
}
