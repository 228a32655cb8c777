"""JSON bodies -> what they carry: a picture in base64, the strokes of a pen, or pixels."""

import re
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, FailFast, Field, ValidationError

from app.settings import LIMITS
from app.web.errors import ApiError
from app.web.formats import Content
from app.web.strict_json import read_json
from app.web.uploads import too_large

STRICT = ConfigDict(strict=True, extra="forbid")
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Point = Annotated[list[Number], Field(min_length=2, max_length=2)]
Stroke = Annotated[list[Point], FailFast()]
Grey = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0, le=255)]
GreyRow = Annotated[list[Grey], FailFast()]
Colour = Annotated[list[Grey], FailFast(), Field(min_length=3, max_length=3)]
ColourRow = Annotated[list[Colour], FailFast()]


class ImageBody(BaseModel):
    """A picture as text."""

    model_config = STRICT
    image: str = Field(description="a picture file in base64, or as a data URL with base64")


class StrokesBody(BaseModel):
    """A drawing as a pen made it."""

    model_config = STRICT
    strokes: Annotated[list[Stroke], FailFast()] = Field(
        description="lines of points [x, y]; y grows downwards; any scale"
    )
    pen_width: float = Field(
        0.1, gt=0, le=1, allow_inf_nan=False, description="a fraction of the longest side"
    )


class GreyBody(BaseModel):
    """Exactly what a network with one channel sees."""

    model_config = STRICT
    pixels: Annotated[list[GreyRow], FailFast()] = Field(
        description="rows of numbers from 0 (no ink) to 255, exactly the size of the input"
    )


class ColourBody(BaseModel):
    """Exactly what a network with three channels sees."""

    model_config = STRICT
    pixels: Annotated[list[ColourRow], FailFast()] = Field(
        description="rows of [red, green, blue] from 0 to 255, exactly the size of the input"
    )


class LabelBody(BaseModel):
    """What a picture really shows."""

    model_config = STRICT
    label: str = Field(description="the right label, 1 to 40 characters", examples=["7"])


class SampleBody(LabelBody):
    """What a person knows about a picture, and what a model had read in it."""

    model: str | None = Field(None, max_length=200, description="a model's reference")
    read: str | None = Field(
        None, max_length=40, description="the label that it had read; null when it was rejected"
    )


class ImageSampleBody(SampleBody, ImageBody):
    """A picture to keep."""


class StrokesSampleBody(SampleBody, StrokesBody):
    """A drawing to keep."""


LayerName = Annotated[str, Field(max_length=100)]
Units = Annotated[list[Annotated[int, Field(ge=0, lt=10**9)]], Field(max_length=4096), FailFast()]
SomeUnits = Annotated[dict[LayerName, Units], Field(max_length=200)]


class Broken(BaseModel):
    """What is broken in a network, on purpose."""

    model_config = STRICT
    units: SomeUnits = Field({}, description="a layer's units that answer 0, by its name")
    kernels: SomeUnits = Field({}, description="units whose weights are 0: their bias is left")
    biases: SomeUnits = Field({}, description="units whose bias is 0")
    noise: float = Field(
        0.0, ge=0, le=10, allow_inf_nan=False,
        description="on all weights, as a share of the spread of each layer's",
    )  # fmt: skip
    seed: int = Field(0, ge=0, lt=2**53, description="of the noise")


BODIES: tuple[type[BaseModel], ...] = (ImageBody, StrokesBody, GreyBody, ColourBody)


@dataclass(frozen=True, slots=True)
class Base64:
    """A picture still written in base64."""

    text: Content | memoryview


@dataclass(frozen=True, slots=True)
class Strokes:
    """A drawing: [[[x, y], ...], ...] and the pen's width as a fraction of the longest side."""

    strokes: list[list[list[float]]]
    pen_width: float
    points: int


Pixels = NDArray[np.uint8]  # (H, W) or (H, W, 3)


def json_limit(beginning: Content) -> int:
    """How large a JSON body may be that begins so."""
    if IMAGE.match(beginning):
        return LIMITS.json_image_bytes
    return LIMITS.strokes_bytes if STROKES.match(beginning) else LIMITS.json_bytes


SHORT = rb'"(?:label|model|read|pen_width)"\s*:\s*(?:"(?:[^"\\]|\\.){0,300}"|null|[0-9.eE+-]{1,40})'
BEFORE = rb"\s*\{\s*(?:" + SHORT + rb"\s*,\s*){0,4}"  # short fields may stand before the long one
IMAGE = re.compile(BEFORE + rb'"image"\s*:\s*"', re.DOTALL)
STROKES = re.compile(BEFORE + rb'"strokes"\s*:', re.DOTALL)


def read_drawing(body: Content) -> Base64 | Strokes | Pixels:
    """What a JSON body carries; ApiError 422 that names the rule which it breaks."""
    return read_beside(body, ())[0]


def read_beside(
    body: Content, names: tuple[str, ...]
) -> tuple[Base64 | Strokes | Pixels, dict[str, Any]]:
    """What a JSON body carries, and the fields of these names that stand beside it, unchecked."""
    fields, text = split(body)
    beside = {name: fields.pop(name) for name in names if name in fields}
    return drawing_of(body, fields, text), beside


def drawing_of(
    body: Content, fields: dict[str, Any], text: Content | memoryview | None
) -> Base64 | Strokes | Pixels:
    form = form_of(body, fields, ("image", "strokes", "pixels"))
    if form == "image":
        return read_image(checked(ImageBody, fields), text)
    if form == "strokes":
        return read_strokes(checked(StrokesBody, fields))
    return read_pixels(fields)


def read_sample(body: Content) -> tuple[SampleBody, Base64 | Strokes]:
    """What a JSON body wants to have kept; errors as read_drawing."""
    fields, text = split(body)
    if form_of(body, fields, ("image", "strokes")) == "image":
        picture = checked(ImageSampleBody, fields)
        return picture, read_image(picture, text)
    drawing = checked(StrokesSampleBody, fields)
    return drawing, read_strokes(drawing)


def split(body: Content) -> tuple[dict[str, Any], Content | memoryview | None]:
    """The fields, and a picture's text. It is cut out before the rest is parsed, and an empty one
    left in its place: base64 needs no parser, but many bytes."""
    found = IMAGE.match(body)
    if not found:
        return read_json(body), None
    start, end = found.end(), body.find(b'"', found.end())
    if end < 0:
        raise ApiError(422, "invalid_json", "The body is not valid JSON.")
    if len(body) - end > LIMITS.json_bytes:
        raise too_large(LIMITS.json_bytes)
    text = memoryview(body)[start:end]
    if body.find(b"\\", start, end) >= 0:  # some writers escape / and +
        text = memoryview(read_json(b'{"image":"' + text + b'"}')["image"].encode())
    return read_json(body[:start] + body[end:]), text


def form_of(body: Content, fields: dict[str, Any], forms: tuple[str, ...]) -> str:
    """The one of `forms` that was sent; ApiError 422, or 413 when it is too large for its form."""
    sent = [form for form in forms if form in fields]
    if len(sent) != 1:
        names = " and ".join((", ".join(f"`{form}`" for form in forms[:-1]), f"`{forms[-1]}`"))
        raise ApiError(422, "wrong_form", f"Send exactly one of {names}.")
    if len(body) > json_limit(body):
        raise too_large(json_limit(body))
    return sent[0]


def read_image(body: ImageBody, text: Content | memoryview | None) -> Base64:
    return Base64(text_of(body.image.encode() if text is None else text))


def text_of(text: Content | memoryview) -> memoryview:
    """The base64 itself, without `data:image/png;base64,` before it."""
    found = DATA_URL.match(text)
    return memoryview(text)[found.end() if found else 0 :]


DATA_URL = re.compile(rb"data:[\w.+/;=-]{0,100};base64,", re.IGNORECASE)


def read_strokes(body: StrokesBody) -> Strokes:
    points = sum(map(len, body.strokes))
    if points > LIMITS.stroke_points:
        sentence = f"A drawing may have {LIMITS.stroke_points:,} points at most."
        raise ApiError(422, "out_of_range", sentence)
    return Strokes(body.strokes, body.pen_width, points)


def read_pixels(fields: dict[str, Any]) -> Pixels:
    rows: Any = checked(ColourBody if is_coloured(fields["pixels"]) else GreyBody, fields)
    if len({len(row) for row in rows.pixels}) > 1:
        raise ApiError(422, "wrong_size", "`pixels`: all rows must be of one length.")
    return np.rint(np.array(rows.pixels, np.float64)).astype(np.uint8)


def is_coloured(rows: Any) -> bool:
    first = rows[0] if isinstance(rows, list) and rows else None
    return isinstance(first, list) and bool(first) and isinstance(first[0], list)


Body = TypeVar("Body", bound=BaseModel)


def checked(form: type[Body], fields: dict[str, Any]) -> Body:
    """The body as its form has it; ApiError 422 with the first rule that it breaks."""
    try:
        return form.model_validate(fields)
    except ValidationError as invalid:
        wrong = invalid.errors(include_url=False, include_input=False)[0]
        code = CODES.get(wrong["type"], "wrong_type")
        if wrong["type"] == "extra_forbidden":
            known = ", ".join(f"`{name}`" for name in form.model_fields)
            raise ApiError(422, code, f"There is an unknown key; known here: {known}.") from None
        place = ".".join(str(part) for part in wrong["loc"])
        raise ApiError(422, code, f"`{place}`: {wrong['msg'].lower()}.") from None


CODES = {
    "extra_forbidden": "unknown_key",
    "finite_number": "not_finite",
    "greater_than": "out_of_range",
    "greater_than_equal": "out_of_range",
    "less_than_equal": "out_of_range",
    "too_long": "wrong_size",
    "too_short": "wrong_size",
}
