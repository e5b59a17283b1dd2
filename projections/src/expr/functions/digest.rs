//! `md5`: not for secrets; for keys that others make of the same text, too.

use md5::{Digest, Md5};
use schemas::Value;

use crate::expr::function::Function;
use crate::expr::function::Kind::Text;
use crate::expr::take;

pub(super) static TABLE: &[Function] =
    &[Function::one("md5", &[Text], Text, |text| Ok(Value::Text(hex(&Md5::digest(take::text(text)?.as_bytes())).into())))];

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
