"""How /docs and /openapi.json describe predict: the forms of its body and its answers."""

from typing import Any

from pydantic import BaseModel, Field

from app.ml.preprocessing import REJECTIONS, STEP_KEYS
from app.settings import LIMITS
from app.web.bodies import BODIES


class Prediction(BaseModel):
    label: str
    index: int = Field(description="of the class, from 0")
    probability: float = Field(ge=0, le=1)


class Rejected(BaseModel):
    """Why nothing could be read; `unfamiliar`: why what was read is only a guess."""

    code: str = Field(description=f"one of {', '.join(REJECTIONS)}")
    message: str


class Step(BaseModel):
    key: str
    sentence: str
    picture: str = Field(description="PNG as a data URL")


class Timings(BaseModel):
    """Milliseconds; infer is that of the whole batch the picture was in."""

    decode: float
    preprocess: float
    infer: float


class Result(BaseModel):
    """What was read in one picture."""

    predictions: list[Prediction] = Field(
        description="the likeliest first; none when nothing could be read"
    )
    rejected: Rejected | None
    input: str = Field(description="what the network saw: PNG as a data URL")
    timings_ms: Timings
    steps: list[Step] | None = Field(None, description="only when asked for")


class Single(Result):
    model: str
    version: str


class BadResult(BaseModel):
    """A picture of a batch that could not be read."""

    error: Rejected


class Batch(BaseModel):
    model: str
    version: str
    results: list[Result | BadResult] = Field(description="in the order of the pictures")


EXAMPLE = {
    "model": "digits-cnn",
    "version": "0123456789ab",
    "predictions": [
        {"label": "7", "index": 7, "probability": 0.9982},
        {"label": "2", "index": 2, "probability": 0.0011},
    ],
    "rejected": None,
    "input": "data:image/png;base64,iVBORw0KGgo...",
    "timings_ms": {"decode": 0.021, "preprocess": 0.035, "infer": 0.41},
}
DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
SEVEN = [[[10, 10], [60, 10], [30, 90]], [[20, 50], [55, 50]]]
JSON_EXAMPLES = {
    "strokes": {"summary": "Strokes of a pen", "value": {"strokes": SEVEN, "pen_width": 0.1}},
    "image": {"summary": "A picture in base64", "value": {"image": DOT}},
}
BINARY = {"type": "string", "format": "binary"}
FILES = {"type": "array", "items": BINARY, "minItems": 1, "maxItems": LIMITS.pictures}
FORM = {"type": "object", "properties": {"file": FILES}, "required": ["file"]}
KEYS = sorted({key for keys in STEP_KEYS.values() for key in keys})


def query(name: str, schema: dict[str, Any], description: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema, "description": description, **more}


PARAMETERS = [
    query(
        "top_k",
        {"type": "integer", "minimum": 1, "maximum": LIMITS.top_k, "default": 5},
        "how many classes to answer",
    ),
    query("steps", {"type": "boolean", "default": False}, "answer each step's picture too"),
    query(
        "skip",
        {"type": "array", "items": {"type": "string", "enum": KEYS}},
        "steps of the preparation to leave out, separated by commas",
        style="form",
        explode=False,
    ),
    query(
        "orientation",
        {"type": "integer", "minimum": 1, "maximum": 8},
        "how the picture lies, in EXIF's numbers; the file's own by default",
    ),
]
MIB = 1024 * 1024
PREDICT_DOCS: dict[str, Any] = {
    "summary": "Read a digit in a picture",
    "description": (
        "A picture as PNG, JPEG, WebP, GIF or BMP; a form with several of them in fields `file`, "
        "which answers a list of results; or JSON with one of `image`, `strokes` and `pixels`. "
        f"A picture may have {LIMITS.picture_bytes // MIB} MiB, a form {LIMITS.pictures} pictures. "
        "Raw bytes may come as application/octet-stream: the content decides. A picture in which "
        "nothing can be read is `rejected` with a reason; one that looks like nothing that the "
        "model learnt from is `rejected` as `unfamiliar`, with its best guesses all the same. A "
        "bad picture of a batch is an `error` among its results."
    ),
    "responses": {
        200: {
            "model": Single | Batch,
            "description": "what was read, or why nothing could be",
            "content": {"application/json": {"example": EXAMPLE}},
        },
        400: {"description": "`invalid_multipart`"},
        404: {"description": "`unknown_model`"},
        413: {"description": "`too_large`, `image_too_large` or `too_many_pictures`"},
        415: {"description": "`unsupported_media_type` or `unsupported_format`"},
        422: {"description": "`invalid_image`, `too_many_scans`, or the rule that was broken"},
        503: {"description": "`busy`, with Retry-After, or `model_unavailable`"},
        504: {"description": "`decode_timeout`"},
    },
    "openapi_extra": {
        "parameters": PARAMETERS,
        "requestBody": {
            "required": True,
            "content": {
                "image/*": {"schema": BINARY},
                "multipart/form-data": {"schema": FORM},
                "application/json": {
                    "schema": {"oneOf": [body.model_json_schema() for body in BODIES]},
                    "examples": JSON_EXAMPLES,
                },
            },
        },
    },
}
