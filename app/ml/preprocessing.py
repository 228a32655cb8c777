"""Any picture -> exactly what the dataset would have held.

MNIST's makers scaled each digit's ink to fit 20 x 20 pixels and put its centre of mass at the
centre of 28 x 28 (LeCun, Cortes, Burges). A network trained on such pictures reads only such
pictures well, so every drawing, photograph and upload takes this one way.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from app.ml import clothing, colours, photos
from app.ml.framing import (
    centre_box,
    centre_mass,
    crop_to_ink,
    scale_to_box,
    scale_to_frame,
)
from app.ml.ink import drop_specks, find_ink, flatten_paper, leave_colours, leave_paper
from app.ml.picture import Picture, Work, leave


@dataclass(frozen=True)
class Preprocessing:
    """How a model wants its pictures; stored in its card."""

    pipeline: str
    size: int
    channels: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Rejection:
    """Why a picture cannot be read: a code of REJECTIONS and a sentence for a person."""

    code: str
    message: str


@dataclass(frozen=True)
class Step:
    """What one step made of the picture: uint8 (h, w) or (h, w, 3)."""

    key: str
    sentence: str
    picture: Picture


@dataclass(frozen=True)
class Prepared:
    """pixels: uint8 (C, S, S), what the network sees."""

    pixels: Picture
    rejection: Rejection | None
    steps: tuple[Step, ...] = ()


REJECTIONS = {
    "blank": "There is nothing drawn here yet.",
    "too_little_ink": "This is only a dot. Draw a digit, larger.",
    "several_digits": "There seems to be more than one digit here. Show one at a time.",
    "unfamiliar": "This does not look like what it learnt from. Its best guess would be {label}.",
}


def unfamiliar(label: str) -> Rejection:
    """Of a picture that was read all the same, as this label."""
    return Rejection("unfamiliar", REJECTIONS["unfamiliar"].format(label=label))


@dataclass(frozen=True)
class PipelineStep:
    key: str
    function: Callable[[Work], None]
    otherwise: Callable[[Work], None]  # what happens when the step is skipped
    sentence: str


DIGIT_STEPS = (
    PipelineStep("paper", flatten_paper, leave_paper, "Shade and shadows are removed."),
    PipelineStep("ink", find_ink, leave_colours, "The ink becomes white, everything else black."),
    PipelineStep("specks", drop_specks, leave, "Dirt and cut-off neighbours are dropped."),
    PipelineStep("crop", crop_to_ink, leave, "The picture is cut to the ink."),
    PipelineStep("scale", scale_to_box, scale_to_frame, "The longest side becomes 20 pixels."),
    PipelineStep("centre", centre_mass, centre_box, "The centre of mass moves to the middle."),
)

CLOTHING_STEPS = (
    PipelineStep(
        "background", clothing.take_background, clothing.leave_background,
        "What looks like the border and touches it becomes empty.",
    ),
    PipelineStep("trim", clothing.trim, leave, "The picture is cut to the garment."),
    PipelineStep("scale", scale_to_frame, clothing.squash, "The longest side becomes 28 pixels."),
    PipelineStep(
        "negative", clothing.negate, leave,
        "Bright and dark are exchanged, as the dataset's makers did.",
    ),
    PipelineStep(
        "centre", clothing.stand_in_the_middle, clothing.stand_in_the_corner,
        "The garment stands in the middle.",
    ),
)  # fmt: skip
COLOUR_STEPS = (
    PipelineStep(
        "square", colours.cut_square, colours.leave_shape, "The middle is cut out as a square."
    ),
    PipelineStep(
        "scale", colours.shrink, colours.pick_pixels, "It becomes 32 x 32 pixels by averaging."
    ),
)
PHOTO_STEPS = (
    PipelineStep(
        "shorten", photos.shorten, photos.squeeze, "The shorter side is shrunk, the other with it."
    ),
    PipelineStep(
        "middle", photos.cut_middle, photos.leave_borders, "The middle is cut out as a square."
    ),
)

PREPROCESSING: dict[str, tuple[PipelineStep, ...]] = {
    "digit": DIGIT_STEPS,
    "clothing": CLOTHING_STEPS,
    "colour": COLOUR_STEPS,
    "photo": PHOTO_STEPS,
}
LONGEST_SIDE = {"photo": 2048}  # of a picture that it is given; larger ones are shrunk first
STEP_KEYS = {name: tuple(step.key for step in steps) for name, steps in PREPROCESSING.items()}


def longest_side(preprocessing: Preprocessing) -> int:
    """Pixels beyond which a picture may be shrunk before it is prepared. One that is not takes
    the very same way as in torchvision."""
    return LONGEST_SIDE.get(preprocessing.pipeline, 1024)


def preprocess(
    picture: Picture,
    preprocessing: Preprocessing,
    skip: Collection[str] = (),
    steps: bool = False,
) -> Prepared:
    """Run the pipeline that the card names; a skipped step does what its `otherwise` says.

    ValueError when the pipeline, or a key to skip, does not exist.
    """
    pipeline = PREPROCESSING[preprocessing.pipeline]
    if skip and (unknown := set(skip) - set(STEP_KEYS[preprocessing.pipeline])):
        keys = ", ".join(STEP_KEYS[preprocessing.pipeline])
        raise ValueError(f"no step called {min(unknown)!r} to skip; choose from {keys}")
    size = preprocessing.size
    if preprocessing.channels == 3:
        work = Work.in_colour(picture, size, preprocessing.options)
    else:
        work = Work.on(picture, size)
    seen: list[Step] = []
    for step in pipeline:
        (step.otherwise if step.key in skip else step.function)(work)
        if work.rejected:
            empty = np.zeros((preprocessing.channels, size, size), np.uint8)
            return Prepared(empty, Rejection(work.rejected, REJECTIONS[work.rejected]), tuple(seen))
        if steps:
            seen.append(Step(step.key, step.sentence, work.picture))
    pixels = work.picture[None] if work.picture.ndim == 2 else work.picture.transpose(2, 0, 1)
    return Prepared(pixels, None, tuple(seen))


def unprepared(pixels: Picture) -> Prepared:
    """Pixels (C, S, S) that are the network's input already; one even colour is blank."""
    blank = Rejection("blank", REJECTIONS["blank"]) if pixels.min() == pixels.max() else None
    return Prepared(pixels, blank)
