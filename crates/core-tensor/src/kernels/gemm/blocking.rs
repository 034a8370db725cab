//! Which block is computed when, and by whom.
//!
//! The columns of `b` are packed first, by all threads. Then the result is cut into chunks of rows and columns, of which
//! each thread takes the next when it has done one; the last ones are smaller, so that all threads end together. A thread
//! that takes a chunk goes through it by strips of columns, and in a strip by blocks of the depth. It packs
//! each panel of `a` where it first needs it, if it cannot read the lines in place, and sums tile by tile. One tile's
//! panel of `a` stays in the first cache while the panels of `b` pass from the second.

use super::epilogue::Output;
use super::pack::{Format, Operand, Part};
use super::scratch::Scratch;
use super::tile::{Lines, Tile};
use crate::element::Float;
use rayon::prelude::*;
use std::ops::Range;

/// Panels that are packed at once where neighbouring lines are neighbours in memory, so that the lines of the caches
/// that they share are read once.
const GROUP: usize = 8;
/// Lines of `b` in a strip: with a block of the depth, half a MiB of f32 or three quarters of a MiB of pairs.
const STRIP_COLS: usize = 512;
/// Lines of `a` in a chunk.
const CHUNK_ROWS: usize = 192;
/// Chunks are halved until there are so many for each thread,
const ENOUGH_CHUNKS: usize = 6;
/// but not below these sizes.
const LEAST_ROWS: usize = 48;
const LEAST_COLS: usize = 128;
/// The last of so many chunks is cut into so many parts of its rows.
const LAST_OF: usize = 8;
const LAST_PARTS: usize = 4;
/// Units of `b` that are packed at once: 16 MiB of 32-bit ones.
const PACKED_UNITS: usize = 4 << 20;
/// Products of fewer multiplications than this are left to one thread.
const SERIAL: usize = 1 << 19;

type Unit<K> = <<K as Tile>::Format as Format>::Unit;

/// `out = a·bᵀ` of lines, by the kernel `K`.
pub(super) fn product<K, C>(a: &Operand<'_>, b: &Operand<'_>, out: &Output<'_, C>)
where
    K: Tile,
    C: Float<Master = <K::Format as Format>::Sum>,
{
    if a.lines == 0 || b.lines == 0 {
        return;
    }
    let plan = Plan::new::<K>(a.lines, b.lines, a.depth);
    for cols in ranges(0..b.lines, plan.packed_cols) {
        let mut scratch = Scratch::take::<Unit<K>>(plan.units * cols.len().next_multiple_of(K::COLS));
        let packed = scratch.values::<Unit<K>>();
        pack_columns::<K>(&plan, b, &cols, packed);
        let packed = &*packed;
        plan.each(plan.chunks(a, &cols), |(rows, chunk)| {
            chunk_of::<K, C>(&plan, a, packed, &cols, rows, chunk, out);
        });
    }
}

/// The sizes of the blocks: a function of the sizes of the product and the kernel. The number of threads changes the chunks,
/// but not the blocks of the depth, on which the bits depend.
struct Plan {
    /// Units along the whole depth, and in one block of it.
    units: usize,
    block: usize,
    chunk_rows: usize,
    chunk_cols: usize,
    last_rows: usize,
    strip_cols: usize,
    packed_cols: usize,
    serial: bool,
}

impl Plan {
    fn new<K: Tile>(rows: usize, cols: usize, depth: usize) -> Plan {
        let units = depth.div_ceil(K::Format::DEPTH);
        let block = even(units, K::Format::BLOCK, 16);
        let packed_cols = even(cols, (PACKED_UNITS / units.max(1)).max(STRIP_COLS), K::COLS);
        let serial = rows * cols * depth < SERIAL;
        let enough = ENOUGH_CHUNKS * rayon::current_num_threads();
        let plan = |rows_most: usize, cols_most: usize| {
            let (chunk_rows, chunk_cols) =
                (even(rows, rows_most, K::ROWS), even(packed_cols, cols_most, K::COLS));
            let last_rows = chunk_rows.div_ceil(LAST_PARTS).next_multiple_of(K::ROWS);
            let strip_cols = even(chunk_cols, STRIP_COLS, K::COLS);
            Plan { units, block, chunk_rows, chunk_cols, last_rows, strip_cols, packed_cols, serial }
        };
        // Chunks of whole rows, so that `a` is packed once; of parts of them only if the rows are too few.
        let whole = plan(CHUNK_ROWS, packed_cols);
        if serial || rows.div_ceil(whole.chunk_rows) >= enough {
            return whole;
        }
        let (mut rows_most, mut cols_most) = (CHUNK_ROWS, STRIP_COLS);
        loop {
            let plan = plan(rows_most, cols_most);
            let (chunk_rows, chunk_cols) = (plan.chunk_rows, plan.chunk_cols);
            let chunks = rows.div_ceil(chunk_rows) * cols.div_ceil(chunk_cols);
            if chunks >= enough || (chunk_rows <= LEAST_ROWS && chunk_cols <= LEAST_COLS) {
                return plan;
            }
            // The larger of the two is halved, counted in its least size.
            if chunk_rows * LEAST_COLS > chunk_cols * LEAST_ROWS {
                rows_most = (chunk_rows / 2).max(LEAST_ROWS);
            } else {
                cols_most = (chunk_cols / 2).max(LEAST_COLS);
            }
        }
    }

    /// Blocks of the depth, in units; one empty block if there is no depth.
    fn blocks(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        let none = (self.units == 0).then_some(0..0);
        ranges(0..self.units, self.block).chain(none)
    }

    /// The chunks of the result in these columns, the last ones cut by rows, unless few rows of `a` would be slow to pack.
    fn chunks(&self, a: &Operand<'_>, cols: &Range<usize>) -> Vec<(Range<usize>, Range<usize>)> {
        let of_rows =
            |rows: Range<usize>| ranges(cols.clone(), self.chunk_cols).map(move |cols| (rows.clone(), cols));
        let mut chunks: Vec<_> = ranges(0..a.lines, self.chunk_rows).flat_map(of_rows).collect();
        if !self.serial && !a.is_across() {
            let last = chunks.split_off(chunks.len() - chunks.len().div_ceil(LAST_OF));
            let parts = |(rows, cols): (Range<usize>, Range<usize>)| {
                ranges(rows, self.last_rows).map(move |rows| (rows, cols.clone()))
            };
            chunks.extend(last.into_iter().flat_map(parts));
        }
        chunks
    }

    /// Runs all items in their order, each on the next thread that is free; on one thread if the product is small.
    fn each<T: Send>(&self, items: Vec<T>, f: impl Fn(T) + Send + Sync) {
        if self.serial || items.len() == 1 {
            items.into_iter().for_each(f);
        } else {
            items.into_iter().par_bridge().for_each(f);
        }
    }
}

/// The length of each of as few equal parts as have at most `most`, rounded up to a multiple of `step`.
fn even(total: usize, most: usize, step: usize) -> usize {
    let parts = total.div_ceil(most).max(1);
    total.div_ceil(parts).max(1).next_multiple_of(step)
}

/// A range in parts of `step`, the last one shorter.
fn ranges(range: Range<usize>, step: usize) -> impl Iterator<Item = Range<usize>> {
    range.clone().step_by(step).map(move |start| start..(start + step).min(range.end))
}

/// Packs the lines `cols` of `b`: block of the depth after block, panel after panel.
fn pack_columns<K: Tile>(plan: &Plan, b: &Operand<'_>, cols: &Range<usize>, mut packed: &mut [Unit<K>]) {
    let mut tasks = Vec::new();
    for units in plan.blocks() {
        for lines in ranges(cols.clone(), GROUP * K::COLS) {
            let panels = lines.len().div_ceil(K::COLS);
            let (part, rest) = packed.split_at_mut(panels * K::COLS * units.len());
            packed = rest;
            tasks.push((units.clone(), lines, part));
        }
    }
    plan.each(tasks, |(units, lines, panels)| {
        let part = Part { line: lines.start, units };
        // SAFETY: the kernel was chosen by what the processor has.
        unsafe { pack_panels::<K>(b, &part, K::COLS, panels) };
    });
}

/// # Safety
/// The processor must have the kernel's instructions.
unsafe fn pack_panels<K: Tile>(operand: &Operand<'_>, part: &Part, width: usize, panels: &mut [Unit<K>]) {
    // SAFETY: `run` compiles the inlined function for the instructions, which the caller has.
    unsafe {
        if K::WIDE {
            K::run(
                #[inline(always)]
                || K::Format::pack::<true>(operand, part, width, panels),
            );
        } else {
            K::run(
                #[inline(always)]
                || K::Format::pack::<false>(operand, part, width, panels),
            );
        }
    }
}

/// Takes a block of sums to its place.
///
/// # Safety
/// The processor must have the kernel's instructions; see [`Output::finish`].
unsafe fn finish<K, C>(out: &Output<'_, C>, sums: &mut [C::Master], row: usize, col: usize)
where
    K: Tile,
    C: Float<Master = <K::Format as Format>::Sum>,
{
    // SAFETY: as in `pack_panels`; the rest is passed on.
    unsafe {
        K::run(
            #[inline(always)]
            || out.finish::<K>(sums, row, col),
        );
    }
}

/// Computes the block `rows` x `chunk` of the result from the packed columns `cols` of `b`.
fn chunk_of<K, C>(
    plan: &Plan,
    a: &Operand<'_>,
    packed: &[Unit<K>],
    cols: &Range<usize>,
    rows: Range<usize>,
    chunk: Range<usize>,
    out: &Output<'_, C>,
) where
    K: Tile,
    C: Float<Master = <K::Format as Format>::Sum>,
{
    let tile = K::ROWS * K::COLS;
    let row_panels = rows.len().div_ceil(K::ROWS);
    let strips: Vec<_> = ranges(chunk, plan.strip_cols).collect();
    let (whole, once) = (plan.units <= plan.block, strips.len() == 1);
    let strip_tiles = row_panels * plan.strip_cols.div_ceil(K::COLS);
    let group = if a.is_across() { GROUP } else { 1 };
    let in_place = a.in_place::<K::Format>();
    // Panels of `a` that no other strip needs again make room for the next.
    let a_units = if once { plan.block * group } else { plan.units * row_panels };
    let mut a_scratch = Scratch::take::<Unit<K>>(a_units * K::ROWS);
    let mut sum_scratch = Scratch::take::<C::Master>(if whole { tile } else { strip_tiles * tile });
    let (a_panels, sums) = (a_scratch.values::<Unit<K>>(), sum_scratch.values::<C::Master>());
    let all_panels = cols.len().div_ceil(K::COLS);

    for (s, strip) in strips.into_iter().enumerate() {
        let first_panel = (strip.start - cols.start) / K::COLS;
        let col_panels = strip.len().div_ceil(K::COLS);
        for units in plan.blocks() {
            let last = units.end == plan.units;
            let panel = units.len() * K::COLS;
            let b_panels = &packed[units.start * all_panels * K::COLS + first_panel * panel..];
            for (r, row) in rows.clone().step_by(K::ROWS).enumerate() {
                let size = units.len() * K::ROWS;
                let at = if once { r % group * size } else { units.start * row_panels * K::ROWS + r * size };
                // Lines that lie as the kernel reads them are not copied, unless too few are left for its last rows.
                let here = in_place.filter(|_| rows.end - row >= K::ROWS);
                if here.is_none() && s == 0 && r % group == 0 {
                    let part = Part { line: row, units: units.clone() };
                    let panels = group.min(row_panels - r);
                    // SAFETY: the kernel was chosen by what the processor has.
                    unsafe { pack_panels::<K>(a, &part, K::ROWS, &mut a_panels[at..][..panels * size]) };
                }
                if group == 1 && s == 0 {
                    a.prefetch::<K::Format>(&Part { line: row + K::ROWS, units: units.clone() }, K::ROWS);
                }
                let lines = match here {
                    // Lines and units lie within the operand, unless it has no depth and nothing is read.
                    Some((a, stride)) => Lines::InPlace(a.wrapping_add(row * stride + units.start), stride),
                    None => Lines::Panel(a_panels[at..][..size].as_ptr()),
                };
                for (c, col) in strip.clone().step_by(K::COLS).enumerate() {
                    let at = if whole { 0 } else { (r * col_panels + c) * tile };
                    let sums = &mut sums[at..][..tile];
                    let b_panel = &b_panels[c * panel..][..panel];
                    // SAFETY: the panels hold these units and `sums` a tile. Chunks do not overlap, so no other
                    // thread writes this tile's place.
                    unsafe {
                        let (b, to) = (b_panel.as_ptr(), sums.as_mut_ptr());
                        K::sum(rows.end - row, units.len(), lines, b, to, units.start > 0);
                        if last {
                            finish::<K, C>(out, sums, row, col);
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Mat;
    use super::super::pack::Plain;
    use super::super::tile::Portable;
    use super::*;

    #[test]
    fn chunks_are_each_part_of_the_result_once_and_the_last_is_small() {
        let data = [0.0f32; 900];
        for (rows, cols) in [(783, 1536), (900, 384), (96, 40), (5, 3000), (1, 1)] {
            let a = Operand::new(&Mat::new(&data[..rows], rows, 1));
            for threads in [1, 2, 5] {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
                let plan = pool.install(|| Plan::new::<Portable<Plain<f32>>>(rows, cols, 384));
                let chunks = plan.chunks(&a, &(0..cols));
                let size = |(rows, cols): &(Range<usize>, Range<usize>)| rows.len() * cols.len();
                if rows > 700 {
                    assert!(2 * size(&chunks[chunks.len() - 1]) <= size(&chunks[0]), "threads end together");
                }
                let mut times = vec![0; rows * cols];
                for (rows, cols_of_chunk) in chunks {
                    for row in rows {
                        let row = &mut times[row * cols..][cols_of_chunk.clone()];
                        row.iter_mut().for_each(|times| *times += 1);
                    }
                }
                assert!(times.iter().all(|times| *times == 1), "{rows} x {cols}, {threads} threads");
            }
        }
    }
}
