"""Cases and how they are written down."""

import json

import torch

from noise import drawn, numbers

SPREAD = 0.5  # of weights around 0


class Weights:
    """The weights of the block that is being computed, by the names they have in the engine."""

    def __init__(self, prefix, near, mode, step):
        self.prefix, self.near, self.mode, self.step = prefix, near, mode, step
        self.learned, self.written, self.losses, self.draws = {}, {}, [], 0

    def full(self, name):
        """A name that begins with `/` is whole already."""
        return name[1:] if name.startswith("/") else self.prefix + name

    def values(self, name, shape):
        centre, spread = self.near.get(name, (0, SPREAD))
        return numbers(self.full(name), shape, centre, spread)

    def __call__(self, name, *shape):
        full = self.full(name)
        if full not in self.learned:
            self.learned[full] = self.values(name, shape).requires_grad_()
        return self.learned[full]

    def frozen(self, name, *shape):
        return self.values(name, shape)

    state = frozen

    def keep(self, name, value):
        self.written[self.prefix + name] = value.detach()

    def penalise(self, loss):
        self.losses.append(loss)

    def uniform(self, *shape, block=""):
        """Noise that the block, or the one at the path `block` inside it, draws next."""
        self.draws += 1
        return drawn(f"1/{self.prefix}{block}noise {self.draws}", shape, self.step)


def plain(tensor):
    """Numbers of 7 digits, in a list."""
    return [float(f"{v:.7g}") for v in tensor.detach().reshape(-1).tolist()]


class Family:
    def __init__(self):
        self.lines, self.names = [], set()

    def case(self, name, block, sample, compute, *, batch=3, mode="train", vocabulary=0, step=0, near=None):
        """`compute(x, w)` is the output of `block` (a block of a spec, or its id alone) on `x [batch, *sample]`."""
        assert name not in self.names, name
        self.names.add(name)
        near = near or {}
        id = block if isinstance(block, str) else block["block"]
        w = Weights(f"1.{id}/", near, mode, step)
        x = numbers("x", (batch, *sample))
        if vocabulary:
            x = ((x + 1) / 2 * vocabulary).floor().long()
        else:
            x.requires_grad_()
        y = compute(x, w)
        objective = (numbers("cotangent", tuple(y.shape)) * y).sum() + sum(w.losses)
        by = dict(w.learned) if vocabulary else {"x": x, **w.learned}
        gradients = torch.autograd.grad(objective, list(by.values()), allow_unused=True) if by else []
        record = {"name": name, "block": block, "sample": list(sample), "batch": batch, "mode": mode}
        if vocabulary:
            record["vocabulary"] = vocabulary
        if step:
            record["step"] = step
        if near:
            record["near"] = {w.full(k): list(v) for k, v in near.items()}
        record["shape"] = list(y.shape)
        record["y"] = plain(y)
        record["gradients"] = {
            k: plain(torch.zeros_like(v) if g is None else g) for (k, v), g in zip(by.items(), gradients)
        }
        if w.losses:
            record["loss"] = plain(sum(w.losses))[0]
        if w.written:
            record["writes"] = {k: plain(v) for k, v in w.written.items()}
        self.lines.append(json.dumps(record, separators=(",", ":")))

    def text(self):
        """One case a line."""
        return f'{{"torch":"{torch.__version__.split("+")[0]}","cases":[\n' + ",\n".join(self.lines) + "\n]}\n"
