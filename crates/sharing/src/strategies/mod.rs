//! Strategies for property tests, behind the feature `proptest`.

mod gradients;
mod losses;

pub use gradients::{degenerate_jacobians, general_jacobians, gram_of, grams, jacobians};
pub use losses::{Course, Shown, all_losses, courses, loss, weighting_kinds};
