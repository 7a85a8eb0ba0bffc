"""Milliseconds per training step of PyTorch eager on the bench's workloads, printed as one JSON line each.

    python3 torch_peer.py [--threads N] [W1 W2 W3 W4]
"""

import argparse
import json
import statistics
import time

import torch
from torch import nn
from torch.nn import functional as F

SECONDS = 2.0  # measured for at least this long, after as much warm-up as WARM
WARM = 0.5


def mlp(widths, activation):
    layers = []
    for fan_in, fan_out in zip(widths, widths[1:]):
        layers += [nn.Linear(fan_in, fan_out), activation()]
    return nn.Sequential(*layers[:-1])


def conv():
    return nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(64 * 7 * 7, 128), nn.ReLU(), nn.Linear(128, 10),
    )


def workload(name):
    """The network, one batch, the loss and the optimizer of a workload."""
    if name == "W1":
        net, x = mlp([2, 8, 8, 2], nn.Tanh), torch.rand(32, 2) * 2 - 1
        return net, x, torch.randint(0, 2, (32,)), F.cross_entropy, torch.optim.SGD(net.parameters(), 0.1)
    if name == "W4":
        net, x = conv(), torch.rand(64, 1, 28, 28)
    else:
        widths, batch = {"W2": ([784, 256, 256, 10], 128), "W3": ([784, 1024, 1024, 10], 256)}[name]
        net, x = mlp(widths, nn.ReLU), torch.rand(batch, 784)
    y = torch.randint(0, 10, (len(x),))
    return net, x, y, F.cross_entropy, torch.optim.Adam(net.parameters(), 0.001)


def measure(name):
    torch.manual_seed(1)
    net, x, y, loss, optimizer = workload(name)

    def step():
        optimizer.zero_grad()
        loss(net(x), y).backward()
        optimizer.step()

    times, begin = [], time.perf_counter()
    while time.perf_counter() - begin < WARM + SECONDS:
        start = time.perf_counter()
        step()
        end = time.perf_counter()
        if end - begin > WARM:
            times.append(1000 * (end - start))
    return statistics.median(times), len(times)


def main():
    parser = argparse.ArgumentParser(description="PyTorch eager on the bench's workloads")
    parser.add_argument("workloads", nargs="*", default=["W1", "W2", "W3", "W4"])
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    for name in args.workloads:
        ms, steps = measure(name)
        peer = f"PyTorch {torch.__version__} eager"
        print(json.dumps({"peer": peer, "workload": name, "ms_per_step": round(ms, 4), "threads": args.threads, "steps": steps}))


if __name__ == "__main__":
    main()
