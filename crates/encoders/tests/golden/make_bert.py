# requires: torch transformers safetensors numpy
"""Golden numbers of a small random BERT, from transformers.

    python make_bert.py

Writes beside itself, dropout off, attention eager, computed in f64 from weights that are exact in f32 and
stored as f32:

- `bert.safetensors`: weights `w.*` and gradients `g.*` under the names of transformers' `BertModel` plus
  `classifier.weight` and `classifier.bias`; inputs `in.*`; outputs `out.*`.
- `bert_gelu_new.safetensors`: the same model and inputs with the tanh form of GELU: only `g.*` and `out.*`.

The batch is padded for transformers; what is stored is packed, sequences laid end to end:

    in.token_ids, in.segment_ids, in.position_ids   (tokens,)           i64
    in.boundaries                                   (sequences + 1,)    i64, the first is 0, the last is tokens
    in.labels                                       (sequences,)        i64
    out.last_hidden_state                           (tokens, hidden)
    out.pooler_output                               (sequences, hidden)
    out.logits                                      (sequences, classes)
    out.loss                                        (1,)                cross-entropy, mean over sequences, nats

The metadata holds the configuration as JSON and the versions of the libraries.
"""
import json
from pathlib import Path

import numpy
import safetensors
import torch
import transformers
from safetensors.torch import save_file

HERE = Path(__file__).parent
SEED = 20
LENGTHS = (17, 1, 9, 5)
CLASSES = 3
CONFIG = dict(
    vocab_size=60, hidden_size=24, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48,
    max_position_embeddings=40, type_vocab_size=2, layer_norm_eps=1e-12, initializer_range=0.2,
    hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, pad_token_id=0,
)


def build(activation):
    """The model of one seed: the weights do not depend on the activation."""
    config = transformers.BertConfig(**CONFIG, hidden_act=activation, attn_implementation="eager")
    torch.manual_seed(SEED)
    model = transformers.BertModel(config)
    model.add_module("classifier", torch.nn.Linear(config.hidden_size, CLASSES))
    for name, weight in model.named_parameters():
        # Biases start at zero and norms at one: a mistake in them would not show.
        centre = 1.0 if name.endswith("LayerNorm.weight") else 0.0
        torch.nn.init.normal_(weight, mean=centre, std=0.2)
    return model.double().eval()


def batch():
    """A padded batch; every sequence of more than four tokens has a second segment."""
    draw = torch.Generator().manual_seed(SEED)
    longest = max(LENGTHS)
    ids = torch.zeros(len(LENGTHS), longest, dtype=torch.long)
    segments, mask = torch.zeros_like(ids), torch.zeros_like(ids)
    for row, length in enumerate(LENGTHS):
        ids[row, :length] = torch.randint(1, CONFIG["vocab_size"], (length,), generator=draw)
        mask[row, :length] = 1
        if length > 4:
            segments[row, length // 2:length] = 1
    labels = torch.randint(0, CLASSES, (len(LENGTHS),), generator=draw)
    return ids, segments, mask, labels


def packed(x, mask):
    return x[mask.bool()]


def run(activation):
    """Gradients and outputs of one forward and backward pass."""
    model = build(activation)
    ids, segments, mask, labels = batch()
    out = model(input_ids=ids, token_type_ids=segments, attention_mask=mask)
    logits = model.classifier(out.pooler_output)
    loss = torch.nn.functional.cross_entropy(logits, labels)
    loss.backward()
    tensors = {f"g.{name}": weight.grad for name, weight in model.named_parameters()}
    tensors["out.last_hidden_state"] = packed(out.last_hidden_state, mask)
    tensors["out.pooler_output"] = out.pooler_output
    tensors["out.logits"] = logits
    tensors["out.loss"] = loss.reshape(1)
    return model, tensors


def inputs():
    ids, segments, mask, labels = batch()
    positions = torch.arange(ids.shape[1]).expand_as(ids)
    boundaries = torch.tensor((0,) + LENGTHS).cumsum(0)
    return {
        "in.token_ids": packed(ids, mask), "in.segment_ids": packed(segments, mask),
        "in.position_ids": packed(positions, mask), "in.boundaries": boundaries, "in.labels": labels,
    }


def stored(x):
    x = x.detach()
    return (x.float() if x.is_floating_point() else x).contiguous()


def save(name, activation, tensors):
    metadata = {
        "config": json.dumps({**CONFIG, "hidden_act": activation}), "seed": str(SEED),
        "torch": torch.__version__, "transformers": transformers.__version__,
        "safetensors": safetensors.__version__, "numpy": numpy.__version__,
    }
    save_file({key: stored(value) for key, value in tensors.items()}, HERE / name, metadata=metadata)


def main():
    model, tensors = run("gelu")
    weights = {f"w.{name}": weight for name, weight in model.named_parameters()}
    save("bert.safetensors", "gelu", {**weights, **inputs(), **tensors})
    _, tensors = run("gelu_new")
    save("bert_gelu_new.safetensors", "gelu_new", tensors)


if __name__ == "__main__":
    main()
