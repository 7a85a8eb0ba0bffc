import argparse
import json
import pathlib
import struct

import torch
import torch.nn.functional as F

torch.set_grad_enabled(False)  # every derivative is written out below

# What lives from step to step, by name: weights, state, knobs, data.
R = {}


def load(path):
    """Fills the registers from a file in safetensors: a header in JSON after its length, then the numbers."""
    raw = bytearray(pathlib.Path(path).read_bytes())
    (length,) = struct.unpack("<Q", raw[:8])
    for name, at in json.loads(raw[8 : 8 + length]).items():
        if name != "__metadata__":
            first, last = (8 + length + o for o in at["data_offsets"])
            flat = torch.frombuffer(raw[first:last], dtype=torch.float32) if last > first else torch.zeros(0)
            R[name] = flat.reshape(at["shape"]).clone()


# Random numbers by counting: a function of (index, step, stream, seed) alone (Jarzynski and Olano 2020, pcg4d).

MASK = 0xFFFFFFFF


def pcg4d(x, y, z, w):
    x, y, z, w = ((v * 1664525 + 1013904223) & MASK for v in (x, y, z, w))

    def cross(x, y, z, w):
        x = (x + y * w) & MASK
        y = (y + z * x) & MASK
        z = (z + x * y) & MASK
        w = (w + y * z) & MASK
        return x, y, z, w

    x, y, z, w = cross(x, y, z, w)
    return cross(*(v ^ (v >> 16) for v in (x, y, z, w)))


def word(halves):
    """The 32-bit number that two floats of 16 bits hold, low half first."""
    low, high = halves.long()
    return (low + (high << 16)) & MASK


def counted(seed, step, stream, size):
    index = torch.arange(size)
    return pcg4d(index, word(step).expand(size), torch.full((size,), stream), word(seed).expand(size))


def uniform(seed, step, stream, shape):
    """In [0, 1)."""
    bits = counted(seed, step, stream, torch.Size(shape).numel())[0]
    return ((bits >> 8).float() / 16777216.0).reshape(shape)


def normal(seed, step, stream, shape):
    """Variance 1: the centred sum of eight numbers of 16 bits."""
    words = counted(seed, step, stream, torch.Size(shape).numel())
    total = sum((v & 0xFFFF) + (v >> 16) for v in words)
    return ((total - 262140).float() * (1.2247449 / 65536.0)).reshape(shape)


def shuffle(seed, step, stream, rows, batch):
    """The rows that a step looks at: each epoch visits each once (a Feistel network, walked until it lands inside)."""
    sample = ((word(step) * batch & MASK) + torch.arange(batch)) & MASK
    at, epoch = sample % rows, sample // rows
    if rows <= 1:
        return torch.zeros(batch)
    half = ((rows - 1).bit_length() + 1) // 2
    mask = (1 << half) - 1
    out = torch.full((batch,), -1)
    while (out < 0).any():
        left, right = at >> half, at & mask
        for turn in range(4):
            key = pcg4d(right | turn << 16, epoch, torch.full_like(at, stream), word(seed).expand(batch))[0] >> 16
            left, right = right, left ^ (key & mask)
        at = left << half | right
        out = torch.where((out < 0) & (at < rows), at, out)
    return out.float()


# Operations that PyTorch has under no name of its own. Features and channels are the last axis; whole numbers are floats.


def const(value):
    return torch.tensor(value, dtype=torch.float32)


def cumsum(x, axis, reverse=False, exclusive=False):
    x_ = x.flip(axis) if reverse else x
    y = x_.cumsum(axis)
    y = y - x_ if exclusive else y
    return y.flip(axis) if reverse else y


def pad(x, axis, before, after):
    ends = [0, 0] * (x.dim() - 1 - axis) + [before, after]
    return F.pad(x, ends)


def argsort(x, descending=False):
    return torch.sort(x, dim=-1, descending=descending, stable=True).indices.float()


def inside(index, rows):
    ok = (index >= 0) & (index < rows)
    return ok, torch.where(ok, index, 0.0).long()


def gather(table, index):
    """Rows of a table; an index outside of it reads zeros."""
    ok, at = inside(index, table.shape[0])
    return torch.where(ok.reshape(ok.shape + (1,) * (table.dim() - 1)), table[at], 0.0)


def scatter_add(index, rows, count):
    """Rows summed into a table; one whose index is outside of it is dropped."""
    ok, at = inside(index, count)
    rest = rows.shape[index.dim() :]
    rows = torch.where(ok.reshape(ok.shape + (1,) * len(rest)), rows, 0.0)
    return torch.zeros((count, *rest)).index_add_(0, at.reshape(-1), rows.reshape(-1, *rest))


def members(sizes, rows):
    """[groups, rows, 1]: whether a row belongs to a group, when rows lie group after group."""
    ends = sizes.cumsum(0)[:, None, None]
    row = torch.arange(rows)[None, :, None]
    return (row >= ends - sizes[:, None, None]) & (row < ends)


def grouped_matmul(x, w, sizes, transposed=False):
    """Each row by the weights of its group; a row of no group gives zeros."""
    all_ = x[None] @ (w.mT if transposed else w)
    return torch.where(members(sizes, x.shape[0]), all_, 0.0).sum(0)


def grouped_outer(x, y, sizes):
    return torch.where(members(sizes, x.shape[0]), x[None], 0.0).mT @ y


def conv2d(x, w, stride, padding, groups):
    """Images [N, H, W, C] by kernels [KH, KW, C/groups, O]."""
    y = F.conv2d(x.permute(0, 3, 1, 2), w.permute(3, 2, 0, 1), None, stride, padding, 1, groups)
    return y.permute(0, 2, 3, 1)


def conv2d_input(y, w, image, stride, padding, groups):
    """Its derivative by the images."""
    x = (y.shape[0], w.shape[2] * groups, *image)
    back = torch.nn.grad.conv2d_input(x, w.permute(3, 2, 0, 1), y.permute(0, 3, 1, 2), stride, padding, 1, groups)
    return back.permute(0, 2, 3, 1)


def conv2d_weight(x, y, kernel, stride, padding, groups):
    """Its derivative by the kernels."""
    w = (y.shape[3], x.shape[3] // groups, *kernel)
    back = torch.nn.grad.conv2d_weight(x.permute(0, 3, 1, 2), w, y.permute(0, 3, 1, 2), stride, padding, 1, groups)
    return back.permute(2, 3, 1, 0)


def windows(x, kernel, stride):
    """What each window of an image sees: [N, rows, columns, KH·KW, C]."""
    n, _, _, c = x.shape
    seen = x.unfold(1, kernel[0], stride[0]).unfold(2, kernel[1], stride[1])
    return seen.permute(0, 1, 2, 4, 5, 3).reshape(n, seen.shape[1], seen.shape[2], kernel[0] * kernel[1], c)


def fold(y, image, kernel, stride):
    """The adjoint: windows summed back into an image."""
    n, rows, columns, k, c = y.shape
    flat = y.permute(0, 4, 3, 1, 2).reshape(n, c * k, rows * columns)
    return F.fold(flat, image, kernel, stride=stride).permute(0, 2, 3, 1)
