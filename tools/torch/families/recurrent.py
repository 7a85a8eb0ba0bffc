"""Blocks that go along a sequence: engine/src/blocks/{rnn, gru, lstm, lru, delta_net, …, liquid}.rs."""

import math

import torch
from torch import nn
from torch.func import functional_call
from torch.nn import functional as F

from cases import Family

family = Family()
case = family.case

T, D, U = 4, 3, 2


def gated(module, gates, **settings):
    """One of torch's recurrent layers, along the sequence or against it."""

    def compute(x, w, backward=False, last=False):
        d = x.shape[-1]
        wide = gates * U
        weights = {
            "weight_ih_l0": w("input-weight", d, wide).T, "bias_ih_l0": w("input-bias", wide),
            "weight_hh_l0": w("state-weight", U, wide).T, "bias_hh_l0": w("state-bias", wide),
        }
        layer = module(d, U, batch_first=True, dtype=torch.float64, **settings)
        y, _ = functional_call(layer, weights, (x.flip(1) if backward else x,))
        if last:
            return y[:, -1]
        return y.flip(1) if backward else y

    return compute


for id, compute in {"rnn": gated(nn.RNN, 1), "gru": gated(nn.GRU, 3), "lstm": gated(nn.LSTM, 4)}.items():
    case(id, {"block": id, "units": U}, [T, D], compute, batch=2)
    case(
        f"{id} backward", {"block": id, "units": U, "direction": "backward"}, [T, D],
        lambda x, w, f=compute: f(x, w, backward=True), batch=2,
    )
    case(
        f"{id}, last of all", {"block": id, "units": U, "direction": "backward", "output": "last"}, [T, D],
        lambda x, w, f=compute: f(x, w, backward=True, last=True), batch=2,
    )
case(
    "rnn of relu", {"block": "rnn", "units": U, "cell": "relu"}, [T, D], gated(nn.RNN, 1, nonlinearity="relu"),
    batch=2,
)


def lru(x, w):
    d = x.shape[-1]
    gate = lambda name: torch.sigmoid(F.linear(x, w(f"{name}-weight", d, d).T, w(f"{name}-bias", d)))
    fade, write = gate("fade"), gate("write")
    a = torch.exp(-8 * F.softplus(w("lambda", d) - 6.65) * fade)
    h, seen = torch.zeros_like(x[:, 0]), []
    for t in range(x.shape[1]):
        h = a[:, t] * h + torch.sqrt(1 - a[:, t] ** 2) * write[:, t] * x[:, t]
        seen.append(h)
    return torch.stack(seen, 1)


case("linear recurrence", "lru", [5, D], lru, batch=2, near={"lambda": (5, 2)})


def delta(writes, heads, negative):
    """S ← S + β (v − S k) kᵀ, write by write."""

    def compute(x, w):
        b, t, d = x.shape
        e = d // heads
        parts = lambda name, n, width: (x @ w(name, d, n * heads * width)).reshape(b, t, n, heads, width)
        direction = lambda v: F.silu(v) / torch.sqrt((F.silu(v) ** 2).sum(-1, keepdim=True) + 1e-6)
        q, k, v = direction(parts("query", 1, e)), direction(parts("key", writes, e)), parts("value", writes, e)
        share = torch.sigmoid(parts("share", writes, 1)) * (2 if negative else 1)
        stored, seen = x.new_zeros(b, heads, e, e), []
        for i in range(t):
            for n in range(writes):
                found = torch.einsum("bhvk,bhk->bhv", stored, k[:, i, n])
                missing = share[:, i, n] * (v[:, i, n] - found)
                stored = stored + torch.einsum("bhv,bhk->bhvk", missing, k[:, i, n])
            seen.append(torch.einsum("bhvk,bhk->bhv", stored, q[:, i, 0]).reshape(b, d))
        return torch.stack(seen, 1) @ w("output", d, d) + w("bias", d)

    return compute


for chunk in [0, 3, 16]:
    case(f"delta net by {chunk}", {"block": "delta-net", "chunk": chunk}, [5, 4], delta(1, 2, False), batch=2)
case(
    "delta net that reflects", {"block": "delta-net", "negative-eigenvalues": True, "heads": 1}, [4, 2],
    delta(1, 1, True), batch=2,
)
for chunk in [0, 4]:
    case(f"delta product by {chunk}", {"block": "delta-product", "chunk": chunk}, [4, 4], delta(2, 2, True), batch=2)


def fsmn(back, ahead, stride, skip=True):
    def compute(x, w):
        d = x.shape[-1]
        taps = w("taps", back + 1 + ahead, d).T[:, None]
        y = F.conv1d(F.pad(x.transpose(1, 2), (back * stride, ahead * stride)), taps, dilation=stride, groups=d)
        y = y.transpose(1, 2)
        return x + y if skip else y

    return compute


case("memory taps", "fsmn", [5, D], fsmn(4, 0, 1), batch=2)
case(
    "memory taps both ways", {"block": "fsmn", "lookback": 1, "lookahead": 2, "stride": 2, "skip": False}, [6, 2],
    fsmn(1, 2, 2, False), batch=2,
)


def block_recurrent(x, w, window=2, count=2, heads=2, gate="fixed"):
    b, t, d = x.shape

    def projected(name, y):
        part = lambda what: (y @ w(f"{name}-{what}", d, d)).reshape(b, -1, heads, d // heads).transpose(1, 2)
        return [part(what) for what in ["key", "value", "own-query", "other-query"]]

    def attend(q, k, v, mask=None):
        return F.scaled_dot_product_attention(q, k, v, mask).transpose(1, 2).flatten(2)

    affine = lambda name, y, units: F.linear(y, w(f"{name}-weight", y.shape[-1], units).T, w(f"{name}-bias", units))
    norm = lambda name, y: F.rms_norm(y, [d], w(name, d), 1e-6)
    place = torch.arange(t)
    back = place[:, None] - place
    near = (back >= 0) & (back < window)
    key, value, own, other = projected("token", norm("token-norm", x))
    states, mixed = x.new_zeros(b, count, d), []
    for start in range(0, t, window):
        rows = slice(start, min(start + window, t))
        held = projected("state", norm("state-norm", states) + w("state-names", count, d))
        among = attend(own[:, :, rows], key, value, near[rows])
        mixed.append(torch.cat([among, attend(other[:, :, rows], held[0], held[1])], -1))
        if rows.stop < t:
            seen = attend(held[3], key[:, :, rows], value[:, :, rows])
            seen = torch.cat([attend(held[2], held[0], held[1]), seen], -1)
            new = affine("new", seen, d)
            if gate == "fixed":
                keep = torch.sigmoid(w("keep", d))
                states = keep * states + (1 - keep) * new
            else:
                keep, write = torch.sigmoid(affine("keep", seen, d) + 1), torch.sigmoid(affine("write", seen, d) - 1)
                states = keep * states + write * torch.tanh(new)
    y = x + torch.cat(mixed, 1) @ w("mix", 2 * d, d)
    return y + affine("outer", torch.relu(affine("inner", norm("inner-norm", y), 4 * d)), d)


for gate in ["fixed", "lstm"]:
    case(
        f"block-recurrent ({gate})", {"block": "block-recurrent", "window": 2, "states": 2, "gate": gate}, [5, 4],
        lambda x, w, g=gate: block_recurrent(x, w, gate=g), batch=2,
    )


class Spike(torch.autograd.Function):
    """A step whose slope is that of another curve."""

    @staticmethod
    def forward(ctx, above, slope):
        ctx.save_for_backward(above)
        ctx.slope = slope
        return (above > 0).to(above)

    @staticmethod
    def backward(ctx, ct):
        return ct * ctx.slope(ctx.saved_tensors[0]), None


A = 5.0
SLOPES = {
    "atan": lambda v: A / 2 / (1 + (math.pi / 2 * A * v) ** 2),
    "sigmoid": lambda v: A * torch.sigmoid(A * v) * (1 - torch.sigmoid(A * v)),
    "fast-sigmoid": lambda v: 1 / (1 + A * v.abs()) ** 2,
}


def lif(x, w, slope="atan", subtract=False, threshold=0.3, tau=2.0):
    u, seen = torch.zeros_like(x[:, 0]), []
    for t in range(x.shape[1]):
        u = (1 - 1 / tau) * u + x[:, t]
        spike = Spike.apply(u - threshold, SLOPES[slope])
        seen.append(spike)
        u = u - spike.detach() * (threshold if subtract else u)
    return torch.stack(seen, 1)


for slope in SLOPES:
    case(
        f"spikes by {slope}", {"block": "lif", "threshold": 0.3, "surrogate": slope}, [5, 2],
        lambda x, w, s=slope: lif(x, w, s), batch=2,
    )
case(
    "spikes that subtract", {"block": "lif", "threshold": 0.3, "reset": "subtract"}, [5, 2],
    lambda x, w: lif(x, w, subtract=True), batch=2,
)


def potential(x, w):
    weights = 0.75 ** torch.arange(x.shape[1] - 1, -1, -1, dtype=x.dtype)
    return (weights[:, None] * x).sum(1)


case(
    "potential", {"block": "lif", "gives": "potential", "tau": 4, "output": "last"}, [5, 2], potential, batch=2,
)


def delays(x, w, longest=3, units=U, learn=True):
    d = x.shape[-1]
    delay = ((w if learn else w.frozen)("delay", d, units) + 1) * longest / 2
    delay = delay.clamp(0, longest)
    taps = torch.arange(longest + 1, dtype=x.dtype)
    if w.mode == "train" and learn:
        # At the first step: bumps as wide as half the longest delay.
        bump = torch.exp(-0.5 * ((taps - (longest - delay)[..., None]) / (longest / 2)) ** 2)
        bump = bump / bump.sum(-1, keepdim=True)
    else:
        bump = F.one_hot(longest - torch.round(delay).long(), longest + 1).to(x)
    kernel = (w("weight", d, units)[..., None] * bump).transpose(0, 1)
    return F.conv1d(F.pad(x.transpose(1, 2), (longest, 0)), kernel).transpose(1, 2)


for mode in ["train", "eval"]:
    case(
        f"delays ({mode})", {"block": "delays", "units": U, "longest": 3}, [4, D], delays, batch=2, mode=mode,
        near={"delay": (0, 1)},
    )
case(
    "delays that stay", {"block": "delays", "units": U, "longest": 3, "learn": False}, [4, D],
    lambda x, w: delays(x, w, learn=False), batch=2, near={"delay": (0, 1)},
)


def liquid(x, w, units=U, steps=1, static=False):
    def currents(name, heard):
        j = heard.shape[-1]
        weight = lambda what: w(f"{name}-{what}", j, units)
        conductance, steepness = F.softplus(weight("conductance")), weight("steepness") + 4
        opening = conductance * torch.sigmoid(steepness * (heard[..., None] - weight("middle")))
        return (opening * weight("reversal")).sum(-2), opening.sum(-2)

    leak = F.softplus(w("leak", units))
    pull, opening = currents("input", x)
    pull, opening = pull + leak * w("rest", units), opening + leak
    if static:
        return pull / opening
    v, seen = x.new_zeros(x.shape[0], units), []
    for t in range(x.shape[1]):
        for _ in range(steps):
            more = currents("state", v)
            v = (v + (pull[:, t] + more[0]) / steps) / (1 + (opening[:, t] + more[1]) / steps)
        seen.append(v)
    return torch.stack(seen, 1)


case("liquid", {"block": "liquid", "units": U}, [T, D], liquid, batch=2)
case(
    "liquid in two steps", {"block": "liquid", "units": U, "steps": 2}, [T, D],
    lambda x, w: liquid(x, w, steps=2), batch=2,
)
case(
    "liquid at rest", {"block": "liquid", "units": U, "form": "static"}, [T, D],
    lambda x, w: liquid(x, w, static=True), batch=2,
)


def repeat(x, w, times):
    z = None
    for _ in range(times):
        z = torch.tanh(F.linear(x if z is None else x + z, w("1.linear/weight", D, D).T, w("1.linear/bias", D)))
    return z


for mode, times in {"train": 2, "eval": 3}.items():
    blocks = [{"block": "linear", "units": D}, {"block": "activation", "function": "tanh"}]
    case(
        f"repeat with its input added again ({mode})",
        {"block": "repeat", "times": 2, "test-times": 3, "inject": "add", "blocks": blocks}, [D],
        lambda x, w, n=times: repeat(x, w, n), mode=mode,
    )
