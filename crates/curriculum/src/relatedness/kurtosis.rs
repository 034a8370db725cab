//! Kurtosis of label frequencies: whether a few labels take most of the examples.
//!
//! ```text
//! m_j = mean of (f - mean of f)^j          over the K frequencies f
//! kurtosis = m_4 / m_2^2 - 3               (Fisher's, also called excess; population moments)
//! ```
//!
//! It does not change when all frequencies are multiplied or shifted, so counts and shares give the same. It is
//! negative for frequencies without outliers, and grows with K where one label towers above many rare ones.
//!
//! Héctor Martínez Alonso, Barbara Plank: *When is multitask learning effective? Semantic sequence prediction under
//! varying data conditions*, EACL 2017, describe the label distribution of auxiliary tasks by it. The convention
//! (Fisher, population moments) is that of `scipy.stats.kurtosis` as it is called without options.

/// The excess kurtosis of some numbers, at least -2; `None` where it is undefined: there is no number, all are equal
/// up to rounding, or one is not finite.
///
/// # Shapes
///
/// `values`: `(labels,)` for label frequencies.
pub fn kurtosis(values: &[f64]) -> Option<f64> {
    let largest = values.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    if values.iter().any(|value| !value.is_finite()) || largest == 0.0 {
        return None;
    }
    // In units of the largest, so that no power overflows or vanishes.
    let scaled: Vec<f64> = values.iter().map(|value| value / largest).collect();
    let mean = scaled.iter().sum::<f64>() / scaled.len() as f64;
    let moment = |power| scaled.iter().map(|x| (x - mean).powi(power)).sum::<f64>() / scaled.len() as f64;
    let variance = moment(2);
    // Below this, the distances from the mean are the rounding of the values.
    (variance > (1e-14_f64).powi(2)).then(|| moment(4) / (variance * variance) - 3.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kurtosis_by_hand() {
        // Distances -1.5, -0.5, 0.5, 1.5: m2 = 1.25, m4 = 2.5625.
        assert!((kurtosis(&[1.0, 2.0, 3.0, 4.0]).unwrap() - (2.5625 / 1.5625 - 3.0)).abs() < 1e-15);
        // Two values are as flat as can be.
        assert!((kurtosis(&[3.0, 8.0]).unwrap() + 2.0).abs() < 1e-15);
    }

    #[test]
    fn equal_or_no_or_infinite_values_have_none() {
        for values in
            [&[][..], &[4.0], &[0.1, 0.1, 0.1], &[0.0, 0.0], &[1.0, f64::NAN], &[1.0, f64::INFINITY]]
        {
            assert_eq!(kurtosis(values), None);
        }
    }

    #[test]
    fn very_large_and_very_small_values_stay_in_range() {
        for unit in [1e-300, 1e300] {
            let values = [1.0, 2.0, 3.0, 4.0].map(|value| value * unit);
            assert!((kurtosis(&values).unwrap() + 1.36).abs() < 1e-12);
        }
    }
}
