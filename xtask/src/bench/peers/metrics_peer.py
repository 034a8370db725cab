# requires: numpy scipy scikit-learn seqeval sacrebleu rouge-score
"""The peer of `bench metrics`: the same scores of the same predictions by the libraries that people use.

Prints one JSON line per measurement, with the keys and names of ours. The predictions are those of `metrics/inputs.rs`,
drawn here from the same seeds; each library gets them in the form that it takes, which is not timed.
"""
import json, statistics, time, warnings
import numpy as np
import sacrebleu
from rouge_score import rouge_scorer
from scipy import stats
from seqeval.metrics import f1_score as span_f1
from seqeval.scheme import IOB2
from sklearn import metrics

LABELS, RESAMPLED, CLASSES, SENTENCE, TEXTS, WORDS, VOCABULARY = 1_000_000, 10_000, 20, 20, 10_000, 30, 5_000
TAGS = np.array(["O", "B-PER", "I-PER", "B-LOC", "I-LOC"])
warnings.simplefilter("ignore")


def draws(seed, rows, columns):
    """Numbers of SplitMix64, row by row."""
    steps = np.arange(1, rows * columns + 1, dtype=np.uint64)
    z = np.uint64(seed) + steps * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (z ^ (z >> np.uint64(31))).reshape(rows, columns)


def unit(z):
    return (z >> np.uint64(11)).astype(np.float64) / 2.0**53


def classes(seed, n_classes):
    z, n = draws(seed, LABELS, 3), np.uint64(n_classes)
    gold = (z[:, 0] % n).astype(np.int64)
    return gold, np.where(z[:, 1] % np.uint64(10) < 7, gold, (z[:, 2] % n).astype(np.int64))


def values(seed):
    z = unit(draws(seed, LABELS, 2))
    return z[:, 0].copy(), z[:, 0] + z[:, 1]


def timed(name, score, least=1.0):
    value, times = None, []
    while sum(times) < least:
        start = time.perf_counter()
        value = score()
        times.append(time.perf_counter() - start)
    print(json.dumps({"name": name, "seconds": statistics.median(times), "value": float(value)}), flush=True)


gold, predicted = classes(1, CLASSES)
timed("classes/accuracy", lambda: metrics.accuracy_score(gold, predicted))
for average in ("micro", "macro", "weighted"):
    timed(f"classes/{average}_f1", lambda: metrics.f1_score(gold, predicted, average=average))
timed("classes/matthews", lambda: metrics.matthews_corrcoef(gold, predicted))

gold, predicted = values(2)
timed("values/pearson", lambda: stats.pearsonr(gold, predicted)[0])
timed("values/spearman", lambda: stats.spearmanr(gold, predicted)[0])

z = draws(3, LABELS, 2)
gold, chance = (z[:, 0] % np.uint64(2)).astype(np.int64), unit(z[:, 1])
both = np.stack([1 - chance, chance], axis=1)
timed("probabilities/roc_auc", lambda: metrics.roc_auc_score(gold, chance))
timed("probabilities/log_loss", lambda: metrics.log_loss(gold, both))
nats = -np.log(np.maximum(1 - chance, 1e-9))
timed("tokens/perplexity", lambda: np.exp(np.mean(nats)))

gold, predicted = (TAGS[side].reshape(-1, SENTENCE).tolist() for side in classes(4, len(TAGS)))
timed("tags/span_f1", lambda: span_f1(gold, predicted))
timed("tags/strict_span_f1", lambda: span_f1(gold, predicted, mode="strict", scheme=IOB2))

words = [[f"w{w}" for w in row] for row in (draws(5, TEXTS, WORDS + WORDS // 5) % np.uint64(VOCABULARY)).tolist()]
references = [" ".join(row[:WORDS]) + "." for row in words]
changed = [[row[WORDS + i // 5] if i % 5 == 0 else row[i] for i in range(WORDS)] for row in words]
texts = [" ".join(row) + "." for row in changed]
timed("texts/bleu", lambda: sacrebleu.corpus_bleu(texts, [references]).score / 100)
for name, key in (("rouge_1", "rouge1"), ("rouge_2", "rouge2"), ("rouge_l", "rougeL")):
    scorer = rouge_scorer.RougeScorer([key])
    timed(
        f"texts/{name}",
        lambda: statistics.fmean(scorer.score(r, t)[key].fmeasure for r, t in zip(references, texts)),
    )


def bootstrap(name, statistic, samples, batch, vectorized):
    """The statistic of the samples, with scipy's percentile interval of 10,000 resamples."""

    def whole():
        stats.bootstrap(
            samples, statistic, paired=True, vectorized=vectorized, n_resamples=10_000, batch=batch,
            method="percentile", rng=np.random.default_rng(1), **({"axis": -1} if vectorized else {}),
        )
        return statistic(*samples)

    timed(name, whole)


def correlation(x, y):
    x, y = x - x.mean(-1, keepdims=True), y - y.mean(-1, keepdims=True)
    return (x * y).sum(-1) / np.sqrt((x * x).sum(-1) * (y * y).sum(-1))


gold, first = (side[:RESAMPLED] for side in classes(6, CLASSES))
second = classes(7, CLASSES)[1][:RESAMPLED]
right = (first == gold).astype(np.float64), (second == gold).astype(np.float64)
bootstrap(
    "bootstrap/accuracy", lambda a, b, axis=-1: b.mean(axis) - a.mean(axis), right, batch=100, vectorized=True
)
bootstrap(
    "bootstrap/macro_f1",
    lambda g, a, b: metrics.f1_score(g, b, average="macro") - metrics.f1_score(g, a, average="macro"),
    (gold, first, second), batch=1, vectorized=False,
)
gold, first = (side[:RESAMPLED] for side in values(8))
second = values(9)[1][:RESAMPLED]
bootstrap(
    "bootstrap/pearson", lambda g, a, b, axis=-1: correlation(g, b) - correlation(g, a), (gold, first, second),
    batch=100, vectorized=True,
)
