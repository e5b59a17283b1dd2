//! `uuid`

use super::{TextError, push, trimmed};

/// 32 hexadecimal digits, in braces or not, with or without hyphens after any group of four.
pub(crate) fn parse_uuid(text: &str) -> Result<u128, TextError> {
    read(text).ok_or_else(|| TextError::syntax("uuid", trimmed(text)))
}

fn read(text: &str) -> Option<u128> {
    let inner = match text.strip_prefix('{') {
        Some(rest) => rest.strip_suffix('}')?,
        None => text,
    };
    let (mut value, mut digits) = (0u128, 0);
    for byte in inner.bytes() {
        if byte == b'-' {
            if digits % 4 != 0 || digits == 0 || digits == 32 {
                return None;
            }
        } else {
            value = value << 4 | u128::from((byte as char).to_digit(16)?);
            digits += 1;
        }
        if digits > 32 {
            return None;
        }
    }
    (digits == 32 && !inner.contains("--")).then_some(value)
}

/// In groups of 8, 4, 4, 4 and 12 digits, lower case.
pub(super) fn print_uuid(value: u128, out: &mut String) {
    let (a, b, c) = ((value >> 96) as u32, (value >> 80) as u16, (value >> 64) as u16);
    let (d, e) = ((value >> 48) as u16, value as u64 & 0xffff_ffff_ffff);
    push(out, format_args!("{a:08x}-{b:04x}-{c:04x}-{d:04x}-{e:012x}"));
}
