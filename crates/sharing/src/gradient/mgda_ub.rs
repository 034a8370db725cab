//! MGDA's upper bound (MGDA-UB): the same shortest vector, sought among the gradients at the shared representation.
//!
//! With z the representation that every task's head reads, `|sum of w_t dL_t/dtheta|² <= |dz/dtheta|² |sum of w_t
//! dL_t/dz|²`, so the right-hand side is made small instead: one backward pass through the encoder is enough.
//!
//! Sener & Koltun 2018, "Multi-Task Learning as Multi-Objective Optimization", section 3.3. The Gram matrix is that of
//! the gradients at z, of the same sequences for every task: on sequences that one task alone labels, these gradients
//! are orthogonal, and no conflict can be seen.

use mtl_base::Method;

use super::registry::Build;
use super::{Combined, GradientCombining, GradientKind, GradientNormalization, Gram, Mgda, Needs};
use crate::SharingError;

/// What is fixed about it.
pub(super) const METHOD: Method = Method::new(
    "gradients",
    "mgda-ub",
    "MGDA's upper bound (MGDA-UB)",
    "Sener and Koltun 2018",
    "crates/sharing/src/gradient/mgda_ub.rs",
)
.with(super::mgda::KEYS);

/// What it has to be shown, and how it is built.
pub(super) const BUILD: Build = Build {
    needs: Needs::Representation,
    make: |n_tasks, _seed, values| {
        Ok(Box::new(MgdaUb::new(n_tasks, values.choice("normalization", GradientNormalization::ALL)?)?))
    },
};

/// [`Mgda`] on the gradients at the representation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MgdaUb(Mgda);

impl MgdaUb {
    /// The combining of `n_tasks` tasks.
    ///
    /// Errors if there is no task.
    pub fn new(n_tasks: usize, normalization: GradientNormalization) -> Result<Self, SharingError> {
        Mgda::new(n_tasks, normalization).map(Self)
    }
}

impl GradientCombining for MgdaUb {
    fn kind(&self) -> GradientKind {
        GradientKind::MgdaUb
    }

    fn weights(&mut self, step: u64, gram: &Gram, losses: &[f64]) -> Result<Combined, SharingError> {
        self.0.weights(step, gram, losses)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradient::{Needs, mgda};

    #[test]
    fn the_weights_are_those_of_mgda_at_the_representation() {
        let gram = Gram::of_gradients(&[&[-4.0, 1.0, 1.0], &[6.0, 1.0, 1.0]]).unwrap();
        let mut combining = MgdaUb::new(2, GradientNormalization::None).unwrap();
        let combined = combining.weights(0, &gram, &[1.0, 1.0]).unwrap();
        assert_eq!(combined, mgda(&gram, &[1.0, 1.0], GradientNormalization::None).unwrap());
        assert_eq!(combining.kind().needs(), Needs::Representation);
    }
}
