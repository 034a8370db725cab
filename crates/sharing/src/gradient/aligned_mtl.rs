//! Aligned multi-task learning (Aligned-MTL): the gradients' principal components, made equally long.
//!
//! `d = sum over t of w_t g_t` with `w = s G^(-1/2) p`: G^(-1/2) by the eigenvalues of the Gram matrix that are not
//! zero, s the root of the smallest of them, p a preference that sums to 1. The directions `G^(-1/2) g` are orthonormal,
//! so the system that is combined has condition number 1.
//!
//! Senushkin et al. 2023, "Independent Component Alignment for Multi-Task Learning", algorithm 1; the median and the
//! mean in place of the smallest eigenvalue are choices of the released code.
//! An eigenvalue counts as zero up to T x 1.2e-7 (f32's epsilon, the accuracy of the gradients) of the largest, as in
//! the released code.

use mtl_base::{Key, Method};

use super::gram::Cosines;
use super::key::text;
use super::registry::Build;
use super::solve::{Svd, dot};
use super::{
    Combined, GradientCombining, GradientKind, Gram, Needs, RANK_TOLERANCE, check_n_tasks, check_step,
};
use crate::SharingError;

const KEYS: &[Key] = &[text("scale", "min", "eigenvalue that all are scaled to", &["min", "median", "rmse"])];

/// What is fixed about it.
pub(super) const METHOD: Method = Method::new(
    "gradients",
    "aligned-mtl",
    "aligned learning (Aligned-MTL)",
    "Senushkin et al. 2023",
    "crates/sharing/src/gradient/aligned_mtl.rs",
)
.with(KEYS);

/// What it has to be shown, and how it is built.
pub(super) const BUILD: Build = Build {
    needs: Needs::Gram,
    make: |n_tasks, _seed, values| {
        Ok(Box::new(AlignedMtl::new(n_tasks, values.choice("scale", EigenvalueScale::ALL)?)?))
    },
};

/// The eigenvalue that every principal component is scaled to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum EigenvalueScale {
    /// The smallest that is not zero: the paper's.
    #[default]
    Min,
    /// The median; the lower one of two.
    Median,
    /// The mean, whose root is the root mean square of the singular values.
    Rmse,
}

impl EigenvalueScale {
    /// Every choice with the name that a configuration file uses.
    pub const ALL: &'static [(&'static str, EigenvalueScale)] = &[
        ("min", EigenvalueScale::Min),
        ("median", EigenvalueScale::Median),
        ("rmse", EigenvalueScale::Rmse),
    ];

    fn of(self, ascending: &[f64]) -> f64 {
        match self {
            EigenvalueScale::Min => ascending[0],
            EigenvalueScale::Median => ascending[(ascending.len() - 1) / 2],
            EigenvalueScale::Rmse => ascending.iter().sum::<f64>() / ascending.len() as f64,
        }
    }
}

/// The weights of the aligned gradients under a preference; the preference itself if every gradient is zero.
///
/// Errors if there is not one preference for each task.
///
/// # Shapes
///
/// `gram: (tasks, tasks)`, `preference: (tasks,)`, returns `(tasks,)`.
pub fn aligned_mtl(
    gram: &Gram,
    preference: &[f64],
    scale: EigenvalueScale,
) -> Result<Combined, SharingError> {
    check_step(usize::MAX, gram.tasks(), "preferences", preference.len())?;
    let n = gram.n_tasks();
    let scaled = Cosines::new(gram.values(), n);
    // The weights do not change with the unit of the gradients.
    let unit: Vec<f64> = scaled
        .cosines
        .iter()
        .enumerate()
        .map(|(at, cosine)| cosine * scaled.norms[at / n] * scaled.norms[at % n])
        .collect();
    let svd = Svd::new(&unit, n);
    let zero = n as f64 * RANK_TOLERANCE * svd.largest();
    let mut kept: Vec<f64> = svd.sigma.iter().copied().filter(|sigma| *sigma > zero).collect();
    kept.sort_unstable_by(f64::total_cmp);
    if kept.is_empty() {
        return Ok(Combined::closed(preference.to_vec()));
    }
    let target = scale.of(&kept);
    let mut weights = vec![0.0; n];
    for (sigma, v) in svd.sigma.iter().zip(&svd.right).filter(|(sigma, _)| **sigma > zero) {
        let along = (target / sigma).sqrt() * dot(v, preference);
        weights.iter_mut().zip(v).for_each(|(weight, v)| *weight += along * v);
    }
    Ok(Combined::closed(weights))
}

/// Aligned multi-task learning with equal preferences: [`aligned_mtl`].
#[doc(alias = "independent component alignment")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlignedMtl {
    n_tasks: usize,
    scale: EigenvalueScale,
}

impl AlignedMtl {
    /// The combining of `n_tasks` tasks.
    ///
    /// Errors if there is no task.
    pub fn new(n_tasks: usize, scale: EigenvalueScale) -> Result<Self, SharingError> {
        Ok(Self { n_tasks: check_n_tasks(n_tasks)?, scale })
    }
}

impl GradientCombining for AlignedMtl {
    fn kind(&self) -> GradientKind {
        GradientKind::AlignedMtl
    }

    fn weights(&mut self, _step: u64, gram: &Gram, losses: &[f64]) -> Result<Combined, SharingError> {
        check_step(self.n_tasks, gram.tasks(), "losses", losses.len())?;
        aligned_mtl(gram, &vec![1.0 / gram.n_tasks() as f64; gram.n_tasks()], self.scale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orthogonal_gradients_get_the_length_of_the_scale() {
        // Lengths 1, 2, 4: eigenvalues 1, 4, 16.
        let gram = Gram::of_gradients(&[&[1.0, 0.0, 0.0], &[0.0, 2.0, 0.0], &[0.0, 0.0, 4.0]]).unwrap();
        for (scale, length) in [
            (EigenvalueScale::Min, 1.0),
            (EigenvalueScale::Median, 2.0),
            (EigenvalueScale::Rmse, 7_f64.sqrt()),
        ] {
            let weights = aligned_mtl(&gram, &[1.0; 3], scale).unwrap().weights;
            for (weight, norm) in weights.iter().zip([1.0, 2.0, 4.0]) {
                assert!((weight * norm - length).abs() < 1e-12, "{scale:?}: {weights:?}");
            }
        }
    }

    #[test]
    fn without_gradients_the_preference_stays() {
        let gram = Gram::of_gradients(&[&[0.0], &[0.0]]).unwrap();
        let mut combining = AlignedMtl::new(2, EigenvalueScale::Min).unwrap();
        assert_eq!(combining.weights(0, &gram, &[1.0, 1.0]).unwrap().weights, [0.5, 0.5]);
    }
}
