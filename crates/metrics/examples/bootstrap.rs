//! How sure is a difference of two systems? Paired bootstraps of 10,000 resamples of 10,000 made-up examples, timed.
//!
//! `cargo run --release -p mtl-metrics --example bootstrap`

use std::time::Instant;

use mtl_metrics::significance::{Bootstrap, Draws, paired_bootstrap, resampled};
use mtl_metrics::{MetricError, MetricKey, Outcomes};

const EXAMPLES: u64 = 10_000;
const CLASSES: usize = 5;

fn main() -> Result<(), MetricError> {
    let (gold, [first, second]) =
        (classes(0), [(1, 70), (2, 71)].map(|(stream, right)| guesses(stream, right)));
    for key in [MetricKey::Accuracy, MetricKey::MacroF1, MetricKey::Matthews] {
        let outcomes = |predicted| Outcomes::Classes { gold: &gold, predicted, n_classes: CLASSES };
        report(key, &outcomes(&first), &outcomes(&second))?;
    }
    let values = |classes: &[usize]| classes.iter().map(|&class| class as f64).collect::<Vec<f64>>();
    let (gold, first, second) = (values(&gold), values(&first), values(&second));
    for key in [MetricKey::Pearson, MetricKey::Spearman] {
        let outcomes = |predicted| Outcomes::Values { gold: &gold, predicted };
        report(key, &outcomes(&first), &outcomes(&second))?;
    }
    Ok(())
}

fn report(key: MetricKey, first: &Outcomes<'_>, second: &Outcomes<'_>) -> Result<(), MetricError> {
    let begun = Instant::now();
    let (first, second) = (resampled(key, first)?, resampled(key, second)?);
    let test = paired_bootstrap(&[(&*first, &*second)], &Bootstrap::default())?;
    println!(
        "{key:<9} {:.4} -> {:.4}  difference {:+.4} [{:+.4}, {:+.4}]  p {:.4}  {:.2} s",
        test.first,
        test.second,
        test.difference,
        test.interval.low,
        test.interval.high,
        test.p,
        begun.elapsed().as_secs_f64(),
    );
    Ok(())
}

fn classes(stream: u64) -> Vec<usize> {
    (0..EXAMPLES).map(|example| Draws::new(1, stream).below(example, CLASSES)).collect()
}

/// Classes that are right so many times in a hundred.
fn guesses(stream: u64, right: usize) -> Vec<usize> {
    let (gold, other, coin) = (classes(0), classes(stream + 10), Draws::new(1, stream));
    let guess = |example: usize| match coin.below(example as u64, 100) < right {
        true => gold[example],
        false => other[example],
    };
    (0..gold.len()).map(guess).collect()
}
