//! Whether a difference is more than chance, and how much data it takes to know.
//!
//! | question | function |
//! |---|---|
//! | do two systems differ on these examples, by any metric? | [`paired_bootstrap`], [`swap_test`] |
//! | do they differ in how often they are right? | [`mcnemar()`] |
//! | do paired numbers differ (scores over seeds)? | [`paired_t`], [`sign_flip_test`] |
//! | do two unpaired groups of numbers differ? | [`welch_t`] |
//! | how precisely is a score known? | [`mean_interval`], [`wilson_interval`], [`bootstrap_interval`] |
//! | several tasks are tested at once | [`holm`], [`benjamini_hochberg`] |
//! | how many seeds or examples would it take? | [`power`] |
//!
//! Differences are the second less the first, and every p value is two-sided. Random draws are functions of a seed
//! and of positions ([`Draws`]): the same numbers on any machine and any number of threads.

pub mod adjust;
pub mod bootstrap;
pub mod draws;
pub mod interval;
pub mod mcnemar;
pub mod permutation;
pub mod power;
pub mod resampled;
pub mod t_test;

mod distribution;

pub use adjust::{benjamini_hochberg, holm};
pub use bootstrap::{Bootstrap, Estimate, PairedBootstrap, bootstrap_interval, paired_bootstrap};
pub use draws::Draws;
pub use interval::{Interval, mean_interval, wilson_interval};
pub use mcnemar::{Mcnemar, mcnemar};
pub use permutation::{PermutationOptions, PermutationTest, least_p_of_swaps, sign_flip_test, swap_test};
pub use resampled::{OwnedOutcomes, Resampled, Sums, resampled};
pub use t_test::{TTest, paired_t, welch_t};
