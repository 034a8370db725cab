# requires: numpy scipy scikit-learn seqeval
# writes: metrics.json
"""Writes metrics.json: random cases with the values that scikit-learn, scipy and seqeval give.

    pip install scikit-learn scipy seqeval
    python make_golden.py > metrics.json
"""

import importlib.metadata
import json
import platform
import sys
import warnings

import numpy
import scipy
import scipy.stats
import sklearn
from seqeval.metrics import f1_score as seqeval_f1
from seqeval.scheme import IOB2
from sklearn.metrics import accuracy_score, f1_score, log_loss, matthews_corrcoef, roc_auc_score

warnings.filterwarnings("ignore")
rng = numpy.random.default_rng(20)


def integers(high, n):
    return [int(x) for x in rng.integers(0, high, n)]


def noisy(gold, n_classes, rate):
    return [g if rng.random() > rate else int(rng.integers(0, n_classes)) for g in gold]


def class_case(gold, predicted, n_classes):
    case = {"gold": gold, "predicted": predicted, "n_classes": n_classes}
    case["accuracy"] = accuracy_score(gold, predicted)
    case["micro_f1"] = f1_score(gold, predicted, average="micro")
    case["macro_f1"] = f1_score(gold, predicted, average="macro")
    case["weighted_f1"] = f1_score(gold, predicted, average="weighted")
    case["matthews"] = matthews_corrcoef(gold, predicted)
    if n_classes == 2:
        case["f1"] = f1_score(gold, predicted, pos_label=1, labels=[0, 1])
    return case


def class_cases():
    cases = [
        class_case([0, 0, 0], [0, 0, 0], 1),
        class_case([0, 0, 0], [0, 0, 0], 2),
        class_case([1, 1, 1], [1, 1, 1], 2),
        class_case([0, 1, 1, 0], [1, 1, 1, 1], 2),
        class_case([1, 0], [0, 1], 2),
        class_case([2, 2, 2, 2], [0, 1, 2, 0], 5),  # predicted classes that gold never has
        class_case([0], [1], 3),
    ]
    for n_classes in [2, 2, 2, 3, 3, 5, 8, 20]:
        for rate in [0.2, 0.9]:
            gold = integers(n_classes, int(rng.integers(5, 60)))
            cases.append(class_case(gold, noisy(gold, n_classes, rate), n_classes))
    return cases


def indicator(sets, n_labels):
    return numpy.array([[int(label in s) for label in range(n_labels)] for s in sets])


def set_case(gold, predicted, n_labels):
    y, p = indicator(gold, n_labels), indicator(predicted, n_labels)
    return {
        "gold": gold,
        "predicted": predicted,
        "n_labels": n_labels,
        "accuracy": accuracy_score(y, p),
        "micro_f1": f1_score(y, p, average="micro"),
        "macro_f1": f1_score(y, p, average="macro"),
        "weighted_f1": f1_score(y, p, average="weighted"),
    }


def random_sets(n, n_labels, rate):
    return [[k for k in range(n_labels) if rng.random() < rate] for _ in range(n)]


def set_cases():
    cases = [
        set_case([[], []], [[], []], 2),
        set_case([[0, 1], []], [[], [0, 1]], 2),
        set_case([[0], [1], [0, 1]], [[0], [1], [0, 1]], 4),  # two labels occur nowhere
    ]
    for n_labels in [2, 3, 3, 6, 10]:
        for rate in [0.1, 0.5]:
            n = int(rng.integers(2, 20))
            gold = random_sets(n, n_labels, rate)
            flips = random_sets(n, n_labels, 0.2)
            predicted = [sorted(set(g) ^ set(f)) for g, f in zip(gold, flips)]
            cases.append(set_case(gold, predicted, n_labels))
    return cases


def value_case(gold, predicted):
    gold, predicted = [float(x) for x in gold], [float(x) for x in predicted]
    return {
        "gold": gold,
        "predicted": predicted,
        "pearson": float(scipy.stats.pearsonr(gold, predicted)[0]),
        "spearman": float(scipy.stats.spearmanr(gold, predicted)[0]),
        "gold_ranks": scipy.stats.rankdata(gold).tolist(),
    }


def value_cases():
    cases = [value_case([1, 2], [5, 3]), value_case([0, 0, 1], [1, 0, 0])]
    for scale in [1, 1e-3, 1e6]:
        for n in [3, 10, 30]:
            gold = rng.normal(size=n)
            cases.append(value_case(gold, scale * (gold + rng.normal(size=n)) + scale))
    for n in [6, 12, 30]:  # many ties, as in similarity scores from 0 to 5
        gold = rng.integers(0, 6, n)
        cases.append(value_case(gold, numpy.clip(gold + rng.integers(-2, 3, n), 0, 5)))
        cases.append(value_case(gold, gold + rng.normal(size=n)))
    return cases


LABELS = ["O", "B-PER", "I-PER", "B-creative-work", "I-creative-work", "B-LOC", "I-LOC"]


def tag_case(gold, predicted):
    y = [[LABELS[k] for k in sentence] for sentence in gold]
    p = [[LABELS[k] for k in sentence] for sentence in predicted]
    words = [k for sentence in gold for k in sentence]
    guesses = [k for sentence in predicted for k in sentence]
    return {
        "gold": gold,
        "predicted": predicted,
        "accuracy": accuracy_score(words, guesses),
        "macro_f1": f1_score(words, guesses, average="macro"),
        "weighted_f1": f1_score(words, guesses, average="weighted"),
        "span_f1": float(seqeval_f1(y, p)),
        "strict_span_f1": float(seqeval_f1(y, p, mode="strict", scheme=IOB2)),
    }


def tag_cases():
    cases = [tag_case([[1, 2]], [[2, 2]]), tag_case([[0, 1]], [[0, 1]])]
    for n_sentences in [1, 3, 6]:
        for rate in [0.1, 0.3, 0.6]:
            gold = [integers(len(LABELS), int(rng.integers(1, 15))) for _ in range(n_sentences)]
            cases.append(tag_case(gold, [noisy(s, len(LABELS), rate) for s in gold]))
    return cases


def probability_case(gold, probabilities):
    n_classes = probabilities.shape[1]
    case = {"gold": gold, "n_classes": n_classes, "probabilities": probabilities.ravel().tolist()}
    case["log_loss"] = log_loss(gold, probabilities, labels=list(range(n_classes)))
    if n_classes == 2:
        case["roc_auc"] = roc_auc_score(gold, probabilities[:, 1])
    return case


def probability_cases():
    certain = numpy.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    cases = [probability_case([0, 1, 1], certain), probability_case([0, 1], numpy.full((2, 2), 0.5))]
    for n_classes in [2, 2, 2, 2, 3, 7]:
        n = int(rng.integers(10, 40))
        gold = [0, 1] + integers(n_classes, n - 2)
        rows = rng.integers(1, 9, (n, n_classes)).astype(float)  # few values: many ties
        cases.append(probability_case(gold, rows / rows.sum(axis=1, keepdims=True)))
    return cases


def plain(value):
    """numpy scalars as plain numbers, all digits kept."""
    if isinstance(value, numpy.generic):
        return value.item()
    raise TypeError(type(value))


golden = {
    "versions": {
        "python": platform.python_version(),
        "numpy": numpy.__version__,
        "scipy": scipy.__version__,
        "scikit-learn": sklearn.__version__,
        "seqeval": importlib.metadata.version("seqeval"),
    },
    "classes": class_cases(),
    "label_sets": set_cases(),
    "values": value_cases(),
    "tag_labels": LABELS,
    "tags": tag_cases(),
    "probabilities": probability_cases(),
}
json.dump(golden, sys.stdout, default=plain)
print()
