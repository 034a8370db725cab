"""Writes answers.json: random answers with the scores of decaNLP's and SuperGLUE's released scripts.

    python make_answers_golden.py DECANLP/metrics.py EVALUATE/metrics/super_glue > answers.json

decaNLP: salesforce/decaNLP, commit 043ab56. SuperGLUE: huggingface/evaluate, commit a7dd338, whose super_glue.py
carries ReCoRD's official record_evaluation.py and MultiRC's scores (needs scikit-learn). What these files import beside
the standard library, numpy and scikit-learn is replaced by empty modules: none of it is used here.
"""

import json
import platform
import random
import runpy
import sys
import types

import sklearn
from sklearn.metrics import f1_score

random.seed(609)


class Anything:
    """Stands for whatever a script imports and these cases never reach."""

    def __init__(self, *args, **kwargs):
        pass

    def __call__(self, *args, **kwargs):
        return lambda thing: thing

    def __getattr__(self, name):
        return type("Base", (), {}) if name in ("Metric", "Rouge155") else Anything()


def stub(*names):
    for name in names:
        module = types.ModuleType(name)
        module.__getattr__ = lambda attribute: type("Base", (), {}) if attribute in ("Metric", "Rouge155") else Anything()
        sys.modules[name] = module


stub("text", "text.torchtext", "text.torchtext.datasets", "text.torchtext.datasets.generic", "pyrouge", "sacrebleu")
stub("evaluate", "datasets")
deca = runpy.run_path(sys.argv[1])
record = runpy.run_path(sys.argv[2] + "/record_evaluation.py")
# Its relative import is of the file above.
source = open(sys.argv[2] + "/super_glue.py").read().replace("from .record_evaluation import", "from record_evaluation import")
sys.path.insert(0, sys.argv[2])
superglue = {}
exec(compile(source, "super_glue.py", "exec"), superglue)

WORDS = ["the", "a", "An", "and", "red", "Red", "car", "cars.", "blue,", "U.S.", "x-y", "—", "é", "naïve", "'s", "and", "1"]


def answer(longest=5):
    if random.random() < 0.15:
        return "unanswerable"
    return random.choice(["", " "]) + " ".join(random.choices(WORDS, k=random.randint(0, longest)))


def near(text):
    words = text.split()
    if words and random.random() < 0.6:
        words[random.randrange(len(words))] = random.choice(WORDS)
    if random.random() < 0.3:
        random.shuffle(words)
    return " ".join(words)


def answer_case(n):
    gold = [[answer() for _ in range(random.randint(1, 3))] for _ in range(n)]
    predicted = [near(random.choice(g)) if random.random() < 0.8 else answer() for g in gold]
    clean, answers = [deca["normalize_text"](p) for p in predicted], [[deca["normalize_text"](a) for a in g] for g in gold]
    cf1, precision, recall = deca["computeCF1"](clean, answers)
    questions = [{"qas": [{"id": i, "answers": [{"text": a} for a in g]} for i, g in enumerate(gold)]}]
    scores, _ = record["evaluate"](questions, dict(enumerate(predicted)))
    return {
        "gold": gold,
        "predicted": predicted,
        "nf1": deca["computeF1"](clean, answers),
        "nem": deca["computeEM"](clean, answers),
        "em": deca["computeEM"](predicted, gold),
        "cf1": [cf1, precision, recall],
        "record": [scores["f1"], scores["exact_match"]],
    }


def change():
    if random.random() < 0.2:
        return random.choice(["None", "", ";", "none of it", "a; b; c"])
    goals = ", ".join(f"{random.choice(['food', 'area', 'price'])}: {random.choice('xyz')}" for _ in range(random.randint(0, 2)))
    requests = ", ".join(random.sample(["phone", "address"], random.randint(0, 2)))
    return random.choice([f"{goals}; {requests}", f" {goals} ;{requests}", f"{goals};"])


def dialogue_case(n):
    """Dialogues of fewer than ten turns, which text and numbers sort alike."""
    turns = []
    for dialogue in range(n):
        for turn in range(random.randint(1, 8)):
            gold = change()
            turns.append((f"en_{dialogue}_{turn}", gold, gold if random.random() < 0.7 else change()))
    turns.sort()
    joint, request, goal, _ = deca["computeDialogue"]([p for _, _, p in turns], [[(i, g)] for i, g, _ in turns])
    return {
        "turns": [[i.rsplit("_", 1)[0], g, p] for i, g, p in turns],
        "scores": [joint, goal, request],
    }


def multirc_case(n):
    ids = [(random.randint(0, 2), random.randint(0, 2)) for _ in range(n)]
    gold = [random.randint(0, 1) for _ in range(n)]
    predicted = [g if random.random() < 0.8 else 1 - g for g in gold]
    rows = [{"idx": {"paragraph": p, "question": q}, "prediction": x} for (p, q), x in zip(ids, predicted)]
    scores = superglue["evaluate_multirc"](rows, gold)
    return {"questions": ids, "gold": gold, "predicted": predicted, "scores": [scores["f1_a"], scores["exact_match"]]}


def bank_case(n, n_classes):
    gold = [random.randrange(n_classes) for _ in range(n)]
    predicted = [g if random.random() < 0.6 else random.randrange(n_classes) for g in gold]
    f1 = f1_score(gold, predicted, average="macro", labels=[0, 1, 2], zero_division=0)
    return {"gold": gold, "predicted": predicted, "f1": float(f1)}


golden = {
    "versions": {
        "python": platform.python_version(),
        "scikit-learn": sklearn.__version__,
        "decaNLP": "043ab56",
        "evaluate": "a7dd338",
    },
    "answers": [answer_case(n) for n in [1, 2, 5, 20, 20, 40]],
    "dialogues": [dialogue_case(n) for n in [1, 2, 5, 12]],
    "multirc": [multirc_case(n) for n in [2, 6, 20, 40]],
    "bank": [bank_case(n, k) for n in [1, 5, 30] for k in [1, 2, 3]],
}
json.dump(golden, sys.stdout, ensure_ascii=False)
print()
