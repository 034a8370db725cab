//! Gradient sign dropout (GradDrop): where the tasks disagree on a sign, one sign is picked at random.
//!
//! For each element, `P = ½ (1 + sum over t of g_t / sum over t of |g_t|)` and u is uniform in [0, 1): if `P > u` the
//! positive gradients are kept, if `P < u` the negative ones. `d = sum over t of (l_t + (1 - l_t) kept_t) g_t`, where
//! the leak `l_t` lets a share of task t's gradient through whatever its sign.
//!
//! Chen et al. 2020, "Just Pick a Sign: Optimizing Deep Multitask Models with Gradient Sign Dropout", algorithm 1 with
//! f(P) = P.
//! Difference: the paper does this to the gradients of an activation, summed over the batch after multiplying by the
//! activation's sign; here it is done to the gradients of the shared parameters, which need neither.

use mtl_base::registry::Range;
use mtl_base::{Key, Method};

use super::key::number;
use super::registry::Build;
use super::{Combined, GradientCombining, GradientKind, Gram, Needs, check_n_tasks, check_step};
use crate::SharingError;
use crate::draws::Draws;

const KEYS: &[Key] =
    &[number("leak", 0.0, "share of every gradient that passes whatever its sign", Range::Share)];

/// What is fixed about it.
pub(super) const METHOD: Method = Method::new(
    "gradients",
    "grad-drop",
    "gradient sign dropout (GradDrop)",
    "Chen et al. 2020",
    "crates/sharing/src/gradient/grad_drop.rs",
)
.with(KEYS);

/// What it has to be shown, and how it is built.
pub(super) const BUILD: Build = Build {
    needs: Needs::Elementwise,
    make: |n_tasks, seed, values| Ok(Box::new(GradDrop::new(n_tasks, values.number("leak")?, seed)?)),
};

/// An element type of gradients.
pub trait GradientElement: Copy + Into<f64> {
    /// The nearest value of the type.
    fn from_f64(value: f64) -> Self;
}

impl GradientElement for f32 {
    fn from_f64(value: f64) -> Self {
        value as f32
    }
}

impl GradientElement for f64 {
    fn from_f64(value: f64) -> Self {
        value
    }
}

/// The combined elements, written to `combined`, under these draws.
///
/// Errors if there is no task, if there is not one leak for each, or if lengths differ. A gradient that is not finite
/// makes the element so: look at the norms beforehand.
///
/// # Shapes
///
/// `gradients: (tasks, elements)`; `leaks: (tasks,)`, in [0, 1]; `draws: (elements,)`, in [0, 1);
/// `combined: (elements,)`.
///
/// ```
/// use mtl_sharing::gradient::grad_drop;
///
/// // P is 3/4 for the first element and 1 for the second.
/// let mut combined = [0.0_f64; 2];
/// grad_drop(&[&[3.0, 1.0], &[-1.0, 2.0]], &[0.0, 0.0], &[0.5, 0.9], &mut combined)?;
/// assert_eq!(combined, [3.0, 3.0]);
/// grad_drop(&[&[3.0, 1.0], &[-1.0, 2.0]], &[0.0, 0.0], &[0.8, 0.9], &mut combined)?;
/// assert_eq!(combined, [-1.0, 3.0]);
/// # Ok::<(), mtl_sharing::SharingError>(())
/// ```
pub fn grad_drop<E: GradientElement>(
    gradients: &[&[E]],
    leaks: &[f64],
    draws: &[f64],
    combined: &mut [E],
) -> Result<(), SharingError> {
    check_n_tasks(gradients.len())?;
    if draws.len() != combined.len() {
        return Err(SharingError::TaskCount { what: "draws", expected: combined.len(), got: draws.len() });
    }
    drop_signs(gradients, leaks, |at| draws[at], combined)
}

fn drop_signs<E: GradientElement>(
    gradients: &[&[E]],
    leaks: &[f64],
    draw: impl Fn(usize) -> f64,
    combined: &mut [E],
) -> Result<(), SharingError> {
    let expected = combined.len();
    if leaks.len() != gradients.len() {
        return Err(SharingError::TaskCount { what: "leaks", expected: gradients.len(), got: leaks.len() });
    }
    if let Some((task_idx, short)) = gradients.iter().enumerate().find(|(_, g)| g.len() != expected) {
        return Err(SharingError::GradientLength { task_idx, expected, got: short.len() });
    }
    for (at, out) in combined.iter_mut().enumerate() {
        let values = || gradients.iter().map(|gradient| gradient[at].into());
        let purity = sign_purity(values());
        let u = draw(at);
        let kept = |g: f64| (purity > u && g > 0.0) || (purity < u && g < 0.0);
        let sum = values().zip(leaks).map(|(g, leak)| if kept(g) { g } else { leak * g }).sum();
        *out = E::from_f64(sum);
    }
    Ok(())
}

/// `½ (1 + sum of g / sum of |g|)`: 1 if all are positive, 0 if all are negative; ½ if all are zero.
fn sign_purity(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, size) = values.fold((0.0, 0.0), |(sum, size), g| (sum + g, size + g.abs()));
    if size == 0.0 { 0.5 } else { 0.5 * (1.0 + sum / size) }
}

/// Gradient sign dropout: [`grad_drop`] with draws keyed by the seed, the step, the tensor and the element, so that
/// neither threads nor the order of the tensors change them.
#[doc(alias = "gradient sign dropout")]
#[derive(Debug, Clone, PartialEq)]
pub struct GradDrop {
    n_tasks: usize,
    leak: f64,
    seed: u64,
}

impl GradDrop {
    /// The combining of `n_tasks` tasks that all leak the share `leak`, in [0, 1].
    ///
    /// Errors if there is no task, or if `leak` is out of its range.
    pub fn new(n_tasks: usize, leak: f64, seed: u64) -> Result<Self, SharingError> {
        GradientKind::GradDrop.check_number("leak", leak, (0.0..=1.0).contains(&leak))?;
        Ok(Self { n_tasks: check_n_tasks(n_tasks)?, leak, seed })
    }

    /// Combines elements `first..` of one tensor in step `step`: `gradients` are those of the tasks that take part,
    /// `tensor` is any number that is the tensor's alone.
    ///
    /// Errors if there is no gradient, more than there are tasks, or if lengths differ.
    ///
    /// # Shapes
    ///
    /// `gradients: (tasks, elements)`, `combined: (elements,)`.
    pub fn combine<E: GradientElement>(
        &self,
        step: u64,
        tensor: u64,
        first: u64,
        gradients: &[&[E]],
        combined: &mut [E],
    ) -> Result<(), SharingError> {
        if check_n_tasks(gradients.len())? > self.n_tasks {
            let got = gradients.len();
            return Err(SharingError::TaskCount { what: "gradients", expected: self.n_tasks, got });
        }
        let draws = Draws::of(&[self.seed, step, tensor]);
        let leaks = vec![self.leak; gradients.len()];
        drop_signs(gradients, &leaks, |at| draws.uniform_at(first + at as u64), combined)
    }
}

impl GradientCombining for GradDrop {
    fn kind(&self) -> GradientKind {
        GradientKind::GradDrop
    }

    fn weights(&mut self, _step: u64, gram: &Gram, losses: &[f64]) -> Result<Combined, SharingError> {
        check_step(self.n_tasks, gram.tasks(), "losses", losses.len())?;
        let needs = Needs::Elementwise.describe();
        Err(SharingError::NotFromGram { combining: self.kind().name(), needs })
    }

    fn elementwise(&self) -> Option<&GradDrop> {
        Some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leak_lets_a_share_through() {
        let mut combined = [0.0_f32];
        grad_drop(&[&[3.0], &[-1.0]], &[0.0, 0.25], &[0.5], &mut combined).unwrap();
        assert_eq!(combined, [2.75]);
    }

    #[test]
    fn zeros_stay_zero() {
        let mut combined = [1.0_f64];
        grad_drop(&[&[0.0], &[0.0]], &[0.0, 0.0], &[0.5], &mut combined).unwrap();
        assert_eq!(combined, [0.0]);
    }

    #[test]
    fn chunks_of_a_tensor_draw_as_the_whole() {
        let combining = GradDrop::new(2, 0.0, 7).unwrap();
        let (a, b) = ([1.0_f32; 64], [-1.0_f32; 64]);
        let (mut whole, mut chunk) = ([0.0; 64], [0.0; 24]);
        combining.combine(3, 9, 0, &[&a, &b], &mut whole).unwrap();
        combining.combine(3, 9, 40, &[&a[..24], &b[..24]], &mut chunk).unwrap();
        assert_eq!(whole[40..], chunk);
        assert!(whole.contains(&1.0) && whole.contains(&-1.0));
    }

    #[test]
    fn a_gram_matrix_is_not_enough() {
        let gram = Gram::of_gradients(&[&[1.0], &[1.0]]).unwrap();
        let error = GradDrop::new(2, 0.0, 7).unwrap().weights(0, &gram, &[1.0, 1.0]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "grad-drop needs all tasks' gradients of one tensor at a time, not the gram matrix of one batch"
        );
    }
}
