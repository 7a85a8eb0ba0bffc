"""What every network is made of: engine/src/blocks/{linear, activation, …, route, repeat}.rs."""

import torch
from torch import nn
from torch.func import functional_call
from torch.nn import functional as F

from cases import Family

family = Family()
case = family.case


def linear(x, w, name, inputs, units):
    """The linear block at the path `name`."""
    return F.linear(x, w(f"{name}weight", inputs, units).T, w(f"{name}bias", units))


# Linear and activation

case("linear", {"block": "linear", "units": 3}, [4], lambda x, w: linear(x, w, "", 4, 3))
case(
    "linear without bias on a sequence", {"block": "linear", "units": 3, "bias": False}, [2, 4],
    lambda x, w: x @ w("weight", 4, 3), batch=2,
)
case(
    "linear on an image", {"block": "linear", "units": 2}, [2, 2, 3],
    lambda x, w: linear(x.flatten(1), w, "", 12, 2), batch=2,
)

FUNCTIONS = {
    "relu": F.relu, "leaky-relu": F.leaky_relu, "gelu": F.gelu, "silu": F.silu, "tanh": torch.tanh,
    "sigmoid": torch.sigmoid, "softplus": F.softplus, "identity": lambda x: x,
}
for name, function in FUNCTIONS.items():
    case(name, {"block": "activation", "function": name}, [5], lambda x, w, f=function: f(x))

# Norms

case("layer norm", "layer-norm", [4], lambda x, w: F.layer_norm(x, [4], w("scale", 4), w("shift", 4)))
case(
    "layer norm of an image", {"block": "layer-norm", "epsilon": 0.01}, [2, 2, 3],
    lambda x, w: F.layer_norm(x, [3], w("scale", 3), w("shift", 3), 0.01), batch=2,
)
case("rms norm", "rms-norm", [4], lambda x, w: F.rms_norm(x, [4], w("scale", 4), 1e-5))


def batch_norm(x, w, momentum=0.1):
    n = x.shape[-1]
    mean, variance = w.state("mean", n), w.state("variance", n)
    rows = x.reshape(-1, n)
    y = F.batch_norm(rows, mean, variance, w("scale", n), w("shift", n), w.mode == "train", momentum, 1e-5)
    if w.mode == "train":
        # torch has moved them in place.
        w.keep("mean", mean)
        w.keep("variance", variance)
    return y.reshape(x.shape)


AROUND_ONE = {"variance": (1, 0.5)}
for mode in ["train", "eval"]:
    case(f"batch norm ({mode})", "batch-norm", [3], batch_norm, batch=4, mode=mode, near=AROUND_ONE)
case("batch norm of an image", "batch-norm", [2, 2, 2], batch_norm, batch=2, near=AROUND_ONE)


def dropout(x, w, rate=0.2):
    return torch.where(w.uniform(*x.shape) < 1 - rate, x / (1 - rate), 0)


case("dropout (train)", "dropout", [5], dropout)
case("dropout (eval)", "dropout", [5], lambda x, w: F.dropout(x, 0.2, training=False), mode="eval")

# Images


def conv2d(x, w, kernel, channels, pad=None, **geometry):
    groups = geometry.get("groups", 1)
    weight = w("weight", kernel, kernel, x.shape[-1] // groups, channels).permute(3, 2, 0, 1)
    images = x.permute(0, 3, 1, 2)
    if pad:
        images = F.pad(images, pad)
    y = F.conv2d(images, weight, w("bias", channels), **geometry)
    return y.permute(0, 2, 3, 1)


case(
    "convolution", {"block": "conv2d", "channels": 3}, [4, 5, 2],
    lambda x, w: conv2d(x, w, 3, 3, padding="same"), batch=2,
)
case(
    "even convolution", {"block": "conv2d", "channels": 2, "kernel": 2}, [3, 4, 2],
    lambda x, w: conv2d(x, w, 2, 2, pad=(0, 1, 0, 1)), batch=2,
)
case(
    "convolution by strides", {"block": "conv2d", "channels": 2, "stride": 2, "padding": "valid"}, [5, 6, 2],
    lambda x, w: conv2d(x, w, 3, 2, stride=2), batch=2,
)
case(
    "convolution in groups", {"block": "conv2d", "channels": 4, "groups": 2}, [3, 3, 4],
    lambda x, w: conv2d(x, w, 3, 4, padding=1, groups=2), batch=2,
)


def pooled(pool):
    return lambda x, w: pool(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)


for id, pool in {"max-pool": F.max_pool2d, "avg-pool": F.avg_pool2d}.items():
    case(id, id, [4, 6, 2], pooled(lambda x, p=pool: p(x, 2)), batch=2)
    case(f"{id} with overlap", {"block": id, "size": 3, "stride": 1}, [4, 5, 2], pooled(lambda x, p=pool: p(x, 3, 1)))
case("flatten", "flatten", [2, 3, 2], lambda x, w: nn.Flatten()(x))

# Blocks that hold blocks


def holding(id, **settings):
    return {"block": id, **settings, "blocks": [{"block": "linear", "units": 4}, {"block": "activation", "function": "tanh"}]}


def part(x, w, inputs=4):
    return torch.tanh(linear(x, w, "1.linear/", inputs, 4))


case("chain", holding("chain"), [4], part)
case("residual", holding("residual"), [4], lambda x, w: x + part(x, w))


def repeat(x, w):
    for _ in range(3):
        x = part(x, w)
    return x


case("repeat", holding("repeat", times=3), [4], repeat)
case(
    "parallel, summed", holding("parallel", join="sum"), [4],
    lambda x, w: linear(x, w, "1.linear/", 4, 4) + torch.tanh(x),
)
case(
    "parallel, side by side", holding("parallel", join="concat"), [4],
    lambda x, w: torch.cat([linear(x, w, "1.linear/", 4, 4), torch.tanh(x)], -1),
)

# Experts

EXPERTS = 3


def experts(x, w, units=2):
    """What each expert makes of each sample: [B, E, units]."""
    weight, bias = w("1.linear/weight", EXPERTS, x.shape[-1], units), w("1.linear/bias", EXPERTS, units)
    modules = [nn.Linear(x.shape[-1], units) for _ in range(EXPERTS)]
    outputs = [functional_call(m, {"weight": weight[e].T, "bias": bias[e]}, x) for e, m in enumerate(modules)]
    return torch.stack(outputs, 1)


def route(routing):
    return {"block": "route", "experts": EXPERTS, "routing": routing, "blocks": [{"block": "linear", "units": 2}]}


def dense(x, w):
    shares = torch.softmax(x @ w("router", 4, EXPERTS), -1)
    return (shares[..., None] * experts(x, w)).sum(1)


def top_k(k, balance=0.0, rate=0.1):
    def compute(x, w):
        logits = x @ w("router", 4, EXPERTS)
        bias = w.state("bias", EXPERTS)
        chosen = (logits + bias).topk(k, -1).indices
        hit = F.one_hot(chosen, EXPERTS).to(x)
        load = hit.sum((0, 1)) / hit.sum()
        if w.mode == "train":
            w.keep("bias", bias + rate * (1 - EXPERTS * load))
        shares = torch.softmax(logits, -1)
        if balance:
            w.penalise(balance * EXPERTS * (load * shares.mean(0)).sum())
        weights = shares.gather(1, chosen) if k == 1 else torch.softmax(logits.gather(1, chosen), -1)
        made = experts(x, w).gather(1, chosen[..., None].expand(-1, -1, 2))
        return (weights[..., None] * made).sum(1)

    return compute


case("dense mixture", route("dense"), [4], dense, batch=4)
for k in [1, 2]:
    for mode in ["train", "eval"]:
        case(f"top {k} ({mode})", route({"id": "top-k", "k": k}), [4], top_k(k), batch=4, mode=mode)
case("top 2, balanced", route({"id": "top-k", "k": 2, "balance": 0.3}), [4], top_k(2, 0.3), batch=4)
