# requires: torch transformers safetensors numpy
"""Golden numbers of cross-stitch units between three small random BERTs, written out in PyTorch.

    python make_cross_stitch.py

Writes `cross_stitch.safetensors` beside itself, dropout off, attention eager, computed in f64 from numbers that are exact
in f32. The copies are transformers' `BertModel`; the units are the loop in `run` (Misra et al. 2016, equation 1).

- `w.TASK.*`: the weights of each copy, f32.
- `coefficients.N` (tasks, tasks): of the unit after layer N, row t makes the input of copy t, f32.
- `in.token_ids`, `in.segment_ids` (tokens,), `in.boundaries` (sequences + 1,), whole numbers as f32.
- `in.TASK.tokens` (tokens, hidden), `in.TASK.sequences` (sequences, hidden): the gradients of the outputs, f32.
- `out.TASK.tokens`, `out.TASK.sequences`: what each task's head reads, f64.
- `g.coefficients.N`, and `g.TASK.*` of each copy's first intermediate layer and word embeddings, f64.

Sequences run one by one, so that nothing is padded; id 0 is left out, since PyTorch gives it no gradient. The metadata holds the form and the versions.
"""
import json
from pathlib import Path

import numpy
import safetensors
import torch
import transformers
from safetensors.torch import save_file

SEED, TASKS = 6, ("a", "b", "c")
LENGTHS = (5, 1, 4)
CONFIG = dict(
    vocab_size=20, hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=12,
    max_position_embeddings=8, type_vocab_size=2, layer_norm_eps=1e-12,
    hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, pad_token_id=0,
)
SHOWN = ("embeddings.word_embeddings.weight", "encoder.layer.0.intermediate.dense.weight")


def copy():
    model = transformers.BertModel(transformers.BertConfig(**CONFIG, attn_implementation="eager"))
    for name, weight in model.named_parameters():
        centre = 1.0 if name.endswith("LayerNorm.weight") else 0.0
        torch.nn.init.normal_(weight, mean=centre, std=0.3)
    return model.double().eval()


def run(copies, coefficients, ids, segments):
    """The output of each task's copy for one sequence."""
    xs = [model.embeddings(input_ids=ids[None], token_type_ids=segments[None]) for model in copies]
    for index, matrix in enumerate(coefficients):
        ys = [model.encoder.layer[index](x) for model, x in zip(copies, xs)]
        ys = [y[0] if isinstance(y, tuple) else y for y in ys]
        xs = [sum(matrix[t, s] * ys[s] for s in range(len(ys))) for t in range(len(ys))]
    return [(x[0], model.pooler(x)[0]) for model, x in zip(copies, xs)]


def main():
    torch.manual_seed(SEED)
    copies = [copy() for _ in TASKS]
    coefficients = [
        torch.randn(len(TASKS), len(TASKS)).double().requires_grad_() for _ in range(CONFIG["num_hidden_layers"])
    ]
    ids = [torch.randint(1, CONFIG["vocab_size"], (length,)) for length in LENGTHS]
    segments = [(torch.arange(length) >= 2).long() for length in LENGTHS]
    runs = [run(copies, coefficients, i, s) for i, s in zip(ids, segments)]
    tensors = {
        "in.token_ids": torch.cat(ids).float(), "in.segment_ids": torch.cat(segments).float(),
        "in.boundaries": torch.tensor((0,) + LENGTHS).cumsum(0).float(),
    }
    loss = 0.0
    for task, name in enumerate(TASKS):
        tokens = torch.cat([of_tasks[task][0] for of_tasks in runs])
        sequences = torch.stack([of_tasks[task][1] for of_tasks in runs])
        for kind, out in (("tokens", tokens), ("sequences", sequences)):
            gradient = torch.randn(out.shape)
            loss = loss + (out * gradient).sum()
            tensors[f"out.{name}.{kind}"], tensors[f"in.{name}.{kind}"] = out, gradient
    loss.backward()
    for name, model in zip(TASKS, copies):
        for parameter, weight in model.named_parameters():
            tensors[f"w.{name}.{parameter}"] = weight.float()
            if parameter in SHOWN:
                tensors[f"g.{name}.{parameter}"] = weight.grad
    for layer, matrix in enumerate(coefficients):
        tensors[f"coefficients.{layer}"], tensors[f"g.coefficients.{layer}"] = matrix.float(), matrix.grad
    metadata = {
        "config": json.dumps(CONFIG), "seed": str(SEED), "torch": torch.__version__,
        "transformers": transformers.__version__, "safetensors": safetensors.__version__,
        "numpy": numpy.__version__,
    }
    tensors = {name: tensor.detach().contiguous() for name, tensor in tensors.items()}
    save_file(tensors, Path(__file__).parent / "cross_stitch.safetensors", metadata=metadata)


if __name__ == "__main__":
    main()
