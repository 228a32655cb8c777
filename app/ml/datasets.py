"""The table of datasets, and load()."""

from dataclasses import replace
from pathlib import Path

from app.ml import mnist, pen_digits
from app.ml.parts import PARTS, Dataset, Options, join, spoilt
from app.ml.preprocessing import Preprocessing
from app.ml.sources import Entry

DIGITS = tuple("0123456789")
DIGIT = Preprocessing("digit", 28, 1, (0.1307,), (0.3081,))  # mean, std of MNIST's 60,000


def load(name: str, root: Path, cache: Path, options: Options | None = None) -> Dataset:
    """The dataset as tensors, from files under `root`, with parsed tensors kept under `cache`.

    ValueError for an unknown name, MissingFiles with the next step when files are not there.
    """
    if name not in DATASETS:
        raise ValueError(f"no dataset called {name!r}; choose one of {', '.join(DATASETS)}")
    entry, options = DATASETS[name], options or Options()
    return spoilt(entry.load(entry, root, cache, options), options)


def load_digits(entry: Entry, root: Path, cache: Path, options: Options) -> Dataset:
    """MNIST and the pens, one after the other in each part."""
    options = replace(options, pictures=0, leak=0.0, label_noise=0.0)  # of the whole, not of each
    scans, pens = load("mnist", root, cache, options), load("pen-digits", root, cache, options)
    train, validation, test = (join(scans.part(name), pens.part(name)) for name in PARTS)
    sizes = (("mnist", len(scans.test)), ("pen-digits", len(pens.test)))
    return Dataset(entry.name, entry.classes, entry.preprocessing, train, validation, test, sizes)


MNIST = Entry(
    name="mnist",
    title="MNIST",
    load=mnist.load_mnist,
    sources=mnist.SOURCES,
    classes=DIGITS,
    preprocessing=DIGIT,
    licence="free use",
    attribution="MNIST: Yann LeCun, Corinna Cortes, Christopher J. C. Burges",
)
PENS = Entry(
    name="pen-digits",
    title="Pen digits",
    load=pen_digits.load_pens,
    sources=pen_digits.SOURCES,
    classes=DIGITS,
    preprocessing=DIGIT,
    licence="CC BY 4.0",
    attribution=(
        "Pen digits: E. Alpaydin and F. Alimoglu, Pen-Based Recognition of Handwritten Digits, UCI "
        "Machine Learning Repository (CC BY 4.0); I. Guyon, L. Schomaker and others, UNIPEN "
        "train_r01_v07, Zenodo 1195803 (CC BY 4.0). Drawn from the strokes as pictures."
    ),
)
DIGITS_AND_PENS = replace(
    MNIST,
    name="digits",
    title="Digits: MNIST and pen digits",
    load=load_digits,
    sources=MNIST.sources + PENS.sources,
    licence="MNIST: free use; pen digits: CC BY 4.0",
    attribution=f"{MNIST.attribution}. {PENS.attribution}",
)
DATASETS: dict[str, Entry] = {entry.name: entry for entry in (MNIST, PENS, DIGITS_AND_PENS)}
