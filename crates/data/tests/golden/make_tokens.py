"""Makes the tokenizers and the golden tokens of tests/tokenize_golden.rs with transformers.

Run from this folder: python make_tokens.py
"""

import json
import pathlib

import tokenizers
import transformers

WORDS = """the a cat dog sleep run barn café naïve river don t it s # ## $ % & ' ( ) * + , - . / : ; < = > ? @ ! 1 2 3
un ##able ##believ ##s ##ing ##ed ##er ##ly Berlin berlin straße strasse 中 国 日 本 😀 👍 ##👍 é e x ##x ##y ##1 ##2
emoji rain cloud s1 İ i ß ﬁ fi ω Ω ß ##ß""".split()
LETTERS = [c for c in "abcdefghijklmnopqrstuvwxyz" if c not in WORDS]
TOKENS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + list(dict.fromkeys(WORDS + LETTERS)) + ["##" + c for c in "abcdefghijklmnopqrstuvwxz"]
SINGLE = [
    "The cat sleeps.", "the CAT  slept\ton the\nbarn", "", " ", "Don't! It's 12 dogs...", "café naïve CAFÉ",
    "cafe\u0301 with a combining accent", "unbelievably unable", "中国 and 日本人", "emoji 😀👍 rain👍", "\u200bzero\u200bwidth\ufeff",
    "control \x00\x01\x7f\x9f characters", "soft\u00adhyphen and no\u00a0break", "x" * 100, "x" * 101, "xy" * 30,
    "Straße STRASSE ẞ", "İstanbul ﬁsh Ωω", "[MASK] is [SEP] special [UNK]", "a-b_c/d\\e", "\ufffd replaced", "right \u202eto left",
    "𝔘𝔫𝔦code 𠀀", "１２３ wide", "tab\r\nbreak", "the river ran and the river ran and the river ran and the river ran again",
]
PAIRS = [
    ("The cat sleeps.", "A dog runs."), ("", ""), ("", "a dog"), ("the cat", ""),
    ("the cat sleeps in the barn by the river", "a dog"), ("a dog", "the cat sleeps in the barn by the river"),
    ("the cat sleeps in the barn", "the dog sleeps in the barn"), ("the cat sleeps in the barn .", "the dog runs in the barn"),
    ("the dog runs in the barn", "the cat sleeps in the barn ."),
    ("the dog runs in the barn and the cat runs too " * 3, "the cat sleeps in the barn . " * 4),
    ("the cat sleeps in the barn . " * 4, "the dog runs in the barn and the cat runs too " * 2),
]
SPLIT = [
    ["The", "cat", "sleeps", "."], ["unbelievably", "", "unable", "\u200b", "cat"], [], ["\x00"], ["New York", "don't", "#", "##s"],
    ["x" * 101, "xyxyxy", "中国", "👍"], ["unbelievably"] * 12, ["[SEP]", "a", "[MASK]"], ["\u00a0", " the ", "\ufffd"],
]
LIMITS = [4, 5, 8, 9, 16, 128]


def first_subwords(encoding, words):
    first = [None] * words
    for token, word in enumerate(encoding.word_ids):
        if word is not None and first[word] is None:
            first[word] = token
    return first


def cases(tokenizer):
    for limit in LIMITS:
        for text in SINGLE + PAIRS + SPLIT:
            split = isinstance(text, list)
            # In a batch, since a single call drops the second text of a pair if it is empty.
            inputs = [[part] for part in text] if isinstance(text, tuple) else [[text]]
            batch = tokenizer(*inputs, is_split_into_words=split, truncation=True, max_length=limit)
            encoding = batch.encodings[0]
            yield {
                "text": text,
                "limit": limit,
                "ids": encoding.ids,
                "segments": encoding.type_ids,
                "first_subword": first_subwords(encoding, len(text)) if split else [],
            }


def main():
    here = pathlib.Path(__file__).parent
    golden = {"made with": {"transformers": transformers.__version__, "tokenizers": tokenizers.__version__}}
    for name, lower in [("uncased", True), ("cased", False)]:
        folder = here / f"tokenizer_{name}"
        folder.mkdir(exist_ok=True)
        (folder / "vocab.txt").write_text("\n".join(TOKENS) + "\n", encoding="utf-8")
        options = {"do_lower_case": lower, "tokenizer_class": "BertTokenizer"}
        (folder / "tokenizer_config.json").write_text(json.dumps(options) + "\n")
        tokenizer = transformers.BertTokenizer.from_pretrained(folder)
        golden[name] = list(cases(tokenizer))
        if lower:
            stored = tokenizer.backend_tokenizer
            stored.enable_padding(length=12)
            stored.enable_truncation(6)
            (here / "tokenizer_json").mkdir(exist_ok=True)
            stored.save(str(here / "tokenizer_json" / "tokenizer.json"), pretty=False)
    rows = [f'{json.dumps(name)}: ' + (json.dumps(part) if isinstance(part, dict) else "[\n" + ",\n".join(json.dumps(c) for c in part) + "\n]") for name, part in golden.items()]
    (here / "tokens.json").write_text("{\n" + ",\n".join(rows) + "\n}\n")


main()
