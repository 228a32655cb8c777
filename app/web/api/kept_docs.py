"""How /docs and /openapi.json describe my-digits: what is sent and what is answered."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from app.settings import LIMITS
from app.web.api.predict_docs import DOT, SEVEN
from app.web.bodies import ImageSampleBody, LabelBody, StrokesSampleBody

ID = "01jd8z4c5p6q7r8s9tavbwcxdy"


class SampleAnswer(BaseModel):
    """A picture that was kept."""

    id: str = Field(description="26 letters that sort by time", examples=[ID])
    label: str = Field(examples=["7"])
    read: str | None = Field(description="what a model had read in it")
    model: str | None
    version: str | None
    created: datetime
    drawing: bool = Field(description="whether its strokes are kept too; they are in the download")
    picture: str = Field(description="the address of its PNG, at most 512 pixels on a side")


class SampleList(BaseModel):
    samples: list[SampleAnswer] = Field(description="the newest first")
    counts: dict[str, int] = Field(description="how many of each label, whatever was asked for")
    next: str | None = Field(description="the cursor of the next page, null on the last")


SAMPLE: dict[str, Any] = {
    "id": ID,
    "label": "7",
    "read": "1",
    "model": "digits-cnn",
    "version": "0123456789ab",
    "created": "2026-11-25T10:00:00Z",
    "drawing": True,
    "picture": f"/api/v1/datasets/my-digits/samples/{ID}/picture",
}
UNKNOWN = {404: {"description": "`unknown_sample`: there is none, or it is somebody else's"}}
NO_ROOM = {507: {"description": "`store_full`, `disk_full` or `disk_error`; nothing was changed"}}
BAD = {
    413: {"description": "`too_large`"},
    415: {"description": "`unsupported_media_type`: send application/json"},
    422: {"description": "`invalid_label`, or the rule that was broken"},
}


def example(answer: dict[str, Any]) -> dict[str, Any]:
    return {"content": {"application/json": {"example": answer}}}


def json_body(*forms: type[BaseModel], **examples: Any) -> dict[str, Any]:
    schemas = [form.model_json_schema() for form in forms]
    schema = schemas[0] if len(schemas) == 1 else {"oneOf": schemas}
    content = {"application/json": {"schema": schema, "examples": examples}}
    return {"requestBody": {"required": True, "content": content}}


KEEP_DOCS: dict[str, Any] = {
    "summary": "Keep a picture with its right label",
    "description": (
        "The strokes of a drawing, or a picture in base64, as `predict` takes them; with what a "
        "model had read, so that its mistakes can be found again. Pictures are decoded, shrunk to "
        "512 pixels and kept as PNG: nothing else of the file is. Who is not the teacher gets a "
        "cookie, and what is kept belongs to the browser that carries it. One person may keep "
        f"{LIMITS.kept_samples:,} pictures."
    ),
    "response_description": "it is kept",
    "responses": {
        201: example(SAMPLE),
        404: {"description": "`unknown_model`"},
        409: {"description": "`owner_full`: download yours, then delete some"},
        **BAD,
        **NO_ROOM,
        429: {"description": "`too_many` from this address within an hour, with Retry-After"},
        503: {"description": "`busy`, with Retry-After"},
        504: {"description": "`decode_timeout`"},
    },
    "openapi_extra": json_body(
        StrokesSampleBody,
        ImageSampleBody,
        strokes={
            "summary": "A drawing that was read as a 1",
            "value": {"label": "7", "model": "digits-cnn", "read": "1", "strokes": SEVEN},
        },
        image={"summary": "A picture in base64", "value": {"label": "7", "image": DOT}},
    ),
}
LIST_DOCS: dict[str, Any] = {
    "summary": "List what you kept",
    "response_description": "one page, the newest first, and how many there are of each label",
    "responses": {200: example({"samples": [SAMPLE], "counts": {"7": 1}, "next": None})},
}
PICTURE_DOCS: dict[str, Any] = {
    "summary": "A kept picture",
    "responses": {200: {"content": {"image/png": {}}, "description": "a PNG"}, **UNKNOWN},
}
RELABEL_DOCS: dict[str, Any] = {
    "summary": "Correct a label",
    "response_description": "the picture under its new label",
    "responses": {200: example(SAMPLE), **UNKNOWN, **BAD, **NO_ROOM},
    "openapi_extra": json_body(LabelBody, label={"summary": "It is a 7", "value": {"label": "7"}}),
}
DELETE_DOCS: dict[str, Any] = {
    "summary": "Delete a kept picture",
    "response_description": "it is gone",
    "responses": {**UNKNOWN, **NO_ROOM},
}
DELETE_ALL_DOCS: dict[str, Any] = {
    "summary": "Delete all that you kept",
    "response_description": "nothing of yours is left",
    "responses": NO_ROOM,
}
DOWNLOAD_DOCS: dict[str, Any] = {
    "summary": "Download all that you kept",
    "description": (
        "A zip with a folder of PNGs for each label, and `samples.jsonl`: one line of JSON for "
        "each picture with its label, what was read, and the strokes and pen of a drawing."
    ),
    "responses": {200: {"content": {"application/zip": {}}, "description": "the zip"}},
}
