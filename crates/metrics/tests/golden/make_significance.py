# requires: numpy scipy scikit-learn seqeval statsmodels
# writes: significance.json
"""Writes significance.json: tests, intervals, adjusted p values and power as scipy and statsmodels give them.

    pip install scipy scikit-learn seqeval statsmodels
    python make_significance.py > significance.json

The bootstrap cases repeat the crate's draws (SplitMix64, below) and score each resample with scikit-learn, scipy or
seqeval; quantiles and standard deviation are numpy's.
"""

import importlib.metadata
import json
import platform
import sys
import warnings

import numpy
import scipy.stats
from seqeval.metrics import f1_score as seqeval_f1
from sklearn.metrics import accuracy_score, f1_score, matthews_corrcoef
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestPower
from statsmodels.stats.proportion import proportion_confint

warnings.filterwarnings("ignore")
rng = numpy.random.default_rng(41)

MASK = (1 << 64) - 1
GAMMA = 0x9E3779B97F4A7C15


def mix(z):
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def resample(seed, number, n):
    key = mix((mix((seed + GAMMA) & MASK) + number * GAMMA) & MASK)
    bits = lambda position: mix((key + (position + 1) * GAMMA) & MASK)
    pairs = [(half * n) >> 32 for i in range(n // 2) for half in (bits(i) >> 32, bits(i) & 0xFFFFFFFF)]
    return pairs + [(bits(n) * n) >> 64] * (n % 2)


def paired_t_case(n, shift):
    first = rng.normal(0.8, 0.02, n)
    second = first + rng.normal(shift, 0.01, n)
    test = scipy.stats.ttest_rel(second, first)
    interval = test.confidence_interval(0.95)
    permutation = scipy.stats.permutation_test(
        (second - first,), numpy.mean, permutation_type="samples", n_resamples=numpy.inf
    )
    return {
        "first": first.tolist(),
        "second": second.tolist(),
        "statistic": test.statistic,
        "p": test.pvalue,
        "interval": [interval.low, interval.high],
        "permutation_p": permutation.pvalue,
    }


def welch_case(n1, n2, shift):
    first, second = rng.normal(0, 1, n1), rng.normal(shift, 3, n2)
    test = scipy.stats.ttest_ind(second, first, equal_var=False)
    return {
        "first": first.tolist(),
        "second": second.tolist(),
        "statistic": test.statistic,
        "degrees_of_freedom": test.df,
        "p": test.pvalue,
    }


def mean_case(n, confidence):
    values = rng.normal(5, 2, n)
    low, high = scipy.stats.t.interval(confidence, n - 1, values.mean(), scipy.stats.sem(values))
    return {"values": values.tolist(), "confidence": confidence, "interval": [low, high]}


def wilson_case(successes, trials, confidence):
    interval = proportion_confint(successes, trials, 1 - confidence, "wilson")
    return {"successes": successes, "trials": trials, "confidence": confidence, "interval": list(interval)}


def mcnemar_case(b, c):
    table = [[10, b], [c, 20]]
    corrected = mcnemar(table, exact=False, correction=True)
    return {
        "only_first": b,
        "only_second": c,
        "exact_p": float(mcnemar(table, exact=True).pvalue),
        "statistic": corrected.statistic,
        "p": corrected.pvalue,
    }


def adjust_case(m, scale):
    p = (rng.random(m) ** scale).tolist()
    return {
        "p": p,
        "holm": multipletests(p, method="holm")[1].tolist(),
        "benjamini_hochberg": multipletests(p, method="fdr_bh")[1].tolist(),
    }


def power_case(effect, n, level):
    return {"effect": effect, "n": n, "level": level, "power": float(TTestPower().power(effect, n, level))}


def sample_size_case(effect, power):
    n = TTestPower().solve_power(effect, None, 0.05, power)
    return {"effect": effect, "power": power, "n": int(numpy.ceil(float(n)))}


def bootstrap_case(kind, metric, score, gold, first, second, **rest):
    seed, resamples, n = 9, 200, len(gold)
    differences = []
    for number in range(resamples):
        drawn = resample(seed, number, n)
        pick = [[side[i] for i in drawn] for side in (gold, first, second)]
        differences.append(score(pick[0], pick[2]) - score(pick[0], pick[1]))
    return {
        "kind": kind,
        "metric": metric,
        "gold": gold,
        "first": first,
        "second": second,
        "seed": seed,
        "resamples": resamples,
        "difference": score(gold, second) - score(gold, first),
        "standard_error": numpy.std(differences, ddof=1),
        "interval": numpy.quantile(differences, [0.05, 0.95]).tolist(),
        **rest,
    }


def noisy(gold, n_classes, rate):
    return [g if rng.random() > rate else int(rng.integers(0, n_classes)) for g in gold]


def class_cases():
    scores = {
        "accuracy": accuracy_score,
        "micro_f1": lambda g, p: f1_score(g, p, average="micro"),
        "macro_f1": lambda g, p: f1_score(g, p, average="macro"),
        "matthews": matthews_corrcoef,
    }
    gold = [int(x) for x in rng.integers(0, 3, 40)]
    first, second = noisy(gold, 3, 0.5), noisy(gold, 3, 0.3)
    cases = [bootstrap_case("classes", m, s, gold, first, second, n_classes=3) for m, s in scores.items()]
    gold = [int(x) for x in rng.integers(0, 2, 40)]
    first, second = noisy(gold, 2, 0.6), noisy(gold, 2, 0.3)
    f1 = lambda g, p: f1_score(g, p, pos_label=1, labels=[0, 1])
    return cases + [bootstrap_case("classes", "f1", f1, gold, first, second, n_classes=2)]


def value_cases():
    gold = rng.integers(0, 6, 50).astype(float)
    first = (gold + rng.normal(0, 2, 50)).round(1)
    second = (gold + rng.normal(0, 1, 50)).round(1)
    scores = {
        "pearson": lambda g, p: float(scipy.stats.pearsonr(g, p)[0]),
        "spearman": lambda g, p: float(scipy.stats.spearmanr(g, p)[0]),
    }
    sides = [side.tolist() for side in (gold, first, second)]
    return [bootstrap_case("values", metric, score, *sides) for metric, score in scores.items()]


LABELS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]


def tag_cases():
    gold = [[int(x) for x in rng.integers(0, 5, rng.integers(1, 12))] for _ in range(25)]
    first = [noisy(sentence, 5, 0.4) for sentence in gold]
    second = [noisy(sentence, 5, 0.2) for sentence in gold]
    text = lambda side: [[LABELS[k] for k in sentence] for sentence in side]
    words = lambda side: [k for sentence in side for k in sentence]
    scores = {
        "accuracy": lambda g, p: accuracy_score(words(g), words(p)),
        "macro_f1": lambda g, p: f1_score(words(g), words(p), average="macro"),
        "span_f1": lambda g, p: float(seqeval_f1(text(g), text(p))),
    }
    return [bootstrap_case("tags", m, s, gold, first, second, labels=LABELS) for m, s in scores.items()]


def plain(value):
    """numpy scalars as plain numbers, all digits kept."""
    if isinstance(value, numpy.generic):
        return value.item()
    raise TypeError(type(value))


names = ["numpy", "scipy", "scikit-learn", "seqeval", "statsmodels"]
golden = {
    "versions": {"python": platform.python_version(), **{n: importlib.metadata.version(n) for n in names}},
    "paired_t": [paired_t_case(n, shift) for n in [3, 5, 10] for shift in [0.0, 0.01, 0.05]],
    "welch": [welch_case(*sizes, shift) for sizes in [(3, 4), (10, 5), (40, 60)] for shift in [0, 2]],
    "mean": [mean_case(n, c) for n in [2, 5, 30, 500] for c in [0.9, 0.95, 0.999]],
    "wilson": [wilson_case(s, n, c) for s, n in [(0, 5), (5, 5), (3, 10), (812, 1000)] for c in [0.9, 0.95]],
    "mcnemar": [mcnemar_case(b, c) for b, c in [(0, 1), (1, 5), (9, 3), (30, 52), (200, 150), (4000, 4300)]],
    "adjust": [adjust_case(m, scale) for m in [1, 2, 5, 9, 40] for scale in [1, 4]],
    "power": [power_case(e, n, a) for e in [0.1, 0.5, 2] for n in [2, 3, 10, 200] for a in [0.05, 0.01]],
    "sample_size": [sample_size_case(e, p) for e in [0.05, 0.3, 0.8, 1.5, 4] for p in [0.5, 0.8, 0.95]],
    "bootstrap": class_cases() + value_cases() + tag_cases(),
}
json.dump(golden, sys.stdout, default=plain)
print()
