//! What the machine can do at most: the instructions that products are made of with all operands in registers, and
//! copying memory that no cache holds.
//!
//! The instructions are those of [`Isa::current`]: the fused multiply-add, and the bf16 dot product where there is
//! one; elsewhere bf16 products run as f32 ones do, and have their peak.

use std::hint::black_box;
use std::time::{Duration, Instant};

use rayon::prelude::*;

use super::isa::Isa;
use crate::element::DType;

/// Passes over all sums in one run: about a tenth of a millisecond.
const PASSES: usize = 50_000;
/// How long the instructions are measured in one round,
const ROUND: Duration = Duration::from_millis(15);
/// and in how many rounds of all threads together; the best is taken.
const ROUNDS: usize = 3;
/// How long copying is measured.
const COPYING: Duration = Duration::from_millis(120);
/// Bytes that are copied in one run: more than caches hold.
const COPIED: usize = 64 << 20;
/// Bytes that one thread copies at a time.
const CHUNK: usize = 1 << 20;

/// Floating-point operations per second that all threads of the current pool reach together: of bf16 products for
/// [`DType::Bf16`], of f32 ones for any other. It takes about 50 ms.
pub fn flops_per_second(dtype: DType) -> f64 {
    let spin = Spin::of(Isa::current(), dtype);
    // The system may put two threads on one core for a whole round.
    let round = || rayon::broadcast(|_| spin.rate()).into_iter().sum();
    (0..ROUNDS).map(|_| round()).fold(0.0, f64::max)
}

/// The same of the calling thread alone.
pub fn flops_per_second_of_one_thread(dtype: DType) -> f64 {
    Spin::of(Isa::current(), dtype).rate()
}

/// Bytes per second that the threads of the current pool copy, those read and those written both counted. It takes
/// about 200 ms and 128 MiB.
pub fn copied_bytes_per_second() -> f64 {
    let (source, mut target) = (vec![1_u8; COPIED], vec![0_u8; COPIED]);
    rate(2.0 * COPIED as f64, COPYING, || {
        let chunks = source.par_chunks(CHUNK).zip(target.par_chunks_mut(CHUNK));
        chunks.for_each(|(from, to)| to.copy_from_slice(from));
        black_box(&mut target);
    })
}

/// `work` per second of the fastest of several runs of `f`: at least five, and for so long.
pub fn rate(work: f64, long: Duration, mut f: impl FnMut()) -> f64 {
    let (start, mut fastest, mut runs) = (Instant::now(), f64::INFINITY, 0);
    while runs < 5 || start.elapsed() < long {
        let begun = Instant::now();
        f();
        fastest = fastest.min(begun.elapsed().as_secs_f64());
        runs += 1;
    }
    work / fastest
}

/// A loop over independent sums in registers.
struct Spin {
    body: unsafe fn() -> f32,
    /// Operations of one run.
    flops: f64,
}

impl Spin {
    fn of(isa: Isa, dtype: DType) -> Spin {
        let spin = |body, sums: usize, flops_each: usize| {
            let flops = (PASSES * sums * flops_each) as f64;
            Spin { body, flops }
        };
        match (isa, dtype) {
            #[cfg(target_arch = "x86_64")]
            (Isa::Avx512Bf16, DType::Bf16) => spin(x86::dot512, x86::SUMS * 16, 4),
            #[cfg(target_arch = "x86_64")]
            (Isa::Avx512 | Isa::Avx512Bf16, _) => spin(x86::fma512, x86::SUMS * 16, 2),
            #[cfg(target_arch = "x86_64")]
            (Isa::Avx2, _) => spin(x86::fma256, x86::SUMS * 8, 2),
            _ => spin(portable, LANES, 2),
        }
    }

    /// Operations per second in the median of many short runs. Of those few are disturbed by other programs, and few
    /// have a core to themselves because the threads beside have not begun or have ended.
    fn rate(&self) -> f64 {
        let (start, mut seconds) = (Instant::now(), Vec::new());
        while seconds.len() < 5 || start.elapsed() < ROUND {
            let begun = Instant::now();
            self.run();
            seconds.push(begun.elapsed().as_secs_f64());
        }
        let middle = seconds.len() / 2;
        let (_, median, _) = seconds.select_nth_unstable_by(middle, f64::total_cmp);
        self.flops / *median
    }

    fn run(&self) {
        // SAFETY: the path is at most what the processor was detected to have.
        black_box(unsafe { (self.body)() });
    }
}

/// Sums of the portable path: twelve vectors of four.
const LANES: usize = 48;

fn portable() -> f32 {
    let (mut sums, x, y) = ([0.0_f32; LANES], black_box(0.999), black_box(1e-3));
    for _ in 0..PASSES {
        // Each product waits for the sum before it, so that none can be taken out of the loop.
        sums.iter_mut().for_each(|sum| *sum = *sum * x + y);
    }
    sums.iter().sum()
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{PASSES, black_box};
    use std::arch::x86_64::*;

    /// Enough to hide the latency of two multiply-adds in each cycle, and few enough for 16 registers.
    pub(super) const SUMS: usize = 12;

    #[target_feature(enable = "avx2,fma")]
    pub(super) fn fma256() -> f32 {
        let (x, mut sums) = (_mm256_set1_ps(black_box(1e-3)), [_mm256_setzero_ps(); SUMS]);
        for _ in 0..PASSES {
            sums.iter_mut().for_each(|sum| *sum = _mm256_fmadd_ps(x, x, *sum));
        }
        let sum = sums.into_iter().fold(_mm256_setzero_ps(), |total, sum| _mm256_add_ps(total, sum));
        _mm256_cvtss_f32(sum)
    }

    #[target_feature(enable = "avx512f")]
    pub(super) fn fma512() -> f32 {
        let (x, mut sums) = (_mm512_set1_ps(black_box(1e-3)), [_mm512_setzero_ps(); SUMS]);
        for _ in 0..PASSES {
            sums.iter_mut().for_each(|sum| *sum = _mm512_fmadd_ps(x, x, *sum));
        }
        sums.into_iter().fold(0.0, |total, sum| total + _mm512_reduce_add_ps(sum))
    }

    #[target_feature(enable = "avx512f,avx512bf16")]
    pub(super) fn dot512() -> f32 {
        let (x, mut sums) = (_mm512_set1_ps(black_box(1e-3)), [_mm512_setzero_ps(); SUMS]);
        let pairs = _mm512_cvtne2ps_pbh(x, x);
        for _ in 0..PASSES {
            sums.iter_mut().for_each(|sum| *sum = _mm512_dpbf16_ps(*sum, pairs, pairs));
        }
        sums.into_iter().fold(0.0, |total, sum| total + _mm512_reduce_add_ps(sum))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_of_this_processor_counts_its_operations() {
        let paths = Isa::ALL.into_iter().filter(|isa| *isa <= Isa::detect());
        for isa in paths {
            let [single, half] = [DType::F32, DType::Bf16].map(|dtype| Spin::of(isa, dtype));
            single.run();
            half.run();
            let paired = if isa == Isa::Avx512Bf16 { 2.0 } else { 1.0 };
            assert_eq!(half.flops, paired * single.flops, "{isa}");
        }
    }

    #[test]
    fn the_fastest_run_counts() {
        let mut runs = 0;
        let measured = rate(1.0, Duration::ZERO, || {
            std::thread::sleep(Duration::from_millis(if runs == 3 { 1 } else { 30 }));
            runs += 1;
        });
        assert!(runs == 5 && measured > 1.0 / 0.03, "{measured}");
    }
}
