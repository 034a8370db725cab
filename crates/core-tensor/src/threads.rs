//! Threads that stay awake between the kernels of a step.
//!
//! A thread of the pool that finds no work falls asleep after some ten microseconds, and waking it takes about thirty. A
//! step of a small batch is hundreds of kernels with a little work of one thread between them: of a step of 800 tokens, 3 %
//! was such waiting.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rayon::Yield;

/// How long `awake` waits for the other threads to come.
const PATIENCE: Duration = Duration::from_millis(1);

/// Runs `f` on the calling thread while the other threads of its pool look for work without falling asleep, which costs
/// their time. Threads that are busy elsewhere are not waited for. No result depends on it.
///
/// If the caller is of no pool these are the threads of the global one, and `f` itself has to wait for each kernel of it:
/// run it inside a pool, by [`rayon::scope`] or by [`rayon::ThreadPool::install`].
///
/// # Panics
/// If `f` panics.
pub fn awake<R>(f: impl FnOnce() -> R) -> R {
    let others = rayon::current_num_threads() - 1;
    let (come, late, done) = (AtomicUsize::new(0), AtomicBool::new(false), AtomicBool::new(false));
    rayon::in_place_scope(|scope| {
        for _ in 0..others {
            scope.spawn(|_| {
                // A thread that waits inside `f` may find this: it must not wait here for its own end.
                if late.load(Ordering::SeqCst) {
                    return;
                }
                come.fetch_add(1, Ordering::SeqCst);
                while !done.load(Ordering::Acquire) {
                    if rayon::yield_now() != Some(Yield::Executed) {
                        thread::yield_now();
                    }
                }
            });
        }
        // They are sent home even if `f` panics.
        let _home = Home(&done);
        let called = Instant::now();
        while come.load(Ordering::SeqCst) < others && called.elapsed() < PATIENCE {
            thread::yield_now();
        }
        late.store(true, Ordering::SeqCst);
        f()
    })
}

/// Sets the flag when dropped.
struct Home<'a>(&'a AtomicBool);

impl Drop for Home<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rayon::prelude::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    fn pool(threads: usize) -> rayon::ThreadPool {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a thread pool")
    }

    fn sum() -> usize {
        (0..1000_usize).into_par_iter().with_max_len(1).sum()
    }

    #[test]
    fn the_work_of_f_is_done_by_any_number_of_threads() {
        assert_eq!(awake(sum), 499_500);
        for threads in 1..5 {
            assert_eq!(pool(threads).install(|| awake(|| (sum(), awake(sum)))), (499_500, 499_500));
        }
    }

    #[test]
    fn a_pool_whose_threads_are_busy_is_not_waited_for() {
        // Both threads ask for the other one at the same time.
        let both = pool(2).install(|| rayon::join(|| awake(sum), || awake(sum)));
        assert_eq!(both, (499_500, 499_500));
    }

    #[test]
    fn a_panic_of_f_comes_out_and_the_threads_are_free_again() {
        let pool = pool(3);
        let caught = catch_unwind(AssertUnwindSafe(|| pool.install(|| awake(|| panic!("on purpose")))));
        assert!(caught.is_err());
        assert_eq!(pool.install(|| awake(sum)), 499_500);
    }
}
