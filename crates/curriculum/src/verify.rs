//! Every method against the published or independently computed numbers that it must give.

use mtl_base::Value;

use crate::relatedness::{entropy, jaccard, jensen_shannon, kurtosis, normalised_entropy, weighted_jaccard};
use crate::sampler::{Moment, Sampler, SamplerConfig, Setup, temperature};
use crate::{Horizon, Open, StreamInfo};

const SCIPY: &str = "scipy 1.17.1";
const ANNEALED: &str = "Stickland & Murray 2019, powers 1, .6 and .2";
const SEQIO: &str = "rate_num_examples of seqio";
const SMOOTHED: &str = "sizes 1000, 100, 10 smoothed by the exponents 1, .5 and 0, rounded down";
const INTERLEAVED: &str = "interleaving until all sets are exhausted";
/// Rounding of f64, with room for another order of summation.
const ROUNDING: f64 = 1e-12;

/// The examples of the eight GLUE sets from which published sampling rates are computed.
const GLUE_SIZES: [usize; 8] = [6680, 2865, 306_798, 1945, 4491, 52_616, 284_257, 84_715];
/// Words of each of seventeen classes, some of them common, as in a treebank.
const WORD_CLASSES: [u64; 17] = [
    12_948, 17_746, 10_548, 12_818, 6707, 16_285, 688, 34_765, 3996, 5748, 18_676, 12_945, 23_668, 3843, 697,
    22_946, 848,
];
/// Words outside of names, and the beginnings and insides of six kinds of names.
const NAMES: [u64; 13] = [59_095, 221, 46, 140, 203, 548, 245, 660, 335, 142, 97, 264, 206];

/// Calls `check` with each method's name, the source of its numbers, the numbers, what the method gives, and the
/// largest difference that is allowed.
///
/// # Shapes
///
/// The two slices are of one length.
pub fn verify(check: &mut dyn FnMut(&'static str, &'static str, &[f64], &[f64], f64)) {
    labels(check);
    pairs(check);
    sampling(check);
    let expected = [0., 10., 20., 1., 11., 21., 2., 12., 22., 0., 13., 23., 1., 10., 24.];
    check("round robin", INTERLEAVED, &expected, &interleaved(), 0.0);
}

/// Statistics of label counts.
fn labels(check: &mut dyn FnMut(&'static str, &'static str, &[f64], &[f64], f64)) {
    let all: [&[u64]; 3] = [&[10, 20, 30, 40], &WORD_CLASSES, &NAMES];
    let each = |of: fn(&[u64]) -> f64| all.map(of);
    let got = each(|counts| entropy(counts).expect("something is counted"));
    let expected = [1.2798542258336676, 2.5195403467541784, 0.3123812236756069];
    check("label entropy", SCIPY, &expected, &got, ROUNDING);
    let got = each(|counts| normalised_entropy(counts).expect("something is counted"));
    let expected = [0.9232196723355078, 0.8892871947112311, 0.12178845666752751];
    check("normalised label entropy", SCIPY, &expected, &got, ROUNDING);
    let got = each(|counts| {
        let frequencies: Vec<f64> = counts.iter().map(|&count| count as f64).collect();
        kurtosis(&frequencies).expect("the counts differ")
    });
    let expected = [-1.36, -0.10000425463310636, 8.080910307826876];
    check("label kurtosis", SCIPY, &expected, &got, ROUNDING);
}

/// Comparisons of two distributions.
fn pairs(check: &mut dyn FnMut(&'static str, &'static str, &[f64], &[f64], f64)) {
    let all: [(&[u64], &[u64]); 3] =
        [(&[1, 0], &[0, 2]), (&[4, 0, 4, 0], &[1, 2, 1, 0]), (&[10, 20, 30, 40], &[40, 30, 20, 10])];
    let each = |of: fn(&[u64], &[u64]) -> Result<f64, crate::CurriculumError>| {
        all.map(|(left, right)| of(left, right).expect("both count the same items"))
    };
    let expected = [0.6931471805599452, 0.21576155433883568, 0.10644013528622318];
    check("Jensen-Shannon divergence", SCIPY, &expected, &each(jensen_shannon), ROUNDING);
    let expected = [0.0, 0.6666666666666667, 1.0];
    check("Jaccard overlap", SCIPY, &expected, &each(jaccard), ROUNDING);
    let expected = [0.0, 0.3333333333333333, 0.4285714285714286];
    check("weighted Jaccard overlap", SCIPY, &expected, &each(weighted_jaccard), ROUNDING);
}

/// Rates and probabilities of samplers.
fn sampling(check: &mut dyn FnMut(&'static str, &'static str, &[f64], &[f64], f64)) {
    let annealed = [
        [0.00897, 0.00385, 0.41216, 0.00261, 0.00603, 0.07069, 0.38188, 0.11381],
        [0.03296, 0.01984, 0.32755, 0.01572, 0.02598, 0.11372, 0.31289, 0.15134],
        [0.09100, 0.07682, 0.19563, 0.07110, 0.08405, 0.13750, 0.19267, 0.15124],
    ];
    // An epoch a step: of three epochs the powers are 1, .6 and .2.
    let got = [0, 1, 2].map(|step| probabilities("annealed", &[], &GLUE_SIZES, step)).concat();
    check("annealed sampling", ANNEALED, &annealed.concat(), &got, 6e-6);
    let got = probabilities("proportional", &[], &GLUE_SIZES, 0);
    check("proportional sampling", ANNEALED, &annealed[0], &got, 6e-6);
    // Three examples on a scale of 27.
    let rates = [(1.0, None), (2.0, None), (0.5, Some(50.5))];
    let got = rates.map(|(temperature, cap)| temperature::rate(3.0 * 27.0, temperature, cap));
    check("temperature sampling", SEQIO, &[81.0, 9.0, 2550.25], &got, ROUNDING);
    let smoothed = [[999., 100., 10.], [783., 247., 78.], [369., 370., 370.]];
    let of = |exponent| probabilities("power", &[("exponent", exponent)], &[1000, 100, 10], 0);
    let got: Vec<f64> = [1.0, 0.5, 0.0].map(of).concat().iter().map(|share| share * 1110.0).collect();
    check("sampling by a power", SMOOTHED, &smoothed.concat(), &got, 1.0 + ROUNDING);
}

/// What a sampler says of a step in a stage of three epochs of one step.
fn probabilities(name: &str, settings: &[(&str, f64)], sizes: &[usize], step: u64) -> Vec<f64> {
    let given = settings.iter().map(|&(key, value)| (key.to_owned(), Value::Number(value))).collect();
    let config = SamplerConfig::new(name, given).expect("the settings are in their ranges");
    let open = Open::all(sizes.len());
    sampler(&config, sizes).probabilities(&Moment { step, open: &open })
}

fn sampler(config: &SamplerConfig, sizes: &[usize]) -> Box<dyn Sampler> {
    let (streams, horizon) = (StreamInfo::one_per_task(sizes), Horizon { steps: 3, per_epoch: 1 });
    config.build(&Setup::new(0, 1, &streams, horizon).expect("no set is empty"))
}

/// Three sets in turns, each in its own order and from its beginning again, until all were shown whole.
fn interleaved() -> Vec<f64> {
    let sets: [&[f64]; 3] = [&[0., 1., 2.], &[10., 11., 12., 13.], &[20., 21., 22., 23., 24.]];
    let round_robin: SamplerConfig = "round-robin".parse().expect("it is in the registry");
    let (mut sampler, open) = (sampler(&round_robin, &sets.map(<[f64]>::len)), Open::all(sets.len()));
    let mut shown = [0; 3];
    let mut items = Vec::new();
    while shown.iter().zip(sets).any(|(&shown, set)| shown < set.len()) {
        let stream = sampler.draw(&Moment { step: 0, open: &open }).stream.0;
        items.push(sets[stream][shown[stream] % sets[stream].len()]);
        shown[stream] += 1;
    }
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fixed_value_is_met() {
        let mut methods = Vec::new();
        verify(&mut |method, source, expected, got, tolerance| {
            assert!(!source.is_empty() && tolerance >= 0.0 && !expected.is_empty());
            assert_eq!(expected.len(), got.len(), "{method}");
            for (expected, got) in expected.iter().zip(got) {
                assert!(
                    (expected - got).abs() <= tolerance,
                    "{method}: {got} against {expected} of {source}"
                );
            }
            methods.push(method);
        });
        methods.sort_unstable();
        methods.dedup();
        assert_eq!(methods.len(), 11, "each method once");
    }
}
