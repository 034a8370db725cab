//! The small problems that the combiners share: at most a few dozen unknowns, dense, in f64.
//!
//! Written here because a light crate should stay one: the dense library that would do (`faer`) takes longer to build
//! than the rest of the crate's dependencies together, and these matrices are T x T.

mod dual_cone;
mod fair;
mod linear;
mod min_norm;
mod nonnegative;
mod simplex;

pub(super) use dual_cone::project_onto_dual_cone;
pub(super) use fair::fair_point;
pub(super) use linear::{Svd, dot, matvec, solve_positive_definite};
pub(super) use min_norm::min_norm;
use nonnegative::nonnegative_minimum;
pub use simplex::project_onto_simplex;

/// A solved problem: the unknowns, and how far its conditions are from holding, in the unit of the problem.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Solution {
    pub(super) values: Vec<f64>,
    pub(super) residual: f64,
}
