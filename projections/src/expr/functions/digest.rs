//! `md5`: RFC 1321. Not for secrets; for keys that others make of the same text, too.

use schemas::Value;

use crate::expr::function::Function;
use crate::expr::function::Kind::Text;
use crate::expr::take;

pub(super) static TABLE: &[Function] =
    &[Function::one("md5", &[Text], Text, |text| Ok(Value::Text(hex(md5(take::text(text)?.as_bytes())).into())))];

/// How far each step of a round turns its sum.
const TURNS: [[u32; 4]; 4] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];

const START: [u32; 4] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];

fn md5(message: &[u8]) -> [u32; 4] {
    let mut padded = message.to_vec();
    padded.push(0x80);
    // The length in bits takes the last eight bytes of the last block.
    let length = (padded.len() + 8).next_multiple_of(64);
    padded.resize(length, 0);
    padded[length - 8..].copy_from_slice(&(message.len() as u64).wrapping_mul(8).to_le_bytes());
    padded.chunks_exact(64).fold(START, mixed)
}

/// The state after one block of 64 bytes.
fn mixed(state: [u32; 4], block: &[u8]) -> [u32; 4] {
    let words: Vec<u32> = block.chunks_exact(4).map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]])).collect();
    let [mut a, mut b, mut c, mut d] = state;
    for step in 0..64 {
        let (mix, word) = match step / 16 {
            0 => ((b & c) | (!b & d), step),
            1 => ((d & b) | (!d & c), (5 * step + 1) % 16),
            2 => (b ^ c ^ d, (3 * step + 5) % 16),
            _ => (c ^ (b | !d), (7 * step) % 16),
        };
        let sum = a.wrapping_add(mix).wrapping_add(constant(step)).wrapping_add(words[word]);
        (a, d, c, b) = (d, c, b, b.wrapping_add(sum.rotate_left(TURNS[step / 16][step % 4])));
    }
    let [e, f, g, h] = state;
    [a.wrapping_add(e), b.wrapping_add(f), c.wrapping_add(g), d.wrapping_add(h)]
}

/// The whole part of 2^32 · |sin(step + 1)|.
fn constant(step: usize) -> u32 {
    ((step as f64 + 1.0).sin().abs() * 4_294_967_296.0) as u32
}

fn hex(state: [u32; 4]) -> String {
    state.iter().flat_map(|word| word.to_le_bytes()).map(|byte| format!("{byte:02x}")).collect()
}
