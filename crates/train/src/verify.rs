//! The fixed values of the whole workspace: what papers and named implementations say a method gives, beside what it
//! gives here.

use serde::Serialize;

use crate::error::TrainError;

/// One fixed value of one method.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FixedValue {
    /// The crate that has the method.
    #[serde(rename = "crate")]
    pub part: &'static str,
    /// The method.
    pub method: &'static str,
    /// The paper, or whoever else gives the value.
    pub source: &'static str,
    /// The value.
    pub expected: Vec<f64>,
    /// What this program gives.
    pub got: Vec<f64>,
    /// How far each number may be off.
    pub tolerance: f64,
    /// Whether none is further off.
    pub holds: bool,
}

/// Computes every fixed value, crate by crate. Nothing is read and nothing is written.
///
/// Errors if a method refuses its own numbers.
pub fn verify() -> Result<Vec<FixedValue>, TrainError> {
    let mut values = Vec::new();
    mtl_sharing::verify::verify(&mut collect("sharing", &mut values))?;
    mtl_curriculum::verify(&mut collect("curriculum", &mut values));
    mtl_metrics::verify::verify(&mut collect("metrics", &mut values));
    Ok(values)
}

/// Adds what a crate says of its fixed values.
fn collect(
    part: &'static str,
    values: &mut Vec<FixedValue>,
) -> impl FnMut(&'static str, &'static str, &[f64], &[f64], f64) {
    move |method, source, expected, got, tolerance| {
        let near = expected.iter().zip(got).all(|(expected, got)| (expected - got).abs() <= tolerance);
        let holds = expected.len() == got.len() && near;
        let (expected, got) = (expected.to_vec(), got.to_vec());
        values.push(FixedValue { part, method, source, expected, got, tolerance, holds });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fixed_value_holds_and_a_wrong_one_does_not() {
        let mut values = verify().unwrap();
        assert!(values.iter().all(|value| value.holds), "{values:?}");
        for part in ["sharing", "curriculum", "metrics"] {
            assert!(values.iter().any(|value| value.part == part), "{part}");
        }
        values.clear();
        collect("sharing", &mut values)("a method", "nobody", &[1.0], &[1.2], 0.1);
        collect("sharing", &mut values)("a method", "nobody", &[1.0], &[], 0.1);
        assert!(values.iter().all(|value| !value.holds));
    }
}
