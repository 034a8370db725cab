//! How the operands of one unit lie in scratch, in the computing type, and the scores' dropout.

use super::{AttentionShape, Unit};
use crate::element::{Float, Real};
use crate::kernels::prefetch;
use crate::kernels::random::{Stream, UNITS};

/// Vector lanes of a tile, in elements.
pub(super) const LANES: usize = 16;
/// Queries that lie side by side.
pub(super) const QUERY_BLOCK: usize = 2 * LANES;

/// How many tokens [`Columns::look_ahead`] looks ahead.
const AHEAD: usize = 8;

/// Which of the three parts of a row of qkv.
#[derive(Clone, Copy)]
pub(super) enum Part {
    Query,
    Key,
    Value,
}

/// Where the tokens of one unit lie in a row-major matrix.
#[derive(Clone, Copy)]
pub(super) struct Columns {
    stride: usize,
    start: usize,
    size: usize,
}

impl Columns {
    /// One part of qkv (or of its gradient) in the unit's head.
    pub(super) fn qkv(shape: &AttentionShape<'_>, unit: &Unit, part: Part) -> Columns {
        let (width, size) = (shape.width(), shape.head_size);
        let start = unit.first * 3 * width + part as usize * width + unit.head * size;
        Columns { stride: 3 * width, start, size }
    }

    /// The unit's head in the output (or in its gradient).
    pub(super) fn out(shape: &AttentionShape<'_>, unit: &Unit) -> Columns {
        let (width, size) = (shape.width(), shape.head_size);
        Columns { stride: width, start: unit.first * width + unit.head * size, size }
    }

    /// How many elements a row has.
    #[inline(always)]
    pub(super) fn size(self) -> usize {
        self.size
    }

    /// Where the row of one token of the sequence begins.
    #[inline(always)]
    pub(super) fn at(self, token: usize) -> usize {
        self.start + token * self.stride
    }

    /// Asks for the row of a token some way behind this one: each lies in another page, where the processor does not look
    /// ahead by itself.
    #[inline(always)]
    pub(super) fn look_ahead<E>(self, of: &[E], token: usize) {
        prefetch(of.as_ptr().wrapping_add(self.at(token + AHEAD)), self.size);
    }

    /// Copies `count` tokens from `first` on, scaled, into rows of `width` elements; the rest of a row is zero.
    #[inline(always)]
    pub(super) fn pack<E: Float>(
        self,
        to: &mut Vec<E::Master>,
        from: &[E],
        first: usize,
        count: usize,
        width: usize,
        scale: E::Master,
    ) {
        grow(to, count * width);
        for (token, to) in to.chunks_exact_mut(width).take(count).enumerate() {
            self.look_ahead(from, first + token);
            let from = &from[self.at(first + token)..][..self.size];
            let (to, rest) = to.split_at_mut(self.size);
            for (to, &from) in to.iter_mut().zip(from) {
                *to = from.widen() * scale;
            }
            rest.fill(E::Master::ZERO);
        }
    }
}

/// The width of a head in scratch: whole vectors.
pub(super) fn padded(head_size: usize) -> usize {
    head_size.next_multiple_of(LANES)
}

/// Makes room for `len` elements.
#[inline(always)]
pub(super) fn grow<M: Real>(buffer: &mut Vec<M>, len: usize) {
    if buffer.len() < len {
        buffer.resize(len, M::ZERO);
    }
}

/// `to[c][lane] = from[lane][c]` for `count` rows of `width`; the lanes from `count` to `BLOCK` are zero.
#[inline(always)]
pub(super) fn transpose<M: Real, const BLOCK: usize>(
    to: &mut Vec<M>,
    from: &[M],
    count: usize,
    width: usize,
) {
    grow(to, BLOCK * width);
    let (columns, _) = to.as_chunks_mut::<BLOCK>();
    for (c, column) in columns.iter_mut().take(width).enumerate() {
        for lane in 0..count {
            column[lane] = from[lane * width + c];
        }
        column[count..].fill(M::ZERO);
    }
}

/// The dropout of one unit's probabilities.
#[derive(Clone, Copy)]
pub(super) struct Mask<M> {
    stream: Stream,
    sequence: u32,
    head: u32,
    threshold: u32,
    scale: M,
}

impl<M: Real> Mask<M> {
    /// The unit's mask, if there is dropout.
    pub(super) fn of(shape: &AttentionShape<'_>, unit: &Unit) -> Option<Mask<M>> {
        let dropout = shape.dropout.filter(|dropout| dropout.rate.threshold() > 0)?;
        Some(Mask {
            stream: dropout.key.stream(),
            sequence: dropout.sequences[unit.sequence],
            head: unit.head as u32,
            threshold: u32::from(dropout.rate.threshold()),
            scale: M::from_f64(dropout.rate.scale()),
        })
    }

    /// Draws below this drop their probability.
    #[cfg(target_arch = "x86_64")]
    pub(super) fn threshold(&self) -> u32 {
        self.threshold
    }

    /// What kept probabilities are multiplied by.
    #[cfg(target_arch = "x86_64")]
    pub(super) fn scale(&self) -> M {
        self.scale
    }

    /// The draws of the keys `UNITS * group ..` for the queries from `query` on: word w of a lane holds those of keys
    /// 2 w (low half) and 2 w + 1.
    #[inline(always)]
    pub(super) fn words(&self, group: usize, query: usize) -> [[u32; LANES]; UNITS / 2] {
        let mut words = [[0; LANES]; UNITS / 2];
        self.stream.fill_column(&mut words, group as u32, query as u32, self.sequence, self.head);
        words
    }

    /// What the probabilities of keys `UNITS * group ..` are multiplied by, for `BLOCK` queries from `query` on.
    #[inline(always)]
    pub(super) fn scales<const BLOCK: usize>(
        &self,
        out: &mut [[M; BLOCK]; UNITS],
        group: usize,
        query: usize,
    ) {
        for part in 0..BLOCK / LANES {
            let words = self.words(group, query + part * LANES);
            for (word, words) in words.iter().enumerate() {
                let keep = |draw: u32| if draw >= self.threshold { self.scale } else { M::ZERO };
                // A loop for each key: only then do they become vector code.
                let lanes = part * LANES..(part + 1) * LANES;
                for (to, word) in out[2 * word][lanes.clone()].iter_mut().zip(words) {
                    *to = keep(word & 0xffff);
                }
                for (to, word) in out[2 * word + 1][lanes].iter_mut().zip(words) {
                    *to = keep(word >> 16);
                }
            }
        }
    }
}
