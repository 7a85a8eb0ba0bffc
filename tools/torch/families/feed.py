"""Layers on the last axis: engine/src/blocks/{glu, ffn, shared, low_rank, …, af_kan}.rs."""

import math

import torch
from torch.nn import functional as F

from cases import Family

family = Family()
case = family.case

D = 4


def glu(x, w, gate, hidden, units):
    """torch has the first of them; in it the gate is the second half."""
    weight = torch.cat([w("value", D, hidden), w("gate", D, hidden)], 1)
    both = x @ weight
    value, drive = both.chunk(2, -1)
    product = F.glu(both) if gate == "glu" else value * GATES[gate](drive)
    return product @ w("out", hidden, units)


GATES = {"glu": None, "bilinear": lambda z: z, "reglu": F.relu, "geglu": F.gelu, "swiglu": F.silu}
for gate in GATES:
    case(
        gate, {"block": "glu", "gate": gate, "hidden": 3, "units": 2}, [D], lambda x, w, g=gate: glu(x, w, g, 3, 2),
    )
case("glu at its defaults", "glu", [D], lambda x, w: glu(x, w, "swiglu", 11, D), batch=1)


def ffn(x, w, function, widths):
    for i, (inputs, units) in enumerate(zip(widths, widths[1:])):
        x = function(x) if i else x
        x = F.linear(x, w(f"weight {i + 1}", inputs, units).T, w(f"bias {i + 1}", units))
    return x


case("feed-forward", {"block": "ffn", "hidden": 5}, [D], lambda x, w: ffn(x, w, F.relu, [D, 5, D]))
case(
    "feed-forward of three layers on a sequence",
    {"block": "ffn", "layers": 3, "hidden": 3, "units": 2, "function": "gelu"}, [2, D],
    lambda x, w: ffn(x, w, F.gelu, [D, 3, 3, 2]), batch=2,
)


def shared(x, w):
    for _ in range(2):
        x = torch.tanh(F.linear(x, w("/shared 3/1.linear/weight", D, D).T, w("/shared 3/1.linear/bias", D)))
    return x


HELD = {"block": "shared", "number": 3, "blocks": [{"block": "linear", "units": D}]}
TANH = {"block": "activation", "function": "tanh"}
case("shared weights", {"block": "chain", "blocks": [HELD, TANH, HELD, TANH]}, [D], shared)

# Factors


def guided(own, first, x, w, units, steps):
    """Wei et al. 2024: a dense matrix that begins as the factors did, fading out by a cosine."""
    share = (1 + math.cos(math.pi * w.step / steps)) / 2 if w.step < steps else 0
    return share * (x @ (w("dense", D, units) + first)) + (1 - share) * own


def low_rank(x, w, rank, units, steps=0):
    y = x @ w("into", D, rank) @ w("out", rank, units)
    if steps:
        first = w.state("into at first", D, rank) @ w.state("out at first", rank, units)
        y = guided(y, first, x, w, units, steps)
    return y + w("bias", units)


case("low rank", {"block": "low-rank", "rank": 2, "units": 3}, [D], lambda x, w: low_rank(x, w, 2, 3))
for step in [0, 100, 500]:
    case(
        f"low rank, guided, at step {step}", {"block": "low-rank", "rank": 2, "units": 3, "guide-steps": 400}, [D],
        lambda x, w: low_rank(x, w, 2, 3, 400), step=step,
    )


def diagonal(w, name, blocks, inputs, units):
    """A block-diagonal matrix of parts `name 1`, `name 2`, …"""
    parts = [w(f"{name} {i + 1}", inputs // blocks, units // blocks) for i in range(blocks)]
    return torch.block_diag(*parts)


def block_shuffle(x, w, blocks, rank, units):
    middle = x @ diagonal(w, "into", blocks, x.shape[-1], rank)
    mixed = middle.unflatten(-1, (blocks, -1)).transpose(-1, -2).flatten(-2)
    y = mixed @ diagonal(w, "out", blocks, rank, units)
    # The way back: out of groups of as many as there are blocks.
    return y.unflatten(-1, (-1, blocks)).transpose(-1, -2).flatten(-2) + w("bias", units)


case("block-shuffle", {"block": "block-diagonal", "units": 6}, [D], lambda x, w: block_shuffle(x, w, 2, 4, 6))
case(
    "block-dense", {"block": "block-diagonal", "form": "block-dense", "rank": 6, "units": 3}, [D],
    lambda x, w: x @ diagonal(w, "into", 2, D, 6) @ w("out", 6, 3) + w("bias", 3),
)

# Other neurons


def gated_perceptron(x, w, product, units=2):
    if product == "all":
        p = x.prod(-1, keepdim=True)
    else:
        p = torch.stack([x[..., i] * x[..., j] for i, j in torch.combinations(torch.arange(D)).tolist()], -1)
        p = p.mean(-1, keepdim=True)
    return x @ w("weight", D, units) + p @ w("product weight", 1, units) + w("bias", units)


for product in ["all", "pairs"]:
    case(
        f"gated perceptron, {product}", {"block": "gated-perceptron", "units": 2, "product": product}, [D],
        lambda x, w, p=product: gated_perceptron(x, w, p),
    )


def multiplet(x, w, positive, units=2, exponents=3):
    x = {"softplus": lambda v: F.softplus(v) + 1e-6, "exp": torch.exp, "floor": lambda v: v.clamp(min=1e-3)}[positive](x)
    weight = torch.exp(w("weight", units * D).reshape(units, 1, D))
    p = w("exponent", units * exponents).reshape(units, exponents, 1)
    p = (p + torch.linspace(-2.5, 3.5, exponents, dtype=x.dtype)[:, None]).clamp(-8, 8)
    x = x[:, None, None]
    return ((weight * x**p).sum(-1) / (weight * x ** (p - 1)).sum(-1)).flatten(1)


for positive in ["softplus", "exp", "floor"]:
    case(
        f"multiplet, {positive}", {"block": "multiplet", "units": 2, "exponents": 3, "positive": positive}, [D],
        lambda x, w, p=positive: multiplet(x, w, p),
    )


def simba(x, w, hidden=5):
    y = F.layer_norm(x, [D], w("scale", D), w("shift", D))
    y = torch.relu(F.linear(y, w("into", D, hidden).T, w("hidden bias", hidden)))
    return x + F.linear(y, w("out", hidden, D).T, w("bias", D))


case("simba", {"block": "simba", "hidden": 5}, [D], simba)


def constrained(x, w, sign, units=3):
    weight = F.softplus(w("weight", D, units)) / math.sqrt(D)
    return (x * torch.tensor(sign)) @ weight + w("bias", units)


case("positive weights", {"block": "constrained", "units": 3}, [D], lambda x, w: constrained(x, w, [1, 1, 1, 1]))
case(
    "weights of a sign", {"block": "constrained", "units": 3, "inhibitory": 0.5}, [D],
    lambda x, w: constrained(x, w, [1, 1, -1, -1]),
)


def random_features(x, w, function, units=3):
    return function(x @ w.frozen("weight", D, units) + w.frozen("phase", units))


for name, function in {"tanh": torch.tanh, "cosine": lambda v: math.sqrt(2) * torch.cos(v)}.items():
    case(
        f"random features, {name}", {"block": "random-features", "units": 3, "function": name}, [D],
        lambda x, w, f=function: random_features(x, w, f),
    )

# Kolmogorov-Arnold layers


def splines(x, count, span):
    """Cubic B-splines between equal knots, as sums of truncated cubes: x [..] to [.., count]."""
    grid = count - 3
    u = ((x + span) * grid / (2 * span) + 3)[..., None] - torch.arange(count, dtype=x.dtype)
    return sum((-1) ** j * math.comb(4, j) * torch.relu(u - j) ** 3 for j in range(5)) / 6


def kan(x, w, grid=2, span=1.0, units=2):
    count = grid + 3
    curves = splines(x, count, span).flatten(-2) @ w("spline", D * count, units)
    return curves + F.silu(x) @ w("base", D, units)


case(
    "kan", {"block": "kan", "grid": 2, "range": 1, "units": 2}, [D], kan,
)


def pool(x, count, span):
    """The five spaces of curves: [.., 5, count]."""
    n = torch.arange(count, dtype=x.dtype)
    z = (x[..., None] - torch.linspace(-span, span, count, dtype=x.dtype)) * (count - 1) / (2 * span)
    bell = torch.exp(-(z**2) / 2)
    chebyshev = torch.cos(n * torch.acos(torch.tanh(x))[..., None])
    turn = (n // 2 + 1) * math.pi * x[..., None] / span
    waves = torch.where(n % 2 == 0, torch.sin(turn), torch.cos(turn))
    return torch.stack([splines(x, count, span), chebyshev, bell, (1 - z**2) * bell, waves], -2)


def s_kan(x, w, grid=1, span=2.0, units=2, steps=0):
    count = grid + 3
    scores = w("selection", D * 5).reshape(D, 5)
    if steps and w.step >= steps:
        selection = F.one_hot(scores.argmax(-1), 5).to(x)
    else:
        selection = torch.softmax(scores * 0.05 ** (-w.step / steps if steps else 0), -1)
    chosen = pool(x, count, span) * selection[..., None]
    return chosen.flatten(1) @ w("coefficients", D * 5 * count, units)


case("selectable kan", {"block": "s-kan", "grid": 1, "units": 2}, [D], s_kan, batch=2)
for step in [200, 400]:
    case(
        f"selectable kan at step {step}", {"block": "s-kan", "grid": 1, "units": 2, "settle-steps": 400}, [D],
        lambda x, w: s_kan(x, w, steps=400), batch=2, step=step,
    )


def edges(w, grid):
    """The learned grid: where each function begins and ends."""
    start = torch.arange(-3, grid, dtype=torch.float64) / grid
    return w("low", grid + 3) + start, w("high", grid + 3) + start + 4 / grid


def relu_kan(x, w, grid=2, units=2):
    low, high = edges(w, grid)
    bump = (torch.relu(x[..., None] - low) * torch.relu(high - x[..., None])) ** 2 * 16 * grid**4 / 4**4
    return bump.flatten(-2) @ w("weight", D * (grid + 3), units)


COMBINATIONS = {
    "quad-1": lambda a, b: (a * b) ** 2,
    "quad-2": lambda a, b: a * b + a**2 + b**2,
    "sum": lambda a, b: a + b,
    "product": lambda a, b: a * b,
    "sum-product": lambda a, b: a + b + a * b,
    "cubic-1": lambda a, b: (a + b) * (a**2 + b**2),
    "cubic-2": lambda a, b: (a * b) ** 3,
}


def af_kan(x, w, combination, grid=2, units=2):
    low, high = edges(w, grid)
    x = F.layer_norm(x, [D])
    f = COMBINATIONS[combination](F.silu(x[..., None] - low), F.silu(high - x[..., None]))
    least = f.amin(-1, keepdim=True)
    f = (f - least) / (f.amax(-1, keepdim=True) - least + 1e-5)
    n = grid + 3
    scores = f @ w("attention", n * n).reshape(n, n) + w("attention bias", n)
    return ((torch.softmax(scores, -1) * f).sum(-1) + F.silu(x)) @ w("weight", D, units)


case("relu-kan", {"block": "af-kan", "form": "relu-kan", "grid": 2, "units": 2}, [D], relu_kan)
for combination in COMBINATIONS:
    case(
        f"af-kan, {combination}", {"block": "af-kan", "combination": combination, "grid": 2, "units": 2}, [D],
        lambda x, w, c=combination: af_kan(x, w, c), batch=2,
    )
