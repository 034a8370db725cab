//! The tasks that a step shows, and their losses.

use super::WeightingKind;
use crate::SharingError;

/// Losses below this count as this where a weighting divides by a loss or takes its logarithm.
pub(super) const SMALLEST_LOSS: f64 = 1e-8;

/// The tasks that take part in a step, with one value each.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Present {
    /// Their indices, rising.
    pub(super) tasks: Vec<usize>,
    /// Their values, in the same order.
    pub(super) values: Vec<f64>,
}

impl Present {
    /// The losses of a step that a weighting learns from.
    ///
    /// Errors if there are more or fewer losses than tasks, if one is negative or not finite, or if there is none.
    pub(super) fn losses(
        kind: WeightingKind,
        n_tasks: usize,
        step: u64,
        losses: &[Option<f64>],
    ) -> Result<Self, SharingError> {
        let present = Self::real_losses(kind, n_tasks, step, losses)?;
        let weighting = kind.name();
        let negative = present.iter().find(|(_, loss)| *loss < 0.0);
        match negative {
            None => Ok(present),
            Some((task_idx, loss)) => Err(SharingError::LossNegative { weighting, task_idx, step, loss }),
        }
    }

    /// As [`losses`](Self::losses), but of either sign.
    pub(super) fn real_losses(
        kind: WeightingKind,
        n_tasks: usize,
        step: u64,
        losses: &[Option<f64>],
    ) -> Result<Self, SharingError> {
        super::check_losses(n_tasks, step, losses)?;
        let present = Self::of(losses);
        if present.tasks.is_empty() {
            return Err(SharingError::NoLosses { weighting: kind.name(), step });
        }
        Ok(present)
    }

    /// What is there of `values`.
    pub(super) fn of(values: &[Option<f64>]) -> Self {
        let (tasks, values) =
            values.iter().enumerate().filter_map(|(task_idx, value)| Some((task_idx, (*value)?))).unzip();
        Self { tasks, values }
    }

    /// Task and value, one after the other.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, f64)> {
        self.tasks.iter().copied().zip(self.values.iter().copied())
    }

    /// The entries of these tasks in a vector that has one for every task.
    pub(super) fn gather(&self, all: &[f64]) -> Vec<f64> {
        self.tasks.iter().map(|&task_idx| all[task_idx]).collect()
    }

    /// A vector with one entry for each of `n_tasks` tasks: `own` for these, 0 for those that are absent.
    pub(super) fn scatter(&self, own: &[f64], n_tasks: usize) -> Vec<f64> {
        let mut all = vec![0.0; n_tasks];
        for (&task_idx, &value) in self.tasks.iter().zip(own) {
            all[task_idx] = value;
        }
        all
    }
}

/// A step whose losses a weighting keeps until it is told what became of them.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Pending(Option<(u64, Present)>);

impl Pending {
    /// Errors if the losses of a step before `step` still wait for `what`.
    pub(super) fn check(
        &self,
        kind: WeightingKind,
        step: u64,
        what: &'static str,
    ) -> Result<(), SharingError> {
        match &self.0 {
            Some((pending, _)) if *pending != step => {
                Err(SharingError::Untold { weighting: kind.name(), what, step })
            }
            _ => Ok(()),
        }
    }

    /// Keeps the losses of a step.
    pub(super) fn keep(&mut self, step: u64, losses: Present) {
        self.0 = Some((step, losses));
    }

    /// The losses of `step`. Errors if they were not kept, or not those of `tasks`.
    pub(super) fn take(
        &mut self,
        step: u64,
        tasks: &[usize],
        what: &'static str,
    ) -> Result<Present, SharingError> {
        match self.0.take() {
            Some((kept, losses)) if kept == step && losses.tasks == tasks => Ok(losses),
            _ => Err(SharingError::OutOfOrder { what, step }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_tasks_are_left_out_and_come_back_as_zero() {
        let present = Present::of(&[Some(0.5), None, Some(2.0)]);
        assert_eq!(present, Present { tasks: vec![0, 2], values: vec![0.5, 2.0] });
        assert_eq!(present.gather(&[1.0, 2.0, 3.0]), vec![1.0, 3.0]);
        assert_eq!(present.scatter(&[7.0, 8.0], 3), vec![7.0, 0.0, 8.0]);
    }

    #[test]
    fn a_step_without_losses_and_a_negative_loss_are_errors() {
        let error = Present::losses(WeightingKind::Geometric, 2, 4, &[None, None]).unwrap_err();
        assert_eq!(error.to_string(), "geometric weighting needs the losses of step 4, no task has one");
        let error = Present::losses(WeightingKind::Geometric, 2, 4, &[None, Some(-0.5)]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the loss of task 1 is -0.5 in step 4, geometric weighting needs losses of at least 0"
        );
    }
}
