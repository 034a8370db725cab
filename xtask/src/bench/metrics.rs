//! `cargo xtask bench metrics`: how long the scores of large sets of predictions take.
//!
//! The inputs are drawn from fixed seeds ([`inputs`]), so that another program can draw the same and be asked for the same
//! values; `bench peers --only metrics` does that.

pub(super) mod inputs;

use std::hint::black_box;
use std::time::Instant;

use mtl_metrics::significance::{Bootstrap, paired_bootstrap, resampled};
use mtl_metrics::{MetricKey, Outcomes, perplexity, score};
use serde::{Deserialize, Serialize};

use self::inputs::{CLASSES, TAGS};
use super::sample::median;

/// Runs of a measurement go on until they took so long together, in seconds.
const LEAST_SECONDS: f64 = 1.0;

/// How to measure.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Threads
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Print one JSON line per measurement instead of a table
    #[arg(long)]
    json: bool,
}

/// One measurement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Timed {
    /// Input and metric, such as `classes/accuracy`.
    pub(super) name: String,
    /// Median time of one scoring.
    pub(super) seconds: f64,
    /// The score; of a bootstrap, the difference that it is about.
    pub(super) value: f64,
}

/// Measures every metric and prints what came out.
pub(super) fn run(args: &Args) -> anyhow::Result<()> {
    rayon::ThreadPoolBuilder::new().num_threads(args.threads).build_global()?;
    let mut print = |timed: Timed| -> anyhow::Result<()> {
        if args.json {
            println!("{}", serde_json::to_string(&timed)?);
        } else {
            println!("{:24} {:10.2} ms   {:.6}", timed.name, timed.seconds * 1e3, timed.value);
        }
        Ok(())
    };
    classes(&mut print)?;
    values(&mut print)?;
    probabilities(&mut print)?;
    tags(&mut print)?;
    texts(&mut print)?;
    bootstrap(&mut print)
}

type Print<'a> = &'a mut dyn FnMut(Timed) -> anyhow::Result<()>;

fn timed<E>(name: String, score: impl Fn() -> Result<f64, E>) -> anyhow::Result<Timed>
where
    anyhow::Error: From<E>,
{
    let mut value = score()?;
    let mut times = Vec::new();
    while times.iter().sum::<f64>() < LEAST_SECONDS {
        let start = Instant::now();
        value = black_box(score()?);
        times.push(start.elapsed().as_secs_f64());
    }
    Ok(Timed { name, seconds: median(times), value })
}

fn scores(input: &str, outcomes: &Outcomes<'_>, keys: &[MetricKey], print: Print) -> anyhow::Result<()> {
    keys.iter().try_for_each(|&key| print(timed(format!("{input}/{key}"), || score(key, outcomes))?))
}

fn classes(print: Print) -> anyhow::Result<()> {
    use MetricKey::{Accuracy, MacroF1, Matthews, MicroF1, WeightedF1};
    let (gold, predicted) = inputs::classes(1, CLASSES);
    let outcomes = Outcomes::Classes { gold: &gold, predicted: &predicted, n_classes: CLASSES };
    scores("classes", &outcomes, &[Accuracy, MicroF1, MacroF1, WeightedF1, Matthews], print)
}

fn values(print: Print) -> anyhow::Result<()> {
    let (gold, predicted) = inputs::values(2);
    let outcomes = Outcomes::Values { gold: &gold, predicted: &predicted };
    scores("values", &outcomes, MetricKey::applicable_to(outcomes.kind()), print)
}

fn probabilities(print: Print) -> anyhow::Result<()> {
    let (gold, probabilities) = inputs::probabilities(3);
    let outcomes = Outcomes::Probabilities { gold: &gold, probabilities: &probabilities, n_classes: 2 };
    scores("probabilities", &outcomes, MetricKey::applicable_to(outcomes.kind()), print)?;
    let nats: Vec<f64> = probabilities.iter().step_by(2).map(|p| -p.max(1e-9).ln()).collect();
    print(timed("tokens/perplexity".to_owned(), || perplexity(&nats))?)
}

fn tags(print: Print) -> anyhow::Result<()> {
    use MetricKey::{SpanF1, StrictSpanF1};
    let (gold, predicted) = inputs::tags(4);
    let labels = TAGS.map(String::from);
    let outcomes = Outcomes::Tags { gold: &gold, predicted: &predicted, labels: &labels };
    scores("tags", &outcomes, &[SpanF1, StrictSpanF1], print)
}

fn texts(print: Print) -> anyhow::Result<()> {
    use MetricKey::{Bleu, Rouge1, Rouge2, RougeL};
    let (gold, predicted) = inputs::texts(5);
    let outcomes = Outcomes::Texts { gold: &gold, predicted: &predicted };
    scores("texts", &outcomes, &[Bleu, Rouge1, Rouge2, RougeL], print)
}

/// 10,000 resamples of 10,000 examples: the difference of two systems.
fn bootstrap(print: Print) -> anyhow::Result<()> {
    let how = Bootstrap::default();
    let n = inputs::RESAMPLED;
    let (gold, first) = inputs::classes(6, CLASSES);
    let (_, second) = inputs::classes(7, CLASSES);
    let system = |key, predicted: &[usize]| {
        resampled(
            key,
            &Outcomes::Classes { gold: &gold[..n], predicted: &predicted[..n], n_classes: CLASSES },
        )
    };
    for key in [MetricKey::Accuracy, MetricKey::MacroF1] {
        let (first, second) = (system(key, &first)?, system(key, &second)?);
        let difference = || paired_bootstrap(&[(&*first, &*second)], &how).map(|found| found.difference);
        print(timed(format!("bootstrap/{key}"), difference)?)?;
    }
    let (gold, first) = inputs::values(8);
    let (_, second) = inputs::values(9);
    let system = |predicted: &[f64]| {
        resampled(MetricKey::Pearson, &Outcomes::Values { gold: &gold[..n], predicted: &predicted[..n] })
    };
    let (first, second) = (system(&first)?, system(&second)?);
    let difference = || paired_bootstrap(&[(&*first, &*second)], &how).map(|found| found.difference);
    print(timed("bootstrap/pearson".to_owned(), difference)?)
}
