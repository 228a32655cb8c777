"""How /docs and /openapi.json describe explain: its parameters, its body, its answer."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from app.web.api.predict_docs import JSON_EXAMPLES, PREDICT_DOCS, SEVEN, Prediction, Rejected
from app.web.bodies import BODIES, Broken

TAKEN = ("skip", "orientation")  # of predict's parameters


class SheetAnswer(BaseModel):
    """Tiles side by side, row after row; all share one scale."""

    picture: str = Field(description="grey PNG as a data URL")
    columns: int
    tile: int = Field(description="side of a tile in pixels")
    shown: int = Field(description="tiles; there may be more channels than that")
    zero: int = Field(description="the grey of 0; a grey g is (g - zero) / (255 - zero) * maximum")
    minimum: float
    maximum: float


class HistogramAnswer(BaseModel):
    """In equal bins."""

    minimum: float
    maximum: float
    counts: list[int]


class WeightsAnswer(SheetAnswer):
    kind: Literal["kernels", "rows", "matrix"] = Field(
        description="a tile for each unit, or all weights as one picture with a row for each unit"
    )
    shape: list[int] = Field(description="units first")
    histogram: HistogramAnswer


class DetailAnswer(BaseModel):
    outputs: HistogramAnswer
    weights: WeightsAnswer | None
    numbers: dict[str, list[float]] = Field(
        description="bias, or batch norm's mean, variance, scale and shift; of 512 units at most"
    )
    channels: list[tuple[float, float, float]] = Field(
        description="least, mean and largest value of each map; of 512 maps at most"
    )


class LayerAnswer(BaseModel):
    name: str = Field(description="torch's own name of the module")
    kind: str = Field(description="Conv2d, BatchNorm2d, ReLU, MaxPool2d, Flatten, Linear, Add, ...")
    title: str
    sentence: str = Field(description="what it does")
    shape: list[int] = Field(description="channels, rows, columns; or units")
    parameters: int = Field(description="numbers learnt")
    branch: str | None = Field(description="the residual branch that it is a part of")
    maps: SheetAnswer | None = None
    values: list[float] | None = None
    detail: DetailAnswer | None = None


class BoxAnswer(BaseModel):
    """In pixels of `input`."""

    top: int
    left: int
    height: int
    width: int


class UnitAnswer(BaseModel):
    layer: str
    unit: int
    place: list[int] | None = Field(description="row and column in its map")
    value: float
    formula: dict[str, Any] = Field(
        description="`kind` is sum, convolution, batch_norm, activation, pooling, add, mean or "
        "copy; the largest eight terms of a sum, and `rest` for the others; mean: the probability "
        "that each look gives, and theirs together, of which the unit is a logit"
    )
    looks_at: BoxAnswer = Field(description="where in the input it looks")
    map: SheetAnswer | None
    weights: SheetAnswer | None = Field(description="its kernels, or its row as a picture")


class NeighbourAnswer(BaseModel):
    label: str = Field(description="what it learnt it as")
    read: str = Field(description="what it reads now")
    distance: float = Field(description="in the last hidden layer, Euclid's")
    picture: str


class NeighboursAnswer(BaseModel):
    """The nearest first."""

    part: str
    n: int = Field(description="pictures that were looked through")
    pictures: list[NeighbourAnswer]


class PlaceAnswer(BaseModel):
    """On the map of `GET .../map`."""

    x: float
    y: float


class EditAnswer(BaseModel):
    """The middle of a dab, or a pixel, of `input`."""

    x: int
    y: int
    brighter: bool


class ChangeAnswer(BaseModel):
    """A change that is enough, found step by step; there may be a smaller one."""

    reached: bool = Field(description="whether another class wins after it")
    before: str
    after: str
    edits: list[EditAnswer]
    tried: int = Field(description="pictures that the network looked at")
    picture: str
    difference: SheetAnswer
    predictions: list[Prediction]


class ReasonsAnswer(BaseModel):
    """Those that were asked for."""

    of: str = Field(description="the class that the maps speak of")
    saliency: SheetAnswer | None = Field(
        None, description="how much its logit rises where the picture becomes brighter"
    )
    gradcam: SheetAnswer | None = Field(
        None, description="where the last feature maps speak for it; null without feature maps"
    )
    occlusion: SheetAnswer | None = Field(
        None, description="how much its logit falls where the picture is covered"
    )
    neighbours: NeighboursAnswer | None = None
    place: PlaceAnswer | None = None
    change: ChangeAnswer | None = Field(None, description="by dabs that brighten or darken it")
    pixels: ChangeAnswer | None = Field(None, description="by single black or white pixels")


class ExplainTimings(BaseModel):
    """Milliseconds."""

    decode: float
    preprocess: float
    explain: float


class Explained(BaseModel):
    model: str
    version: str
    rejected: Rejected | None
    input: str = Field(description="what the network saw: PNG as a data URL")
    predictions: list[Prediction] = Field(description="all classes, the likeliest first")
    logits: list[float] = Field(description="in the order of the classes")
    temperature: float = Field(description="probabilities are the softmax of logits / temperature")
    layers: list[LayerAnswer] = Field(description="from the input on; none when rejected")
    unit: UnitAnswer | None = None
    reasons: ReasonsAnswer | None = None
    timings_ms: ExplainTimings


SHEET = {
    "picture": "data:image/png;base64,iVBORw0KGgo...", "columns": 8, "tile": 28, "shown": 16,
    "zero": 128, "minimum": -3.41, "maximum": 3.41,
}  # fmt: skip
EXAMPLE = {
    "model": "mnist-cnn",
    "version": "0123456789ab",
    "rejected": None,
    "input": "data:image/png;base64,iVBORw0KGgo...",
    "predictions": [{"label": "7", "index": 7, "probability": 0.9998}],
    "logits": [-6.1, -2.3, 1.2, -1.9, -4.4, -5.0, -9.8, 11.7, -4.1, 0.3],
    "temperature": 0.62,
    "layers": [
        {
            "name": "features.0", "kind": "Conv2d", "title": "Convolution 1",
            "sentence": "48 kernels of 5 by 5 slide over all that comes in. ...",
            "shape": [48, 28, 28], "parameters": 1200, "branch": None, "maps": SHEET,
        }
    ],
    "reasons": {"of": "7", "saliency": SHEET, "place": {"x": 0.126, "y": -1.28}},
    "timings_ms": {"decode": 0.05, "preprocess": 0.3, "explain": 9.1},
}  # fmt: skip

BROKEN = {"units": {"features.2": [0, 7]}, "noise": 0.1, "seed": 1}
EXAMPLES = {
    **JSON_EXAMPLES,
    "broken": {"summary": "A broken network", "value": {"strokes": SEVEN, "broken": BROKEN}},
}


def with_broken(body: type[BaseModel]) -> dict[str, Any]:
    schema = body.model_json_schema()
    schema["properties"]["broken"] = Broken.model_json_schema()
    return schema


JSON_BODY = {"schema": {"oneOf": [with_broken(body) for body in BODIES]}, "examples": EXAMPLES}
EXPLAIN_DOCS: dict[str, Any] = {
    "summary": "What happens in each layer",
    "description": (
        "Takes one picture as `predict` takes it. Answers what each layer of the network makes of "
        "it: maps of convolutions as grey sheets, values of units, with `layer` also weights and "
        "histograms, with `unit` the unit's formula with its numbers and where it looks. Bounded: "
        "of each layer 16 maps of 32 pixels a side at most (larger ones are averaged) or 512 "
        "values, of the `layer` asked for 128 maps of 56 pixels or 4,096 values; beyond the 80th "
        "layer shapes alone. A rejected picture has no layers. `reasons` say why: `saliency`, "
        "`gradcam` and `occlusion` are maps over the input, `neighbours` the 12 nearest of at most "
        "10,000 training pictures, `place` where the map of `GET .../map` has it, `change` and "
        "`pixels` what would change the answer: 12 dabs or 8 pixels at most. With `broken` beside "
        "the picture in JSON all of it is of the network broken so."
    ),
    "responses": {
        200: {
            "model": Explained,
            "description": "the layers, or why nothing could be read",
            "content": {"application/json": {"example": EXAMPLE}},
        },
        **{
            status: answer
            for status, answer in PREDICT_DOCS["responses"].items()
            if status not in (200, 400)
        },
        409: {"description": "`no_dataset`, `no_pictures` or `not_finished`, of some `reasons`"},
    },
    "openapi_extra": {
        "parameters": [
            parameter
            for parameter in PREDICT_DOCS["openapi_extra"]["parameters"]
            if parameter["name"] in TAKEN
        ],
        "requestBody": {
            "required": True,
            "content": {
                kind: form
                for kind, form in PREDICT_DOCS["openapi_extra"]["requestBody"]["content"].items()
                if kind != "multipart/form-data"
            }
            | {"application/json": JSON_BODY},
        },
    },
}
