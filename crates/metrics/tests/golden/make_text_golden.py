# requires: sacrebleu rouge_score nltk
# writes: text.json
"""Writes text.json: random texts with the BLEU of sacreBLEU, the ROUGE of rouge_score, and stems of NLTK.

    pip install sacrebleu rouge_score nltk
    python make_text_golden.py > text.json
"""

import importlib.metadata
import json
import platform
import random
import sys

from nltk.stem.porter import PorterStemmer
from rouge_score.rouge_scorer import RougeScorer
from sacrebleu.metrics import BLEU
from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a

random.seed(20)
PIECES = [
    *["the", "cat", "cats", "sat", "sitting", "on", "mat", "The", "running", "ran", "flies", "flying", "relational"],
    *[".", ",", "...", "1,000.5", "3.", ".5", "7-8", "2-day", "well-known", "-", "U.S.", "it's", "(a)", "\"so\"", "x/y"],
    *["&quot;", "&amp;lt;", "&", "<skipped>", "-\n", "\n", "\t", "\u00a0", "\u001c", "é.", ",é", "“no”", "日本。", "½", "İ"],
    *["generalizations", "happily", "agreed", "dying", "enjoyment", "analogously", "skies", "don't", "a,b", "5,x", "x,5"],
]
METHODS = {"none": [None], "floor": [0.1, 0.01], "add-k": [1, 0.5], "exp": [None]}


def text(most):
    return "".join(random.choice(PIECES) + random.choice([" ", " ", " ", ""]) for _ in range(random.randint(0, most)))


def changed(words, rate):
    return " ".join(random.choice(PIECES) if random.random() < rate else w for w in words.split(" "))


def pair(n_references, most, rate):
    reference = text(most)
    others = [changed(reference, 0.4) for _ in range(n_references - 1)]
    return [reference, *others], changed(reference, rate)


def bleu_scores(gold, predicted):
    streams = [list(stream) for stream in zip(*gold)]
    scores = []
    for method, values in METHODS.items():
        for value in values:
            for effective in [False, True]:
                for lowercase in [False, True]:
                    bleu = BLEU(smooth_method=method, smooth_value=value, effective_order=effective, lowercase=lowercase)
                    score = bleu.corpus_score(predicted, streams)
                    row = {"smoothing": method, "value": value, "effective": effective, "lowercase": lowercase}
                    row |= {"bleu": score.score, "precisions": score.precisions, "brevity_penalty": score.bp}
                    scores.append(row | {"hypothesis_len": score.sys_len, "reference_len": score.ref_len})
    return scores


def rouge_scores(gold, predicted):
    scores = []
    for stem in [False, True]:
        scorer = RougeScorer(["rouge1", "rouge2", "rougeL"], use_stemmer=stem)
        texts = [scorer.score_multi(references, text) for references, text in zip(gold, predicted)]
        scores.append({kind: [list(t[kind]) for t in texts] for kind in ["rouge1", "rouge2", "rougeL"]})
    return {"plain": scores[0], "stemmed": scores[1]}


def case(n, n_references, most, rate):
    gold, predicted = zip(*[pair(n_references, most, rate) for _ in range(n)])
    return {
        "gold": gold,
        "predicted": predicted,
        "bleu": bleu_scores(gold, predicted),
        "rouge": rouge_scores(gold, predicted),
    }


def tokenized():
    tokenizer = Tokenizer13a()
    texts = [text(12) for _ in range(120)]
    return [[t, tokenizer(t.rstrip())] for t in texts]


SUFFIXES = """s es ies ied ed eed ing ational tional enci anci izer abli bli alli entli eli ousli ization ation ator alism
iveness fulness ousness aliti iviti biliti logi fulli icate ative alize iciti ical ful ness al ance ence er ic able ible ant
ement ment ent ion sion tion ou ism ate iti ous ive ize e ee ll lle y ly ally ability ingly edly y's yy yed ying ss sses""".split()
STEMS = """a tr sk d t geo the archaeo hop hopp fall hiss fizz fil fail siz troubl conflat agre fe motor plaster cr n ab oat
toy syzyg enjo happ trad contr roll controll adopt rel form electr good depend replac irrit 20 b2b w bow fix tray""".split()


def stems():
    stemmer = PorterStemmer()
    words = sorted({stem + suffix for stem in STEMS for suffix in SUFFIXES if "'" not in suffix})
    words = random.sample(words, 900)
    words += "sky skies dying lying tying news innings inning outing outings cannings canning howe proceed exceed succeed".split()
    return [[word, stemmer.stem(word)] for word in words]


golden = {
    "versions": {
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in ["sacrebleu", "rouge_score", "nltk"]},
    },
    "tokens_13a": tokenized(),
    "stems": stems(),
    "cases": [
        case(n, n_references, most, rate)
        for n, n_references, most, rate in [
            (1, 1, 0, 0), (1, 1, 3, 0), (1, 2, 8, 0.3), (3, 1, 10, 0.2), (3, 3, 12, 0.5), (8, 1, 20, 0.3), (8, 2, 20, 0.1),
            (1, 1, 90, 0.3), (2, 1, 6, 1),
        ]
    ],
}
json.dump(golden, sys.stdout)
print()
