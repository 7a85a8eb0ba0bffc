"""Experts and what skips: engine/src/routing/*.rs, engine/src/blocks/{route, lora, mask_gate, …, skip_saturated}.rs."""

import math

import torch
from torch.nn import functional as F

import noise
from cases import Family

family = Family()
case = family.case

D, E, U = 4, 4, 2
LINEAR = {"block": "linear", "units": U}


def route(id, expert=LINEAR, block=None, **settings):
    return {"block": "route", "experts": E, **(block or {}), "routing": {"id": id, **settings}, "blocks": [expert]}


def experts(x, w):
    """What each expert makes of each row: [R, E, U]."""
    weight, bias = w("1.linear/weight", E, x.shape[-1], U), w("1.linear/bias", E, U)
    return torch.stack([F.linear(x, weight[e].T, bias[e]) for e in range(E)], 1)


def combined(x, w, gates):
    """The sum of all experts' results, by `gates` [R, E] that are 0 where nothing is asked."""
    return (gates[..., None] * experts(x, w)).sum(1)


def placed(chosen, weights):
    """Gates [R, E] of the weights [R, k] of the chosen [R, k]."""
    return torch.zeros(len(chosen), E, dtype=weights.dtype).scatter(1, chosen, weights)


def seated(chosen, gates, room, order):
    """`gates` without those for which an expert has no room: first choices first, rows in `order`."""
    free, kept = [room] * E, torch.zeros_like(gates)
    for choice in range(chosen.shape[1]):
        for row in order:
            e = int(chosen[row, choice])
            if free[e] > 0:
                free[e] -= 1
                kept[row, e] = 1
    return gates * kept.detach()


def varied(x):
    return x.var(correction=0) / x.mean() ** 2


def balance(form, chosen, gates, shares):
    if form == "squared-variation":
        return varied(gates.sum(0))
    counted = chosen[:, :1] if form == "gshard" else chosen
    load = F.one_hot(counted, E).to(shares).mean((0, 1))
    return E * (load * shares.mean(0)).sum()


def importance(x, w, k, capacity, order, form="switch", weight=0.3):
    shares = torch.softmax(x @ w("router", D, E), -1)
    weights, chosen = shares.topk(k, -1)
    gates = placed(chosen, weights)
    w.penalise(weight * balance(form, chosen, gates, shares))
    rows = {"arrival": torch.arange(len(x)), "largest": weights.amax(1), "sum": weights.sum(1)}[order]
    rows = rows if order == "arrival" else rows.argsort(descending=True)
    room = math.ceil(capacity * k * len(x) / E)
    return combined(x, w, seated(chosen, gates, room, rows.tolist()))


for order, form in {"largest": "switch", "sum": "gshard", "arrival": "squared-variation"}.items():
    settings = {"order": "arrival"} if order == "arrival" else {"score": order}
    case(
        f"by importance ({order}, {form})",
        route("importance", k=2, capacity=0.6, balance=0.3, **{"balance-by": form}, **settings), [D],
        lambda x, w, o=order, f=form: importance(x, w, 2, 0.6, o, f), batch=6,
    )


def expected_load(clean, noisy, size, k):
    """Shazeer et al. 2017, equations 8 to 10."""
    def kth_excluding(i):
        return torch.cat([noisy[:, :i], noisy[:, i + 1:]], 1).topk(k, -1).values[:, -1]

    bounds = torch.stack([kth_excluding(i) for i in range(E)], 1)
    return torch.distributions.Normal(0, 1).cdf((clean - bounds) / size).sum(0)


def top_k(x, w, k=2, among="chosen", capacity=0.0, jitter=0.0, noisy=False, loads=None):
    train = w.mode == "train"
    seen = x * (1 - jitter + 2 * jitter * w.uniform(*x.shape)) if jitter and train else x
    logits = seen @ w("router", D, E)
    if noisy and train:
        drawn = noise.normal(f"1/{w.prefix}noise {w.draws + 1}", logits.shape, 0)
        clean, size = logits, F.softplus(seen @ w("noise", D, E))
        logits = clean + drawn * size
    bias = w.state("bias", E)
    chosen = (logits + bias).topk(k, -1).indices
    if train:
        w.keep("bias", bias + 0.1 * (1 - E * F.one_hot(chosen, E).to(x).mean((0, 1))))
    logits_or_shares = torch.softmax(logits, -1) if among == "all" else logits
    weights = logits_or_shares.gather(1, chosen)
    weights = weights if among == "all" else torch.softmax(weights, -1)
    gates = placed(chosen, weights)
    if loads:
        loss = varied(expected_load(clean + bias, logits + bias, size, k))
        w.penalise(0.3 * (loss if loads == "load" else loss + varied(gates.sum(0))))
    if capacity:
        gates = seated(chosen, gates, math.ceil(capacity * k * len(x) / E), range(len(x)))
    return combined(x, w, gates)


case("top 2 among all", route("top-k", k=2, normalise="all"), [D], lambda x, w: top_k(x, w, among="all"), batch=4)
case("top 2 of little room", route("top-k", k=2, capacity=0.7), [D], lambda x, w: top_k(x, w, capacity=0.7), batch=5)
case("top 2, jittered", route("top-k", k=2, jitter=0.3), [D], lambda x, w: top_k(x, w, jitter=0.3), batch=4)
case("top 2, noisy", route("top-k", k=2, noise=True), [D], lambda x, w: top_k(x, w, noisy=True), batch=4)
for loads in ["load", "load-and-weights"]:
    case(
        f"top 2, balanced by {loads}", route("top-k", k=2, noise=True, balance=0.3, **{"balance-by": loads}), [D],
        lambda x, w, l=loads: top_k(x, w, noisy=True, loads=l), batch=5,
    )
case(
    "top 2 of places", route("top-k", k=2), [2, D],
    lambda x, w: top_k(x.flatten(0, 1), w).unflatten(0, (-1, 2)), batch=2,
)


def alone(x, w):
    return F.linear(x, w("shared/1.linear/weight", D, U).T, w("shared/1.linear/bias", U))


case(
    "a shared expert", route("top-k", k=2, block={"shared": True}), [D], lambda x, w: top_k(x, w) + alone(x, w), batch=4,
)


def expert_choice(x, w, capacity=2.0):
    shares = torch.softmax(x @ w("router", D, E), -1)
    weights, rows = shares.T.topk(math.ceil(capacity * len(x) / E), -1)
    gates = torch.zeros(E, len(x), dtype=x.dtype).scatter(1, rows, weights).T
    return combined(x, w, gates)


for capacity in [1.0, 2.0]:
    case(
        f"experts choose {capacity}", route("expert-choice", capacity=capacity), [D],
        lambda x, w, c=capacity: expert_choice(x, w, c), batch=5,
    )


def tree(x, w, hardening=1.0, even=1.0, leak=0.0, levels=0):
    z = F.linear(x, w("node", E - 1, D), w("bias", E - 1))
    c = torch.sigmoid(z)
    if w.mode == "train":
        w.penalise(-hardening * (c * c.log() + (1 - c) * (1 - c).log()).mean())
    if w.mode == "train" and leak:
        c = torch.where(w.uniform(*c.shape) < leak, 1 - c, c)

    def leaves(c, node=0):
        """Products along the paths under a node; its children are 2 node + 1 and 2 node + 2."""
        if node >= E - 1:
            return [torch.ones_like(c[:, 0])]
        left, right = leaves(c, 2 * node + 1), leaves(c, 2 * node + 2)
        return [(1 - c[:, node]) * p for p in left] + [c[:, node] * p for p in right]

    soft, hard = torch.stack(leaves(c), 1), torch.stack(leaves((z >= 0).to(x)), 1)
    if w.mode == "eval":
        under = 2 ** levels
        reached = hard.unflatten(1, (-1, under)).sum(2).repeat_interleave(under, 1)
        gates = reached * soft
        return combined(x, w, gates / gates.sum(1, keepdim=True) if levels else hard)
    w.penalise(even * E * (hard.mean(0) * soft.mean(0)).sum())
    return combined(x, w, soft)


for mode in ["train", "eval"]:
    case(f"tree ({mode})", route("tree", hardening=0.5), [D], lambda x, w: tree(x, w, 0.5), batch=4, mode=mode)
for levels in [1, 2]:
    case(
        f"tree of {levels} soft levels", route("tree", soft=levels), [D], lambda x, w, l=levels: tree(x, w, levels=l),
        batch=4, mode="eval",
    )
case("tree that leaks", route("tree", leak=0.4), [D], lambda x, w: tree(x, w, leak=0.4), batch=4)


def master_leaf(x, w):
    share = torch.sigmoid(w("mixing", 1))
    return share * tree(x, w) + (1 - share) * alone(x, w)


case(
    "tree with a master leaf", route("tree", block={"shared": True, "mixing": True}), [D], master_leaf, batch=4,
)


def hashed(x, w, by, places=3):
    """Tokens, embedded and sent to one expert each; all is inside a chain."""
    path = "2.route/"
    rows = F.embedding(x, w("1.embedding/table", 7, D)).flatten(0, 1)
    before = F.pad(x, (1, 0), value=7)[:, :-1]
    looked_up = lambda name, at: ((w.state(f"{path}{name}", 8) + 0.5) * E).floor().long()[at]
    chosen = {
        # All tokens are equally frequent here: they are dealt out in turns.
        "balanced": lambda: x % E,
        "position": lambda: torch.arange(places).expand(len(x), -1) % E,
        "random": lambda: looked_up("token 1", x),
        "previous": lambda: looked_up("previous 1", before),
        "bigram": lambda: (looked_up("token 1", x) + looked_up("previous 1", before)) % E,
    }[by]()
    weight, bias = w(f"{path}1.linear/weight", E, D, U), w(f"{path}1.linear/bias", E, U)
    chosen = chosen.flatten()
    y = torch.einsum("rd,rdu->ru", rows, weight[chosen]) + bias[chosen]
    return y.unflatten(0, (-1, places))


for by in ["balanced", "position", "random", "previous", "bigram"]:
    blocks = [{"block": "embedding", "width": D}, route("hash", by=by)]
    case(
        f"experts by hash ({by})", {"block": "chain", "blocks": blocks}, [3], lambda x, w, b=by: hashed(x, w, b),
        batch=3, vocabulary=7,
    )

def relevance(x, w, score, k=2, neurons=3):
    """Scores that do not learn; the best k count in full."""
    if score == "similarity":
        scores = x @ w.frozen("router", D, E)
    elif score == "mlp":
        h = torch.tanh(x @ w.frozen("router", D, E) + w.frozen("router-bias", E))
        scores = h @ w.frozen("router-out", E, E) + w.frozen("router-out-bias", E)
    else:
        wide = E * neurons
        h = torch.relu(x @ w.frozen("router", D, wide) + w.frozen("router-bias", wide))
        scores = h.unflatten(-1, (E, neurons)).sum(-1)
    chosen = scores.topk(k, -1).indices
    return combined(x, w, placed(chosen, torch.ones_like(chosen).to(x)))


for score in ["similarity", "mlp", "activations"]:
    case(
        f"experts by {score}", route("relevance", k=2, score=score, neurons=3), [D],
        lambda x, w, s=score: relevance(x, w, s), batch=4,
    )

# Low-rank changes


def lora(x, w, rank=2, alpha=3.0, frozen=True, threshold=0.0):
    weight = w.frozen if frozen else w
    base = F.linear(x, weight("1.linear/weight", D, U).T, weight("1.linear/bias", U))
    change = alpha / rank * (x @ w("a", D, rank) @ w("b", rank, U))
    if threshold:
        score = w("score", 1)
        w.penalise(0.01 * score.abs().mean())
        change = change * ((score >= threshold).to(x) + score - score.detach())
    return base + change


CHANGE = {"block": "lora", "rank": 2, "alpha": 3, "blocks": [LINEAR]}
case("lora", CHANGE, [D], lora)
case("lora beside what learns", {**CHANGE, "frozen": False}, [D], lambda x, w: lora(x, w, frozen=False))
for middle, name in {0.5: "there", -0.5: "not there"}.items():
    case(
        f"lora with a score, {name}", {**CHANGE, "selective": True}, [D], lambda x, w: lora(x, w, threshold=0.1),
        near={"score": (middle, 0.2)},
    )


def mix_lora(x, w, rank=2, alpha=3.0):
    """The base is one for all experts."""
    shares = torch.softmax(x @ w("router", D, E), -1)
    base = F.linear(x, w.frozen("1.lora/1.linear/weight", D, U).T, w.frozen("1.lora/1.linear/bias", U))
    a, b = w("1.lora/a", E, D, rank), w("1.lora/b", E, rank, U)
    change = alpha / rank * torch.einsum("rd,edk,eku->reu", x, a, b)
    return (shares[..., None] * (base[:, None] + change)).sum(1)


case("experts of lora", route("dense", CHANGE), [D], mix_lora)

# What is left out


def mask_gate(x, w, mass=0.6, weight=0.7, units=4):
    y = F.linear(x, w("1.linear/weight", D, units).T, w("1.linear/bias", units))
    z = F.linear(x.detach(), w("predictor", D, units).T, w("predictor bias", units))
    if w.mode == "train":
        target = torch.zeros_like(z)
        for row, heat in enumerate(y.detach().abs()):
            total = 0.0
            for channel in heat.argsort(descending=True):
                if total >= mass * heat.sum():
                    break
                target[row, channel] = 1
                total += heat[channel]
        w.penalise(weight * F.binary_cross_entropy_with_logits(z, target))
    return y * (z > 0)


for mode in ["train", "eval"]:
    case(
        f"mask gate ({mode})",
        {"block": "mask-gate", "mass": 0.6, "weight": 0.7, "blocks": [{"block": "linear", "units": 4}]}, [D],
        mask_gate, mode=mode,
    )

MODULES = [{"block": "linear", "units": D}, {"block": "activation", "function": "tanh"}]


def module_sequence(x, w, steps=3, width=3, hard=False):
    h, state = x, None
    for _ in range(steps):
        sums = F.linear(x, w("input", D, width).T, w("input bias", width))
        state = torch.tanh(sums if state is None else sums + state @ w("state", width, width))
        logits = state @ w("choice", width, 2)
        weights = F.one_hot(logits.argmax(-1), 2).to(x) if hard else torch.softmax(logits, -1)
        first = F.linear(h, w("1.linear/weight", D, D).T, w("1.linear/bias", D))
        h = weights[:, :1] * first + weights[:, 1:] * torch.tanh(h)
    return h


SEQUENCE = {"block": "module-sequence", "steps": 3, "control": 3, "blocks": MODULES}
case("module sequence", SEQUENCE, [D], module_sequence)
case(
    "module sequence, hardened", {**SEQUENCE, "hard": True}, [D], lambda x, w: module_sequence(x, w, hard=True),
    mode="eval",
)


def nested(x, w, granularity=None, hidden=8):
    if granularity is None:
        word = noise.pcg4d(0, w.step, noise.stream("granularity"), 0)[0]
        granularity = math.floor(4 * noise.uniform(word))
    m = hidden >> (3 - granularity)
    h = torch.relu(x @ w("up", D, hidden)[:, :m] + w("up bias", hidden)[:m])
    return h @ w("down", hidden, D)[:m] + w("down bias", D)


for step in range(1, 5):
    case(f"nested layer at step {step}", {"block": "nested-ffn", "hidden": 8}, [D], nested, batch=2, step=step)
for place, size in enumerate(["eighth", "quarter", "half", "whole"]):
    case(
        f"nested layer, {size}", {"block": "nested-ffn", "hidden": 8, "granularity": size}, [D],
        lambda x, w, p=place: nested(x, w, p), batch=2, mode="eval",
    )


def layers(x, w, number):
    return F.linear(x, w(f"{number}.linear/weight", D, D).T, w(f"{number}.linear/bias", D))


def of_room(scores, share):
    """1 for the share of the rows that have the highest scores."""
    return torch.zeros_like(scores).index_fill(0, scores.argsort(descending=True)[: math.ceil(share * len(scores))], 1)


def skip_middle(x, w, count=3, target=0.4, rate=0.02, room=1.0):
    halves = (count + 1) // 2
    h, enough, gates = x, 0, []
    for l in range(count):
        if l < halves:
            enough = enough + torch.relu(F.linear(h, w(f"gate {l + 1}", D, 1).T, w(f"gate bias {l + 1}", 1)))
            gates.append(1 - enough.clamp(max=1))
        depth = min(l, count - 1 - l)
        kept = of_room(gates[depth][:, 0].detach(), 1 + (room - 1) * (depth + 1) / halves)[:, None]
        h = h + kept * gates[depth] * layers(h, w, l + 1)
    if w.mode == "train":
        for l, gate in enumerate(gates):
            aim = 1 + (target - 1) * (l + 1) / halves
            figures = {"mean": (gate.mean(), aim), "variance": (gate.var(correction=0), aim * (1 - aim))}
            for name, (figure, wanted) in figures.items():
                weight = w.state(f"{name} {l + 1}", 1)
                w.penalise((weight * figure).sum())
                w.keep(f"{name} {l + 1}", weight + rate * (figure - wanted))
    return h


SKIPS = {"block": "skip-middle", "target": 0.4, "control": 0.02, "blocks": [{"block": "linear", "units": D}] * 3}
for mode in ["train", "eval"]:
    case(
        f"skip the middle ({mode})", SKIPS, [D], skip_middle, batch=4, mode=mode,
        near={"gate bias 1": (0.3, 0.1), "gate bias 2": (0.3, 0.1)},
    )


case(
    "skip the middle for want of room", {**SKIPS, "room": 0.3}, [D], lambda x, w: skip_middle(x, w, room=0.3), batch=5,
    near={"gate bias 1": (0.3, 0.1), "gate bias 2": (0.3, 0.1)},
)


def skip_saturated(x, w, count=4, threshold=0.8, skip=1, cold=1):
    if w.mode == "train":
        for l in range(count):
            x = x + layers(x, w, l + 1)
        return x
    out = []
    for h in x:
        left = 0
        for l in range(count):
            y = h + layers(h, w, l + 1)
            if cold <= l < count - cold and left > 0:
                left -= 1
                continue
            left = skip if F.cosine_similarity(h, y, 0) >= threshold else 0
            h = y
        out.append(h)
    return torch.stack(out)


SATURATED = {"block": "skip-saturated", "threshold": 0.8, "blocks": [{"block": "linear", "units": D}] * 4}
case("saturated (train)", SATURATED, [D], skip_saturated, batch=2)
for cold in [0, 1]:
    case(
        f"saturated, {cold} cold", {**SATURATED, "cold": cold}, [D],
        lambda x, w, c=cold: skip_saturated(x, w, cold=c), batch=6, mode="eval",
    )


def turned_most(x, w, count=4, room=0.5):
    """No threshold: rows go through a layer where the last one that they went through turned them most."""
    angles = None
    for l in range(count):
        y = x + layers(x, w, l + 1)
        kept = torch.ones_like(x[:, 0]) if angles is None else of_room(-angles, room)
        cosine = F.cosine_similarity(x, y, 1)
        angles = cosine if angles is None else torch.where(kept > 0, cosine, angles)
        x = torch.where(kept[:, None] > 0, y, x)
    return x


case(
    "half of the rows", {**SATURATED, "skip": 0, "room": 0.5}, [D], turned_most, batch=6, mode="eval",
)
