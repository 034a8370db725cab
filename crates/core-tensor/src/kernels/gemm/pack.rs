//! Operands copied into panels, in the order in which the kernel reads them.
//!
//! An operand is a set of *lines* along the depth: the rows of `a`, the columns of `b`. A panel is `width` lines,
//! interleaved: for each step along the depth one *unit* of each line. Where an instruction multiplies pairs, a
//! unit is two neighbours along the depth. Lines and depth that are missing are filled with zeros.

use super::Mat;
use crate::element::{DType, Float, Real, bf16};
use crate::kernels::prefetch;
use bytemuck::Pod;
use std::marker::PhantomData;
use std::ops::Range;

/// Elements under the name of their type.
#[derive(Clone, Copy)]
enum Source<'a> {
    Bf16(&'a [bf16]),
    F32(&'a [f32]),
    F64(&'a [f64]),
}

/// An operand as lines along the depth.
#[derive(Clone, Copy)]
pub(super) struct Operand<'a> {
    source: Source<'a>,
    pub(super) lines: usize,
    pub(super) depth: usize,
    line_stride: usize,
    depth_stride: usize,
}

impl<'a> Operand<'a> {
    /// The rows of a matrix as lines.
    pub(super) fn new<T: Float>(mat: &Mat<'a, T>) -> Self {
        mat.check();
        let source = match T::DTYPE {
            DType::F64 => Source::F64(bytemuck::cast_slice(mat.data)),
            DType::F32 => Source::F32(bytemuck::cast_slice(mat.data)),
            _ => Source::Bf16(bytemuck::cast_slice(mat.data)),
        };
        let Mat { rows, cols, row_stride, col_stride, .. } = *mat;
        Operand { source, lines: rows, depth: cols, line_stride: row_stride, depth_stride: col_stride }
    }

    /// Asks for the part's first `width` lines, as far as there are so many, in units of format `F`: they begin anew
    /// for each panel, where the processor does not look ahead by itself.
    pub(super) fn prefetch<F: Format>(&self, part: &Part, width: usize) {
        let count = part.units.len() * F::DEPTH;
        for line in part.line..(part.line + width).min(self.lines) {
            let at = line * self.line_stride + part.units.start * F::DEPTH * self.depth_stride;
            match self.source {
                Source::Bf16(data) => prefetch(data.as_ptr().wrapping_add(at), count),
                Source::F32(data) => prefetch(data.as_ptr().wrapping_add(at), count),
                Source::F64(data) => prefetch(data.as_ptr().wrapping_add(at), count),
            }
        }
    }

    /// The first unit of format `F` and the units from line to line, if the units lie in memory as a kernel reads them,
    /// so that no panel need be made.
    ///
    /// Lines whose distance is nearly a multiple of 2 KiB share so few places of the first cache that they would drive
    /// each other out; they are refused.
    pub(super) fn in_place<F: Format>(&self) -> Option<(*const F::Unit, usize)> {
        let (start, dtype) = match self.source {
            Source::Bf16(data) => (data.as_ptr().cast::<F::Unit>(), DType::Bf16),
            Source::F32(data) => (data.as_ptr().cast(), DType::F32),
            Source::F64(data) => (data.as_ptr().cast(), DType::F64),
        };
        let as_they_are = F::MADE_OF == Some(dtype) && self.depth_stride == 1;
        let units = self.depth.is_multiple_of(F::DEPTH) && self.line_stride.is_multiple_of(F::DEPTH);
        let whole = units && start.is_aligned();
        let apart = self.line_stride * (size_of::<F::Unit>() / F::DEPTH) % SHARED;
        let spread = apart.min(SHARED - apart) >= 256;
        (as_they_are && whole && spread).then_some((start, self.line_stride / F::DEPTH))
    }

    /// Whether neighbouring lines are neighbours in memory, and neighbours along the depth are not.
    pub(super) fn is_across(&self) -> bool {
        self.line_stride == 1 && self.depth_stride != 1
    }
}

/// Bytes after which addresses fall on the same places of half of the first cache; see [`Operand::in_place`].
const SHARED: usize = 2048;

/// The part of an operand that panels take: from line `line` on, and `units` along the depth.
#[derive(Clone)]
pub(super) struct Part {
    pub(super) line: usize,
    pub(super) units: Range<usize>,
}

/// What a panel holds.
pub(super) trait Format: Send + Sync + 'static {
    /// What the kernel multiplies in one lane in one step.
    type Unit: Pod + Default + Send + Sync;
    /// The type of the sums.
    type Sum: Real;
    /// Elements along the depth in one unit.
    const DEPTH: usize;
    /// Units along the depth that are summed at once.
    const BLOCK: usize;
    /// The element type of which so many neighbours in memory are a unit, if there is one.
    const MADE_OF: Option<DType>;

    /// Fills panels `width` lines wide, as many as `panels` holds, one after another. `WIDE` says that the caller was
    /// compiled for AVX-512.
    ///
    /// # Safety
    /// If `WIDE`, the processor must have AVX-512, and its bf16 instructions if the format is [`Pair`].
    unsafe fn pack<const WIDE: bool>(
        operand: &Operand<'_>,
        part: &Part,
        width: usize,
        panels: &mut [Self::Unit],
    );
}

/// How a format takes elements of type `T`.
pub(super) trait Takes<T: Float>: Format {
    /// The unit of two neighbours along the depth; where a unit is one element, of the first.
    fn unit(first: T, second: T) -> Self::Unit;

    /// Sixteen units from neighbours along the depth, as a vector; `None` if the units are not of 32 bits.
    ///
    /// # Safety
    /// As for [`Format::pack`] with `WIDE`; 16 units must lie at `from`.
    #[cfg(target_arch = "x86_64")]
    unsafe fn units16(from: *const T) -> Option<std::arch::x86_64::__m512i>;

    /// The units of up to sixteen neighbouring lines, those in `mask`, from two neighbours along the depth; `None`
    /// if the units are not of 32 bits.
    ///
    /// # Safety
    /// As for [`Format::pack`] with `WIDE`; the elements in `mask` must lie at `first` and `second`.
    #[cfg(target_arch = "x86_64")]
    unsafe fn across16(first: *const T, second: *const T, mask: u16) -> Option<std::arch::x86_64::__m512i>;
}

/// Elements as they are.
pub(super) struct Plain<T>(PhantomData<T>);

/// Elements rounded to bf16, held as `f32`: the bf16 product where no instruction multiplies bf16.
pub(super) struct Rounded;

/// Pairs of bf16.
// No path of other processors multiplies pairs.
#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code))]
pub(super) struct Pair;

macro_rules! format {
    ($format:ty, $unit:ty, $sum:ty, $depth:literal, $block:literal, $made_of:expr, $($source:ident),*) => {
        impl Format for $format {
            type Unit = $unit;
            type Sum = $sum;
            const DEPTH: usize = $depth;
            const BLOCK: usize = $block;
            const MADE_OF: Option<DType> = $made_of;
            #[inline(always)]
            unsafe fn pack<const WIDE: bool>(
                operand: &Operand<'_>,
                part: &Part,
                width: usize,
                panels: &mut [$unit],
            ) {
                match operand.source {
                    // SAFETY: passed on.
                    $(Source::$source(data) => unsafe {
                        panels_of::<Self, _, WIDE>(operand, data, part, width, panels)
                    })*
                    _ => unreachable!("both operands and the sums are of one computing type"),
                }
            }
        }
    };
}
// Twelve lines of a block are 12 KiB of f32; with pairs, of 18 KiB, the depth of BERT-base is one block. In f32 a step is 3 %
// slower with the larger one.
format!(Plain<f32>, f32, f32, 1, 256, Some(DType::F32), F32);
format!(Plain<f64>, f64, f64, 1, 256, Some(DType::F64), F64);
format!(Rounded, f32, f32, 1, 256, None, F32, Bf16);
format!(Pair, u32, f32, 2, 384, Some(DType::Bf16), F32, Bf16);

/// # Safety
/// As for [`Format::pack`].
#[inline(always)]
unsafe fn panels_of<F: Takes<T>, T: Float, const WIDE: bool>(
    operand: &Operand<'_>,
    data: &[T],
    part: &Part,
    width: usize,
    panels: &mut [F::Unit],
) {
    let Part { line, units } = part;
    let size = width * units.len();
    if size == 0 {
        return;
    }
    let whole = units.end.min(operand.depth / F::DEPTH).max(units.start);
    let fast = units.start..whole;
    let across = operand.is_across() && WIDE && size_of::<F::Unit>() == 4;
    if across {
        // SAFETY: passed on.
        unsafe { across_depth_wide::<F, T>(operand, data, *line, fast.clone(), width, size, panels) }
    }
    for (line, panel) in (*line..operand.lines).step_by(width).zip(panels.chunks_exact_mut(size)) {
        let lines = width.min(operand.lines - line);
        let done = if across {
            fast.end
        } else if operand.depth_stride == 1 && WIDE {
            // SAFETY: passed on.
            unsafe { along_depth::<F, T>(operand, data, line, lines, fast.clone(), width, panel) }
        } else if operand.line_stride == 1 && lines == width {
            across_depth::<F, T>(operand, data, line, fast.clone(), width, panel)
        } else {
            fast.start
        };
        let rest = &mut panel[(done - units.start) * width..];
        one_by_one::<F, T>(operand, data, line, lines, done, width, rest);
    }
}

/// Each line is contiguous: blocks of 16 lines by 16 units are loaded along the depth and transposed.
/// Returns the unit at which it stopped.
///
/// # Safety
/// As for [`Format::pack`] with `WIDE`.
#[inline(always)]
unsafe fn along_depth<F: Takes<T>, T: Float>(
    operand: &Operand<'_>,
    data: &[T],
    line: usize,
    lines: usize,
    units: Range<usize>,
    width: usize,
    panel: &mut [F::Unit],
) -> usize {
    #[cfg(target_arch = "x86_64")]
    if size_of::<F::Unit>() == 4 {
        use super::transpose::transposed;
        let blocks = units.len() / 16;
        let at = |i: usize, unit: usize| (line + i) * operand.line_stride + unit * F::DEPTH;
        assert!(
            lines == 0 || at(lines - 1, units.start + 16 * blocks) <= data.len(),
            "the lines hold the units"
        );
        let from = |i: usize, unit: usize| data.as_ptr().wrapping_add(at(i, unit));
        for block in 0..blocks {
            let unit = units.start + 16 * block;
            let rows = &mut panel[16 * block * width..16 * (block + 1) * width];
            for first in (0..width).step_by(16) {
                let (to, columns) = (&mut rows[first..], (width - first).min(16));
                // SAFETY: the caller has AVX-512; 16 units lie wherever there is a line, as asserted; the block's rows
                // hold `width` units each.
                unsafe {
                    if first + 16 <= lines {
                        transposed(|i| F::units16(from(first + i, unit)), to, width, columns);
                    } else {
                        let line =
                            |i| if first + i < lines { F::units16(from(first + i, unit)) } else { None };
                        transposed(line, to, width, columns);
                    }
                }
            }
        }
        return units.start + 16 * blocks;
    }
    let _ = (operand, data, line, lines, width, panel);
    units.start
}

/// Neighbouring lines are neighbours in memory: rows are copied. Returns the unit at which it stopped.
#[inline(always)]
fn across_depth<F: Takes<T>, T: Float>(
    operand: &Operand<'_>,
    data: &[T],
    line: usize,
    units: Range<usize>,
    width: usize,
    panel: &mut [F::Unit],
) -> usize {
    for (unit, row) in units.clone().zip(panel.chunks_exact_mut(width)) {
        let at = |d: usize| line + (unit * F::DEPTH + d) * operand.depth_stride;
        let (first, second) = (&data[at(0)..][..width], &data[at(F::DEPTH - 1)..][..width]);
        for ((to, first), second) in row.iter_mut().zip(first).zip(second) {
            *to = F::unit(*first, *second);
        }
    }
    units.end
}

/// Sixteen lines of a unit on their way into a panel.
#[cfg(target_arch = "x86_64")]
struct Step {
    /// The first line, counted from the first of all panels.
    line: usize,
    /// The place of that line in the panels, in their first unit.
    place: usize,
    /// The lines that there are, and those that the panel has room for.
    there: u16,
    wanted: u16,
}

#[cfg(target_arch = "x86_64")]
impl Step {
    /// Takes one unit of the lines from the rows `first` and `second` to its place, counted from the start of `panels`;
    /// without masks if they are `WHOLE`.
    ///
    /// # Safety
    /// As for [`Format::pack`] with `WIDE`, with units of 32 bits; the masks must name lanes inside the rows and panels.
    #[inline(always)]
    unsafe fn take<F: Takes<T>, T: Float, const WHOLE: bool>(
        &self,
        first: &[T],
        second: &[T],
        panels: &mut [F::Unit],
    ) {
        use std::arch::x86_64::{_mm512_mask_storeu_epi32, _mm512_storeu_epi32};
        // A pointer past an empty rest is not read.
        let from = |row: &[T]| row.as_ptr().wrapping_add(self.line);
        let there = if WHOLE { u16::MAX } else { self.there };
        // SAFETY: passed on.
        unsafe {
            let units = F::across16(from(first), from(second), there).expect("units of 32 bits");
            let to = panels.as_mut_ptr().add(self.place).cast();
            match WHOLE {
                true => _mm512_storeu_epi32(to, units),
                false => _mm512_mask_storeu_epi32(to, self.wanted, units),
            }
        }
    }
}

/// [`across_depth`] by sixteen lines at a time, the last ones under a mask, for several panels of `size` units: what
/// lies side by side in memory is read at once. Missing lines become zeros.
///
/// # Safety
/// As for [`Format::pack`] with `WIDE`; units of 32 bits.
#[inline(always)]
unsafe fn across_depth_wide<F: Takes<T>, T: Float>(
    operand: &Operand<'_>,
    data: &[T],
    line: usize,
    units: Range<usize>,
    width: usize,
    size: usize,
    panels: &mut [F::Unit],
) {
    #[cfg(target_arch = "x86_64")]
    {
        use crate::kernels::vector::below;
        let count = panels.len() / size;
        let lines = (count * width).min(operand.lines - line);
        let steps: Vec<Step> = (0..count)
            .flat_map(|p| (0..width).step_by(16).map(move |from| (p, from)))
            .map(|(p, from)| Step {
                line: p * width + from,
                place: p * size + from,
                there: below(lines.saturating_sub(p * width).min(width).saturating_sub(from)),
                wanted: below(width - from),
            })
            .collect();
        assert!(units.len() * width <= size, "a panel holds the units");
        let whole = steps.iter().all(|step| step.there & step.wanted == u16::MAX);
        for (u, unit) in units.enumerate() {
            let at = |d: usize| line + (unit * F::DEPTH + d) * operand.depth_stride;
            let (first, second) = (&data[at(0)..][..lines], &data[at(F::DEPTH - 1)..][..lines]);
            for d in AHEAD * F::DEPTH..(AHEAD + 1) * F::DEPTH {
                prefetch(data.as_ptr().wrapping_add(at(d)), lines);
            }
            let rows = &mut panels[u * width..];
            // SAFETY: the caller has AVX-512; `there` names lanes inside the two lines and `wanted` lanes inside the row
            // of this unit in its panel.
            unsafe {
                if whole {
                    steps.iter().for_each(
                        #[inline(always)]
                        |step| step.take::<F, T, true>(first, second, rows),
                    );
                } else {
                    steps.iter().for_each(
                        #[inline(always)]
                        |step| step.take::<F, T, false>(first, second, rows),
                    );
                }
            }
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        let _ = (operand, data, line, units, width, size, panels);
    }
}

/// How many units ahead [`across_depth_wide`] asks for: every unit lies in other lines of the cache and mostly in
/// another page, where the processor does not look ahead by itself.
#[cfg(target_arch = "x86_64")]
const AHEAD: usize = 8;

/// Any strides, any end: element by element, zeros where there is none.
#[inline(always)]
fn one_by_one<F: Takes<T>, T: Float>(
    operand: &Operand<'_>,
    data: &[T],
    line: usize,
    lines: usize,
    start: usize,
    width: usize,
    panel: &mut [F::Unit],
) {
    for (u, row) in panel.chunks_exact_mut(width).enumerate() {
        for (i, to) in row.iter_mut().enumerate() {
            let get = |p: usize| {
                let at = (line + i) * operand.line_stride + p * operand.depth_stride;
                if i < lines && p < operand.depth { data[at] } else { T::default() }
            };
            let p = (start + u) * F::DEPTH;
            *to = F::unit(get(p), get(p + F::DEPTH - 1));
        }
    }
}

#[cfg(target_arch = "x86_64")]
use super::transpose as vector;

macro_rules! takes {
    ($format:ty, $from:ty, |$first:ident, $second:ident| $unit:expr, $load:expr, $across:expr) => {
        impl Takes<$from> for $format {
            #[inline(always)]
            fn unit($first: $from, $second: $from) -> Self::Unit {
                $unit
            }
            #[cfg(target_arch = "x86_64")]
            #[inline(always)]
            unsafe fn units16(from: *const $from) -> Option<std::arch::x86_64::__m512i> {
                // SAFETY: passed on.
                unsafe { $load(from) }
            }
            #[cfg(target_arch = "x86_64")]
            #[inline(always)]
            unsafe fn across16(
                first: *const $from,
                second: *const $from,
                mask: u16,
            ) -> Option<std::arch::x86_64::__m512i> {
                // SAFETY: passed on.
                unsafe { $across(first, second, mask) }
            }
        }
    };
}
takes!(Plain<f32>, f32, |first, _second| first, vector::same, vector::across_same);
takes!(Plain<f64>, f64, |first, _second| first, vector::none, vector::across_none);
takes!(Rounded, f32, |first, _second| bf16::narrow(first).widen(), vector::rounded, vector::across_rounded);
takes!(Rounded, bf16, |first, _second| first.widen(), vector::widened, vector::across_widened);
takes!(Pair, bf16, |first, second| pair(first, second), vector::same, vector::across_pairs);
takes!(
    Pair,
    f32,
    |first, second| pair(bf16::narrow(first), bf16::narrow(second)),
    vector::paired,
    vector::across_paired
);

#[inline(always)]
#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code))]
fn pair(first: bf16, second: bf16) -> u32 {
    u32::from(first.to_bits()) | u32::from(second.to_bits()) << 16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panel_interleaves_lines_and_pairs_neighbours_along_the_depth() {
        let data = [1.0f32, 2.0, 3.0, 4.0, 5.0, 6.0];
        let operand = Operand::new(&Mat::new(&data, 2, 3));
        let mut panel = [0; 6];
        // SAFETY: nothing beyond the portable instructions is asked for.
        unsafe { Pair::pack::<false>(&operand, &Part { line: 0, units: 0..2 }, 3, &mut panel) };
        let two = |x: f32, y: f32| pair(bf16::narrow(x), bf16::narrow(y));
        assert_eq!(panel, [two(1.0, 2.0), two(4.0, 5.0), 0, two(3.0, 0.0), two(6.0, 0.0), 0]);
    }
}
