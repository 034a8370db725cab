# requires: torch torchjd[cagrad,fairgrad,nash_mtl,quadprog_projector] scipy cvxpy clarabel ecos qpsolvers quadprog
# writes: gradient.json
"""Prints gradient.json: what TorchJD makes of random and of degenerate Jacobians, its draws recorded.

Each case has the Jacobian, the forced draws, and for every aggregator the direction; those of `degenerate` have names.
TorchJD's projections onto the dual cone are made exact (1e-10 in place of 1e-4 added to the Gram matrix), its
Frank-Wolfe steps for MGDA are run to 1e-9, and its FairGrad is solved again with scipy at its tightest tolerance.
`null` stands where TorchJD gives NaN, raises an error or leaves its equations unsolved.
"""

import importlib.metadata
import json
import math
import warnings

import numpy as np
import torch
import torchjd.aggregation as tj
from scipy.optimize import least_squares
from torchjd.linalg import QuadprogProjector

warnings.filterwarnings("ignore")
torch.set_default_dtype(torch.float64)
REAL_RANDPERM = torch.randperm
REAL_RAND = torch.rand
EXACT = {"projector": QuadprogProjector(norm_eps=0.0, reg_eps=1e-10)}


def recorded(function, log):
    def wrapper(*args, **kwargs):
        drawn = function(*args, **kwargs)
        log.append(drawn.tolist())
        return drawn

    return wrapper


def with_orders(aggregator, matrix, relative):
    """The direction, and for each task the order over all tasks in which it meets them."""
    log = []
    torch.randperm = recorded(REAL_RANDPERM, log)
    direction = aggregator(matrix).tolist()
    torch.randperm = REAL_RANDPERM
    orders = []
    for task, order in enumerate(log):
        if relative:
            others = [other for other in range(len(matrix)) if other != task]
            order = [others[i] for i in order] + [task]
        orders.append(order)
    return direction, orders


def graddrop(matrix):
    log = []
    torch.rand = recorded(REAL_RAND, log)
    leak = torch.linspace(0.0, 0.5, len(matrix))
    direction = tj.GradDrop(leak=leak)(matrix).tolist()
    torch.rand = REAL_RAND
    return {"direction": direction, "leaks": leak.tolist(), "draws": log[0]}


def gradvac(matrix):
    """Three steps of one aggregator, on the matrix, on a turned one and on the matrix again."""
    aggregator = tj.GradVac(beta=0.3, eps=0.0)
    steps = []
    for scale in [1.0, -0.5, 1.0]:
        rows = matrix.clone()
        rows[0] *= scale
        direction, orders = with_orders(aggregator, rows, True)
        steps.append({"scale_of_first": scale, "direction": direction, "orders": orders})
    return steps


def fairgrad(matrix, alpha):
    gram = (matrix @ matrix.T).numpy()
    start = (tj.FairGradWeighting(alpha=alpha, max_iters=None)(torch.tensor(gram))).numpy()
    solved = least_squares(
        lambda w: gram @ w - w ** (-1.0 / alpha), start, bounds=(1e-12, np.inf), xtol=1e-15, ftol=1e-15, gtol=1e-15
    )
    assert np.abs(solved.fun).max() < 1e-8, solved
    return (solved.x @ matrix.numpy()).tolist()


def sdmgrad(first, second):
    weighting = tj.SDMGradWeighting(lr=0.5, momentum=0.5, n_iter=10, lambda_=0.4)
    cross = first @ second.T
    return {"cross": cross.flatten().tolist(), "steps": [weighting(cross).tolist() for _ in range(3)]}


def nash(matrix):
    return tj.NashMTL(n_tasks=len(matrix), max_norm=1.0, update_weights_every=1, optim_niter=100)(matrix).tolist()


def solved(method, *arguments):
    try:
        return method(*arguments)
    except (AssertionError, ValueError):
        return None


def answers(matrix, second):
    """The directions, SDMGrad's weights for the matrix and one of another batch."""
    direction, orders = with_orders(tj.PCGrad(), matrix, False)
    made = {
        "pcgrad": {"direction": direction, "orders": orders},
        "dual-projection": tj.DualProj(**EXACT)(matrix).tolist(),
        "upgrad": tj.UPGrad(**EXACT)(matrix).tolist(),
        "mgda": tj.MGDA(epsilon=1e-9, max_iters=20000)(matrix).tolist(),
        "sum": tj.Sum()(matrix).tolist(),
    }
    for mode in ["min", "median", "rmse"]:
        made["aligned-mtl " + mode] = tj.AlignedMTL(scale_mode=mode)(matrix).tolist()
    made["cagrad .4"] = tj.CAGrad(c=0.4, norm_eps=1e-12)(matrix).tolist()
    made["imtl-g"] = tj.IMTLG()(matrix).tolist()
    made["config"] = tj.ConFIG()(matrix).tolist()
    made["grad-drop"] = graddrop(matrix)
    made["grad-vac"] = gradvac(matrix)
    made["sdmgrad"] = sdmgrad(matrix, second())
    for alpha in [0.5, 1.0, 2.0]:
        made[f"fairgrad {alpha}"] = solved(fairgrad, matrix, alpha)
    made["nash-mtl"] = solved(nash, matrix)
    return made


def random_cases():
    for n_tasks in range(2, 9):
        for _ in range(2):
            matrix = torch.randn(n_tasks, n_tasks + 4) + 0.25
            matrix *= torch.exp(torch.randn(n_tasks, 1) * 0.5)
            second = lambda: matrix + 0.3 * torch.randn_like(matrix)
            yield {"jacobian": matrix.tolist(), "answers": answers(matrix, second)}


def degenerate_cases():
    row, other, opposing = torch.tensor([[1.0, 2.0, -1.0], [-2.0, -0.5, 1.0], [-0.5, -1.0, 0.5]])
    named = {
        "nothing": [row, other],
        "one zero": [row, 0 * row],
        "all zero": [0 * row, 0 * row],
        "equal": [row, row],
        "two equal of three": [row, row, torch.tensor([-1.0, 0.5, 1.0])],
        "opposing": [row, opposing],
        "opposing, of one norm": [row, -row],
        "one of 1e-20": [1e-20 * row, other],
        "one of 1e20": [1e20 * row, other],
        "all of 1e-20": [1e-20 * row, 1e-20 * other],
        "all of 1e20": [1e20 * row, 1e20 * other],
        "1e-20 and 1e20": [1e-20 * row, 1e20 * other],
    }
    for name, rows in named.items():
        matrix = torch.stack(rows)
        yield {"name": name, "jacobian": matrix.tolist(), "answers": answers(matrix, lambda: matrix)}


def plain(value):
    """The value with null in place of vectors that have a NaN."""
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        is_nan = any(isinstance(part, float) and math.isnan(part) for part in value)
        return None if is_nan else [plain(part) for part in value]
    return value


def main():
    torch.manual_seed(1)
    versions = {name: importlib.metadata.version(name) for name in ["torchjd", "torch", "scipy", "cvxpy", "quadprog"]}
    cases = {"cases": list(random_cases()), "degenerate": list(degenerate_cases())}
    print(json.dumps({"versions": versions, **plain(cases)}, indent=None, separators=(",", ":")))


if __name__ == "__main__":
    main()
