"""How often what is no digit is told from digits: through preprocessing, as it would be sent."""

from collections.abc import Callable, Iterator

import cv2
import numpy as np
import torch

from app.ml.datasets import load
from app.ml.inference import Classifier, load_classifier
from app.ml.parts import Part, rejections
from app.ml.picture import Picture
from app.ml.preprocessing import preprocess
from app.settings import Settings
from app.verbs.train import library_of
from bench.machine import figure

MODEL = "mnist-cnn"
COUNT = 2_000  # pictures of each kind
CANVAS = 200
KNOWN_SHARE = 0.95  # of true test pictures, which the threshold of the first figure lets through
LETTERS = "ACEFHKLMNPQRTUVWXYacdefhkmnprtuvwxy"  # none that may be meant as a digit
FONTS = (
    cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_COMPLEX,
    cv2.FONT_HERSHEY_TRIPLEX, cv2.FONT_HERSHEY_SCRIPT_SIMPLEX, cv2.FONT_HERSHEY_SCRIPT_COMPLEX,
)  # fmt: skip

Draw = Callable[[np.random.Generator], Picture]


def run() -> None:
    entry = library_of(Settings()).resolve(MODEL)
    classifier = load_classifier(entry)
    test = part_of("mnist")
    known = scores(classifier, list(test.pictures[~rejections(test)].numpy()))
    lets_through = np.quantile(known, 1 - KNOWN_SHARE)
    wronged = float((known < 0).mean())
    figure(f"{MODEL}: true test pictures called unfamiliar", f"{wronged:.2%}", "1 %",
           f"of {len(known)}")  # fmt: skip
    for name, pictures in kinds():
        prepared = [preprocess(picture, classifier.card.preprocessing) for picture in pictures]
        legible = [one.pixels for one in prepared if one.rejection is None]
        found = scores(classifier, legible)
        false = (found >= lets_through).sum() / len(prepared)
        guessed = (found >= 0).sum() / len(prepared)
        figure(
            f"strangers, {name}: FPR at {KNOWN_SHARE:.0%} TPR", f"{false:.1%}", "5 %",
            f"guessed at the product's threshold: {guessed:.1%}; refused before: "
            f"{len(prepared) - len(legible)} of {len(prepared)}",
        )  # fmt: skip


def scores(classifier: Classifier, pixels: list[Picture]) -> np.ndarray:
    """N of (C, S, S) -> (N,): below 0 the product calls it unfamiliar."""
    assert classifier.familiarity is not None
    found = [np.zeros(0)]
    for start in range(0, len(pixels), 500):
        read = classifier.readings(np.stack(pixels[start : start + 500]))
        assert read.hidden is not None
        found.append(classifier.familiarity.scores(read.hidden, read.logits).numpy())
    return np.concatenate(found)


def part_of(dataset: str) -> Part:
    settings = Settings()
    return load(dataset, settings.dataset_files_dir, settings.data_dir / "cache").test


def kinds() -> Iterator[tuple[str, list[Picture]]]:
    yield "Fashion-MNIST", [each[0].numpy() for each in part_of("fashion-mnist").pictures[:COUNT]]
    yield "CIFAR-10 in grey", [grey(each.numpy()) for each in colours()]
    for name, draw in (("letters", letter), ("noise", noise), ("blobs", blobs)):
        random = np.random.default_rng(0)
        yield name, [draw(random) for _ in range(COUNT)]


def colours() -> torch.Tensor:
    return part_of("cifar10-jpeg").pictures[:COUNT]


def grey(picture: np.ndarray) -> Picture:
    return cv2.cvtColor(picture.transpose(1, 2, 0), cv2.COLOR_RGB2GRAY)


def letter(random: np.random.Generator) -> Picture:
    """One of LETTERS, by a random pen, turned, slanted and bent as handwriting is."""
    canvas = np.zeros((CANVAS, CANVAS), np.uint8)
    sign, font = random.choice(list(LETTERS)), int(random.choice(FONTS))
    cv2.putText(canvas, sign, (60, 140), font, 4, 255, int(random.integers(5, 17)), cv2.LINE_AA)
    turn, slant, stretch = random.normal(0, (0.12, 0.15, 0.12))
    matrix = np.array([
        [np.exp(stretch) * np.cos(turn), slant - np.sin(turn)],
        [np.sin(turn), np.cos(turn) / np.exp(stretch)],
    ])  # fmt: skip
    centre = np.array([CANVAS / 2, CANVAS / 2])
    affine = np.column_stack((matrix, centre - matrix @ centre))
    canvas = cv2.warpAffine(canvas, affine, (CANVAS, CANVAS))
    bend = cv2.GaussianBlur(random.normal(size=(CANVAS, CANVAS, 2)), (0, 0), CANVAS / 10)
    bend *= 0.025 * CANVAS / bend.std()
    down, along = np.mgrid[:CANVAS, :CANVAS]
    places = np.dstack((along, down)) + bend
    return cv2.remap(canvas, places.astype(np.float32), None, cv2.INTER_LINEAR)


def noise(random: np.random.Generator) -> Picture:
    return random.integers(0, 256, (CANVAS, CANVAS), np.uint8)


def blobs(random: np.random.Generator) -> Picture:
    """Smooth white spots on black."""
    smooth = cv2.GaussianBlur(
        random.normal(size=(CANVAS, CANVAS)), (0, 0), CANVAS / 28 * random.uniform(1, 3.5)
    )
    return np.where(smooth > np.quantile(smooth, random.uniform(0.6, 0.92)), 255, 0).astype(
        np.uint8
    )
