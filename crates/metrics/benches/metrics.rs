//! Speed of the metrics on a million labels, and of BLEU, ROUGE and SQuAD on 10,000 texts.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput};
use mtl_metrics::*;

/// Examples of the metrics of labels, and words of those of tags.
const LABELS: usize = 1_000_000;
const CLASSES: usize = 20;
/// Words per sentence of tags.
const SENTENCE: usize = 20;
const TEXTS: usize = 10_000;
/// Words per text, and of how many different ones.
const WORDS: usize = 30;
const VOCABULARY: u64 = 5_000;
const TAGS: [&str; 5] = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"];

/// Numbers that look random, the same in every run (Steele, Lea & Flood 2014, "SplitMix").
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> usize {
        (self.next() % end) as usize
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// Classes, and predictions of which 70 % are right.
fn classes(numbers: &mut Numbers, n_classes: usize) -> (Vec<usize>, Vec<usize>) {
    let mut pair = || {
        let gold = numbers.below(n_classes as u64);
        let predicted = if numbers.below(10) < 7 { gold } else { numbers.below(n_classes as u64) };
        (gold, predicted)
    };
    (0..LABELS).map(|_| pair()).unzip()
}

fn group<'a>(criterion: &'a mut Criterion, name: &str, elements: usize) -> Group<'a> {
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Elements(elements as u64));
    group.sample_size(10).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(2));
    group
}

type Group<'a> = criterion::BenchmarkGroup<'a, criterion::measurement::WallTime>;

/// Measures a metric; it must succeed.
fn measure(group: &mut Group, name: &str, metric: impl Fn() -> Result<f64, MetricError>) {
    group.bench_function(name, |bencher| bencher.iter(|| black_box(metric().expect("valid input"))));
}

fn labels(criterion: &mut Criterion) {
    let (gold, predicted) = classes(&mut Numbers(1), CLASSES);
    let outcomes = Outcomes::Classes { gold: &gold, predicted: &predicted, n_classes: CLASSES };
    let mut group = group(criterion, "classes", LABELS);
    for key in MetricKey::applicable_to(outcomes.kind()).iter().filter(|key| **key != MetricKey::F1) {
        measure(&mut group, key.name(), || score(*key, &outcomes));
    }
}

fn values(criterion: &mut Criterion) {
    let mut numbers = Numbers(2);
    let gold: Vec<f64> = (0..LABELS).map(|_| numbers.unit()).collect();
    let predicted: Vec<f64> = gold.iter().map(|value| value + numbers.unit()).collect();
    let outcomes = Outcomes::Values { gold: &gold, predicted: &predicted };
    let mut group = group(criterion, "values", LABELS);
    for key in MetricKey::applicable_to(outcomes.kind()) {
        measure(&mut group, key.name(), || score(*key, &outcomes));
    }
}

fn probabilities(criterion: &mut Criterion) {
    let mut numbers = Numbers(3);
    let (gold, _) = classes(&mut numbers, 2);
    let probabilities: Vec<f64> = gold
        .iter()
        .flat_map(|_| {
            let p = numbers.unit();
            [1.0 - p, p]
        })
        .collect();
    let nats: Vec<f64> = probabilities.iter().step_by(2).map(|p| -p.max(1e-9).ln()).collect();
    let outcomes = Outcomes::Probabilities { gold: &gold, probabilities: &probabilities, n_classes: 2 };
    let mut group = group(criterion, "probabilities", LABELS);
    for key in MetricKey::applicable_to(outcomes.kind()) {
        measure(&mut group, key.name(), || score(*key, &outcomes));
    }
    measure(&mut group, "perplexity", || perplexity(&nats));
}

fn tags(criterion: &mut Criterion) {
    let (gold, predicted) = classes(&mut Numbers(4), TAGS.len());
    let sentences = |tags: &[usize]| -> Vec<Vec<Option<usize>>> {
        tags.chunks(SENTENCE).map(|words| words.iter().copied().map(Some).collect()).collect()
    };
    let (gold, predicted, labels) = (sentences(&gold), sentences(&predicted), TAGS.map(String::from));
    let outcomes = Outcomes::Tags { gold: &gold, predicted: &predicted, labels: &labels };
    let mut group = group(criterion, "tags", LABELS);
    for key in MetricKey::applicable_to(outcomes.kind()) {
        measure(&mut group, key.name(), || score(*key, &outcomes));
    }
}

/// References, and texts in which a fifth of the words is another.
fn sides() -> (Vec<Vec<String>>, Vec<String>) {
    let mut numbers = Numbers(5);
    let mut pair = || {
        let mut word = || format!("w{}", numbers.below(VOCABULARY));
        let words: Vec<String> = (0..WORDS).map(|_| word()).collect();
        let changed: Vec<String> =
            words.iter().enumerate().map(|(i, w)| if i % 5 == 0 { word() } else { w.clone() }).collect();
        (vec![format!("{}.", words.join(" "))], format!("{}.", changed.join(" ")))
    };
    (0..TEXTS).map(|_| pair()).unzip()
}

fn texts(criterion: &mut Criterion) {
    let (gold, predicted) = sides();
    let outcomes = Outcomes::Texts { gold: &gold, predicted: &predicted };
    let mut group = group(criterion, "texts", TEXTS);
    for key in MetricKey::applicable_to(outcomes.kind()) {
        measure(&mut group, key.name(), || score(*key, &outcomes));
    }
    measure(&mut group, "rouge_1, stemmed", || {
        rouge(RougeKind::One, &gold, &predicted, true).map(|score| score.f)
    });
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    labels(&mut criterion);
    values(&mut criterion);
    probabilities(&mut criterion);
    tags(&mut criterion);
    texts(&mut criterion);
    criterion.final_summary();
}
