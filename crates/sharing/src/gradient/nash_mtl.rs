//! Nash-MTL: the direction on which the tasks would agree in Nash's bargaining game.
//!
//! `d = sum over t of a_t g_t` with the `a > 0` that solves `G a = 1/a`: it maximizes the product of the tasks' gains
//! `g_t · d` for its length.
//!
//! Navon et al. 2022, "Multi-Task Learning as a Bargaining Game", claim 3.1 and algorithm 1. As in the released code,
//! the equation is solved for `G / |G|` (Frobenius norm), d is shortened to `max_norm` if it is longer, and the weights
//! are found again every so many steps only.
//! Differences: solved by Newton's method on the convex function whose minimum it is, not by a sequence of convex
//! programs that is cut off. Zero gradients, for which no weight would do, get 0 from the function, and from
//! [`NashMtl`] the weight that they had.

use mtl_base::registry::Range;
use mtl_base::{Key, Method};

use super::fair_grad::TOLERANCE;
use super::key::number;
use super::registry::Build;
use super::solve::fair_point;
use super::{
    Combined, GradientCombining, GradientKind, Gram, Needs, check_n_tasks, check_step, restore_named,
};
use crate::{SharingError, WeightingState};

const KEYS: &[Key] = &[
    number("max_norm", 1.0, "longest direction; 0: any", Range::AtLeastZero),
    number("update_weights_every", 1.0, "steps between new weights", Range::WholeFrom(1)),
];

/// What is fixed about it.
pub(super) const METHOD: Method = Method::new(
    "gradients",
    "nash-mtl",
    "Nash bargaining (Nash-MTL)",
    "Navon et al. 2022",
    "crates/sharing/src/gradient/nash_mtl.rs",
)
.with(KEYS);

/// What it has to be shown, and how it is built.
pub(super) const BUILD: Build = Build {
    needs: Needs::Gram,
    make: |n_tasks, _seed, values| {
        Ok(Box::new({
            let every = values.count("update_weights_every")?;
            NashMtl::new(n_tasks, values.number("max_norm")?, every.into())?
        }))
    },
};

/// The weights that solve `(G / |G|) a = 1/a`, which are those of `G a = 1/a` times the root of |G|.
///
/// The residual is the largest `|(G a)_t a_t / |G| - 1|`.
///
/// Errors if the residual is above 1e-6: some positive combination of the gradients is zero or nearly so, and then the
/// equations have no solution.
///
/// # Shapes
///
/// `gram: (tasks, tasks)`, returns `(tasks,)`.
pub fn nash_mtl(gram: &Gram) -> Result<Combined, SharingError> {
    let found = fair_point(gram.values(), gram.n_tasks(), 1.0);
    let largest = gram.values().iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    let unit = if largest > 0.0 { largest } else { 1.0 };
    let frobenius = gram.values().iter().map(|value| (value / unit).powi(2)).sum::<f64>().sqrt();
    let root = unit.sqrt() * frobenius.sqrt();
    let weights = found.values.iter().map(|a| a * root).collect();
    Combined::solved(weights, found.residual).within(GradientKind::NashMtl, TOLERANCE)
}

/// Nash-MTL: [`nash_mtl`], remembering the weights it last found.
///
/// Where there is no solution the weights that were last found are used again, all 1 at first, as a
/// [fallback](Combined::fallback): so does the released code.
#[doc(alias = "Nash bargaining")]
#[derive(Debug, Clone, PartialEq)]
pub struct NashMtl {
    max_norm: f64,
    update_weights_every: u64,
    /// The weights that were last found, not shortened, of every task.
    found: Vec<f64>,
}

impl NashMtl {
    /// The combining of `n_tasks` tasks. `max_norm`: the longest d, 0 for any length. `update_weights_every`: in
    /// steps, at least 1; in between, the weights stay.
    ///
    /// Errors if there is no task, or if a number is out of its range.
    pub fn new(n_tasks: usize, max_norm: f64, update_weights_every: u64) -> Result<Self, SharingError> {
        let kind = GradientKind::NashMtl;
        kind.check_number("max_norm", max_norm, max_norm >= 0.0)?;
        kind.check_number("update_weights_every", update_weights_every as f64, update_weights_every > 0)?;
        Ok(Self { max_norm, update_weights_every, found: vec![1.0; check_n_tasks(n_tasks)?] })
    }

    fn shorten(&self, gram: &Gram, mut combined: Combined) -> Combined {
        let norm = gram.norm_of(&combined.weights);
        if self.max_norm > 0.0 && norm > self.max_norm {
            combined.weights.iter_mut().for_each(|weight| *weight *= self.max_norm / norm);
        }
        combined
    }
}

impl GradientCombining for NashMtl {
    fn kind(&self) -> GradientKind {
        GradientKind::NashMtl
    }

    fn weights(&mut self, step: u64, gram: &Gram, losses: &[f64]) -> Result<Combined, SharingError> {
        check_step(self.found.len(), gram.tasks(), "losses", losses.len())?;
        let last: Vec<f64> = gram.tasks().iter().map(|&task_idx| self.found[task_idx]).collect();
        if !step.is_multiple_of(self.update_weights_every) {
            return Ok(self.shorten(gram, Combined::closed(last)));
        }
        let mut combined = match nash_mtl(gram) {
            Err(SharingError::NotConverged { residual, .. }) => {
                Combined { weights: last.clone(), residual: Some(residual), fallback: true }
            }
            answer => answer?,
        };
        for (i, weight) in combined.weights.iter_mut().enumerate().filter(|(i, _)| gram.norm(*i) == 0.0) {
            *weight = last[i];
        }
        for (&task_idx, &weight) in gram.tasks().iter().zip(&combined.weights) {
            self.found[task_idx] = weight;
        }
        Ok(self.shorten(gram, combined))
    }

    fn state(&self) -> WeightingState {
        WeightingState { values: [("weights".to_owned(), self.found.clone())].into() }
    }

    fn restore(&mut self, state: &WeightingState) -> Result<(), SharingError> {
        restore_named(GradientKind::NashMtl, state, &mut [("weights", &mut self.found)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gram() -> Gram {
        Gram::of_gradients(&[&[-4.0, 1.0, 1.0], &[6.0, 1.0, 1.0]]).unwrap()
    }

    #[test]
    fn in_between_the_weights_stay() {
        let mut combining = NashMtl::new(2, 0.0, 2).unwrap();
        let first = combining.weights(0, &gram(), &[1.0, 1.0]).unwrap();
        let other = Gram::of_gradients(&[&[1.0], &[2.0]]).unwrap();
        assert_eq!(combining.weights(1, &other, &[1.0, 1.0]).unwrap().weights, first.weights);
        assert_ne!(combining.weights(2, &other, &[1.0, 1.0]).unwrap().weights, first.weights);
    }

    #[test]
    fn without_a_solution_the_last_weights_are_used_and_it_is_said() {
        let mut combining = NashMtl::new(2, 0.0, 1).unwrap();
        let opposing = Gram::of_gradients(&[&[3.0], &[-4.0]]).unwrap();
        let combined = combining.weights(0, &opposing, &[1.0, 1.0]).unwrap();
        assert!(combined.fallback && combined.weights == [1.0, 1.0]);
        let found = combining.weights(1, &gram(), &[1.0, 1.0]).unwrap();
        assert_eq!(combining.weights(2, &opposing, &[1.0, 1.0]).unwrap().weights, found.weights);
    }

    #[test]
    fn the_direction_is_shortened() {
        let combined = NashMtl::new(2, 0.25, 1).unwrap().weights(0, &gram(), &[1.0, 1.0]).unwrap();
        assert!((gram().norm_of(&combined.weights) - 0.25).abs() < 1e-12);
    }

    #[test]
    fn numbers_have_ranges() {
        let error = NashMtl::new(2, -1.0, 1).unwrap_err();
        assert_eq!(error.to_string(), "`max_norm` of nash-mtl combining must be at least 0, got -1");
        assert!(NashMtl::new(2, 1.0, 0).is_err());
    }
}
