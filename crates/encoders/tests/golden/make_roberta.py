# requires: torch transformers safetensors numpy
"""Golden numbers of a small random RoBERTa, from transformers.

    python make_roberta.py

Writes beside itself, dropout off, attention eager, computed in f64 from weights that are exact in f32 and
stored as f32:

- `roberta.safetensors`: weights `w.*` and gradients `g.*` under the names of transformers' `RobertaModel` plus
  `classifier.weight` and `classifier.bias`; inputs `in.*`; outputs `out.*`.

The batch is padded for transformers; what is stored is packed, sequences laid end to end, as `make_bert.py` says, and

    in.token_ids_with_padding                       (tokens,)           i64, some are the padding token's inside a text
    padded.last_hidden_state                        (tokens, hidden)    of those

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
PADDING = 1
LENGTHS = (17, 1, 9, 5)
CLASSES = 3
CONFIG = dict(
    vocab_size=60, hidden_size=24, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48,
    max_position_embeddings=40, type_vocab_size=1, layer_norm_eps=1e-5, initializer_range=0.2,
    hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, pad_token_id=PADDING, bos_token_id=0, eos_token_id=2,
    hidden_act="gelu",
)


def build():
    config = transformers.RobertaConfig(**CONFIG, attn_implementation="eager")
    torch.manual_seed(SEED)
    model = transformers.RobertaModel(config)
    model.add_module("classifier", torch.nn.Linear(config.hidden_size, CLASSES))
    for name, weight in model.named_parameters():
        # Biases start at zero and norms at one: a mistake in them would not show.
        centre = 1.0 if name.endswith("LayerNorm.weight") else 0.0
        torch.nn.init.normal_(weight, mean=centre, std=0.2)
    return model.double().eval()


def batch():
    """A padded batch without a padding token inside a text."""
    draw = torch.Generator().manual_seed(SEED)
    longest = max(LENGTHS)
    ids = torch.full((len(LENGTHS), longest), PADDING)
    mask = torch.zeros_like(ids)
    for row, length in enumerate(LENGTHS):
        ids[row, :length] = torch.randint(PADDING + 1, CONFIG["vocab_size"], (length,), generator=draw)
        mask[row, :length] = 1
    labels = torch.randint(0, CLASSES, (len(LENGTHS),), generator=draw)
    return ids, mask, labels


def packed(x, mask):
    return x[mask.bool()]


def tensors_of(model):
    ids, mask, labels = batch()
    out = model(input_ids=ids, attention_mask=mask)
    logits = model.classifier(out.pooler_output)
    loss = torch.nn.functional.cross_entropy(logits, labels)
    loss.backward()
    tensors = {f"w.{name}": weight for name, weight in model.named_parameters()}
    tensors.update({f"g.{name}": weight.grad for name, weight in model.named_parameters()})
    tensors["in.token_ids"] = packed(ids, mask)
    tensors["in.boundaries"] = torch.tensor((0,) + LENGTHS).cumsum(0)
    tensors["in.labels"] = labels
    tensors["out.last_hidden_state"] = packed(out.last_hidden_state, mask)
    tensors["out.pooler_output"] = out.pooler_output
    tensors["out.logits"] = logits
    tensors["out.loss"] = loss.reshape(1)
    with_padding = ids.clone()
    with_padding[0, 3] = with_padding[0, 9] = with_padding[2, 0] = PADDING
    tensors["in.token_ids_with_padding"] = packed(with_padding, mask)
    padded = model(input_ids=with_padding, attention_mask=mask).last_hidden_state
    tensors["padded.last_hidden_state"] = packed(padded, mask)
    return tensors


def stored(x):
    x = x.detach()
    return (x.float() if x.is_floating_point() else x).contiguous()


def main():
    metadata = {
        "config": json.dumps(CONFIG), "seed": str(SEED),
        "torch": torch.__version__, "transformers": transformers.__version__,
        "safetensors": safetensors.__version__, "numpy": numpy.__version__,
    }
    tensors = tensors_of(build())
    save_file({key: stored(value) for key, value in tensors.items()}, HERE / "roberta.safetensors", metadata=metadata)


if __name__ == "__main__":
    main()
