//! Adam for the few numbers that a weighting learns, one parameter for each task.
//!
//! ```text
//! g = gradient + weight_decay * parameter
//! m = .9 m + .1 g        v = .999 v + .001 g^2
//! parameter -= learning_rate * m / (1 - .9^k) / (sqrt(v / (1 - .999^k)) + 1e-8)
//! ```
//!
//! D. P. Kingma, J. Ba: *Adam: A Method for Stochastic Optimization*, ICLR 2015, Algorithm 1; weight decay is added to
//! the gradient, as PyTorch's `Adam` does it. Each parameter counts its own steps `k`: one without a gradient in a step
//! (its task is absent) stays as it is.

use super::restore::Restore;
use super::{WeightingKind, WeightingState};
use crate::SharingError;

const BETA_1: f64 = 0.9;
const BETA_2: f64 = 0.999;
const EPSILON: f64 = 1e-8;

const FIRST: &str = "adam_first_moments";
const SECOND: &str = "adam_second_moments";
const STEPS: &str = "adam_steps";

/// The names under which [`Adam::save`] puts its vectors.
pub(super) const KEYS: [&str; 3] = [FIRST, SECOND, STEPS];

/// Moments and settings.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Adam {
    learning_rate: f64,
    weight_decay: f64,
    first: Vec<f64>,
    second: Vec<f64>,
    /// Number of updates of each parameter.
    steps: Vec<f64>,
}

impl Adam {
    pub(super) fn new(n_tasks: usize, learning_rate: f64, weight_decay: f64) -> Self {
        let zeros = vec![0.0; n_tasks];
        Self { learning_rate, weight_decay, first: zeros.clone(), second: zeros.clone(), steps: zeros }
    }

    /// One update of the parameters of `tasks`, of which each has a gradient.
    pub(super) fn update(&mut self, tasks: &[usize], gradients: &[f64], parameters: &mut [f64]) {
        for (&task_idx, &gradient) in tasks.iter().zip(gradients) {
            self.update_one(task_idx, gradient, &mut parameters[task_idx]);
        }
    }

    fn update_one(&mut self, task_idx: usize, gradient: f64, parameter: &mut f64) {
        let gradient = gradient + self.weight_decay * *parameter;
        let (first, second) = (&mut self.first[task_idx], &mut self.second[task_idx]);
        self.steps[task_idx] += 1.0;
        *first = BETA_1 * *first + (1.0 - BETA_1) * gradient;
        *second = BETA_2 * *second + (1.0 - BETA_2) * gradient * gradient;
        let mean = *first / (1.0 - BETA_1.powf(self.steps[task_idx]));
        let square = *second / (1.0 - BETA_2.powf(self.steps[task_idx]));
        *parameter -= self.learning_rate * mean / (square.sqrt() + EPSILON);
    }

    pub(super) fn save(&self, state: &mut WeightingState) {
        for (key, values) in KEYS.into_iter().zip([&self.first, &self.second, &self.steps]) {
            state.values.insert(key.to_owned(), values.clone());
        }
    }

    pub(super) fn restore(
        &mut self,
        kind: WeightingKind,
        state: &WeightingState,
    ) -> Result<(), SharingError> {
        let n_tasks = self.first.len();
        let restore = Restore { kind, state };
        let first = restore.vector(FIRST, n_tasks)?;
        let second = restore.vector(SECOND, n_tasks)?;
        let steps = restore.vector(STEPS, n_tasks)?;
        *self = Self { first, second, steps, ..*self };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_step_is_the_learning_rate_against_the_sign() {
        let mut adam = Adam::new(2, 0.1, 0.0);
        let mut parameters = [1.0, 1.0];
        adam.update(&[0, 1], &[3.0, -0.02], &mut parameters);
        assert!((parameters[0] - 0.9).abs() < 1e-8 && (parameters[1] - 1.1).abs() < 1e-6, "{parameters:?}");
    }

    #[test]
    fn what_has_no_gradient_stays() {
        let mut adam = Adam::new(2, 0.1, 0.5);
        let mut parameters = [1.0, 1.0];
        adam.update(&[1], &[1.0], &mut parameters);
        assert_eq!(parameters[0], 1.0);
        assert_eq!((adam.first[0], adam.second[0], adam.steps), (0.0, 0.0, vec![0.0, 1.0]));
    }
}
