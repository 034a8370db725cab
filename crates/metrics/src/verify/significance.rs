//! Tests, intervals, corrections and power.

use super::{BY_HAND, Check, EXACT, ITERATED, got, parts};
use crate::error::MetricError;
use crate::key::MetricKey;
use crate::outcomes::Outcomes;
use crate::significance::power::{Plan, paired_t_power, pairs_needed};
use crate::significance::t_test::paired_t_interval;
use crate::significance::{
    Bootstrap, Mcnemar, PermutationOptions, Sums, benjamini_hochberg, holm, paired_bootstrap, paired_t,
    resampled, sign_flip_test, swap_test, welch_t, wilson_interval,
};

pub(super) fn verify(check: Check) {
    t_tests(check);
    mcnemar(check);
    permutations(check);
    bootstraps(check);
    corrections(check);
    power(check);
}

fn t_tests(check: Check) {
    // Differences 1, 2, 3: t = 2 / (1 / √3); with 2 degrees of freedom p = 1 - t / √(t² + 2).
    let (first, second) = ([1.0; 3], [2.0, 3.0, 4.0]);
    let test = parts(paired_t(&first, &second), |test| [test.statistic, test.degrees_of_freedom, test.p]);
    let expected = [12.0_f64.sqrt(), 2.0, 1.0 - (6.0_f64 / 7.0).sqrt()];
    check("paired t: t, degrees of freedom, p", BY_HAND, &expected, &test, ITERATED);
    let interval = parts(paired_t_interval(&first, &second, 0.95), |i| [i.low, i.high]);
    let expected = [-0.4841377117503298, 4.48413771175033];
    check("paired t: 95 % interval", "scipy 1.17, ttest_rel", &expected, &interval, ITERATED);
    // ttest_ind([1, 7], [0, 2], equal_var=False)
    let test = parts(welch_t(&[0.0, 2.0], &[1.0, 7.0]), |t| [t.statistic, t.degrees_of_freedom, t.p]);
    let expected = [0.9486832980505138, 1.2195121951219512, 0.4927211124054061];
    check("Welch t: t, degrees of freedom, p", "scipy 1.17, ttest_ind", &expected, &test, ITERATED);
    let interval = parts(wilson_interval(3, 10, 0.95), |i| [i.low, i.high]);
    let expected = [0.10779126740630099, 0.6032218525388546];
    check("Wilson: 95 % interval of 3 in 10", "statsmodels 0.15", &expected, &interval, ITERATED);
}

fn mcnemar(check: Check) {
    // 2 (1 + 6) / 64, and (|1 - 5| - 1)² / 6.
    let test = Mcnemar::of_counts(1, 5);
    let found = [test.exact_p, test.corrected_statistic];
    check("McNemar: exact p, corrected χ²", BY_HAND, &[14.0 / 64.0, 1.5], &found, EXACT);
    let expected = [0.22067136191984324];
    check("McNemar: corrected p", "statsmodels 0.15", &expected, &[test.corrected_p], ITERATED);
}

fn permutations(check: Check) {
    let options = PermutationOptions::default();
    // Of eight sign patterns only +++ and --- reach 6.
    let test = parts(sign_flip_test(&[1.0, 2.0, 3.0], &options), |test| [test.difference, test.p]);
    check("sign flips: difference, p", BY_HAND, &[2.0, 0.25], &test, EXACT);
    let of = |predicted| Outcomes::Classes { gold: &[0, 1, 0], predicted, n_classes: 2 };
    let test = swap_test(MetricKey::Accuracy, &of(&[1, 0, 1]), &of(&[0, 1, 0]), &options);
    let test = parts(test, |test| [test.difference, test.p]);
    check("swaps: difference, p", BY_HAND, &[1.0, 0.25], &test, EXACT);
}

fn bootstraps(check: Check) {
    let gold = [0, 1, 1, 0, 1, 0, 1, 1];
    let of = |predicted| {
        resampled(MetricKey::Accuracy, &Outcomes::Classes { gold: &gold, predicted, n_classes: 2 })
    };
    let test = || -> Result<_, MetricError> {
        let (first, second) = (of(&[0, 0, 1, 1, 1, 0, 0, 1])?, of(&[0, 1, 1, 0, 1, 0, 0, 1])?);
        paired_bootstrap(&[(&*first, &*second)], &Bootstrap::default())
    };
    let found = parts(test(), |test| [test.first, test.second, test.difference]);
    check("paired bootstrap: scores, difference", BY_HAND, &[0.625, 0.875, 0.25], &found, EXACT);
    // The same difference on every example is that of every resample: p = 2 (0 + 1) / (99 + 1).
    let (first, second) = (Sums::mean(&[0.0, 1.0, 2.0, 3.0]), Sums::mean(&[1.0, 2.0, 3.0, 4.0]));
    let how = Bootstrap { resamples: 99, ..Bootstrap::default() };
    let test = paired_bootstrap(&[(&first, &second)], &how);
    let found = parts(test, |test| [test.interval.low, test.interval.high, test.p]);
    check("paired bootstrap: interval, p", BY_HAND, &[1.0, 1.0, 0.02], &found, EXACT);
}

fn corrections(check: Check) {
    let p_values = [0.01, 0.04, 0.03, 0.005];
    let adjusted = holm(&p_values).unwrap_or_default();
    check("Holm", BY_HAND, &[0.03, 0.06, 0.06, 0.02], &adjusted, EXACT);
    let adjusted = benjamini_hochberg(&p_values).unwrap_or_default();
    check("Benjamini-Hochberg", BY_HAND, &[0.02, 0.04, 0.04, 0.02], &adjusted, EXACT);
}

fn power(check: Check) {
    let found = got(paired_t_power(0.5, 10, 0.05));
    check("power of the paired t test", "statsmodels 0.15", &[0.2931756065140767], &[found], 1e-8);
    let pairs = pairs_needed(0.3, 1.0, &Plan::default());
    let found = parts(pairs, |pairs| [pairs.map_or(f64::NAN, |pairs| pairs as f64)]);
    check("pairs for an effect of .3", "statsmodels 0.15", &[90.0], &found, 0.0);
}
