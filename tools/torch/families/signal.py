"""Convolutions and spectra in time, series, coordinates and noise: engine/src/blocks/{conv1d, …, sape}.rs."""

import math

import torch
from torch.nn import functional as F

from cases import Family

family = Family()
case = family.case


def linear(x, w, name, inputs, units):
    return F.linear(x, w(f"{name}weight", inputs, units).T, w(f"{name}bias", units))


# Convolutions


def conv1d(x, w, kernel, units, pad=(0, 0), groups=1, **geometry):
    d = x.shape[-1]
    weight = w("weight", 1, kernel, d // groups, units)[0].permute(2, 1, 0)
    x = F.pad(x.transpose(1, 2), pad)
    return F.conv1d(x, weight, w("bias", units), groups=groups, **geometry).transpose(1, 2)


case(
    "convolution in time", {"block": "conv1d", "channels": 2}, [5, 3],
    lambda x, w: conv1d(x, w, 3, 2, padding="same"), batch=2,
)
case(
    "causal, dilated", {"block": "conv1d", "channels": 2, "kernel": 2, "dilation": 2, "padding": "causal"}, [6, 2],
    lambda x, w: conv1d(x, w, 2, 2, pad=(2, 0), dilation=2), batch=2,
)
case(
    "causal, dilated, strided",
    {"block": "conv1d", "channels": 2, "kernel": 2, "dilation": 3, "stride": 2, "padding": "causal"}, [6, 2],
    lambda x, w: conv1d(x, w, 2, 2, pad=(3, 0), dilation=3, stride=2), batch=2,
)
case(
    "strided", {"block": "conv1d", "stride": 2, "padding": "valid"}, [6, 2],
    lambda x, w: conv1d(x, w, 3, 2, stride=2), batch=2,
)
case(
    "depthwise", {"block": "conv1d", "groups": 0, "kernel": 4}, [5, 3],
    lambda x, w: conv1d(x, w, 4, 3, padding="same", groups=3), batch=2,
)


def dilated(x, w, units, **geometry):
    weight = w("weight", 3, 3, x.shape[-1], units).permute(3, 2, 0, 1)
    return F.conv2d(x.permute(0, 3, 1, 2), weight, w("bias", units), **geometry).permute(0, 2, 3, 1)


case(
    "dilated convolution", {"block": "conv2d", "channels": 2, "dilation": 2}, [5, 6, 2],
    lambda x, w: dilated(x, w, 2, dilation=2, padding="same"), batch=1,
)
case(
    "dilated convolution by strides",
    {"block": "conv2d", "channels": 2, "dilation": 2, "stride": 2, "padding": "valid"}, [7, 6, 2],
    lambda x, w: dilated(x, w, 2, dilation=2, stride=2), batch=1,
)


def separable(x, w, units, kernel=3):
    d = x.shape[-1]
    flat = x.dim() == 3
    image = x[:, None] if flat else x
    depthwise = w("depthwise", 1 if flat else kernel, kernel, 1, d).permute(3, 2, 0, 1)
    y = F.conv2d(image.permute(0, 3, 1, 2), depthwise, padding="same", groups=d)
    pointwise = w("pointwise", d, units).T[..., None, None]
    y = F.conv2d(y, pointwise, w("bias", units)).permute(0, 2, 3, 1)
    return y[:, 0] if flat else y


for sample in [[3, 4, 2], [5, 2]]:
    case(
        f"separable convolution of {len(sample)} axes", {"block": "separable-conv", "channels": 3}, sample,
        lambda x, w: separable(x, w, 3), batch=2,
    )


class Folded(torch.autograd.Function):
    """w c, whose gradient reaches w divided by c: as if the product were the weight."""

    @staticmethod
    def forward(ctx, w, c):
        ctx.save_for_backward(c)
        return w * c

    @staticmethod
    def backward(ctx, ct):
        return ct / ctx.saved_tensors[0], None


def conv_bn(x, w, mode, units=2):
    weight = w("weight", 3, 3, x.shape[-1], units)
    mean, variance = w.state("mean", units), w.state("variance", units)
    scale = w.frozen("scale", units) if mode == "deploy" else w("scale", units)
    shift, factor = w("shift", units), scale / torch.sqrt(variance + 1e-5)
    if mode == "deploy":
        weight = Folded.apply(weight, factor)
    y = F.conv2d(x.permute(0, 3, 1, 2), weight.permute(3, 2, 0, 1), padding=1)
    if mode == "deploy":
        return y.permute(0, 2, 3, 1) + shift - mean * factor
    learning = mode == "train" and w.mode == "train"
    y = F.batch_norm(y, mean, variance, scale, shift, learning, 0.1, 1e-5)
    if learning:
        w.keep("mean", mean)
        w.keep("variance", variance)
    return y.permute(0, 2, 3, 1)


for mode in ["train", "eval", "tune", "deploy"]:
    case(
        f"convolution with batch norm ({mode})", {"block": "conv-bn", "channels": 2, "mode": mode}, [3, 3, 2],
        lambda x, w, m=mode: conv_bn(x, w, m), batch=2, near={"variance": (1, 0.5), "scale": (1, 0.5)},
    )

# Spectra


def complex_weight(w, name, *shape):
    return torch.complex(w(f"{name}real", *shape), w(f"{name}imaginary", *shape))


def spectral_filter(x, w):
    t, d = x.shape[1:]
    waves = torch.fft.rfft(x, dim=1, norm="ortho") * complex_weight(w, "", t // 2 + 1, d)
    return torch.fft.irfft(waves, n=t, dim=1, norm="ortho")


for t in [5, 6]:
    case(f"spectral filter of {t}", "spectral-filter", [t, 2], spectral_filter, batch=2)


def adaptive_spectral(x, w, local=True):
    t, d = x.shape[1:]
    waves = torch.fft.rfft(x, dim=1, norm="ortho")
    y = waves * complex_weight(w, "global ", d)
    if local:
        power = (waves.abs() ** 2).sum(-1)
        ratio = power / (power.median(1, keepdim=True).values + 1e-6)
        threshold = w("threshold", 1)
        mask = ((ratio > threshold).to(x) - threshold).detach() + threshold
        y = y + waves * mask[..., None] * complex_weight(w, "local ", d)
    return torch.fft.irfft(y, n=t, dim=1, norm="ortho")


for t in [5, 8]:
    case(
        f"adaptive spectral block of {t}", "adaptive-spectral", [t, 2], adaptive_spectral, batch=2,
        near={"threshold": (1, 0.5)},
    )
case(
    "adaptive spectral block, global", {"block": "adaptive-spectral", "local": False}, [4, 2],
    lambda x, w: adaptive_spectral(x, w, False), batch=2,
)

# Series


def ar_net(x, w, lags, units=2, c=0.0, share=0.1):
    weight = w("weight", lags, units)
    if c:
        size = (weight.abs() + 1e-4) ** (1 / 3)
        w.penalise(c * (1 / share - 1) * (2 / (1 + torch.exp(-3 * size)) - 1).sum())
    return F.linear(x[:, -lags:], weight.T, w("bias", units))


case("autoregression", {"block": "ar-net", "units": 2}, [5], lambda x, w: ar_net(x, w, 5))
case(
    "sparse autoregression", {"block": "ar-net", "units": 2, "lags": 3, "penalty": 0.5, "sparsity": 0.2}, [5],
    lambda x, w: ar_net(x, w, 3, c=0.5, share=0.2),
)


def n_beats(x, w, bases, blocks=2, horizon=3, shared=False, hidden=4, coefficients=3, degree=2):
    def written(name, basis, h, n):
        theta = lambda width: h @ w(f"{name} coefficients", hidden, width)
        t = torch.arange(n, dtype=x.dtype) / n
        if basis == "generic":
            return F.linear(theta(coefficients), w(f"{name} basis", coefficients, n).T, w(f"{name} bias", n))
        if basis == "trend":
            return theta(degree + 1) @ torch.stack([t**p for p in range(degree + 1)])
        waves = torch.arange(n // 2, dtype=x.dtype)[:, None] * 2 * math.pi * t
        return theta(2 * (n // 2)) @ torch.cat([torch.cos(waves), torch.sin(waves)])

    rest, forecast = x, 0
    for i, basis in enumerate(bases):
        for j in range(blocks):
            name = f"stack {i + 1}" if shared else f"stack {i + 1} block {j + 1}"
            h = rest
            for layer in range(1, 5):
                weight = w(f"{name} layer {layer}", h.shape[-1], hidden)
                h = torch.relu(F.linear(h, weight.T, w(f"{name} bias {layer}", hidden)))
            forecast = forecast + written(f"{name} forecast", basis, h, horizon)
            if (i, j) != (len(bases) - 1, blocks - 1):
                rest = rest - written(f"{name} backcast", basis, h, x.shape[1])
    return forecast


SMALL = {"block": "n-beats", "horizon": 3, "hidden": 4, "coefficients": 3}
case("n-beats", {**SMALL, "stacks": 1}, [5], lambda x, w: n_beats(x, w, ["generic"]))
case(
    "n-beats, interpretable", {**SMALL, "basis": "interpretable", "shared": True}, [6],
    lambda x, w: n_beats(x, w, ["trend", "seasonality"], shared=True),
)


def ada_fnn(x, w, functions=2, hidden=3, layers=2, orthogonality=0.0, sparsity=0.0):
    t = torch.linspace(0, 1, x.shape[1], dtype=x.dtype)
    basis = t[None, :, None].expand(functions, -1, -1)
    for layer in range(1, layers + 1):
        weight = w(f"layer {layer}", functions, basis.shape[-1], hidden)
        basis = torch.tanh(torch.baddbmm(w(f"bias {layer}", functions, hidden)[:, None], basis, weight))
    basis = torch.baddbmm(w("value bias", functions, 1)[:, None], basis, w("value", functions, hidden, 1))[..., 0]
    if orthogonality:
        inner = torch.trapezoid(basis[:, None] * basis[None], t)
        length = torch.sqrt(torch.diagonal(inner) + 1e-12)
        cosines = (inner / length / length[:, None]).abs()
        w.penalise(orthogonality / (functions * (functions - 1)) * cosines.triu(1).sum())
    if sparsity:
        w.penalise(sparsity * torch.trapezoid(basis.abs(), t).mean())
    return torch.trapezoid(x[:, None] * basis, t)


case("adaptive basis", {"block": "ada-fnn", "functions": 2, "hidden": 3}, [5], ada_fnn)
case(
    "adaptive basis, regularised",
    {"block": "ada-fnn", "functions": 3, "hidden": 3, "layers": 1, "orthogonality": 0.5, "sparsity": 0.3}, [4],
    lambda x, w: ada_fnn(x, w, 3, layers=1, orthogonality=0.5, sparsity=0.3),
)


# Pieces of a series

case("frames", {"block": "frames", "size": 2}, [6], lambda x, w: x.unflatten(1, (3, 2)))
