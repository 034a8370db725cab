//! The fixed values that tie the combiners to their papers.

use super::{
    EigenvalueScale, GradientCombining, GradientNormalization, Gram, NashMtl, Rescale, aligned_mtl, cagrad,
    config, dual_projection, fair_grad, imtl_g, mgda, pcgrad, project_onto_simplex, up_grad,
};
use crate::SharingError;

/// Two gradients in conflict; their Gram matrix is [[18, -22], [-22, 38]].
const J: [[f64; 3]; 2] = [[-4.0, 1.0, 1.0], [6.0, 1.0, 1.0]];

/// Calls `check` with (method, source, expected, got, tolerance) for every fixed value: weights over two tasks, or the
/// direction that they give, for the gradients (-4, 1, 1) and (6, 1, 1).
///
/// Errors if a method fails on them, which none should.
pub fn verify(
    check: &mut dyn FnMut(&'static str, &'static str, &[f64], &[f64], f64),
) -> Result<(), SharingError> {
    let gram = Gram::of_gradients(&[&J[0], &J[1]])?;
    let mean = [0.5, 0.5];

    let paper = "Sener & Koltun 2018";
    let weights = mgda(&gram, &[1.0, 1.0], GradientNormalization::None)?.weights;
    check("mgda: weights", paper, &[0.6, 0.4], &weights, 1e-9);
    check("mgda", paper, &[0.0, 1.0, 1.0], &direction(&weights), 1e-9);

    for (method, orders) in
        [("pcgrad", [vec![0, 1], vec![1, 0]]), ("pcgrad: other order", [vec![1, 0], vec![0, 1]])]
    {
        let weights = pcgrad(&gram, &orders)?.weights;
        check(method, "Yu et al. 2020", &[0.584795, 3.801170, 3.801170], &direction(&weights), 1e-6);
    }

    let paper = "Liu et al. 2021, impartial MTL";
    let weights = imtl_g(&gram).weights;
    check("imtl-g: weights", paper, &[0.592330, 0.407670], &weights, 1e-6);
    check("imtl-g", paper, &[0.076697, 1.0, 1.0], &direction(&weights), 1e-5);

    let paper = "Navon et al. 2022";
    let weights = fair_grad(&gram, 1.0)?.weights;
    check("nash: G a = 1/a", paper, &[0.591461, 0.407071], &weights, 1e-6);
    let weights = NashMtl::new(2, 1.0, 1)?.weights(0, &gram, &[1.0, 1.0])?.weights;
    check("nash-mtl", paper, &[0.054153, 0.706069, 0.706069], &direction(&weights), 1e-5);

    let weights = fair_grad(&gram, 1.0)?.weights;
    check("fairgrad", "Ban & Ji 2024", &[0.076584, 0.998533, 0.998533], &direction(&weights), 1e-5);

    let weights = cagrad(&gram, 0.5, Rescale::None)?.weights;
    check("cagrad", "Liu et al. 2021, CAGrad", &[0.183503, 1.204124, 1.204124], &direction(&weights), 1e-5);

    let paper = "Senushkin et al. 2023";
    let weights = aligned_mtl(&gram, &mean, EigenvalueScale::Min)?.weights;
    check("aligned-mtl: weights", paper, &[0.559072, 0.408261], &weights, 1e-6);
    check("aligned-mtl", paper, &[0.213279, 0.967333, 0.967333], &direction(&weights), 1e-5);

    let weights = config(&gram).weights;
    check("config", "Liu et al. 2025", &[0.158809, 2.070607, 2.070607], &direction(&weights), 1e-6);

    let paper = "Quinton & Rey 2024";
    let weights = dual_projection(&gram, &mean)?.weights;
    check("dual-projection: weights", paper, &[11.0 / 18.0, 0.5], &weights, 1e-9);
    check("dual-projection", paper, &[5.0 / 9.0, 10.0 / 9.0, 10.0 / 9.0], &direction(&weights), 1e-9);
    let weights = up_grad(&gram, &mean)?.weights;
    check("upgrad", paper, &[0.292398, 1.900585, 1.900585], &direction(&weights), 1e-6);

    let paper = "Duchi et al. 2008";
    check("simplex projection", paper, &[0.6, 0.2, 0.2], &project_onto_simplex(&[0.5, 0.1, 0.1]), 1e-12);
    check(
        "simplex projection: edge",
        paper,
        &[1.0, 0.0, 0.0],
        &project_onto_simplex(&[1.0, 0.0, -0.5]),
        1e-12,
    );
    Ok(())
}

fn direction(weights: &[f64]) -> Vec<f64> {
    (0..3).map(|i| weights[0] * J[0][i] + weights[1] * J[1][i]).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_fixed_value_is_met() {
        let mut n_checked = 0;
        super::verify(&mut |method, paper, expected, got, tolerance| {
            assert_eq!(expected.len(), got.len());
            for (e, g) in expected.iter().zip(got) {
                assert!((e - g).abs() <= tolerance, "{method} ({paper}): expected {expected:?}, got {got:?}");
            }
            n_checked += 1;
        })
        .unwrap();
        assert_eq!(n_checked, 18);
    }
}
