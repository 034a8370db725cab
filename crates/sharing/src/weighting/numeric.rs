//! Sums of exponentials that neither overflow nor underflow.

/// `exp(x_t) / sum over u of exp(x_u)`.
pub(super) fn softmax(values: &[f64]) -> Vec<f64> {
    let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers: Vec<f64> = values.iter().map(|value| (value - largest).exp()).collect();
    let total: f64 = powers.iter().sum();
    powers.into_iter().map(|power| power / total).collect()
}

/// `ln(sum over t of exp(x_t))`.
pub(super) fn log_sum_exp(values: &[f64]) -> f64 {
    let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    largest + values.iter().map(|value| (value - largest).exp()).sum::<f64>().ln()
}

/// `values / divisor`, zeros where the divisor is zero.
pub(super) fn scaled(values: &[f64], factor: f64, divisor: f64) -> Vec<f64> {
    let scale = if divisor > 0.0 { factor / divisor } else { 0.0 };
    values.iter().map(|value| value * scale).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_values_do_not_overflow() {
        assert_eq!(softmax(&[1000.0, 1000.0]), vec![0.5, 0.5]);
        assert_eq!(softmax(&[0.0, -2000.0]), vec![1.0, 0.0]);
        assert!((log_sum_exp(&[1000.0, 1000.0]) - (1000.0 + 2.0_f64.ln())).abs() < 1e-12);
    }

    #[test]
    fn nothing_to_scale_by_gives_zeros() {
        assert_eq!(scaled(&[0.0, 0.0], 2.0, 0.0), vec![0.0, 0.0]);
        assert_eq!(scaled(&[1.0, -3.0], 2.0, 4.0), vec![0.5, -1.5]);
    }
}
