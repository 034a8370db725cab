//! A sample of a gradient combining: the mean of the gradients, `d = 1/T sum over t of g_t`.

use mtl_base::Method;

use super::registry::Build;
use super::{Combined, GradientCombining, GradientKind, Gram, Needs, check_n_tasks, check_step};
use crate::SharingError;

/// What is fixed about it.
pub(super) const METHOD: Method = Method::new(
    "gradients",
    "sample-mean-gradient",
    "the mean of the gradients",
    "",
    "crates/sharing/src/gradient/sample_mean_gradient.rs",
);

/// What it has to be shown, and how it is built.
pub(super) const BUILD: Build = Build {
    needs: Needs::Gram,
    make: |n_tasks, _seed, _values| Ok(Box::new(MeanGradient { n_tasks: check_n_tasks(n_tasks)? })),
};

/// The mean of the gradients.
#[derive(Debug)]
struct MeanGradient {
    n_tasks: usize,
}

impl GradientCombining for MeanGradient {
    fn kind(&self) -> GradientKind {
        GradientKind::SampleMeanGradient
    }

    fn weights(&mut self, _step: u64, gram: &Gram, losses: &[f64]) -> Result<Combined, SharingError> {
        check_step(self.n_tasks, gram.tasks(), "losses", losses.len())?;
        let present = gram.n_tasks();
        Ok(Combined::closed(vec![1.0 / present as f64; present]))
    }
}
