"""Weights and blocks that a network learns to do without: engine/src/blocks/{fade, masked_linear, nm_linear}.rs."""

import torch
from torch.nn import functional as F

from cases import Family

family = Family()
case = family.case

D, U = 8, 3


def linear(x, w, weight, name=""):
    return F.linear(x, weight.T, w(f"{name}bias", weight.shape[1]))


def fade(x, w, steps=400):
    return max(0, 1 - w.step / steps) * linear(x, w, w("1.linear/weight", 4, U), "1.linear/")


for step in [0, 100, 500]:
    case(
        f"fade at step {step}", {"block": "fade", "steps": 400, "blocks": [{"block": "linear", "units": U}]}, [4], fade,
        step=step,
    )


def masked(x, w):
    return linear(x, w, w("weight", 4, U) * w.state("mask", 4, U))


case("masked linear", {"block": "masked-linear", "units": U}, [4], masked)


def nm_linear(x, w, decay, n=1, m=4, before=100, over=400, pull=0.1):
    """torch.topk within each group of m inputs of a unit."""
    weight = w("weight", D, U)
    gone = min(max((w.step - before) / over, 0), 1)
    keep = n
    if decay == "structure":
        keep = max(n, m >> int(gone * 2))
    best = weight.detach().abs().T.reshape(U, D // m, m).topk(keep, -1).indices
    mask = torch.zeros(U, D // m, m, dtype=x.dtype).scatter(-1, best, 1.0).reshape(U, D).T
    if decay == "mask":
        return linear(x, w, weight * (mask + (1 - gone) * (1 - mask)))
    if decay == "structure":
        return linear(x, w, weight * mask)
    if w.mode == "train":
        w.penalise(pull / 2 * ((1 - mask) * weight).square().sum())
    return linear(x, w, Sparse.apply(weight, mask))


class Sparse(torch.autograd.Function):
    """Masked weights whose whole gradient reaches those that are masked too."""

    @staticmethod
    def forward(ctx, weight, mask):
        return weight * mask

    @staticmethod
    def backward(ctx, ct):
        return ct, None


SPARSE = {"block": "nm-linear", "units": U, "n": 1, "m": 4, "dense-steps": 100, "decay-steps": 400, "pull": 0.1}
for decay in ["mask", "structure", "sr-ste"]:
    for step in [0, 300, 600]:
        case(
            f"1 of 4 weights by {decay} at step {step}", {**SPARSE, "decay": decay}, [D],
            lambda x, w, d=decay: nm_linear(x, w, d), batch=2, step=step,
        )
