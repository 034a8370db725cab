//! Where a run's time goes, by kind of work.
//!
//! [`Cpu`](crate::Cpu) says when each of its kernels begins and ends. That is counted inside [`profiled`] only;
//! elsewhere it costs one relaxed load of a flag, and in neither case does it change a bit of any result.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

/// A kind of work. What is none of these (gathering rows, copies, memory) is the rest of a caller's own time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Work {
    /// Products of linear layers with bias and activation, and plain matrix products.
    LinearForward,
    /// Gradients of linear layers' inputs.
    LinearInput,
    /// Gradients of linear layers' weights and biases.
    LinearWeight,
    /// Attention with its softmax and dropout.
    AttentionForward,
    /// The gradient of attention, its scores computed again.
    AttentionBackward,
    /// Layer norm with the dropout and the residual before it, dropout alone, and their gradients.
    NormDropout,
    /// Elementwise functions and sums of tensors: mostly the slopes of activations, and gradients that meet.
    Elementwise,
    /// Looking up embeddings, and their gradients.
    Embedding,
    /// Losses, softmax, and their gradients.
    Loss,
    /// Updates of parameters, and the norms and products of gradients: clipping, Gram matrices.
    Optimizer,
}

impl Work {
    /// Every kind, in the order in which they are shown.
    pub const ALL: [Work; 10] = [
        Work::LinearForward,
        Work::LinearInput,
        Work::LinearWeight,
        Work::AttentionForward,
        Work::AttentionBackward,
        Work::NormDropout,
        Work::Elementwise,
        Work::Embedding,
        Work::Loss,
        Work::Optimizer,
    ];

    /// The kind in words.
    pub fn name(self) -> &'static str {
        match self {
            Work::LinearForward => "linear forward",
            Work::LinearInput => "linear input gradient",
            Work::LinearWeight => "linear weight gradient",
            Work::AttentionForward => "attention forward",
            Work::AttentionBackward => "attention backward",
            Work::NormDropout => "layer norm, dropout",
            Work::Elementwise => "elementwise",
            Work::Embedding => "embedding",
            Work::Loss => "loss",
            Work::Optimizer => "optimizer, clipping",
        }
    }

    /// Begins work that is no product. It ends when the timer is dropped.
    #[inline]
    pub(crate) fn begin(self) -> Timer {
        self.begin_product(|| 0)
    }

    /// Begins work of so many floating-point operations, which are reckoned only where they are counted.
    #[inline]
    pub(crate) fn begin_product(self, flops: impl FnOnce() -> u64) -> Timer {
        let begun = COUNTING.load(Ordering::Relaxed).then(|| (Instant::now(), flops()));
        Timer { work: self, begun }
    }
}

/// Work under way.
#[must_use]
pub(crate) struct Timer {
    work: Work,
    begun: Option<(Instant, u64)>,
}

impl Drop for Timer {
    fn drop(&mut self) {
        if let Some((begun, flops)) = self.begun {
            let [nanoseconds, operations] = &SPENT[self.work as usize];
            nanoseconds.fetch_add(begun.elapsed().as_nanos() as u64, Ordering::Relaxed);
            operations.fetch_add(flops, Ordering::Relaxed);
        }
    }
}

static COUNTING: AtomicBool = AtomicBool::new(false);
/// Nanoseconds and floating-point operations of each kind.
static SPENT: [[AtomicU64; 2]; Work::ALL.len()] =
    [const { [const { AtomicU64::new(0) }; 2] }; Work::ALL.len()];
/// Held by the one that counts.
static ONE: Mutex<()> = Mutex::new(());

/// What one kind of work came to.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Spent {
    /// Wall time in seconds.
    pub seconds: f64,
    /// Floating-point operations of matrix products: two a multiplication. Attention's scores count once though its
    /// gradient computes them again, so that the rate is one of useful work.
    pub flops: f64,
}

/// What each kind of work came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile([Spent; Work::ALL.len()]);

impl Profile {
    /// Each kind and what it came to, in the order of [`Work::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = (Work, Spent)> + '_ {
        Work::ALL.into_iter().zip(self.0.iter().copied())
    }

    /// All kinds together.
    pub fn total(&self) -> Spent {
        self.0.iter().fold(Spent::default(), |sum, spent| Spent {
            seconds: sum.seconds + spent.seconds,
            flops: sum.flops + spent.flops,
        })
    }
}

/// Runs `f` and says where its time went.
///
/// The counters are the process's: one call runs at a time, others wait, and work that another thread does meanwhile
/// is counted too.
pub fn profiled<R>(f: impl FnOnce() -> R) -> (R, Profile) {
    /// Counting ends even if `f` panics.
    struct Counting;
    impl Drop for Counting {
        fn drop(&mut self) {
            COUNTING.store(false, Ordering::Relaxed);
        }
    }
    let _one = ONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    SPENT.iter().flatten().for_each(|counter| counter.store(0, Ordering::Relaxed));
    let counting = Counting;
    COUNTING.store(true, Ordering::Relaxed);
    let result = f();
    drop(counting);
    let spent = SPENT.each_ref().map(|[nanoseconds, flops]| Spent {
        seconds: nanoseconds.load(Ordering::Relaxed) as f64 / 1e9,
        flops: flops.load(Ordering::Relaxed) as f64,
    });
    (result, Profile(spent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_stand_at_their_own_places() {
        assert!(Work::ALL.iter().enumerate().all(|(place, work)| *work as usize == place));
    }

    #[test]
    fn work_is_counted_inside_only() {
        drop(Work::Loss.begin_product(|| panic!("nothing is reckoned where nothing is counted")));
        let ((), profile) = profiled(|| drop(Work::Loss.begin_product(|| 7)));
        let (_, loss) = profile.iter().find(|(work, _)| *work == Work::Loss).unwrap();
        assert_eq!(loss.flops, 7.0);
        assert!(loss.seconds < 60.0 && profile.total().flops >= 7.0);
    }
}
