//! How the tasks' gradients lie to each other in one step: those of the shared parameters; with GradNorm, of the last
//! shared layer; with MGDA-UB, at the encoder's output.

/// Norms and cosines of the gradients of the tasks' unweighted mean losses. Task s conflicts with task t where their
/// cosine is negative: a small step that lowers the loss of one raises that of the other.
#[derive(Debug, Clone, PartialEq)]
pub struct Conflict {
    /// The norm of each task's gradient; `None` for a task that the step does not show, or shows with weight 0. `(tasks,)`
    pub norms: Vec<Option<f64>>,
    /// The cosine of each pair of tasks, the first index smaller; pairs of which one has no gradient are left out.
    pub cosines: Vec<((usize, usize), f64)>,
}

impl Conflict {
    /// Reads a Gram matrix of gradients that were multiplied by `weights`; tasks without a loss are left out.
    ///
    /// # Shapes
    ///
    /// `gram: (tasks, tasks)`, row-major; `weights, losses: (tasks,)`.
    pub(super) fn of(gram: &[f64], weights: &[f64], losses: &[Option<f64>]) -> Self {
        let n_tasks = losses.len();
        let square = |task: usize| gram[task * (n_tasks + 1)];
        let norm = |task: usize| {
            // Of a gradient that was multiplied by 0 nothing is known.
            losses[task].filter(|_| weights[task] != 0.0)?;
            Some(square(task).max(0.0).sqrt() / weights[task].abs())
        };
        let norms: Vec<Option<f64>> = (0..n_tasks).map(norm).collect();
        let pairs = (0..n_tasks).flat_map(|s| (s + 1..n_tasks).map(move |t| (s, t)));
        let cosine = |(s, t): (usize, usize)| {
            let size = (square(s) * square(t)).sqrt();
            // Weights are positive, so they turn no gradient around.
            (size > 0.0).then(|| ((s, t), (gram[s * n_tasks + t] / size).clamp(-1.0, 1.0)))
        };
        Conflict { cosines: pairs.filter_map(cosine).collect(), norms }
    }

    /// The pair in the sharpest conflict, if any pair is in one.
    pub fn sharpest(&self) -> Option<((usize, usize), f64)> {
        let negative = self.cosines.iter().filter(|(_, cosine)| *cosine < 0.0);
        negative.min_by(|a, b| a.1.total_cmp(&b.1)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn norms_are_of_unweighted_gradients_and_absent_tasks_are_left_out() {
        // Gradients (3, 4) and (-1, 0), the first of them weighted by 2, and nothing of a third task.
        let gram = [100.0, -6.0, 0.0, -6.0, 1.0, 0.0, 0.0, 0.0, 0.0];
        let conflict = Conflict::of(&gram, &[2.0, 1.0, 1.0], &[Some(0.5), Some(0.5), None]);
        assert_eq!(conflict.norms, [Some(5.0), Some(1.0), None]);
        assert_eq!(conflict.cosines, [((0, 1), -0.6)]);
        assert_eq!(conflict.sharpest(), Some(((0, 1), -0.6)));
        assert_eq!(Conflict::of(&[0.0], &[0.0], &[Some(1.0)]).norms, [None]);
    }
}
