"""Writes engine/tests/torch/FAMILY.json: what PyTorch makes of every block.

    python3 figures.py [FAMILY …]
"""

import importlib
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
OUT = HERE.parents[1] / "engine" / "tests" / "torch"


def main():
    names = sys.argv[1:] or sorted(p.stem for p in (HERE / "families").glob("*.py") if p.stem != "__init__")
    for name in names:
        family = importlib.import_module(f"families.{name}").family
        text = family.text()
        (OUT / f"{name}.json").write_text(text)
        print(f"{name}: {len(family.lines)} cases, {len(text)} bytes")


if __name__ == "__main__":
    main()
