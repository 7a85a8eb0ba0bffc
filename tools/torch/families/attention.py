"""Tokens, positions and attention: engine/src/blocks/{embedding, position, patches, attention, …}.rs."""

import torch
from torch import nn
from torch.func import functional_call
from torch.nn import functional as F

from cases import Family

family = Family()
case = family.case

T, D, HEADS = 5, 4, 2

# Tokens, positions, patches, pools

case(
    "embedding", {"block": "embedding", "width": 3}, [T], lambda x, w: F.embedding(x, w("table", 7, 3)), batch=2,
    vocabulary=7,
)
case("learned positions", "position", [3, D], lambda x, w: x + w("rows", 3, D), batch=2)


def sinusoidal(x, w):
    places, width = x.shape[1:]
    rows = torch.empty(places, width, dtype=x.dtype)
    angle = torch.arange(places, dtype=x.dtype)[:, None] / 10000 ** (torch.arange(0, width, 2, dtype=x.dtype) / width)
    rows[:, 0::2], rows[:, 1::2] = torch.sin(angle), torch.cos(angle)[:, : width // 2]
    return x + rows


for width in [4, 5]:
    case(
        f"sinusoidal positions of {width}", {"block": "position", "kind": "sinusoidal"}, [6, width], sinusoidal, batch=1,
    )


def patches(x, w, size):
    b, _, _, channels = x.shape
    cut = F.unfold(x.permute(0, 3, 1, 2), size, stride=size)
    return cut.reshape(b, channels, size * size, -1).permute(0, 3, 2, 1).flatten(2)


case("patches", "patches", [4, 6, 2], lambda x, w: patches(x, w, 2), batch=2)

POOLS = {
    "mean": lambda x, w: x.mean(1), "max": lambda x, w: x.amax(1), "first": lambda x, w: x[:, 0],
    "last": lambda x, w: x[:, -1],
}
for how, pool in POOLS.items():
    case(f"{how} of a sequence", {"block": "pool-sequence", "how": how}, [4, 3], pool, batch=2)

# Attention


def multihead(x, other, w, mask=None, bias=True):
    """nn.MultiheadAttention from `x` to `other`, with our weights."""
    d, e = x.shape[-1], other.shape[-1]
    layer = nn.MultiheadAttention(d, HEADS, bias=bias, kdim=e, vdim=e, batch_first=True, dtype=torch.float64)
    q, k, v = w("query", d, d).T, w("key", e, d).T, w("value", e, d).T
    weights = {"out_proj.weight": w("out", d, d).T}
    if d == e:
        weights["in_proj_weight"] = torch.cat([q, k, v])
    else:
        weights |= {"q_proj_weight": q, "k_proj_weight": k, "v_proj_weight": v}
    if bias:
        weights["in_proj_bias"] = torch.cat([w(f"{name}-bias", d) for name in ["query", "key", "value"]])
        weights["out_proj.bias"] = w("out-bias", d)
    blocked = None if mask is None else ~mask
    return functional_call(layer, weights, (x, other, other), {"attn_mask": blocked, "need_weights": False})[0]


MASKS = {
    "none": lambda i, j, n: True,
    "causal": lambda i, j, n: j <= i,
    "window": lambda i, j, n: abs(i - j) < n,
    "causal-window": lambda i, j, n: 0 <= i - j < n,
    "block": lambda i, j, n: i // n == j // n,
    "causal-block": lambda i, j, n: i // n == j // n and j <= i,
    "block-causal": lambda i, j, n: j // n <= i // n,
    "strided": lambda i, j, n: j <= i and (i - j < n or (i - j) % n == 0),
    "prefix": lambda i, j, n: j <= i or j < n,
}


def table(mask, places, width=2):
    return torch.tensor([[MASKS[mask](i, j, width) for j in range(places)] for i in range(places)])


for mask in MASKS:
    case(
        f"attention, mask {mask}", {"block": "attention", "heads": HEADS, "mask": mask, "mask-width": 2}, [T, D],
        lambda x, w, m=mask: multihead(x, x, w, table(m, T)), batch=1,
    )
case(
    "attention without bias", {"block": "attention", "heads": HEADS, "bias": False}, [3, D],
    lambda x, w: multihead(x, x, w, bias=False), batch=2,
)


def projected(x, w, name):
    b, t, d = x.shape
    y = F.linear(x, w(name, d, d).T, w(f"{name}-bias", d))
    return y.reshape(b, t, HEADS, d // HEADS).transpose(1, 2)


def merged(y, w):
    d = y.shape[1] * y.shape[3]
    return F.linear(y.transpose(1, 2).flatten(2), w("out", d, d).T, w("out-bias", d))


def turned(y):
    """Rotary positions: each pair of features a complex number, turned by its place."""
    t, d = y.shape[-2:]
    pace = 10000.0 ** (-torch.arange(0, d, 2, dtype=y.dtype) / d)
    angle = torch.arange(t, dtype=y.dtype)[:, None] * pace
    pairs = torch.complex(y[..., : d // 2], y[..., d // 2 :]) * torch.polar(torch.ones_like(angle), angle)
    return torch.cat([pairs.real, pairs.imag], -1)


def rotary(x, w):
    q, k, v = (projected(x, w, name) for name in ["query", "key", "value"])
    return merged(F.scaled_dot_product_attention(turned(q), turned(k), v), w)


def alibi(x, w):
    q, k, v = (projected(x, w, name) for name in ["query", "key", "value"])
    place = torch.arange(x.shape[1], dtype=x.dtype)
    slopes = 2 ** (-8 * torch.arange(1, HEADS + 1, dtype=x.dtype) / HEADS)
    bias = -slopes[:, None, None] * (place[:, None] - place).abs()
    return merged(F.scaled_dot_product_attention(q, k, v, bias), w)


def forgetting(x, w):
    t, d = x.shape[1:]
    q, k, v = (projected(x, w, name) for name in ["query", "key", "value"])
    gate = torch.sigmoid(F.linear(x, w("forget", d, HEADS).T, w("forget-bias", HEADS) + torch.linspace(0, 5, HEADS)))
    bias = x.new_zeros(x.shape[0], HEADS, t, t)
    for i in range(t):
        for j in range(t):
            # Every gate after the key, up to the query's own.
            bias[:, :, i, j] = gate[:, j + 1 : i + 1].prod(1).log() if j <= i else -torch.inf
    return merged(F.scaled_dot_product_attention(q, k, v, bias), w)


case(
    "rotary attention", {"block": "attention", "heads": HEADS, "positions": "rotary"}, [T, 8], rotary, batch=1,
)
case("attention with alibi", {"block": "attention", "heads": HEADS, "positions": "alibi"}, [T, D], alibi, batch=1)
case(
    "attention that forgets", {"block": "attention", "heads": HEADS, "mask": "causal", "forget": True}, [T, D],
    forgetting, batch=1,
)
for inner in [4, 3]:
    case(
        f"cross-attention to {inner} features",
        {"block": "cross-attention", "heads": HEADS, "blocks": [{"block": "linear", "units": inner}]}, [3, D],
        lambda x, w, n=inner: multihead(
            x, F.linear(x, w("1.linear/weight", D, n).T, w("1.linear/bias", n)), w
        ), batch=2,
    )


def global_query(x, w, context, heads=2, rank=3, normalise=True):
    """Mehta et al. 2020, head by head and place by place."""
    b, t, d = x.shape
    asks = {"mean": x.mean(1), "max": x.amax(1)}.get(context)
    if asks is None:
        asks = w("context", 1, 1, d)[:, 0].expand(b, d)
    p, q = w("query", d, heads * rank).reshape(d, heads, rank), w("key", d, heads * rank).reshape(d, heads, rank)
    s = torch.tanh(torch.einsum("bd,dhr,bte,ehr->bth", asks, p, x, q))
    if normalise:
        s = s / torch.sqrt((s**2).sum(-1, keepdim=True) + 1e-6)
    return torch.einsum("bth,btd->bhd", torch.softmax(s, 1), x)


for context in ["mean", "max", "learned"]:
    case(
        f"global query by {context}", {"block": "global-query", "heads": 2, "rank": 3, "context": context}, [4, 3],
        lambda x, w, c=context: global_query(x, w, c), batch=2,
    )
case(
    "global query, not normalised", {"block": "global-query", "heads": 2, "rank": 3, "normalise": False}, [4, 3],
    lambda x, w: global_query(x, w, "mean", normalise=False), batch=2,
)
