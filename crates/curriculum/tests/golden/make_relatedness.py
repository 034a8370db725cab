# requires: numpy scipy
# writes: relatedness.json
"""Writes relatedness.json: random counts with the values that scipy gives.

    pip install scipy
    python make_relatedness.py > relatedness.json
"""

import json
import math
import platform
import sys

import numpy
import scipy
from scipy.spatial.distance import braycurtis, jaccard, jensenshannon
from scipy.stats import entropy, kurtosis

rng = numpy.random.default_rng(17)


def label_case(counts):
    counts = [int(c) for c in counts]
    shares = numpy.array(counts) / sum(counts)
    k = float(kurtosis(counts)) if len(set(counts)) > 1 else None
    return {
        "counts": counts,
        "entropy": float(entropy(counts)),
        "normalised_entropy": float(entropy(counts) / math.log(len(counts))) if len(counts) > 1 else 0.0,
        "kurtosis": k,
        "kurtosis_of_shares": float(kurtosis(shares)) if k is not None else None,
    }


def zipf(n, size):
    weights = 1.0 / numpy.arange(1, n + 1)
    return rng.multinomial(size, weights / weights.sum())


def label_cases():
    cases = [label_case([7]), label_case([5, 5, 5]), label_case([10, 20, 30, 40]), label_case([9, 1, 0])]
    # The word classes of a treebank look like this: seventeen labels, some of them common.
    cases.append(label_case([12948, 17746, 10548, 12818, 6707, 16285, 688, 34765, 3996, 5748, 18676, 12945, 23668, 3843, 697, 22946, 848]))
    # Words outside of entities, and the beginnings and insides of six types.
    cases.append(label_case([59095, 221, 46, 140, 203, 548, 245, 660, 335, 142, 97, 264, 206]))
    for n, size in [(2, 50), (3, 1000), (8, 40), (50, 5000), (500, 20000)]:
        cases.append(label_case(zipf(n, size)))
    return cases


def pair_case(left, right):
    left, right = [int(c) for c in left], [int(c) for c in right]
    p, q = numpy.array(left) / sum(left), numpy.array(right) / sum(right)
    distance = braycurtis(p, q)
    return {
        "left": left,
        "right": right,
        "jensen_shannon": float(jensenshannon(left, right) ** 2),
        "jaccard": 1.0 - float(jaccard(numpy.array(left) > 0, numpy.array(right) > 0)),
        "weighted_jaccard": float((1 - distance) / (1 + distance)),
    }


def pair_cases():
    cases = [
        pair_case([1, 0], [0, 2]),
        pair_case([4, 0, 4, 0], [1, 2, 1, 0]),
        pair_case([10, 20, 30, 40], [40, 30, 20, 10]),
    ]
    for n, left, right in [(3, 10, 1000), (30, 100, 100), (300, 2000, 500), (300, 50, 5000)]:
        cases.append(pair_case(zipf(n, left), rng.permutation(zipf(n, right))))
        cases.append(pair_case(zipf(n, left), zipf(n, right)))
    return cases


golden = {
    "versions": {
        "python": platform.python_version(),
        "numpy": numpy.__version__,
        "scipy": scipy.__version__,
    },
    "labels": label_cases(),
    "pairs": pair_cases(),
}
json.dump(golden, sys.stdout)
print()
