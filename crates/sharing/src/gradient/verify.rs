//! The fixed values that tie the combiners to their papers.

use super::{
    CrossGram, EigenvalueScale, GradientCombining, GradientNormalization, Gram, MgdaUb, NashMtl, Rescale,
    SdmGradRule, aligned_mtl, cagrad, config, dual_projection, fair_grad, grad_drop, grad_vac, imtl_g, mgda,
    pcgrad, project_onto_simplex, sdm_grad, sum, up_grad,
};
use crate::SharingError;

/// What is told of each fixed value: method, source, expected, got, tolerance (absolute, per number).
type Check<'a> = &'a mut dyn FnMut(&'static str, &'static str, &[f64], &[f64], f64);

/// Two gradients in conflict; their Gram matrix is [[18, -22], [-22, 38]].
const J: [[f64; 3]; 2] = [[-4.0, 1.0, 1.0], [6.0, 1.0, 1.0]];

/// Calls `check` with (method, source, expected, got, tolerance) for every fixed value: weights over two tasks, or the
/// direction that they give, for the gradients (-4, 1, 1) and (6, 1, 1) unless said otherwise.
///
/// A method is called by its name in [`GradientKind`](super::GradientKind), followed by `: ` and what differs where it
/// has several values.
///
/// Errors if a method fails on them, which none should.
pub fn verify(check: Check) -> Result<(), SharingError> {
    let gram = Gram::of_gradients(&[&J[0], &J[1]])?;
    let mean = [0.5, 0.5];

    check("sum", "by hand", &[2.0, 2.0, 2.0], &direction(&sum(&gram).weights), 0.0);

    let paper = "Sener & Koltun 2018";
    let weights = mgda(&gram, &[1.0, 1.0], GradientNormalization::None)?.weights;
    check("mgda: weights", paper, &[0.6, 0.4], &weights, 1e-9);
    check("mgda", paper, &[0.0, 1.0, 1.0], &direction(&weights), 1e-9);
    let upper_bound = MgdaUb::new(2, GradientNormalization::None)?.weights(0, &gram, &[1.0, 1.0])?;
    check("mgda-ub: weights", paper, &[0.6, 0.4], &upper_bound.weights, 1e-9);

    for (method, orders) in
        [("pcgrad", [vec![0, 1], vec![1, 0]]), ("pcgrad: other order", [vec![1, 0], vec![0, 1]])]
    {
        let weights = pcgrad(&gram, &orders)?.weights;
        check(method, "Yu et al. 2020", &[0.584795, 3.801170, 3.801170], &direction(&weights), 1e-6);
    }

    vaccine(check, &gram)?;
    sign_dropout(check)?;

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

    direction_oriented(check, &gram)?;

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

/// With targets at 0 it is PCGrad; the second step, towards half the first step's cosine, is that of TorchJD.
fn vaccine(check: Check, gram: &Gram) -> Result<(), SharingError> {
    let orders = [vec![1, 0], vec![0, 1]];
    let mut targets = [0.0; 4];
    let first = grad_vac(gram, &orders, &mut targets, 0.5)?.weights;
    let paper = "Wang et al. 2021, eq. 3";
    check("grad-vac", paper, &[0.584795, 3.801170, 3.801170], &direction(&first), 1e-6);
    let cosine = -22.0 / (18.0_f64 * 38.0).sqrt();
    let expected = [0.0, 0.5 * cosine, 0.5 * cosine, 0.0];
    check("grad-vac: targets", "Wang et al. 2021, algorithm 1", &expected, &targets, 1e-12);
    let second = grad_vac(gram, &orders, &mut targets, 0.5)?.weights;
    let expected = [1.006540, 3.264403, 3.264403];
    check("grad-vac: second step", "TorchJD 0.18, beta .5", &expected, &direction(&second), 1e-6);
    // g = (1, 0) and (0, 2), pulled to a cosine of .6: (1, 0) becomes (1, .75).
    let gram = Gram::of_gradients(&[&[1.0, 0.0], &[0.0, 2.0]])?;
    let pulled = grad_vac(&gram, &orders, &mut [0.0, 0.6, 0.0, 0.0], 0.5)?.weights;
    check("grad-vac: weights, orthogonal gradients, target .6", paper, &[1.0, 1.375], &pulled, 1e-12);
    Ok(())
}

/// The first element has purity ½ (1 + 2/10) = .6, the others 1.
fn sign_dropout(check: Check) -> Result<(), SharingError> {
    let paper = "Chen et al. 2020, algorithm 1";
    let rows = [
        ("grad-drop", 0.0, 0.5, [6.0, 2.0, 2.0]),
        ("grad-drop: draw .7", 0.0, 0.7, [-4.0, 2.0, 2.0]),
        ("grad-drop: leak .25", 0.25, 0.5, [5.0, 2.0, 2.0]),
    ];
    for (method, leak, draw, expected) in rows {
        let mut combined = [0.0; 3];
        grad_drop(&[&J[0], &J[1]], &[leak; 2], &[draw; 3], &mut combined)?;
        check(method, paper, &expected, &combined, 1e-12);
    }
    Ok(())
}

/// Batches without noise: all three have the same gradients.
fn direction_oriented(check: Check, gram: &Gram) -> Result<(), SharingError> {
    let cross = CrossGram::new(gram.values().to_vec(), gram.tasks().to_vec())?;
    let rule = SdmGradRule { lambda: 0.3, iterations: 10, rate: 0.5, momentum: 0.5 };
    let weights = sdm_grad(&cross, &mut [0.5; 2], rule)?.weights;
    check("sdmgrad: weights", "TorchJD 0.18, rate .5", &[0.597576, 0.402424], &weights, 1e-6);
    // Without a pull to the mean it is MGDA.
    let rule = SdmGradRule { lambda: 0.0, iterations: 200, rate: 0.25, momentum: 0.5 };
    let weights = sdm_grad(&cross, &mut [0.5; 2], rule)?.weights;
    check("sdmgrad: weights, lambda 0", "Xiao et al. 2023, eq. 5", &[0.6, 0.4], &weights, 1e-9);
    // A = diag(4, 1) over (3/2)²: w = ½ - ½ (.6 · 4, .6)/2.25, projected, is (.3, .7).
    let cross = CrossGram::new(vec![4.0, 0.0, 0.0, 1.0], vec![0, 1])?;
    let rule = SdmGradRule { lambda: 0.2, iterations: 1, rate: 0.5, momentum: 0.5 };
    let mut w = [0.5; 2];
    sdm_grad(&cross, &mut w, rule)?;
    check("sdmgrad: one iteration", "Xiao et al. 2023, algorithm 1", &[0.3, 0.7], &w, 1e-12);
    Ok(())
}

fn direction(weights: &[f64]) -> Vec<f64> {
    (0..3).map(|i| weights[0] * J[0][i] + weights[1] * J[1][i]).collect()
}
