"""Weights that are made, kept, penalised or absent, and coordinates: engine/src/blocks/{hypernetwork, …, sape}.rs."""

import math

import torch
from torch.nn import functional as F

from cases import Family
from noise import normal

family = Family()
case = family.case


def linear(x, w, name, inputs, units):
    return F.linear(x, w(f"{name}weight", inputs, units).T, w(f"{name}bias", units))


def holding(id, units=3, **settings):
    return {"block": id, **settings, "blocks": [{"block": "linear", "units": units}]}


# Weights that are made


def static(x, w, units=3, layers=1, size=2, hidden=4):
    inputs = x.shape[-1]
    for layer in range(1, layers + 1):
        x = torch.relu(x) if layer > 1 else x
        z = w(f"embedding {layer}", 1, size)
        rows = (z @ w("rows", size, inputs * hidden)).reshape(inputs, hidden) + w("rows bias", inputs, hidden)
        weight = F.linear(rows, w("columns", hidden, units).T, w("columns bias", units))
        x = F.linear(x, weight.T, w(f"bias {layer}", units))
    return x


def dynamic(x, w, units=3, size=2, hidden=4):
    inputs = x.shape[-1]
    h = torch.tanh(F.linear(x, w("hidden", inputs, hidden).T, w("hidden bias", hidden)))
    made = lambda what: h @ w(f"{what} code", hidden, size) @ w(what, size, units)
    return (1 + made("scale")) * (x @ w("weight", inputs, units)) + made("shift") + w("bias", units)


HYPER = {"block": "hypernetwork", "units": 3, "embedding": 2, "hidden": 4}
case("static hypernetwork", HYPER, [4], static)
case("two layers of a hypernetwork", {**HYPER, "layers": 2}, [3], lambda x, w: static(x, w, layers=2))
case("dynamic hypernetwork", {**HYPER, "kind": "dynamic"}, [4], dynamic)


def random_hypernetwork(x, w, latent=5, seed=3, units=3):
    z, inputs = w("latent", latent, 1), x.shape[-1]

    def made(name, shape, deviation):
        projection = normal(f"1/{w.prefix}1.linear/{name}", (math.prod(shape), latent), seed)
        return deviation * math.sqrt(3) * (projection @ z).reshape(shape)

    return F.linear(x, made("weight", (inputs, units), math.sqrt(2 / inputs)).T, made("bias", (units,), 0.1))


case("random hypernetwork", holding("random-hypernetwork", latent=5, projection=3), [4], random_hypernetwork)

# Weights that are kept, or penalised


def freeze(x, w):
    return F.linear(x, w.frozen("1.linear/weight", 4, 3).T, w.frozen("1.linear/bias", 3))


case("freeze", holding("freeze"), [4], freeze)


def penalty(x, w, l1=0.2, l2=0.3):
    y = linear(x, w, "1.linear/", 4, 3)
    for weight in w.learned.values():
        w.penalise(l1 * weight.abs().sum() + l2 / 2 * (weight**2).sum())
    return y


case("penalty", holding("penalty", l1=0.2, l2=0.3), [4], penalty)


def label_smoothing(x, w, weight=0.3):
    target = torch.full_like(x, 1 / x.shape[-1])
    w.penalise(weight * F.cross_entropy(x, target))
    return x


case("label smoothing", {"block": "label-smoothing", "weight": 0.3}, [4], label_smoothing)

# Values that are absent


def drop_block(x, w, rate=0.4, size=2, reached=1.0):
    b, height, width, channels = x.shape
    rows, columns = height - size + 1, width - size + 1
    chance = reached * rate / size**2 * height * width / (rows * columns)
    absent = (w.uniform(b, rows, columns, channels) < chance).to(x).permute(0, 3, 1, 2)
    # A square begins at each mark: the marks' neighbours before a pixel are those that reach it.
    mask = 1 - F.max_pool2d(F.pad(absent, [size - 1] * 4), size, 1).permute(0, 2, 3, 1)
    return x * mask * mask.numel() / mask.sum()


case("drop block", {"block": "drop-block", "rate": 0.4, "size": 2}, [4, 4, 2], drop_block, batch=2)
case(
    "drop block on its way up", {"block": "drop-block", "rate": 0.4, "size": 2, "ramp": 400}, [4, 4, 2],
    lambda x, w: drop_block(x, w, reached=0.75), batch=2, step=300,
)
case("drop block (eval)", "drop-block", [3, 3, 1], lambda x, w: x.clone(), batch=1, mode="eval")


def stochastic_depth(x, w, rate=0.4):
    branch = linear(x, w, "1.linear/", 3, 3)
    if w.mode == "eval":
        return x + (1 - rate) * branch
    return x + (w.uniform(x.shape[0], 1) < 1 - rate) * branch


for mode in ["train", "eval"]:
    case(
        f"stochastic depth ({mode})", holding("stochastic-depth", rate=0.4), [3], stochastic_depth, batch=5, mode=mode,
    )

# Coordinates


def cam(x, w, grid=3, extent=0.8, normalise=True):
    features = linear(x, w, "1.linear/", 2, 3)
    if normalise:
        features = F.layer_norm(features, [3])
    # torch's grids have their last coordinate first.
    places = (x / extent).flip(-1)[None, :, None]
    read = lambda name: F.grid_sample(
        w(name, grid**2, 1).reshape(1, 1, grid, grid), places, padding_mode="border", align_corners=True
    )[0, 0]
    return features * (1 + read("scale")) + read("shift")


case("coordinate-aware modulation", holding("cam", grid=3, extent=0.8), [2], cam, batch=5)
case(
    "coordinate-aware modulation, not normalised", holding("cam", grid=4, extent=1.5, normalise=False), [2],
    lambda x, w: cam(x, w, 4, 1.5, False), batch=5,
)


def random_waves(x, w, count=3):
    return 2 * math.pi * x @ w.frozen("frequencies", x.shape[-1], count)


def geometric_waves(x, w, count=3, scale=0.5):
    rates = 2 * math.pi * scale * 2.0 ** torch.arange(count, dtype=x.dtype)
    return (x[..., None] * rates).flatten(-2)


def waves(phases):
    return lambda x, w: torch.cat([torch.sin(phases(x, w)), torch.cos(phases(x, w))], -1)


case("random waves", {"block": "fourier-features", "count": 3}, [2], waves(random_waves))
case(
    "geometric waves", {"block": "fourier-features", "count": 3, "frequencies": "geometric"}, [2],
    waves(geometric_waves),
)


def sape(x, w, phases, order, reached):
    p = phases(x, w)
    mask = (reached * 3 - order(w)).clamp(0, 1)
    return torch.cat([x, mask * torch.sin(p), mask * torch.cos(p)], -1)


def rising(w):
    return w.frozen("frequencies", 2, 3).norm(dim=0).argsort().argsort()


case(
    "random waves that come in", {"block": "sape", "count": 3, "steps": 400}, [2],
    lambda x, w: sape(x, w, random_waves, rising, 0.5), step=200,
)
case(
    "geometric waves that come in", {"block": "sape", "count": 3, "steps": 400, "frequencies": "geometric"}, [2],
    lambda x, w: sape(x, w, geometric_waves, lambda w: torch.arange(3).repeat(2), 0.5), step=200,
)
