//! Exact sums: whatever is added can be taken back, in any order, without a trace.

use ethnum::I256;
use schemas::Decimal;

use crate::codec::{Corrupt, take};
use crate::expr::{EvalError, decimal};

/// The sum of decimals, as a whole number of 10⁻²⁸: 96 bits of digits, 94 bits of scale and 65 bits for the count fit 256.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExactSum {
    total: I256,
    /// How many of the numbers have each scale, smallest scale first: the sum is shown with the largest.
    scales: Vec<(u32, u64)>,
}

impl ExactSum {
    pub fn add(&mut self, number: Decimal) {
        self.total += units(number);
        match self.scales.binary_search_by_key(&number.scale(), |(scale, _)| *scale) {
            Ok(at) => self.scales[at].1 += 1,
            Err(at) => self.scales.insert(at, (number.scale(), 1)),
        }
    }

    /// Takes back a number that was added.
    pub fn remove(&mut self, number: Decimal) {
        self.total -= units(number);
        if let Ok(at) = self.scales.binary_search_by_key(&number.scale(), |(scale, _)| *scale) {
            self.scales[at].1 -= 1;
            if self.scales[at].1 == 0 {
                self.scales.remove(at);
            }
        }
    }

    /// How many numbers are in the sum.
    pub fn count(&self) -> u64 {
        self.scales.iter().map(|(_, count)| count).sum()
    }

    /// The sum; fails where it has more than 28 digits before the point.
    pub fn total(&self) -> Result<Decimal, EvalError> {
        let scale = self.scale();
        decimal::fit(decimal::round_off(self.total, decimal::MAX_SCALE - scale), scale)
    }

    /// The mean, at the scale that PostgreSQL selects for the division.
    pub fn mean(&self) -> Result<Decimal, EvalError> {
        if let Ok(total) = self.total() {
            return decimal::quotient(total, Decimal::from(self.count()));
        }
        // A sum so large that PostgreSQL adds no digits to those that it has.
        let scale = self.scale();
        let divisor = I256::from(self.count()) * I256::from(10).pow(decimal::MAX_SCALE - scale);
        decimal::fit(decimal::divide(self.total, divisor), scale)
    }

    fn scale(&self) -> u32 {
        self.scales.last().map_or(0, |(scale, _)| *scale)
    }

    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.total.to_le_bytes());
        out.push(self.scales.len() as u8);
        for (scale, count) in &self.scales {
            out.push(*scale as u8);
            out.extend_from_slice(&count.to_le_bytes());
        }
    }

    pub fn decode(bytes: &mut &[u8]) -> Result<ExactSum, Corrupt> {
        let total = I256::from_le_bytes(take(bytes)?);
        let [length] = take(bytes)?;
        let mut scales = Vec::with_capacity(usize::from(length));
        for _ in 0..length {
            let [scale] = take(bytes)?;
            scales.push((u32::from(scale), u64::from_le_bytes(take(bytes)?)));
        }
        Ok(ExactSum { total, scales })
    }
}

fn units(number: Decimal) -> I256 {
    decimal::at_scale(number, decimal::MAX_SCALE)
}
