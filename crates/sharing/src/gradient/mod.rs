//! Gradient combining: one direction for the shared parameters from every task's gradient `g_t`.
//!
//! Nearly every method is a rule for the weights in `d = sum over t of w_t g_t` that looks at nothing but the products
//! `g_s · g_t`: the [`Gram`] matrix, T x T numbers for T tasks. So nobody needs to hold T gradients: one walk finds
//! the products, and a second one, weighted, finds d. Each file is one method: a pure function whose random choices
//! are arguments, and the type that a training loop keeps, which draws them from its seed and the step and remembers
//! what the method remembers.

mod aligned_mtl;
mod cagrad;
mod config;
mod dual_projection;
mod fair_grad;
mod grad_drop;
mod grad_vac;
mod gram;
mod imtl_g;
mod key;
mod mgda;
mod mgda_ub;
mod nash_mtl;
mod pcgrad;
mod registry;
mod sdm_grad;
mod solve;
mod sum;
mod up_grad;
mod verify;

use std::fmt::Debug;

pub use aligned_mtl::{AlignedMtl, EigenvalueScale, aligned_mtl};
pub use cagrad::{CaGrad, Rescale, cagrad};
pub use config::{ConFig, config};
pub use dual_projection::{DualProjection, dual_projection};
pub use fair_grad::{FairGrad, fair_grad};
pub use grad_drop::{GradDrop, GradientElement, grad_drop};
pub use grad_vac::{GradVac, grad_vac};
pub use gram::{CrossGram, Gram};
pub use imtl_g::{ImtlG, imtl_g};
pub use key::{Key, KeyValue};
pub use mgda::{GradientNormalization, Mgda, mgda};
pub use mgda_ub::MgdaUb;
pub use nash_mtl::{NashMtl, nash_mtl};
pub use pcgrad::{PcGrad, pcgrad};
pub use registry::{GradientKind, METHODS};
pub use sdm_grad::{SdmGrad, SdmGradRule, sdm_grad};
pub use solve::project_onto_simplex;
pub use sum::{Sum, sum};
pub use up_grad::{UpGrad, up_grad};
pub use verify::verify;

use crate::{SharingError, WeightingState};

/// The accuracy of products of f32 gradients: eigenvalues and singular values below the number of tasks times this
/// share of the largest count as zero.
const RANK_TOLERANCE: f64 = f32::EPSILON as f64;

/// What a combining has to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Needs {
    /// The [`Gram`] matrix of the tasks' gradients of the shared parameters.
    Gram,
    /// The [`Gram`] matrix of the tasks' gradients at the shared representation, of sequences that every task labels.
    Representation,
    /// All tasks' gradients of one tensor at a time: see [`GradientCombining::elementwise`].
    Elementwise,
    /// Three independent batches of each task in a step: see [`GradientCombining::three_batches`].
    ThreeBatches,
}

impl Needs {
    /// In words.
    pub fn describe(self) -> &'static str {
        match self {
            Needs::Gram => "the gram matrix of the shared parameters' gradients",
            Needs::Representation => "the gram matrix of the gradients at the representation",
            Needs::Elementwise => "all tasks' gradients of one tensor at a time",
            Needs::ThreeBatches => "three independent batches in a step",
        }
    }
}

/// The answer of a combining: the weights in `d = sum over t of w_t g_t`.
#[derive(Debug, Clone, PartialEq)]
pub struct Combined {
    /// One weight for each task of the step, in the order of the Gram matrix. They may be negative, and they need not
    /// sum to anything, if the method says so.
    pub weights: Vec<f64>,
    /// For a method with an inner problem: how far its conditions are from holding, as the method's function defines
    /// it; 0 is exact.
    pub residual: Option<f64>,
    /// True if the inner problem had no solution and the weights are the substitute that the method's page names.
    pub fallback: bool,
}

impl Combined {
    /// Weights from a formula.
    fn closed(weights: Vec<f64>) -> Self {
        Self { weights, residual: None, fallback: false }
    }

    /// Weights from an inner problem.
    fn solved(weights: Vec<f64>, residual: f64) -> Self {
        Self { weights, residual: Some(residual), fallback: false }
    }

    /// Errors if the residual is above `tolerance`.
    fn within(self, combining: GradientKind, tolerance: f64) -> Result<Self, SharingError> {
        match self.residual {
            Some(residual) if !(residual <= tolerance) => {
                Err(SharingError::NotConverged { combining: combining.name(), residual, tolerance })
            }
            _ => Ok(self),
        }
    }
}

/// A rule that makes one direction of every task's gradient.
///
/// It is asked once per step, in order; what it remembers is its [`state`](GradientCombining::state).
pub trait GradientCombining: Debug + Send {
    /// The entry of the registry that this combining belongs to.
    fn kind(&self) -> GradientKind;

    /// The weights of step `step` (from 0), given the products of the gradients and the mean losses of the tasks that
    /// take part, each in its task's unit.
    ///
    /// Errors if the matrix names a task that this combining does not have, if there is not one loss for each of its
    /// tasks, if an inner problem did not converge, or if [`GradientKind::needs`] says something other than a Gram
    /// matrix.
    ///
    /// # Shapes
    ///
    /// `gram: (tasks, tasks)`, `losses: (tasks,)`, of the tasks that take part.
    fn weights(&mut self, step: u64, gram: &Gram, losses: &[f64]) -> Result<Combined, SharingError>;

    /// The combining itself, if it needs [`Needs::Elementwise`].
    fn elementwise(&self) -> Option<&GradDrop> {
        None
    }

    /// The combining itself, if it needs [`Needs::ThreeBatches`].
    fn three_batches(&mut self) -> Option<&mut SdmGrad> {
        None
    }

    /// What to save; empty if nothing is remembered.
    fn state(&self) -> WeightingState {
        WeightingState::default()
    }

    /// Continues from a saved state of a combining made with the same arguments.
    ///
    /// Errors if the state holds what this combining does not know, or not as many values as it needs.
    fn restore(&mut self, state: &WeightingState) -> Result<(), SharingError> {
        restore_named(self.kind(), state, &mut [])
    }
}

/// Copies each named vector out of a saved state.
///
/// Errors if one is missing, has another length, or is unknown.
fn restore_named(
    kind: GradientKind,
    state: &WeightingState,
    named: &mut [(&str, &mut Vec<f64>)],
) -> Result<(), SharingError> {
    let broken = |key: &str, expected, got| SharingError::CombiningState {
        combining: kind.name(),
        key: key.to_owned(),
        expected,
        got,
    };
    for (key, values) in &state.values {
        if !named.iter().any(|(name, _)| name == key) {
            return Err(broken(key, 0, values.len()));
        }
    }
    for (name, target) in named {
        let saved = state.values.get(*name).map_or(&[][..], Vec::as_slice);
        if saved.len() != target.len() {
            return Err(broken(name, target.len(), saved.len()));
        }
        target.copy_from_slice(saved);
    }
    Ok(())
}

/// Errors unless there is a task.
fn check_n_tasks(n_tasks: usize) -> Result<usize, SharingError> {
    if n_tasks == 0 { Err(SharingError::NoGradients) } else { Ok(n_tasks) }
}

/// Errors unless the tasks of a step are among `n_tasks` and have one value of `what` each.
fn check_step(n_tasks: usize, tasks: &[usize], what: &'static str, got: usize) -> Result<(), SharingError> {
    if let Some(&task_idx) = tasks.iter().find(|task_idx| **task_idx >= n_tasks) {
        return Err(SharingError::TaskOutOfRange { task_idx, n_tasks });
    }
    if got != tasks.len() {
        return Err(SharingError::TaskCount { what, expected: tasks.len(), got });
    }
    Ok(())
}

/// Errors if an order is not a permutation of the tasks of the step, or if there is not one for each of them.
fn check_orders(gram: &Gram, orders: &[Vec<usize>]) -> Result<(), SharingError> {
    let n_tasks = gram.n_tasks();
    check_step(usize::MAX, gram.tasks(), "orders", orders.len())?;
    for (order, &task_idx) in orders.iter().zip(gram.tasks()) {
        let mut sorted = order.clone();
        sorted.sort_unstable();
        if !sorted.iter().copied().eq(0..n_tasks) {
            return Err(SharingError::InvalidOrder { task_idx, n_tasks, order: order.clone() });
        }
    }
    Ok(())
}

/// For each task of the step, the order in which its gradient meets the others': drawn over all tasks from the seed,
/// the step and the task, so that an absent task changes no other's order.
fn draw_orders(seed: u64, step: u64, n_tasks: usize, tasks: &[usize]) -> Vec<Vec<usize>> {
    let order = |task_idx: usize| {
        let all = crate::draws::Draws::of(&[seed, step, task_idx as u64]).permutation(n_tasks);
        all.into_iter().filter_map(|other| tasks.binary_search(&other).ok()).collect()
    };
    tasks.iter().map(|&task_idx| order(task_idx)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absent_task_changes_no_other_order() {
        let without = |order: &[usize]| order.iter().copied().filter(|task| *task != 1).collect::<Vec<_>>();
        let all = draw_orders(3, 4, 4, &[0, 1, 2, 3]);
        let some = draw_orders(3, 4, 4, &[0, 2, 3]);
        let named: Vec<usize> = some[1].iter().map(|&place| [0, 2, 3][place]).collect();
        assert_eq!(named, without(&all[2]));
    }

    #[test]
    fn an_order_must_name_each_task_once() {
        let gram = Gram::new(vec![1.0, 0.0, 0.0, 1.0], vec![2, 5]).unwrap();
        let error = check_orders(&gram, &[vec![0, 1], vec![1, 1]]).unwrap_err();
        assert_eq!(error.to_string(), "the order for task 5 must name each of 0 to 1 once, got [1, 1]");
    }
}
