//! The checks that several metrics share.

use crate::error::MetricError;

/// Errors if the sides differ in length or hold nothing.
pub(crate) fn paired(what: &'static str, gold: usize, predicted: usize) -> Result<(), MetricError> {
    if gold != predicted {
        return Err(MetricError::LengthMismatch { what, gold, predicted });
    }
    if gold == 0 {
        return Err(MetricError::Empty { what });
    }
    Ok(())
}

/// Errors if there are more or fewer names of groups than examples.
pub(crate) fn grouped(groups: usize, examples: usize) -> Result<(), MetricError> {
    match groups == examples {
        true => Ok(()),
        false => Err(MetricError::GroupsMismatch { groups, examples }),
    }
}

/// Errors if a label is not below `n_labels`.
pub(crate) fn in_range(example: usize, label: usize, n_labels: usize) -> Result<(), MetricError> {
    if label >= n_labels {
        return Err(MetricError::LabelOutOfRange { example, label, n_labels });
    }
    Ok(())
}

/// Errors if the sides do not pair up or name a class outside `0..n_classes`.
pub(crate) fn classes(gold: &[usize], predicted: &[usize], n_classes: usize) -> Result<(), MetricError> {
    paired("classes", gold.len(), predicted.len())?;
    for (example, (&gold, &predicted)) in gold.iter().zip(predicted).enumerate() {
        in_range(example, gold, n_classes)?;
        in_range(example, predicted, n_classes)?;
    }
    Ok(())
}

/// Errors if a value is infinite or not a number.
pub(crate) fn finite(what: &'static str, values: &[f64]) -> Result<(), MetricError> {
    match position(values, |value| !value.is_finite()) {
        Some(index) => Err(MetricError::NotFinite { what, index, value: values[index] }),
        None => Ok(()),
    }
}

/// Errors if a value is negative.
pub(crate) fn not_negative(what: &'static str, values: &[f64]) -> Result<(), MetricError> {
    match position(values, |value| value < 0.0) {
        Some(index) => Err(MetricError::Negative { what, index, value: values[index] }),
        None => Ok(()),
    }
}

/// The first place of a value that is so, looked for several at a time.
fn position(values: &[f64], is_so: impl Fn(f64) -> bool) -> Option<usize> {
    const LANES: usize = 64;
    let (chunks, _) = values.as_chunks::<LANES>();
    let any = |chunk: &[f64; LANES]| chunk.iter().fold(false, |any, &value| any | is_so(value));
    let start = chunks.iter().position(any).unwrap_or(chunks.len()) * LANES;
    values[start..].iter().position(|&value| is_so(value)).map(|place| start + place)
}

/// Errors if the sides differ in length, hold nothing, or a text has no reference.
pub(crate) fn referenced<R>(gold: &[Vec<R>], predicted: usize) -> Result<(), MetricError> {
    paired("texts", gold.len(), predicted)?;
    match gold.iter().position(Vec::is_empty) {
        Some(example) => Err(MetricError::NoReference { example }),
        None => Ok(()),
    }
}

/// Errors if a number is not above 0 and below 1.
pub(crate) fn share(what: &'static str, value: f64) -> Result<(), MetricError> {
    match 0.0 < value && value < 1.0 {
        true => Ok(()),
        false => Err(MetricError::OutOfRange { what, rule: "above 0 and below 1", value }),
    }
}

/// Errors if a number is not in `[0, 1]`.
pub(crate) fn probability(what: &'static str, value: f64) -> Result<(), MetricError> {
    match (0.0..=1.0).contains(&value) {
        true => Ok(()),
        false => Err(MetricError::OutOfRange { what, rule: "from 0 to 1", value }),
    }
}
