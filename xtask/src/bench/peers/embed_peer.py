# requires: torch transformers onnx onnxruntime
"""The peer of `bench infer`: the mean-pooled embeddings of both columns of STS-B's dev set, in PyTorch or ONNX Runtime.

Sentences are tokenized and laid into padded batches of 64, as they come or by length, before the clock starts; what is
timed is encoder and pooling, in f32. Prints one JSON line with the keys of ours. `--export` writes the graphs for ONNX
Runtime and ends: the encoder with its pooling as PyTorch exports it, and the same after ONNX Runtime's own fusions.
"""
import argparse, json, os, resource, time
import numpy as np, torch
from transformers import AutoConfig, AutoModel, AutoTokenizer

INPUTS = ["input_ids", "attention_mask", "token_type_ids"]
p = argparse.ArgumentParser()
p.add_argument("--model", required=True)
p.add_argument("--data", required=True)
p.add_argument("--engine", choices=("torch", "onnx", "onnx-fused"), default="torch")
p.add_argument("--sorted", type=int, default=0)
p.add_argument("--batch", type=int, default=64)
p.add_argument("--threads", type=int, default=2)
p.add_argument("--onnx", help="folder of the exported graphs")
p.add_argument("--export", action="store_true")
p.add_argument("--out", help="file for the embeddings")
a = p.parse_args()
torch.set_num_threads(a.threads)
graph = {engine: os.path.join(a.onnx or "", engine + ".onnx") for engine in ("onnx", "onnx-fused")}


class Embed(torch.nn.Module):
    def __init__(self, **options):
        super().__init__()
        self.encoder = AutoModel.from_pretrained(a.model, **options).eval()

    def forward(self, input_ids, attention_mask, token_type_ids):
        states = self.encoder(
            input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
        ).last_hidden_state
        mask = attention_mask.unsqueeze(-1).to(states.dtype)
        return (states * mask).sum(1) / mask.sum(1)


def export():
    from onnxruntime.transformers import optimizer

    os.makedirs(a.onnx, exist_ok=True)
    config = AutoConfig.from_pretrained(a.model)
    ids = torch.randint(1000, 2000, (2, 7))
    example = (ids, torch.ones_like(ids), torch.zeros_like(ids))
    axes = {**{name: {0: "batch", 1: "tokens"} for name in INPUTS}, "embedding": {0: "batch"}}
    # Written out, attention is a pattern that ONNX Runtime knows.
    torch.onnx.export(
        Embed(attn_implementation="eager"), example, graph["onnx"], input_names=INPUTS, output_names=["embedding"],
        dynamic_axes=axes, opset_version=17, dynamo=False,
    )
    sizes = {"num_heads": config.num_attention_heads, "hidden_size": config.hidden_size}
    fused = optimizer.optimize_model(graph["onnx"], model_type="bert", **sizes)
    if not fused.get_fused_operator_statistics()["Attention"]:
        raise SystemExit("ONNX Runtime found no attention to fuse")
    fused.save_model_to_file(graph["onnx-fused"])


def batches():
    """Batches of the model's inputs, and the sentences in each."""
    path = os.path.join(a.data, "glue", "STS-B", "dev.tsv")
    rows = [line.rstrip("\n").split("\t") for line in open(path, encoding="utf-8-sig")][1:]
    tokenizer = AutoTokenizer.from_pretrained(a.model)
    texts = [text for row in rows for text in row[7:9]]
    encoded = [tokenizer(text, truncation=True, max_length=128)["input_ids"] for text in texts]
    order = list(range(len(encoded)))
    if a.sorted:
        order.sort(key=lambda i: -len(encoded[i]))
    found = []
    for first in range(0, len(order), a.batch):
        own = order[first : first + a.batch]
        ids = torch.zeros(len(own), max(len(encoded[i]) for i in own), dtype=torch.long)
        mask = torch.zeros_like(ids)
        for row, i in enumerate(own):
            ids[row, : len(encoded[i])] = torch.tensor(encoded[i])
            mask[row, : len(encoded[i])] = 1
        found.append((own, (ids, mask, torch.zeros_like(ids))))
    return found, len(encoded), sum(map(len, encoded))


def engine():
    """The function from inputs to embeddings as an array."""
    if a.engine == "torch":
        model = Embed()
        return lambda inputs: model(*inputs).numpy()
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = a.threads, 1
    session = onnxruntime.InferenceSession(graph[a.engine], options, providers=["CPUExecutionProvider"])
    return lambda inputs: session.run(None, {name: x.numpy() for name, x in zip(INPUTS, inputs)})[0]


@torch.inference_mode()
def run():
    embed = engine()
    found, sentences, tokens = batches()
    for _, inputs in found[:2]:
        embed(inputs)
    parts = []
    begun = time.perf_counter()
    for own, inputs in found:
        parts.append((own, embed(inputs)))
    seconds = time.perf_counter() - begun
    if a.out:
        embeddings = np.empty((sentences, parts[0][1].shape[1]), dtype="<f4")
        for own, rows in parts:
            embeddings[own] = rows
        embeddings.tofile(a.out)
    print(json.dumps({"sentences": sentences, "tokens": tokens, "seconds": seconds, "sentences_per_s": sentences / seconds, "tokens_per_s": tokens / seconds, "peak_rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, "engine": a.engine, "sorted": a.sorted}))


export() if a.export else run()
