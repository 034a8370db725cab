# requires: torch torchjd
# writes: weighting.json
"""Writes weighting.json: ten steps of loss weightings as TorchJD's scalarizers weigh them, in double precision.

    pip install torch torchjd
    python make_weighting.py > weighting.json

The weights of a step are the gradient of the scalarized losses in the losses. TorchJD has no GradNorm: its weights are
those of Algorithm 1 of the paper, with autograd and torch.optim.Adam.
"""

import importlib.metadata
import json
import sys

import torch
from torchjd.scalarization import DWA, FAMO, IMTLL, STCH, UW, GeometricMean

TASKS, STEPS = 3, 10
torch.set_default_dtype(torch.float64)
generator = torch.Generator().manual_seed(4)
scales = torch.tensor([0.5, 2.0, 30.0])


def draw():
    return (torch.rand(STEPS, TASKS, generator=generator) + 0.05) * scales


losses, after, norms = draw(), draw(), draw()


def weights_of(scalarizer, values):
    values = values.clone().requires_grad_()
    scalarizer(values).backward()
    return values.grad.tolist()


def learned(scalarizer, optimizer):
    weights = []
    for values in losses:
        optimizer.zero_grad()
        weights.append(weights_of(scalarizer, values))
        optimizer.step()
    return weights


def uncertainty(learning_rate):
    scalarizer = UW(TASKS)
    return learned(scalarizer, torch.optim.Adam(scalarizer.parameters(), lr=learning_rate))


def imtl_l(learning_rate):
    scalarizer = IMTLL(TASKS)
    return learned(scalarizer, torch.optim.SGD(scalarizer.parameters(), lr=learning_rate))


def dwa(temperature, epoch):
    scalarizer, weights = DWA(temperature), []
    for step, values in enumerate(losses):
        weights.append(weights_of(scalarizer, values))
        if (step + 1) % epoch == 0:
            scalarizer.step()
    return weights


def famo(learning_rate, decay):
    scalarizer, weights = FAMO(TASKS, lr=learning_rate, weight_decay=decay), []
    for before, then in zip(losses, after):
        weights.append(weights_of(scalarizer, before))
        scalarizer.update(then)
    return weights


def smooth_tchebycheff(mu, preferences, ideal):
    scalarizer = STCH(mu, torch.tensor(preferences), torch.tensor(ideal))
    return {
        "mu": mu,
        "preferences": preferences,
        "ideal": ideal,
        "values": [scalarizer(values).item() for values in losses],
        "gradients": [weights_of(scalarizer, values) for values in losses],
    }


def gradnorm(alpha, learning_rate):
    w = torch.ones(TASKS, requires_grad=True)
    optimizer = torch.optim.Adam([w], lr=learning_rate)
    weights = []
    for values, norm in zip(losses, norms):
        weights.append(w.tolist())
        weighted = w * norm
        ratios = values / losses[0]
        targets = (weighted.mean() * (ratios / ratios.mean()) ** alpha).detach()
        optimizer.zero_grad()
        (weighted - targets).abs().sum().backward()
        optimizer.step()
        with torch.no_grad():
            w *= TASKS / w.sum()
    return weights


json.dump(
    {
        "versions": {name: importlib.metadata.version(name) for name in ["torch", "torchjd"]},
        "losses": losses.tolist(),
        "after": after.tolist(),
        "norms": norms.tolist(),
        "uncertainty": {"learning_rate": 0.025, "weights": uncertainty(0.025)},
        "imtl_l": {"learning_rate": 0.02, "weights": imtl_l(0.02)},
        "dwa": {"temperature": 2.0, "epoch": 2, "weights": dwa(2.0, 2)},
        "famo": {"learning_rate": 0.025, "decay": 0.001, "weights": famo(0.025, 0.001)},
        "geometric": {"weights": [weights_of(GeometricMean(), values) for values in losses]},
        "gradnorm": {"alpha": 1.5, "learning_rate": 0.025, "weights": gradnorm(1.5, 0.025)},
        "smooth_tchebycheff": [
            smooth_tchebycheff(1.0, [1.0, 1.0, 1.0], [0.0, 0.0, 0.0]),
            smooth_tchebycheff(0.5, [0.5, 0.3, 0.2], [0.1, -0.2, 1.0]),
        ],
    },
    sys.stdout,
)
print()
