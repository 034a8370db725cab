"""Makes optimizer.json: ten steps of torch.optim.AdamW and torch.optim.SGD on random gradients.

Usage: python make_optimizer_golden.py > optimizer.json    (needs torch)
"""

import json

import torch

STEPS = 10
SIZES = [1, 7, 12]
CASES = [
    {"optimizer": "adamw", "learning_rate": 1e-2, "betas": [0.9, 0.999], "eps": 1e-8, "weight_decay": 0.01},
    {"optimizer": "adamw", "learning_rate": 3e-3, "betas": [0.8, 0.95], "eps": 1e-6, "weight_decay": 0.0},
    {"optimizer": "sgd", "learning_rate": 0.1, "momentum": 0.0, "nesterov": False, "weight_decay": 0.0},
    {"optimizer": "sgd", "learning_rate": 0.05, "momentum": 0.9, "nesterov": False, "weight_decay": 0.01},
    {"optimizer": "sgd", "learning_rate": 0.05, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01},
]


def make(case, parameters):
    if case["optimizer"] == "adamw":
        return torch.optim.AdamW(
            parameters,
            lr=case["learning_rate"],
            betas=tuple(case["betas"]),
            eps=case["eps"],
            weight_decay=case["weight_decay"],
        )
    return torch.optim.SGD(
        parameters,
        lr=case["learning_rate"],
        momentum=case["momentum"],
        nesterov=case["nesterov"],
        weight_decay=case["weight_decay"],
    )


def run(case, dtype, initial, gradients):
    parameters = [torch.nn.Parameter(x.to(dtype).clone()) for x in initial]
    optimizer = make(case, parameters)
    for step in gradients:
        for parameter, gradient in zip(parameters, step):
            parameter.grad = gradient.to(dtype)
        optimizer.step()
    return [p.detach().to(torch.float64).tolist() for p in parameters]


def main():
    generator = torch.Generator().manual_seed(1)

    def draw(n):
        # Drawn in f32, so that both precisions start from the same values.
        return torch.randn(n, generator=generator, dtype=torch.float32).to(torch.float64)

    initial = [draw(n) for n in SIZES]
    gradients = [[draw(n) for n in SIZES] for _ in range(STEPS)]
    cases = []
    for case in CASES:
        for name, dtype in [("f32", torch.float32), ("f64", torch.float64)]:
            cases.append({**case, "dtype": name, "last": run(case, dtype, initial, gradients)})
    golden = {
        "made_by": f"make_optimizer_golden.py, torch {torch.__version__}",
        "initial": [x.tolist() for x in initial],
        "gradients": [[g.tolist() for g in step] for step in gradients],
        "cases": cases,
    }
    print(json.dumps(golden))


if __name__ == "__main__":
    main()
