//! Counter-based random numbers: Philox4x32-10.
//!
//! A draw is a pure function of what it is for, so no generator state is kept, saved or shared between threads,
//! and a backward pass draws again what its forward pass drew. What a draw is for: the seed of the run, the op in
//! the model, the training step ([`DrawKey`]); the sequence in the step and the token in the sequence
//! ([`RowKey`]); the unit. The row of the pack is no part of it, so a sequence draws the same wherever it lies.
//!
//! J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, *Parallel random numbers: as easy as 1, 2, 3*, SC 2011,
//! section 3.3. One round maps the words (a, b, c, d) with keys (k, l) to
//! (high(C c) ^ b ^ k, low(C c), high(A a) ^ d ^ l, low(A a)); keys grow by the Weyl constants between rounds.
//!
//! Each word of output gives two 16-bit draws, eight a counter: unit u of a row is half `u % 2` (the low one
//! first) of word `u / 2 % 4` of counter `u / 8`.

#[cfg(target_arch = "x86_64")]
mod wide;

use super::array;
#[cfg(target_arch = "x86_64")]
use super::isa::Isa;

const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
const ROUNDS: u32 = 10;

/// How many units one counter serves.
pub const UNITS: usize = 8;
/// How many counters are drawn side by side.
const LANES: usize = 8;

/// What keys all draws of one op in one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DrawKey {
    /// The seed of the run.
    pub seed: u64,
    /// The op in the model: a hash of its name.
    pub op: u64,
    /// The training step.
    pub step: u64,
}

impl DrawKey {
    /// The stream of draws under this key.
    ///
    /// Its Philox key is itself drawn: the first two words under the seed at counter (op, step). Two keys of one
    /// run share a stream with probability 2^-64.
    pub fn stream(self) -> Stream {
        let seed = [self.seed as u32, (self.seed >> 32) as u32];
        let [k, l, _, _] = philox(
            [self.op as u32, (self.op >> 32) as u32, self.step as u32, (self.step >> 32) as u32],
            seed,
        );
        Stream { key: [k, l] }
    }
}

/// Where a row of a pack comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RowKey {
    /// The sequence in the step.
    pub sequence: u32,
    /// The token in the sequence.
    pub token: u32,
}

/// The share of units that a dropout sets to zero, in 65536ths: a 16-bit draw below `65536 rate` drops its unit.
///
/// Kept units are scaled by `65536 / (65536 - threshold)`, the inverse of the exact probability of being kept, so
/// the expectation is exact whatever the rounding of the rate (at most 2^-17).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Rate {
    threshold: u16,
}

impl Rate {
    /// No dropout.
    pub const ZERO: Rate = Rate { threshold: 0 };

    /// The nearest rate to `rate`; none unless `0 <= rate` and it rounds to less than 1.
    pub fn new(rate: f64) -> Option<Rate> {
        let threshold = (rate * 65536.0).round();
        (rate >= 0.0 && threshold < 65536.0).then_some(Rate { threshold: threshold as u16 })
    }

    /// Units are dropped whose draw is below this.
    #[inline(always)]
    pub fn threshold(self) -> u16 {
        self.threshold
    }

    /// What kept units are multiplied by.
    #[inline(always)]
    pub fn scale(self) -> f64 {
        65536.0 / (65536.0 - f64::from(self.threshold))
    }
}

/// Philox4x32-10 of one counter.
pub fn philox(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    rounds(counter.map(|word| [u64::from(word)]), key).map(|[word]| word as u32)
}

/// Ten rounds over `N` counters side by side. A word is the low half of its lane and the high half is noise: the
/// products look only at low halves, which is what the vector instruction for them does.
#[inline(always)]
fn rounds<const N: usize>(mut words: [[u64; N]; 4], key: [u32; 2]) -> [[u64; N]; 4] {
    let product = |word: u64, by: u32| (word & 0xffff_ffff) * u64::from(by);
    for round in 0..ROUNDS {
        let [k, l] = [0, 1].map(|i| u64::from(key[i].wrapping_add(WEYL[i].wrapping_mul(round))));
        for lane in 0..N {
            let a = product(words[0][lane], MULTIPLIERS[0]);
            let c = product(words[2][lane], MULTIPLIERS[1]);
            words[0][lane] = (c >> 32) ^ words[1][lane] ^ k;
            words[2][lane] = (a >> 32) ^ words[3][lane] ^ l;
            words[1][lane] = c;
            words[3][lane] = a;
        }
    }
    words
}

/// The draws of one op in one step.
#[derive(Debug, Clone, Copy)]
pub struct Stream {
    key: [u32; 2],
}

impl Stream {
    /// The 16-bit draw of one unit in one row and one part (a head of an attention; elsewhere 0).
    pub fn draw(self, row: RowKey, part: u32, unit: usize) -> u16 {
        let words = philox([(unit / UNITS) as u32, row.token, row.sequence, part], self.key);
        (words[unit / 2 % 4] >> (16 * (unit % 2))) as u16
    }

    /// The draws of consecutive units of one row in part 0, from `first_unit` on, which is a multiple of [`UNITS`].
    #[inline(always)]
    pub fn fill_row(self, out: &mut [u16], row: RowKey, first_unit: usize) {
        for (group, out) in out.chunks_mut(LANES * UNITS).enumerate() {
            let counter = (first_unit / UNITS + group * LANES) as u32;
            out.copy_from_slice(&self.group(row, counter)[..out.len()]);
        }
    }

    /// The draws of the units of `LANES` counters.
    #[inline(always)]
    fn group(self, row: RowKey, counter: u32) -> [u16; UNITS * LANES] {
        #[cfg(target_arch = "x86_64")]
        if Isa::current() >= Isa::Avx512 {
            // SAFETY: the processor has the path.
            return unsafe { wide::row(self, row, counter) };
        }
        let counters: [u64; LANES] = array(|lane| u64::from(counter) + lane as u64);
        let words = self.words(counters, [u64::from(row.token); LANES], row.sequence, 0);
        array(|unit| {
            let (lane, word, half) = (unit / UNITS, unit % UNITS / 2, unit % 2);
            (words[word][lane] >> (16 * half)) as u16
        })
    }

    /// The draws of eight units for sixteen consecutive tokens of a sequence: word w of `out[w][t]` holds units
    /// `8 counter + 2 w` (low half) and `8 counter + 2 w + 1` (high half) of token `first_token + t`.
    #[inline(always)]
    pub fn fill_column(
        self,
        out: &mut [[u32; 16]; 4],
        counter: u32,
        first_token: u32,
        sequence: u32,
        part: u32,
    ) {
        #[cfg(target_arch = "x86_64")]
        if Isa::current() >= Isa::Avx512 {
            // SAFETY: the processor has the path.
            return unsafe { wide::column(self, out, counter, first_token, sequence, part) };
        }
        let token = |i: usize| u64::from(first_token) + i as u64;
        let counters = [u64::from(counter); LANES];
        let even = self.words(counters, array(|lane| token(2 * lane)), sequence, part);
        let odd = self.words(counters, array(|lane| token(2 * lane + 1)), sequence, part);
        for word in 0..4 {
            for lane in 0..LANES {
                out[word][2 * lane] = even[word][lane] as u32;
                out[word][2 * lane + 1] = odd[word][lane] as u32;
            }
        }
    }

    #[inline(always)]
    fn words(
        self,
        counters: [u64; LANES],
        tokens: [u64; LANES],
        sequence: u32,
        part: u32,
    ) -> [[u64; LANES]; 4] {
        let same = |word: u32| [u64::from(word); LANES];
        rounds([counters, tokens, same(sequence), same(part)], self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn philox_has_the_known_answers_of_random123() {
        let ones = u32::MAX;
        let pi = [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344];
        for (counter, key, answer) in [
            ([0; 4], [0; 2], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
            ([ones; 4], [ones; 2], [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]),
            (pi, [0xa409_3822, 0x299f_31d0], [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]),
        ] {
            assert_eq!(philox(counter, key), answer, "{counter:x?} {key:x?}");
        }
    }

    #[test]
    fn rows_and_columns_hold_the_draws_of_their_units() {
        let stream = DrawKey { seed: 1 << 40 | 7, op: 3, step: 1 << 33 }.stream();
        let row = |token| RowKey { sequence: 9, token };
        for units in [0, 1, 63, 64, 65, 200] {
            let mut draws = vec![0; units];
            stream.fill_row(&mut draws, row(5), 16);
            assert!((0..units).all(|unit| draws[unit] == stream.draw(row(5), 0, 16 + unit)), "{units} units");
        }
        let mut column = [[0; 16]; 4];
        stream.fill_column(&mut column, 2, 30, 9, 4);
        for (token, unit) in (0..16).flat_map(|token| (0..8).map(move |unit| (token, unit))) {
            let drawn = (column[unit / 2][token] >> (16 * (unit % 2))) as u16;
            assert_eq!(drawn, stream.draw(row(30 + token as u32), 4, 16 + unit));
        }
    }

    #[test]
    fn every_part_of_a_key_matters() {
        let key = DrawKey { seed: 1, op: 2, step: 3 };
        let first = |key: DrawKey, sequence, token, part| {
            let stream = key.stream();
            [0, 8, 16, 24].map(|unit| stream.draw(RowKey { sequence, token }, part, unit))
        };
        let keys =
            [key, DrawKey { seed: 1 << 32 | 1, ..key }, DrawKey { op: 3, ..key }, DrawKey { step: 4, ..key }];
        let mut all: Vec<_> = keys.into_iter().map(|key| first(key, 0, 0, 0)).collect();
        all.extend([first(key, 1, 0, 0), first(key, 0, 1, 0), first(key, 0, 0, 1)]);
        for i in 0..all.len() {
            assert!(all[..i].iter().all(|other| *other != all[i]), "{i}");
        }
    }

    #[test]
    fn a_rate_is_kept_to_a_65536th_and_its_expectation_exactly() {
        let rate = Rate::new(0.1).expect("in range");
        assert_eq!(rate.threshold(), 6554);
        assert_eq!((65536.0 - 6554.0) * rate.scale(), 65536.0);
        assert_eq!(Rate::new(0.0), Some(Rate::ZERO));
        for wrong in [-0.1, 1.0, 0.999_999, f64::NAN] {
            assert_eq!(Rate::new(wrong), None, "{wrong}");
        }
    }
}
