"""Writes squad.json: random answers with what SQuAD's scripts print of them.

    python make_squad_golden.py PATH/TO/evaluate-v1.1.py PATH/TO/evaluate-v2.0.py > squad.json

The scripts are the official ones: version 1.1 ("Official evaluation script for v1.1 of the SQuAD dataset") and version 2.0
(github.com/rajpurkar/SQuAD-explorer at eee5fdb). They need numpy.
"""

import json
import platform
import random
import subprocess
import sys
import tempfile
from pathlib import Path

random.seed(20)
WORDS = [
    *["the", "a", "an", "The", "AN", "theatre", "Anna", "a.", "(the)", "the-end", "the–end", "“the”", "'s", "$1,000.50"],
    *["U.S.", "Normandy", "10th", "centuries", "ÉTÉ", "été", "ΑΣ", "straße", "日本", "x_y", "²", "½", "a\u0301", "a's"],
    *["one", "two", "two", "three", "…", "--", "\u00a0", "b\u00a0c", "b\u2003c", "b\u200bc", "İ"],
]


def text(most):
    separators = [" ", " ", " ", "  ", "\t", "-"]
    words = [random.choice(WORDS) for _ in range(random.randint(0, most))]
    return "".join(word + random.choice(separators) for word in words)


def question(answerable):
    references = [text(5) for _ in range(random.randint(1, 3))] if answerable else []
    draw = random.random()
    if draw < 0.3 and references:
        predicted = random.choice(references)
    elif draw < 0.5 and references:
        predicted = random.choice(references).upper() + " " + random.choice(WORDS)
    else:
        predicted = "" if draw > 0.8 else text(4)
    return references, predicted


def dataset(gold):
    qas = [{"id": str(i), "answers": [{"text": t} for t in references]} for i, references in enumerate(gold)]
    return {"version": "1.1", "data": [{"paragraphs": [{"qas": qas}]}]}


def run(script, arguments, files):
    """The script's JSON, given JSON files by name among its arguments."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            (Path(folder) / name).write_text(json.dumps(content))
        command = [sys.executable, str(Path(script).resolve()), *arguments]
        return json.loads(subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout)


def sides(gold, predicted):
    return {"gold.json": dataset(gold), "predicted.json": {str(i): text for i, text in enumerate(predicted)}}


def version_1(n):
    gold, predicted = zip(*[question(True) for _ in range(n)])
    whole = run(sys.argv[1], ["gold.json", "predicted.json"], sides(gold, predicted))
    return {"gold": gold, "predicted": predicted, "whole": whole}


def version_2(n, rate, levels, threshold):
    gold, predicted = zip(*[question(random.random() < rate) for _ in range(n)])
    files = sides(gold, predicted)
    case = {"gold": gold, "predicted": predicted, "plain": run(sys.argv[2], ["gold.json", "predicted.json"], files)}
    case["probabilities"] = [random.randint(0, levels) / levels for _ in gold]  # few levels: many ties
    files["na.json"] = {str(i): p for i, p in enumerate(case["probabilities"])}
    options = ["--na-prob-file", "na.json", "--na-prob-thresh", str(threshold)]
    case["threshold"] = threshold
    case["with_threshold"] = run(sys.argv[2], ["gold.json", "predicted.json", *options], files)
    return case


golden = {
    "versions": {
        "python": platform.python_version(),
        "scripts": "evaluate-v1.1.py, evaluate-v2.0.py (SQuAD-explorer at eee5fdb)",
    },
    "version_1": [version_1(n) for n in [1] * 60 + [12, 30]],
    "version_2": [version_2(1, 0.6, 4, 0.5) for _ in range(40)]
    + [version_2(n, rate, levels, t) for n in [8, 25] for rate, levels, t in [(0.5, 4, 0.5), (0.5, 50, 0.3), (0, 4, 0.2), (1, 4, 1.0)]],
}
json.dump(golden, sys.stdout)
print()
