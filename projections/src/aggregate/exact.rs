//! Exact sums: whatever is added can be taken back, in any order, without a trace.

use ethnum::I256;
use schemas::Decimal;
use smallvec::SmallVec;

use crate::codec::{Corrupt, take};
use crate::expr::{EvalError, decimal};

/// The sum of decimals, in a part for each scale, smallest scale first: most often there is just one, and then nothing has to be
/// multiplied to be added, or divided to be shown. The sum is shown with the largest scale.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExactSum(SmallVec<[Part; 1]>);

/// The sum of the numbers of one scale. 96 bits of digits, 64 bits for the count and 94 to bring them to another scale fit 256.
#[derive(Clone, Debug, PartialEq)]
struct Part {
    scale: u32,
    /// How many numbers it is of; never none.
    count: u64,
    digits: I256,
}

impl ExactSum {
    pub fn add(&mut self, number: Decimal) {
        let (scale, digits) = (number.scale(), I256::from(number.mantissa()));
        match self.find(scale) {
            Ok(at) => {
                self.0[at].count += 1;
                self.0[at].digits += digits;
            }
            Err(at) => self.0.insert(at, Part { scale, count: 1, digits }),
        }
    }

    /// Takes back a number that was added.
    pub fn remove(&mut self, number: Decimal) {
        let Ok(at) = self.find(number.scale()) else { return };
        let part = &mut self.0[at];
        part.count -= 1;
        part.digits -= I256::from(number.mantissa());
        if part.count == 0 {
            self.0.remove(at);
        }
    }

    fn find(&self, scale: u32) -> Result<usize, usize> {
        self.0.binary_search_by_key(&scale, |part| part.scale)
    }

    /// How many numbers are in the sum.
    pub fn count(&self) -> u64 {
        self.0.iter().map(|part| part.count).sum()
    }

    /// The sum; fails where it has more than 28 digits before the point.
    pub fn total(&self) -> Result<Decimal, EvalError> {
        decimal::fit(self.digits(), self.scale())
    }

    /// The mean, at the scale that PostgreSQL selects for the division.
    pub fn mean(&self) -> Result<Decimal, EvalError> {
        if let Ok(total) = self.total() {
            return decimal::quotient(total, Decimal::from(self.count()));
        }
        // A sum so large that PostgreSQL adds no digits to those that it has.
        decimal::fit(decimal::divide(self.digits(), I256::from(self.count())), self.scale())
    }

    fn scale(&self) -> u32 {
        self.0.last().map_or(0, |part| part.scale)
    }

    /// All of it at the largest scale.
    fn digits(&self) -> I256 {
        let largest = self.scale();
        self.0.iter().map(|part| decimal::shifted(part.digits, largest - part.scale)).sum()
    }

    /// How many parts there are, then each with its scale (one byte), count and digits, little-endian.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.0.len() as u8);
        for Part { scale, count, digits } in &self.0 {
            out.push(*scale as u8);
            out.extend_from_slice(&count.to_le_bytes());
            out.extend_from_slice(&digits.to_le_bytes());
        }
    }

    pub fn decode(bytes: &mut &[u8]) -> Result<ExactSum, Corrupt> {
        let [length] = take(bytes)?;
        let part = |_| {
            let [scale] = take(bytes)?;
            let (count, digits) = (u64::from_le_bytes(take(bytes)?), I256::from_le_bytes(take(bytes)?));
            Ok(Part { scale: u32::from(scale), count, digits })
        };
        Ok(ExactSum((0..length).map(part).collect::<Result<_, _>>()?))
    }
}
