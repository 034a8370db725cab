# requires: torch transformers safetensors numpy peft
"""Golden numbers of LoRA in a small random BERT, from peft.

    python make_lora.py

Writes `lora.safetensors` beside itself, dropout off, attention eager, computed in f64 from weights that are exact in f32:

- `w.*`: the weights of transformers' `BertModel`, f32.
- `a.SITE`, `b.SITE`: the two matrices of `layer.N.query`, `.key`, `.value`, `.attention-out`, `.feed-forward-out`, f32.
- `in.token_ids`, `in.segment_ids` (tokens,), `in.boundaries` (sequences + 1,), whole numbers as f32.
- `in.tokens` (tokens, hidden), `in.sequences` (sequences, hidden): the gradients of the outputs, f32.
- `out.tokens`, `out.sequences`: the last hidden state and the pooler's output, f64.
- `g.a.SITE`, `g.b.SITE`: the gradients of the matrices, f64.

Sequences run one by one, so that nothing is padded. The metadata holds the form, rank, alpha and the versions.
"""
import json
from pathlib import Path

import numpy
import peft
import safetensors
import torch
import transformers
from safetensors.torch import save_file

SEED, RANK, ALPHA = 5, 3, 6
LENGTHS = (5, 1, 4)
CONFIG = dict(
    vocab_size=20, hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=12,
    max_position_embeddings=8, type_vocab_size=2, layer_norm_eps=1e-12,
    hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, pad_token_id=0,
)
SITES = {
    "attention.self.query": "query", "attention.self.key": "key", "attention.self.value": "value",
    "attention.output.dense": "attention-out", "output.dense": "feed-forward-out",
}


def draw(parameters, scale):
    for name, weight in parameters:
        centre = 1.0 if name.endswith("LayerNorm.weight") else 0.0
        torch.nn.init.normal_(weight, mean=centre, std=scale)


def build():
    torch.manual_seed(SEED)
    model = transformers.BertModel(transformers.BertConfig(**CONFIG, attn_implementation="eager"))
    draw(model.named_parameters(), 0.3)
    weights = {f"w.{name}": weight.detach().clone() for name, weight in model.named_parameters()}
    config = peft.LoraConfig(
        r=RANK, lora_alpha=ALPHA, lora_dropout=0.0, target_modules=["query", "key", "value", "output.dense"]
    )
    model = peft.get_peft_model(model, config)
    draw([(name, weight) for name, weight in model.named_parameters() if "lora_" in name], 0.5)
    return weights, model.double().eval()


def matrices(model):
    """Each learned matrix, by its kind and site."""
    found = {}
    for name, weight in model.named_parameters():
        if "lora_" not in name:
            continue
        layer, rest = name.split("encoder.layer.")[1].split(".", 1)
        place, kind = rest.split(".lora_")
        found[f"{kind[0].lower()}.layer.{layer}.{SITES[place]}"] = weight
    return found


def main():
    weights, model = build()
    ids = [torch.randint(1, CONFIG["vocab_size"], (length,)) for length in LENGTHS]
    segments = [(torch.arange(length) >= 2).long() for length in LENGTHS]
    runs = [model(input_ids=i[None], token_type_ids=s[None]) for i, s in zip(ids, segments)]
    tokens = torch.cat([run.last_hidden_state[0] for run in runs])
    sequences = torch.cat([run.pooler_output for run in runs])
    of_tokens, of_sequences = torch.randn(tokens.shape), torch.randn(sequences.shape)
    ((tokens * of_tokens).sum() + (sequences * of_sequences).sum()).backward()
    boundaries = torch.tensor((0,) + LENGTHS).cumsum(0)
    tensors = {
        **weights, "in.token_ids": torch.cat(ids).float(), "in.segment_ids": torch.cat(segments).float(),
        "in.boundaries": boundaries.float(), "in.tokens": of_tokens, "in.sequences": of_sequences,
        "out.tokens": tokens, "out.sequences": sequences,
    }
    for name, weight in matrices(model).items():
        tensors[name], tensors[f"g.{name}"] = weight.float(), weight.grad
    metadata = {
        "config": json.dumps(CONFIG), "rank": str(RANK), "alpha": str(ALPHA), "seed": str(SEED),
        "torch": torch.__version__, "transformers": transformers.__version__, "peft": peft.__version__,
        "safetensors": safetensors.__version__, "numpy": numpy.__version__,
    }
    tensors = {name: tensor.detach().contiguous() for name, tensor in tensors.items()}
    save_file(tensors, Path(__file__).parent / "lora.safetensors", metadata=metadata)


if __name__ == "__main__":
    main()
