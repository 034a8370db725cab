# requires: transformers
"""Makes a small byte-level vocabulary and the golden tokens of tests/roberta_tokens.rs with transformers.

    python make_roberta_tokens.py

Writes beside itself `tokenizer_roberta/vocab.json` and `merges.txt`, `tokenizer_roberta_json/tokenizer.json` (the same,
with padding and truncation switched on), and `roberta_tokens.json`: for texts, pairs and words the ids, segments and
first tokens of words. Words are tokenized with `add_prefix_space=True`, as transformers demands.
"""

import json
import pathlib
import random

import tokenizers
import transformers

HERE = pathlib.Path(__file__).parent
CORPUS = [
    "The cat sleeps in the barn by the river, and the dog doesn't.", "Don't! It's 12 dogs... they're running, we've won, I'll",
    "café naïve straße Straße Ωω", "中国 and 日本人 and 中国", "emoji 😀👍 rain👍 😀", "hello world hello the world",
    "  two  spaces\tand tabs\n\nlines", "unbelievably unable believer running runner", "1234 1999 2024 3.14159",
]
SINGLE = [
    "", " ", "  ", "\t", "\n\n", "The cat sleeps.", " The cat sleeps.", "the CAT  slept\ton the\nbarn ", "Don't! It's 12 dogs...",
    "they're we've I'll you'd I'm", "café naïve CAFÉ", "cafe\u0301 with a combining accent", "中国 and 日本人", "emoji 😀👍 rain👍",
    "👩‍👩‍👧‍👦 family 🏳️‍🌈", "\u200bzero\u200bwidth\ufeff", "control \x00\x01\x7f\x9f characters", "soft\u00adhyphen and no\u00a0break",
    "x" * 100, "xy" * 300, "the " * 200, "<mask> is <s> special </s> <unk><pad>", "a<mask>b", " <mask> ", "[MASK] [SEP]", "a-b_c/d\\e",
    "\ufffd replaced", "right \u202eto left", "𝔘𝔫𝔦code 𠀀", "１２３ wide", "tab\r\nbreak", "ﬁsh İstanbul ß ẞ", "नमस्ते दुनिया", "สวัสดี", "مرحبا بالعالم",
    "שלום", "Привет, мир!", "!!!???...", "http://a.b/c?d=e&f=g", "#hash @at $5 50%", "'s 't 're", "a  b   c    d",
]
PAIRS = [
    ("The cat sleeps.", "A dog runs."), ("", ""), ("", "a dog"), ("the cat", ""), ("the cat sleeps in the barn by the river", "a dog"),
    ("a dog", "the cat sleeps in the barn by the river"), ("中国", "👍"), (" a", " b"),
]
SPLIT = [
    ["The", "cat", "sleeps", "."], ["unbelievably", "", "unable", "cat"], [], ["\x00"], ["New York", "don't", "#"], ["x" * 101, "中国", "👍"],
    ["unbelievably"] * 12, ["</s>", "a", "<mask>"], ["\u00a0", " the ", "\ufffd"], ["😀👍", "é", "e\u0301"],
]
LIMITS = [5, 9, 16, 512]


def odd_strings(count):
    """Random mixtures of letters, marks, blanks, ideographs and emoji."""
    draw = random.Random(5)
    alphabet = list("aebcdth  .,'é\u0301ß中国日ё\t\n😀👍🏽\u200d0129-_<>/s") + ["the ", " cat", "<mask>", "</s>", "n't"]
    return ["".join(draw.choices(alphabet, k=draw.randrange(1, 30))) for _ in range(count)]


def first_subwords(encoding, words):
    first = [None] * words
    for token, word in enumerate(encoding.word_ids):
        if word is not None and first[word] is None:
            first[word] = token
    return first


def cases(tokenizer, for_words):
    inputs = [(text, limit) for text in SINGLE + PAIRS + SPLIT for limit in LIMITS]
    for text, limit in inputs + [(text, 512) for text in odd_strings(160)]:
        split = isinstance(text, list)
        # In a batch, since a single call drops the second text of a pair if it is empty.
        arguments = [[part] for part in text] if isinstance(text, tuple) else [[text]]
        chosen = for_words if split else tokenizer
        encoding = chosen(*arguments, is_split_into_words=split, truncation=True, max_length=limit).encodings[0]
        first = first_subwords(encoding, len(text)) if split else []
        kind = "words" if split else "pair" if isinstance(text, tuple) else "single"
        yield {"kind": kind, "text": text, "limit": limit, "ids": encoding.ids, "segments": encoding.type_ids, "first_subword": first}


def main():
    trained = tokenizers.ByteLevelBPETokenizer()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    trained.train_from_iterator(CORPUS * 3, vocab_size=420, min_frequency=2, special_tokens=special, show_progress=False)
    folder = HERE / "tokenizer_roberta"
    folder.mkdir(exist_ok=True)
    trained.save_model(str(folder))
    load = transformers.RobertaTokenizerFast.from_pretrained
    plain, spaced = load(folder), load(folder, add_prefix_space=True)
    versions = {"transformers": transformers.__version__, "tokenizers": tokenizers.__version__}
    golden = {"made with": versions, "plain": list(cases(plain, spaced)), "spaced": list(cases(spaced, spaced))}
    rows = [
        f"{json.dumps(name)}: " + (json.dumps(part) if isinstance(part, dict) else "[\n" + ",\n".join(map(json.dumps, part)) + "\n]")
        for name, part in golden.items()
    ]
    (HERE / "roberta_tokens.json").write_text("{\n" + ",\n".join(rows) + "\n}\n")
    stored = plain.backend_tokenizer
    stored.enable_padding(length=12)
    stored.enable_truncation(6)
    (HERE / "tokenizer_roberta_json").mkdir(exist_ok=True)
    stored.save(str(HERE / "tokenizer_roberta_json" / "tokenizer.json"), pretty=False)


main()
