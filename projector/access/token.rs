//! Tokens, and the hashes by which they are known again.

use std::fmt;
use std::str::FromStr;

use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};
use subtle::ConstantTimeEq;

/// Bytes of randomness in a token: so many cannot be guessed, so that one round of a fast hash keeps them secret.
const RANDOM: usize = 32;
/// What a token starts with, so that those who look for secrets in texts find it.
const PREFIX: &str = "projector_";
/// What the text of a hash starts with.
const ALGORITHM: &str = "sha256:";
/// Bytes of a hash.
const HASH: usize = 32;

/// A secret that says who somebody is. It is shown once, when it is made.
pub struct Token(String);

/// What is kept of a token.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenHash([u8; HASH]);

/// A text that is no hash of a token. It is not repeated: it may be the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the hash is not sha256: and 64 hexadecimal digits, as `projector token create` prints it")]
pub struct BadHash;

/// The system has no randomness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the system gives no random bytes")]
pub struct NoRandomness;

// === impl Token ===

impl Token {
    /// A new one.
    pub fn create() -> Result<Token, NoRandomness> {
        let mut bytes = [0; RANDOM];
        SystemRandom::new().fill(&mut bytes).map_err(|_| NoRandomness)?;
        Ok(Token(format!("{PREFIX}{}", Hex(&bytes))))
    }

    /// The secret itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

// === impl TokenHash ===

impl TokenHash {
    /// The hash of a token, or of what was sent in the place of one.
    pub fn of(token: &str) -> TokenHash {
        let mut hash = [0; HASH];
        hash.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
        TokenHash(hash)
    }

    /// Whether both are the same; takes as long where they are not.
    pub fn matches(&self, other: &TokenHash) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Display for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{ALGORITHM}{}", Hex(&self.0))
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hash)")
    }
}

impl FromStr for TokenHash {
    type Err = BadHash;

    fn from_str(text: &str) -> Result<TokenHash, BadHash> {
        let digits = text.strip_prefix(ALGORITHM).filter(|digits| digits.len() == 2 * HASH).ok_or(BadHash)?;
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok()).ok_or(BadHash);
        let mut hash = [0; HASH];
        for (byte, pair) in hash.iter_mut().zip(digits.as_bytes().chunks_exact(2)) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Ok(TokenHash(hash))
    }
}

/// Bytes in hexadecimal digits.
struct Hex<'b>(&'b [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_known_by_its_hash() {
        let (token, other) = (Token::create().unwrap(), Token::create().unwrap());
        let kept: TokenHash = TokenHash::of(token.reveal()).to_string().parse().unwrap();
        assert!(kept.matches(&TokenHash::of(token.reveal())));
        assert!(!kept.matches(&TokenHash::of(other.reveal())));
        assert!(!format!("{kept:?}{}", TokenHash::of(token.reveal())).contains(token.reveal()));
    }

    #[test]
    fn hashes_are_what_others_make_of_the_same() {
        let abc = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(TokenHash::of("abc").to_string(), abc);
        for text in ["", "sha256:", "ba78", "sha256:zz7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"] {
            assert_eq!(text.parse::<TokenHash>(), Err(BadHash));
        }
    }
}
