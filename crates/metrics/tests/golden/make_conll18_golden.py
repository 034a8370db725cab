# requires: udtools
# writes: conll18.json
"""Writes conll18.json: random pairs of treebanks with the counts that udtools gives.

    pip install udtools
    python make_conll18_golden.py > conll18.json

udtools is the evaluation of the CoNLL 2018 shared task as its authors keep it; without enhanced dependencies it
counts what conll18_ud_eval.py counts.
"""

import importlib.metadata
import io
import json
import random
import sys

from udtools.udeval import evaluate, load_conllu

random.seed(2018)
METRICS = "Tokens Sentences Words UPOS XPOS UFeats AllTags Lemmas UAS LAS CLAS MLAS BLEX".split()
RELATIONS = ["nsubj", "obj:x", "obl", "det", "case", "aux:pass", "punct", "amod", "cc", "dep"]
FEATURES = ["_", "Case=Nom", "Number=Sing|Case=Nom", "Case=Nom|Number=Sing", "Foo=Bar", "Case=Acc|Foo=Bar"]


def pieces(text, longest):
    """The text cut into parts of random lengths."""
    parts = []
    while text:
        n = random.randint(1, longest)
        parts.append(text[:n])
        text = text[n:]
    return parts


def heads(n):
    """A random tree."""
    order = list(range(1, n + 1))
    random.shuffle(order)
    head = {order[0]: 0}
    for i, word in enumerate(order[1:], 1):
        head[word] = random.choice(order[:i])
    return [head[word] for word in range(1, n + 1)]


def word(form):
    return [form, random.choice([form, "_", "l"]), random.choice("NV"), random.choice("xy"), random.choice(FEATURES)]


def token(form, multiword):
    """Words of a token: itself, or several whose forms need not spell it."""
    parts = pieces(form, 2)
    if random.random() > multiword or len(parts) == 1:
        return [word(form)]
    return [word(random.choice([part, part, part.upper(), "z"])) for part in parts]


def sentences(text, multiword):
    """[(tokens, heads, relations)] over the text."""
    out = []
    for part in pieces(text, 9):
        tokens = [(form, token(form, multiword)) for form in pieces(part, 3)]
        n = sum(len(words) for _, words in tokens)
        out.append((tokens, heads(n), random.choices(RELATIONS, k=n)))
    return out


def noisy(treebank, rate):
    """A copy in which some columns and heads differ."""
    out = []
    for tokens, head, relation in treebank:
        changed = [(form, [w if random.random() > rate else word(w[0]) for w in words]) for form, words in tokens]
        n = len(head)
        head = head if random.random() > rate else heads(n)
        out.append((changed, head, [r if random.random() > rate else random.choice(RELATIONS) for r in relation]))
    return out


def conllu(treebank):
    lines = []
    for tokens, head, relation in treebank:
        lines.append("# a comment")
        i = 0
        for form, words in tokens:
            if len(words) > 1 or random.random() < 0.05:
                lines.append("\t".join([f"{i + 1}-{i + len(words)}", form] + ["_"] * 8))
            for w in words:
                root = "root" if head[i] == 0 else relation[i]
                lines.append("\t".join([str(i + 1), *w, str(head[i]), root, "_", "_"]))
                i += 1
        lines.append("")
    return "\n".join(lines) + "\n"


def case(length, multiword, rate, again):
    text = "".join(random.choice("abcé") for _ in range(length))
    gold = sentences(text, multiword)
    predicted = sentences(text, multiword) if again else noisy(gold, rate)
    gold, predicted = conllu(gold), conllu(predicted)
    read = lambda text: load_conllu(io.StringIO(text), "", {})
    scores = evaluate(read(gold), read(predicted))
    counts = lambda s: [s.gold_total, s.system_total, s.correct, s.aligned_total]
    return {"gold": gold, "predicted": predicted, "scores": {name: counts(scores[name]) for name in METRICS}}


cases = [
    case(length, multiword, rate, again)
    for length in [3, 20, 40]
    for multiword in [0.0, 0.3, 0.8]
    for rate, again in [(0.0, False), (0.2, False), (0.6, False), (0.0, True)]
]
json.dump({"udtools": importlib.metadata.version("udtools"), "cases": cases}, sys.stdout, ensure_ascii=False)
print()
