"""The engine's numbers by counting (engine/src/noise.rs, engine/src/net.rs), in Python's integers."""

import math

import torch

MASK = 0xFFFFFFFF


def pcg4d(x, y, z, w):
    """Jarzynski and Olano 2020."""
    x, y, z, w = ((v * 1664525 + 1013904223) & MASK for v in (x, y, z, w))

    def cross(x, y, z, w):
        x = (x + y * w) & MASK
        y = (y + z * x) & MASK
        z = (z + x * y) & MASK
        w = (w + y * z) & MASK
        return x, y, z, w

    x, y, z, w = cross(x, y, z, w)
    return cross(*(v ^ (v >> 16) for v in (x, y, z, w)))


def stream(name):
    """32-bit FNV-1a."""
    h = 0x811C9DC5
    for byte in name.encode():
        h = ((h ^ byte) * 0x01000193) & MASK
    return h


def uniform(word):
    return (word >> 8) / 16777216


def numbers(name, shape, centre=0.0, spread=1.0):
    """What the register `name` holds: numbers within `centre ± spread`."""
    s = stream(name)
    values = [centre + spread * (2 * uniform(pcg4d(i, s, 0, 0)[0]) - 1) for i in range(math.prod(shape))]
    return torch.tensor(values, dtype=torch.float64).reshape(shape)


def drawn(name, shape, step):
    """Noise in [0, 1) that the block asks for under `name`, at seed 0."""
    s = stream(name)
    values = [uniform(pcg4d(i, step, s, 0)[0]) for i in range(math.prod(shape))]
    return torch.tensor(values, dtype=torch.float64).reshape(shape)


def normal(name, shape, seed):
    """Noise of variance 1 at step 0: the centred sum of eight numbers of 16 bits."""
    s, scale = stream(name), math.sqrt(12 / 8) / 65536
    words = (pcg4d(i, 0, s, seed) for i in range(math.prod(shape)))
    values = [(sum((v & 0xFFFF) + (v >> 16) for v in four) - 262140) * scale for four in words]
    return torch.tensor(values, dtype=torch.float64).reshape(shape)
