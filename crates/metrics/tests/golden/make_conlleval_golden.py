"""Writes conlleval.json: random tag sequences with what the conlleval script prints of them.

    python make_conlleval_golden.py PATH/TO/conlleval.pl > conlleval.json

The script is that of the CoNLL-2000 shared task, version 2004-01-26 (Erik Tjong Kim Sang); it needs Perl.
"""

import json
import random
import subprocess
import sys

KINDS = ["PER", "LOC", "creative-work"]
random.seed(20)


def tag(marks):
    mark = random.choice(marks)
    return mark if mark in "O." else f"{mark}-{random.choice(KINDS)}"


def case(marks, n_sentences, rate):
    gold = [[tag(marks) for _ in range(random.randint(1, 12))] for _ in range(n_sentences)]
    predicted = [[g if random.random() > rate else tag(marks) for g in s] for s in gold]
    lines = ["\n".join(f"word {g} {p}" for g, p in zip(*pair)) for pair in zip(gold, predicted)]
    run = subprocess.run(
        ["perl", sys.argv[1], "-d", " "], input="\n\n".join(lines) + "\n\n", capture_output=True, text=True, check=True
    )
    return {"gold": gold, "predicted": predicted, "report": run.stdout}


iob = ["O", "B", "I", "I"]
known = ["O", "B", "I", "E", "[", "]", "."]
foreign = ["O", "B", "I", "E", "S", "U"]
cases = [case(marks, n, rate) for marks in [iob, iob, known, foreign] for n in [1, 3, 8] for rate in [0.1, 0.5]]
json.dump({"script": "conlleval, version 2004-01-26", "cases": cases}, sys.stdout)
print()
