"""Writes weighting_repositories.json: ten steps of loss weightings as their authors' repositories compute them.

    git clone https://github.com/median-research-group/LibMTL      (commit 4336804, version 1.1.5)
    git clone https://github.com/Cranial-XIX/FAMO                  (commit 0a6ad06)
    git clone https://github.com/codefuse-ai/MFTCoder              (commit 8ba13f4)
    pip install torch numpy
    python make_weighting_repositories.py LibMTL FAMO MFTCoder > weighting_repositories.json

It is run by hand: these classes are in no package (the LibMTL of PyPI is of 2021 and lacks most of them). LibMTL is
entered below its `__init__.py`, which needs torchvision and torch_geometric. The weights of a step are the gradient of
the step loss in the losses.
"""

import importlib
import importlib.util
import json
import sys
import types
from pathlib import Path

import torch

TASKS, STEPS = 3, 10
torch.set_default_dtype(torch.float64)
generator = torch.Generator().manual_seed(8)
scales = torch.tensor([0.5, 2.0, 30.0])


def package(name, path):
    module = types.ModuleType(name)
    module.__path__ = [str(path)]
    sys.modules[name] = module


libmtl, famo_repository, mftcoder = map(Path, sys.argv[1:])
package("LibMTL", libmtl / "LibMTL")
package("LibMTL.weighting", libmtl / "LibMTL" / "weighting")


def draw():
    return (torch.rand(STEPS, TASKS, generator=generator) + 0.05) * scales


losses, after = draw(), draw()


def weighting(name):
    made = getattr(importlib.import_module(f"LibMTL.weighting.{name}"), name)()
    made.task_num, made.device, made.epoch, made.rep_grad = TASKS, "cpu", 0, False
    made.init_param()
    return made


def weights_of(made, values, **settings):
    values = values.clone().requires_grad_()
    made.backward(values, **settings)
    return values.grad.tolist()


def uncertainty(learning_rate):
    made, weights = weighting("UW"), []
    optimizer = torch.optim.Adam(made.parameters(), lr=learning_rate)
    for values in losses:
        optimizer.zero_grad()
        weights.append(weights_of(made, values))
        optimizer.step()
    return weights


def dwa(temperature, epoch):
    made, weights = weighting("DWA"), []
    made.train_loss_buffer = losses.reshape(-1, epoch, TASKS).mean(1).T.numpy()
    for step, values in enumerate(losses):
        made.epoch = step // epoch
        weights.append(weights_of(made, values, T=temperature))
    return weights


def random():
    draws = torch.randn(STEPS, TASKS, generator=generator)
    made, weights, randn = weighting("RLW"), [], torch.randn
    for values, drawn in zip(losses, draws):
        torch.randn = lambda _n, drawn=drawn: drawn
        weights.append(weights_of(made, values))
    torch.randn = randn
    return {"draws": draws.tolist(), "weights": weights}


def smooth_tchebycheff(mu, warmup, epoch):
    made, weights = weighting("STCH"), []
    for step, values in enumerate(losses):
        made.epoch = step // epoch
        weights.append(weights_of(made, values, STCH_mu=mu, STCH_warmup_epoch=warmup))
    return weights


def famo(learning_rate, decay):
    made, weights = weighting("FAMO"), []
    for before, then in zip(losses, after):
        weights.append(weights_of(made, before, FAMO_w_lr=learning_rate, FAMO_w_gamma=decay))
        made.update_w(then)
    return weights


def gradnorm(alpha, learning_rate):
    """LibMTL learns the logarithms of the weights: weights of a step, and the gradient in their logarithms."""
    made = weighting("GradNorm")
    made.epoch, made.train_loss_buffer = 1, losses[:1].T.numpy()
    made._backward_new_grads = lambda weights, grads: None
    optimizer = torch.optim.Adam(made.parameters(), lr=learning_rate)
    directions = torch.randn(STEPS, TASKS, 5, generator=generator)
    weights, gradients = [], []
    for values, grads in zip(losses, directions):
        made._get_grads = lambda _losses, mode, grads=grads: grads
        optimizer.zero_grad()
        weights.append(made.backward(values, alpha=alpha).tolist())
        gradients.append(made.loss_scale.grad.tolist())
        optimizer.step()
    return {"alpha": alpha, "norms": directions.norm(dim=-1).tolist(), "weights": weights, "gradients": gradients}


def load(name, path):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def famo_authors(learning_rate, decay):
    made = load("famo", famo_repository / "famo.py").FAMO(TASKS, "cpu", gamma=decay, w_lr=learning_rate)
    weights = []
    for before, then in zip(losses, after):
        weights.append(weights_of(made, before))
        made.update(then)
    return weights


def coba(tau):
    """Losses that fall ever more slowly, the last task's rising in the end."""
    package("utils", mftcoder)
    common = types.ModuleType("utils.common_utils")
    common.TASK2ID = {str(i): i for i in range(TASKS)}
    common.ID2TASK = {i: str(i) for i in range(TASKS)}
    common.print_rank_0 = print
    sys.modules["utils.common_utils"] = common
    module = load("loss_utils", mftcoder / "mftcoder_accelerate" / "src" / "utils" / "loss_utils.py")
    made = module.CoBaStatus(coba_warmup_steps=2, coba_history_length=100, coba_tau=tau, valid_dataloader=[0])
    steps = torch.arange(1, STEPS + 1)
    ratios = torch.stack(
        [0.4 + 0.6 * torch.exp(-0.5 * steps), 0.7 + 0.3 * torch.exp(-0.2 * steps), 0.9 - 0.03 * steps + 0.004 * steps**2]
    )
    weights = []
    for step in range(2, STEPS + 1):
        made.history_task_valid_loss = ratios[:, :step]
        weights.append(made.compute_per_task_weight(completed_steps=step).tolist())
    return {"tau": tau, "ratios": ratios.T.tolist(), "weights": weights}


out, sys.stdout = sys.stdout, sys.stderr  # LibMTL prints on the way
result = {
    "sources": {"LibMTL": "1.1.5, commit 4336804", "FAMO": "commit 0a6ad06", "MFTCoder": "commit 8ba13f4"},
    "losses": losses.tolist(),
    "after": after.tolist(),
    "uncertainty": {"learning_rate": 0.025, "initial": -0.5, "weights": uncertainty(0.025)},
    "dwa": {"temperature": 2.0, "epoch": 2, "weights": dwa(2.0, 2)},
    "random": random(),
    "geometric": {"weights": [weights_of(weighting("GLS"), values) for values in losses]},
    "smooth_tchebycheff": {"mu": 0.7, "warmup_epochs": 1, "epoch": 2, "weights": smooth_tchebycheff(0.7, 1, 2)},
    "famo": {"learning_rate": 0.025, "decay": 0.001, "weights": famo(0.025, 0.001)},
    "famo_authors": {"learning_rate": 0.025, "decay": 0.01, "weights": famo_authors(0.025, 0.01)},
    "gradnorm": gradnorm(1.5, 0.025),
    "coba": coba(5),
}
json.dump(result, out)
out.write("\n")
