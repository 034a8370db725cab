//! What a step shows a loss weighting.

use proptest::prelude::*;

use crate::weighting::{LossForm, TaskLoss, WeightingKind};

/// What one step shows a loss weighting.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The tasks' losses; at least one is there.
    pub losses: Vec<Option<f64>>,
    /// Gradient norms of the same tasks.
    pub norms: Vec<Option<f64>>,
    /// The losses of the same tasks after the update.
    pub after: Vec<Option<f64>>,
    /// Does an epoch end with the step?
    pub ends_epoch: bool,
    /// The tasks' losses on development data, if the step is followed by an evaluation.
    pub dev_losses: Option<Vec<f64>>,
}

/// Some tasks, and what a few steps show of them.
#[derive(Debug, Clone)]
pub struct Course {
    /// The tasks.
    pub tasks: Vec<TaskLoss>,
    /// The steps.
    pub steps: Vec<Shown>,
}

/// Any loss weighting.
pub fn weighting_kinds() -> impl Strategy<Value = WeightingKind> {
    proptest::sample::select(WeightingKind::ALL)
}

/// A loss as training shows it, in 0.001..100.
pub fn loss() -> impl Strategy<Value = f64> {
    0.001..100.0_f64
}

/// One loss for each of 1 to 6 tasks.
pub fn all_losses() -> impl Strategy<Value = Vec<f64>> {
    proptest::collection::vec(loss(), 1..7)
}

/// Courses of 2 to 11 steps over 1 to 5 tasks, of which some steps show only some.
pub fn courses() -> impl Strategy<Value = Course> {
    (1_usize..6).prop_flat_map(|n_tasks| {
        let tasks = proptest::collection::vec(task_losses(), n_tasks);
        let steps = proptest::collection::vec(shown(n_tasks), 2..12);
        (tasks, steps).prop_map(|(tasks, steps)| Course { tasks, steps })
    })
}

fn task_losses() -> impl Strategy<Value = TaskLoss> {
    let forms = proptest::sample::select(&[LossForm::Regression, LossForm::Classification][..]);
    (0.01..10.0_f64, forms).prop_map(|(weight, form)| TaskLoss { weight, form })
}

fn shown(n_tasks: usize) -> impl Strategy<Value = Shown> {
    let values = || proptest::collection::vec(loss(), n_tasks);
    let present = proptest::collection::vec(proptest::bool::weighted(0.8), n_tasks);
    let dev_losses = proptest::option::of(values());
    (present, 0..n_tasks, values(), values(), values(), any::<bool>(), dev_losses).prop_map(
        |(mut present, always, losses, norms, after, ends_epoch, dev_losses)| {
            present[always] = true;
            let some = |values: Vec<f64>| -> Vec<Option<f64>> {
                values.into_iter().zip(&present).map(|(value, present)| present.then_some(value)).collect()
            };
            Shown { losses: some(losses), norms: some(norms), after: some(after), ends_epoch, dev_losses }
        },
    )
}
