//! The fixed values of the loss weightings.

use super::{
    Equal, Fixed, LossWeighting, coba, dwa, famo, geometric, gradnorm, imtl_l, random, smooth_tchebycheff,
    uncertainty,
};
use crate::SharingError;

/// Calls `check` with method, paper, expected numbers, those that are computed, and the tolerance that they may
/// differ by. A method is called by its name in [`WeightingKind`](super::WeightingKind).
///
/// Errors if a method fails on its numbers, which none should.
pub fn verify(
    check: &mut dyn FnMut(&'static str, &'static str, &[f64], &[f64], f64),
) -> Result<(), SharingError> {
    let losses = [Some(0.1), Some(40.0)];
    let equal = Equal::new(2)?.weights(0, &losses)?;
    check("equal", "by hand", &[1.0, 1.0], &equal, 0.0);
    let fixed = Fixed::new(vec![0.5, 2.0])?.weights(0, &losses)?;
    check("fixed", "by hand", &[0.5, 2.0], &fixed, 0.0);
    let uncertainty = uncertainty::step_loss(&[1.0, 2.0, 4.0], &[0.0; 3], &[0.5; 3]);
    check("uncertainty", "Kendall et al. 2018, eq. 7", &[3.5], &[uncertainty], 1e-12);
    // 2 softmax([1, 4] / 2)
    let dwa = dwa::weights(&[1.0, 4.0], 2.0);
    check("dwa", "Liu et al. 2019, eq. 7", &[0.364_851_047_6, 1.635_148_952_4], &dwa, 1e-9);
    // Norms 1 and 3 of losses that fell alike: both are drawn to 2.
    let gradnorm = gradnorm::gradient(&[1.0, 1.0], &[1.0, 3.0], &[1.0, 1.0], 1.5);
    check("gradnorm", "Chen et al. 2018, eq. 2", &[-1.0, 3.0], &gradnorm, 1e-12);
    let random = random::weights(&[0.0, 3.0_f64.ln()]);
    check("random", "Lin et al. 2022", &[0.25, 0.75], &random, 1e-12);
    let geometric = geometric::weights(&[1.0, 4.0]);
    check("geometric", "Chennupati et al. 2019", &[1.0, 0.25], &geometric, 1e-12);
    let famo = famo::weights(&[0.0, 0.0], &[1.0, 3.0]);
    check("famo", "Liu et al. 2023, eq. 11", &[0.75, 0.25], &famo, 1e-7);
    let tchebycheff = smooth_tchebycheff::value(&[0.0, 0.0], &[1.0, 1.0], &[0.0, 0.0], 1.0);
    check("smooth-tchebycheff", "Lin et al. 2024", &[std::f64::consts::LN_2], &[tchebycheff], 1e-12);
    let imtl_l = imtl_l::step_loss(&[1.0, 2.0], &[0.0, -(2.0_f64.ln())]);
    check("imtl-l", "Liu et al. 2021, eq. 6", &[2.0 + std::f64::consts::LN_2], &[imtl_l], 1e-12);
    // softmax([-1.5, -.5]), the slower task ahead.
    let coba = coba::relative_scores(&[-0.3, -0.1]);
    check("coba", "Gong et al. 2024, RCS", &[0.268_941_421_4, 0.731_058_578_6], &coba, 1e-9);
    Ok(())
}
