"""Runs the scripts that `signalbox export --torch` writes, beside our own losses.

    cargo test -p engine --test export            # writes the presets to target/presets
    cargo build --release -p engine --bin signalbox
    venv/bin/python scripts.py                    # all pairs of rule and network, or the rules that are named

For every rule and every preset that it fits, and for every rule on a small network of its own: the losses of the first
three steps, and those of an evaluation after them. The first step's must agree to 1e-5, relative to the larger of 1 and
the loss. What came out is written to scripts.md.
"""

import contextlib
import io
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import torch

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOLERANCE = 1e-5
STEPS = 3

ROUTED = """[[{"block":"linear","units":16},{"block":"activation","function":"tanh"}],
    [{"block":"route","experts":4,"routing":{"id":"top-k","k":2},"blocks":[{"block":"linear","units":16}]},
     {"block":"activation","function":"gelu"}],[{"block":"linear"}]]"""
PLAIN = """[[{"block":"linear","units":16},{"block":"activation"}],[{"block":"linear","units":16},{"block":"activation"}],
    [{"block":"linear"}]]"""
RESIDUAL = """[[{"block":"linear","units":16},{"block":"activation"}],
    [{"block":"residual","blocks":[{"block":"linear","units":16},{"block":"activation"}]}],
    [{"block":"residual","blocks":[{"block":"linear","units":16},{"block":"activation"}]}],[{"block":"linear"}]]"""


def program():
    for build in ["release", "debug"]:
        path = ROOT / "target" / build / "signalbox"
        if path.exists():
            return str(path)
    sys.exit("build signalbox first")


def networks():
    """Specs by name, without their rule."""
    all_ = {path.stem: json.loads(path.read_text()) for path in sorted((ROOT / "target/presets").glob("*.json"))}
    for name, stages in [("moons, routed", ROUTED), ("moons, plain", PLAIN), ("moons, residual", RESIDUAL)]:
        all_[name] = {"version": 1, "data": "moons", "stages": json.loads(stages), "rate": 0.005, "batch": 32, "seed": 11}
    return all_


def losses(script):
    """What the script prints, run in this process."""
    said = io.StringIO()
    space = {"__name__": "__main__", "__file__": str(script)}
    before, sys.argv = sys.argv, [str(script), "--steps", str(STEPS)]
    try:
        with contextlib.redirect_stdout(said):
            exec(compile(script.read_text(), str(script), "exec"), space)
    finally:
        sys.argv = before
    return [float(v) for v in re.findall(r"loss (\S+?),", said.getvalue())]


def ours(report):
    curve = report["curve"]
    number = lambda v: float("nan") if v is None else v
    end = [number(curve[-1][split]["loss"]) for split in ("train", "test") if split in curve[-1]]
    return [number(point["loss"]) for point in curve] + end


def pair(tool, folder, spec):
    """Losses of both, or why there are none."""
    path, script, report = folder / "spec.json", folder / "train.py", folder / "report.json"
    path.write_text(json.dumps(spec))
    ask = lambda *words: subprocess.run([tool, *words], capture_output=True, text=True)
    export = ask("export", str(path), "--torch", str(script))
    if export.returncode:
        return None, export.stderr.strip().splitlines()[0]
    run = ask("run", str(path), "--steps", str(STEPS), "--device", "cpu", "--report", str(report))
    if not report.exists():
        return None, run.stderr.strip().splitlines()[-1]
    told = ours(json.loads(report.read_text()))
    report.unlink()
    return (told, losses(script)), ""


def off(a, b):
    if a != a and b != b:
        return 0.0
    return abs(a - b) / max(1.0, abs(a))


def main(asked):
    tool = program()
    listed = json.loads(subprocess.run([tool, "list", "rules", "--json"], capture_output=True, text=True).stdout)
    rules = [r["id"] for r in listed]
    rows, bad, began = [], [], time.time()
    for name, spec in networks().items():
        fit, worst = [], [0.0] * (STEPS + 2)
        for rule in rules:
            if asked and rule not in asked:
                continue
            with tempfile.TemporaryDirectory() as folder:
                got, why = pair(tool, pathlib.Path(folder), spec | {"rule": rule, "steps": STEPS})
            if got is None:
                continue
            far = [off(a, b) for a, b in zip(*got)]
            if len(got[0]) != len(got[1]) or far[0] > TOLERANCE:
                bad.append((name, rule, *got))
                print("off:", name, rule, got, flush=True)
            fit.append(rule)
            worst = [max(w, f) for w, f in zip(worst, far)]
        rows.append((name, len(fit), worst))
        print(name, len(fit), " ".join(f"{w:.1e}" for w in worst), f"{time.time() - began:.0f} s", flush=True)
        if not asked:
            write(rows, bad, len(rules))
    return 1 if bad else 0


def write(rows, bad, count):
    lines = [
        "# Exported scripts beside our own losses",
        "",
        f"Written by `scripts.py` with PyTorch {torch.__version__}: {sum(r[1] for r in rows)} pairs of rule and network, of",
        f"{count} rules; those that a rule refuses are left out, and a network without a row was not run. The largest difference of a loss, relative to the larger of 1",
        "and the loss, over the rules, after the first, second and third step and in the evaluation of both splits after them.",
        f"The first step's may be {TOLERANCE:g}; later ones grow where a rule divides by small numbers or picks the largest of",
        "several.",
        "",
        "| network | rules | step 1 | step 2 | step 3 | train | test |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    lines += [f"| {name} | {n} | " + " | ".join(f"{w:.1e}" for w in worst) + " |" for name, n, worst in rows]
    lines += ["", f"Beyond the tolerance: {len(bad)}." if bad else "None is beyond the tolerance."]
    lines += [f"- {rule} on {name}: {a[0]:.9g} here, {b[0]:.9g} there" for name, rule, a, b in bad]
    (pathlib.Path(__file__).parent / "scripts.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
