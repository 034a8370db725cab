# requires: torch transformers torchjd
"""The peer of `bench step --mode gram`: one training step of four tasks with PCGrad in PyTorch and TorchJD.

The batch, the model and the update are those of our step: a BERT encoder with a head of two classes for each task, a
quarter of the sequences for each task, dropout .1, clipping at norm 1, AdamW over all parameters. TorchJD has two
engines: `autojac` keeps the tasks' gradients of the shared parameters and combines them; `autogram` finds their Gram
matrix and weighs the losses of a second walk. Prints one JSON line with the keys of the report of a step.
"""
import argparse, json, resource, statistics, time
import torch, torchjd
from torch.nn.functional import cross_entropy
from torchjd.aggregation import PCGrad, PCGradWeighting
from torchjd.autogram import Engine
from torchjd.autojac import jac_to_grad, mtl_backward
from transformers import BertConfig, BertModel

TASKS = 4
p = argparse.ArgumentParser()
for name, default in (("hidden", 384), ("layers", 6), ("heads", 12), ("ffn", 1536), ("batch", 32), ("seq", 128), ("threads", 2), ("steps", 7)):
    p.add_argument("--" + name, type=int, default=default)
p.add_argument("--dtype", choices=("f32", "bf16"), default="f32")
p.add_argument("--mode", choices=("gram",), default="gram")
p.add_argument("--engine", choices=("autojac", "autogram"), default="autojac")
p.add_argument("--parallel", type=int, default=1, help="tasks that autojac differentiates at once")
a = p.parse_args()
torch.manual_seed(0)
torch.set_num_threads(a.threads)
config = BertConfig(hidden_size=a.hidden, num_hidden_layers=a.layers, num_attention_heads=a.heads, intermediate_size=a.ffn)
encoder = BertModel(config)
heads = torch.nn.ModuleList(torch.nn.Sequential(torch.nn.Dropout(0.1), torch.nn.Linear(a.hidden, 2)) for _ in range(TASKS))
ids = torch.randint(1000, 30000, (a.batch, a.seq))
mask = torch.ones_like(ids)
labels = torch.randint(0, 2, (a.batch,))
rows = torch.arange(a.batch).chunk(TASKS)
every = [*encoder.parameters(), *heads.parameters()]
optimizer = torch.optim.AdamW(every, lr=1e-5, fused=True)
combine, weigh = PCGrad(), PCGradWeighting()
engine = Engine(encoder, batch_dim=None) if a.engine == "autogram" else None


def step():
    optimizer.zero_grad(set_to_none=True)
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=a.dtype == "bf16"):
        features = encoder(input_ids=ids, attention_mask=mask).pooler_output
        losses = [cross_entropy(head(features[own]).float(), labels[own]) for head, own in zip(heads, rows)]
    if engine is None:
        mtl_backward(losses, features=features, parallel_chunk_size=a.parallel)
        jac_to_grad(encoder.parameters(), combine)
    else:
        losses = torch.stack(losses)
        weights = weigh(engine.compute_gramian(losses))
        losses.backward(weights)
        # Each head keeps its own gradient, as with autojac.
        for head, weight in zip(heads, weights):
            for parameter in head.parameters():
                parameter.grad /= weight
    torch.nn.utils.clip_grad_norm_(every, 1.0)
    optimizer.step()


encoder.train()
heads.train()
for _ in range(2):
    step()
times = []
for _ in range(a.steps):
    begun = time.perf_counter()
    step()
    times.append(time.perf_counter() - begun)
seconds, tokens = statistics.median(times), a.batch * a.seq
weights = sum(w.numel() for n, w in encoder.named_parameters() if "embeddings" not in n) + sum(w.numel() for w in heads[0].parameters())
flop = 3 * tokens * (2 * weights + 4 * a.layers * a.seq * a.hidden)
print(json.dumps({**vars(a), "seconds": round(seconds, 4), "tokens_per_s": round(tokens / seconds), "gflop_per_s": round(flop / seconds / 1e9, 1), "peak_rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, "torch": torch.__version__}))
