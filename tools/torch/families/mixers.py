"""Arrangements of blocks: engine/src/blocks/{residual, transformer, across, mlp_mixer, …, squeeze_excite}.rs."""

import torch
from torch import nn
from torch.func import functional_call
from torch.nn import functional as F

from cases import Family

family = Family()
case = family.case

T, D, HEADS = 3, 4, 2


class At:
    """The weights of a block inside, by its path."""

    def __init__(self, w, path):
        self.w, self.path, self.mode = w, path, w.mode

    def __call__(self, name, *shape):
        return self.w(self.path + name, *shape)

    def at(self, path):
        return At(self.w, self.path + path)


def linear(x, w, inputs, units):
    return F.linear(x, w("weight", inputs, units).T, w("bias", units))


def norm(x, w):
    d = x.shape[-1]
    return F.layer_norm(x, [d], w("scale", d), w("shift", d))


def feed_forward(x, w, hidden, function=F.gelu, first=2, units=None):
    """Linear, curve, linear; the first of them is child number `first`."""
    d = x.shape[-1]
    h = function(linear(x, w.at(f"{first}.linear/"), d, hidden))
    return linear(h, w.at(f"{first + 2}.linear/"), hidden, units or d)


# Shortcuts


def residual(x, w, shortcut, units=D):
    w = At(w, "")
    y = linear(x, w.at("1.linear/"), D, units)
    if shortcut == "scale":
        return 0.5 * x + y
    if shortcut == "projection":
        return x @ w("projection", D, units) + y
    if shortcut == "dropout":
        kept = w.w.uniform(*x.shape) < 0.5
        return y + (2 * x * kept if w.mode == "train" else x)
    gate = torch.sigmoid(F.linear(x, w("gate", D, D).T, w("gate-bias", D)))
    return (1 - gate) * x + (gate * y if shortcut == "exclusive-gate" else y)


for shortcut in ["scale", "exclusive-gate", "shortcut-gate", "dropout"]:
    case(
        f"shortcut {shortcut}",
        {"block": "residual", "shortcut": shortcut, "blocks": [{"block": "linear", "units": D}]}, [D],
        lambda x, w, s=shortcut: residual(x, w, s),
    )
case(
    "shortcut by projection", {"block": "residual", "shortcut": "projection", "blocks": [{"block": "linear", "units": 3}]},
    [D], lambda x, w: residual(x, w, "projection", 3),
)
case(
    "parallel, multiplied",
    {"block": "parallel", "join": "product", "blocks": [{"block": "linear", "units": D}, "activation"]}, [D],
    lambda x, w: linear(x, At(w, "1.linear/"), D, D) * torch.relu(x),
)


def affine(x, w, shared=False, shift=True):
    n = 1 if shared else x.shape[-1]
    y = x * w("scale", n)
    return y + w("shift", n) if shift else y


case("affine", "affine", [D], affine)
case(
    "one scale", {"block": "affine", "shared": True, "shift": False}, [D],
    lambda x, w: affine(x, w, shared=True, shift=False),
)

# Across places


def across(x, w):
    return linear(x.transpose(1, 2), At(w, "1.linear/"), x.shape[1], 2).transpose(1, 2)


INNER = [{"block": "linear", "units": 2}]
case("across places", {"block": "across", "blocks": INNER}, [T, 2], across, batch=2)


def across_side(x, w, along, rafts, units):
    """Each vector of `rafts` groups of features and all places of one side, one by one."""
    b, height, width, c = x.shape
    each = c // rafts
    x = x if along == "height" else x.transpose(1, 2)
    side = x.shape[1]
    out = []
    for j in range(x.shape[2]):
        for f in range(each):
            # Features of a raft lie side by side.
            v = torch.cat([x[:, :, j, r * each + f] for r in range(rafts)], -1)
            out.append(linear(v, At(w, "1.linear/"), rafts * side, units))
    y = torch.stack(out, 1).reshape(b, x.shape[2], each, rafts, units // rafts).permute(0, 4, 1, 3, 2).flatten(3)
    return y if along == "height" else y.transpose(1, 2)


for along, rafts in [("height", 1), ("width", 2)]:
    inner = [{"block": "linear", "units": 4}]
    case(
        f"across the {along} in {rafts}", {"block": "across", "along": along, "rafts": rafts, "blocks": inner}, [2, 3, 4],
        lambda x, w, a=along, r=rafts: across_side(x, w, a, r, 4), batch=1,
    )

# Mixers


def mixed(x, w, expand):
    """Mixing of places with its norm and its way past: a residual."""
    y = norm(x, w.at("1.layer-norm/")).transpose(1, 2)
    return x + feed_forward(y, w.at("2.across/"), x.shape[1] * expand, first=1).transpose(1, 2)


def forwarded(x, w, expand):
    return x + feed_forward(norm(x, w.at("1.layer-norm/")), w, D * expand)


def mlp_mixer(x, w):
    return forwarded(mixed(x, w.at("1.residual/"), 1), w.at("2.residual/"), 2)


WIDTHS = {"token-expand": 1, "expand": 2}
case("mixer", {"block": "mlp-mixer", **WIDTHS}, [T, D], lambda x, w: mlp_mixer(x, At(w, "")), batch=2)


def nin_gate(x, w):
    w = At(w, "")
    inner = w.at("1.residual/")
    n = norm(x, inner.at("1.layer-norm/"))
    gate = linear(n, inner.at("2.parallel/1.linear/"), D, D) * mlp_mixer(n, inner.at("2.parallel/2.mlp-mixer/"))
    return forwarded(x + gate, w.at("2.residual/"), 2)


case("gate of a mixer", {"block": "nin-gate", **WIDTHS}, [T, D], nin_gate, batch=1)


def res_mlp(x, w):
    w = At(w, "")
    inner = w.at("1.residual/")
    y = affine(x, inner.at("1.affine/")).transpose(1, 2)
    y = linear(y, inner.at("2.across/1.linear/"), T, T).transpose(1, 2)
    x = x + affine(y, inner.at("3.affine/"))
    inner = w.at("2.residual/")
    y = feed_forward(affine(x, inner.at("1.affine/")), inner, 2 * D)
    return x + affine(y, inner.at("5.affine/"))


case("mixer without norms", {"block": "res-mlp", "expand": 2}, [T, D], res_mlp, batch=2)


def raft_mlp(x, w, rafts=2):
    w = At(w, "")
    b, height, width, c = x.shape
    for number, side in [(1, 1), (2, 2)]:
        inner = w.at(f"{number}.residual/")
        y = norm(x, inner.at("1.layer-norm/")).unflatten(-1, (rafts, c // rafts))
        # [B, beside, feature of a raft, raft and place]
        y = y.movedim(side, -1).movedim(2, -2).flatten(-2)
        length = rafts * x.shape[side]
        y = feed_forward(y, inner.at("2.across/"), length, first=1)
        y = y.unflatten(-1, (rafts, -1)).movedim(-1, side).transpose(-1, -2).flatten(-2)
        x = x + y
    return forwarded(x, w.at("3.residual/"), 2)


case("mixer of rafts", {"block": "raft-mlp", **WIDTHS}, [2, 3, D], raft_mlp, batch=1)


def permuted_kronecker(x, w, permutation, size=2):
    m = x.shape[-1]
    whole = torch.kron(torch.eye(m // size, dtype=x.dtype), w("weight", size, size))
    if permutation == "commute":
        # The vector as a matrix [size, blocks], read column by column.
        order = torch.arange(m).reshape(size, m // size).T.flatten()
        y = (x[:, order] @ whole)[:, order.argsort()]
    elif permutation == "random":
        before, after = (w.frozen(name, m).argsort() for name in ["before", "after"])
        y = (x[:, before] @ whole)[:, after]
    else:
        y = x @ whole
    return y + w("bias", m)


for permutation in ["none", "commute", "random"]:
    case(
        f"kronecker, {permutation}", {"block": "permuted-kronecker", "permutation": permutation}, [6],
        lambda x, w, p=permutation: permuted_kronecker(x, w, p),
    )


def squeeze_excite(x, w, hidden=2):
    c = x.shape[-1]
    means = x.flatten(1, -2).mean(1)
    h = torch.relu(F.linear(means, w("squeeze", c, hidden).T, w("squeeze-bias", hidden)))
    gates = torch.sigmoid(F.linear(h, w("excite", hidden, c).T, w("excite-bias", c)))
    return x * gates.reshape(-1, *[1] * (x.dim() - 2), c)


for sample in [[2, 3, 3], [4, 3]]:
    case(
        f"squeeze and excite of {len(sample)} axes", {"block": "squeeze-excite", "reduction": 2}, sample, squeeze_excite,
        batch=2,
    )

# Transformers


def attention(x, w, causal):
    names = ["query", "key", "value"]
    weights = {
        "in_proj_weight": torch.cat([w(name, D, D).T for name in names]),
        "in_proj_bias": torch.cat([w(f"{name}-bias", D) for name in names]),
        "out_proj.weight": w("out", D, D).T, "out_proj.bias": w("out-bias", D),
    }
    layer = nn.MultiheadAttention(D, HEADS, batch_first=True, dtype=torch.float64)
    later = torch.ones(x.shape[1], x.shape[1]).triu(1).bool() if causal else None
    return functional_call(layer, weights, (x, x, x), {"attn_mask": later, "need_weights": False})[0]


def shaped(x, w, causal, values=False):
    b, t, _ = x.shape
    parts = lambda y: y.reshape(b, t, HEADS, D // HEADS).transpose(1, 2)
    q, k = parts(x @ w("query", D, D)), parts(x @ w("key", D, D))
    v = parts(x @ w("value", D, D) if values else x)
    alpha, beta, gamma = (w(name, HEADS, 1, 1) for name in ["alpha", "beta", "gamma"])
    attend = lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=causal)
    y = alpha * v + beta * attend(q, k, v) - gamma * attend(q * 0, k * 0, v)
    y = y.transpose(1, 2).flatten(2)
    return y @ w("out", D, D) if values else y


for values in [False, True]:
    case(
        f"shaped attention{' with values' if values else ''}",
        {"block": "shaped-attention", "heads": HEADS, "mask": "causal", "values": values}, [T, D],
        lambda x, w, v=values: shaped(x, w, True, v), batch=2,
    )


def layer(letter, x, w, causal):
    inner = lambda kind: w.at(f"{kind}/")
    if letter in "hq":
        w = inner("chain")
        y = norm(x, w.at("1.layer-norm/"))
        if letter == "h":
            return shaped(y, w.at("2.shaped-attention/"), causal)
        w = w.at("2.parallel/")
        gain = w("2.chain/4.affine/scale", 1)
        return shaped(y, w.at("1.chain/1.shaped-attention/"), causal) + gain * feed_forward(
            y, w.at("2.chain/"), 2 * D, torch.relu, first=1
        )
    w = inner("residual")
    y = norm(x, w.at("1.layer-norm/"))
    if letter == "s":
        return x + attention(y, w.at("2.attention/"), causal)
    if letter == "f":
        return x + feed_forward(y, w, 2 * D, torch.relu)
    if letter == "m":
        return x + linear(y, w.at("2.linear/"), D, D)
    w = w.at("2.parallel/")
    return x + attention(y, w.at("1.chain/1.attention/"), causal) + feed_forward(
        y, w.at("2.chain/"), 2 * D, torch.relu, first=1
    )


def transformer(x, w, order, causal):
    for i, letter in enumerate(order):
        x = layer(letter, x, At(w, f"{i + 1}."), causal)
    return x


def stack(block, order, **held):
    settings = {"order": order, "heads": HEADS, "expand": 2, "mask": "causal"}
    case(
        f"{block} {order}", {"block": block, **settings, **held}, [T, D],
        lambda x, w: transformer(x, w, order, True), batch=1,
    )


for order in ["sf", "p", "hf", "q"]:
    stack("transformer", order)
stack("brainformer", "fmm", blocks=[{"block": "linear", "units": D}])


def encoder(x, w):
    """nn.TransformerEncoderLayer with the norms first is `sf`."""
    w = At(w, "")
    a, f = w.at("1.residual/"), w.at("2.residual/")
    names = ["query", "key", "value"]
    attend = a.at("2.attention/")
    weights = {
        "self_attn.in_proj_weight": torch.cat([attend(name, D, D).T for name in names]),
        "self_attn.in_proj_bias": torch.cat([attend(f"{name}-bias", D) for name in names]),
        "self_attn.out_proj.weight": attend("out", D, D).T, "self_attn.out_proj.bias": attend("out-bias", D),
        "norm1.weight": a("1.layer-norm/scale", D), "norm1.bias": a("1.layer-norm/shift", D),
        "norm2.weight": f("1.layer-norm/scale", D), "norm2.bias": f("1.layer-norm/shift", D),
        "linear1.weight": f("2.linear/weight", D, 2 * D).T, "linear1.bias": f("2.linear/bias", 2 * D),
        "linear2.weight": f("4.linear/weight", 2 * D, D).T, "linear2.bias": f("4.linear/bias", D),
    }
    settings = {"dim_feedforward": 2 * D, "dropout": 0.0, "batch_first": True, "norm_first": True}
    block = nn.TransformerEncoderLayer(D, HEADS, **settings, dtype=torch.float64)
    return functional_call(block, weights, (x,))


case(
    "encoder layer", {"block": "transformer", "heads": HEADS, "expand": 2}, [T, D], encoder, batch=2,
)
