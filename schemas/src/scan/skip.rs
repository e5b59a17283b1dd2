//! Reading over values that nobody wants; as strictly as any other.

use super::{Broken, Scanner, Token};

/// What comes next while a value is read over.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    /// A value inside of it.
    Value,
    /// What follows a value.
    After,
}

// === impl Scanner ===

impl<'a> Scanner<'a> {
    /// Reads a whole value, and returns its text.
    #[inline]
    pub(crate) fn skip(&mut self) -> Result<&'a str, Broken> {
        self.space();
        let start = self.at;
        self.skip_from(Next::Value, self.depth, 0)?;
        Ok(self.since(start))
    }

    /// Reads what is left of the value that begins with `token`.
    #[inline]
    pub(crate) fn skip_rest(&mut self, token: Token<'a>) -> Result<(), Broken> {
        let outside = self.depth.saturating_sub(1);
        let (follows, objects) = match token {
            Token::Object => (self.first_name()?.is_some(), 1 << self.depth),
            Token::Array => (self.first_item()?, 0),
            _ => return Ok(()),
        };
        if follows { self.skip_from(Next::Value, outside, objects) } else { Ok(()) }
    }

    /// Reads until the depth `outside` is reached again; the bits of `objects` say at which depths objects are open.
    fn skip_from(&mut self, mut next: Next, outside: u32, mut objects: u128) -> Result<(), Broken> {
        loop {
            next = match next {
                Next::Value => self.skip_value(&mut objects)?,
                Next::After if self.depth <= outside => return Ok(()),
                Next::After => self.skip_after(objects)?,
            };
        }
    }

    /// Reads a scalar, or the opening of a container.
    #[inline]
    fn skip_value(&mut self, objects: &mut u128) -> Result<Next, Broken> {
        self.space();
        let follows = match self.peek() {
            Some(b'"') => self.string().map(|_| false)?,
            Some(b'-' | b'0'..=b'9') => self.number().map(|_| false)?,
            Some(b'{') => {
                self.open()?;
                *objects |= 1 << self.depth;
                self.first_name()?.is_some()
            }
            Some(b'[') => {
                self.open()?;
                *objects &= !(1 << self.depth);
                self.first_item()?
            }
            _ => self.token().map(|_| false)?,
        };
        Ok(if follows { Next::Value } else { Next::After })
    }

    /// Reads what follows a value inside a container.
    #[inline]
    fn skip_after(&mut self, objects: u128) -> Result<Next, Broken> {
        let is_object = objects >> self.depth & 1 == 1;
        let follows = if is_object { self.next_name()?.is_some() } else { self.next_item()? };
        Ok(if follows { Next::Value } else { Next::After })
    }
}
