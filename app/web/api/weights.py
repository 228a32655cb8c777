"""A model's weights as they are, tensor by tensor: for those who calculate themselves."""

import asyncio
from typing import TYPE_CHECKING, Annotated

from fastapi import Path as PathParameter
from fastapi import Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from app.ml.checkpoints import ModelEntry, UnavailableModel, read_weights
from app.web.api.models import Reference, example
from app.web.api.predict import find
from app.web.errors import ApiError
from app.web.roles import Role, RoleRouter

if TYPE_CHECKING:
    from torch import Tensor

router = RoleRouter(prefix="/api/v1/models", tags=["models"])

MOST = 4_194_304  # numbers of one tensor that are sent: 16 MiB


class TensorShape(BaseModel):
    name: str = Field(examples=["layers.1.weight"])
    shape: list[int] = Field(examples=[[512, 784]])


class WeightList(BaseModel):
    model: str
    version: str | None
    tensors: list[TensorShape] = Field(description="by name; what is learnt or measured, no counts")


EXAMPLE = {
    "model": "mnist-mlp",
    "version": "0123456789ab",
    "tensors": [
        {"name": "layers.1.bias", "shape": [512]},
        {"name": "layers.1.weight", "shape": [512, 784]},
    ],
}


@router.get(
    "/{reference:path}/weights",
    role=Role.ANYONE,
    summary="The tensors of a model",
    responses={200: example(EXAMPLE), 404: {"description": "`unknown_model`"}},
)
async def list_weights(request: Request, reference: Reference) -> WeightList:
    """Their names, as in its `model.safetensors`, and their shapes."""
    entry = find(request.app.state.engine, reference)
    return await asyncio.to_thread(listed, entry)


@router.get(
    "/{reference:path}/weights/{tensor}",
    role=Role.ANYONE,
    summary="One tensor, number by number",
    response_class=Response,
    responses={
        200: {
            "content": {"application/octet-stream": {}},
            "description": "float32, little-endian, row after row; `X-Shape: 512,784`",
        },
        404: {"description": "`unknown_model` or `unknown_tensor`"},
        409: {"description": f"`too_large`: more than {MOST:,} numbers"},
    },
)
async def show_weights(
    request: Request,
    reference: Reference,
    tensor: Annotated[
        str, PathParameter(max_length=200, description="its name", examples=["layers.1.weight"])
    ],
) -> Response:
    """A model's version names its weights: as long as that is the same, so are they."""
    entry = find(request.app.state.engine, reference)
    content, shape = await asyncio.to_thread(numbers, entry, tensor)
    headers = {"X-Shape": ",".join(map(str, shape))}
    return Response(content, media_type="application/octet-stream", headers=headers)


def listed(entry: ModelEntry) -> WeightList:
    tensors = [
        TensorShape(name=name, shape=list(tensor.shape))
        for name, tensor in sorted(read(entry).items())
        if tensor.is_floating_point()
    ]
    return WeightList(model=entry.name, version=entry.version, tensors=tensors)


def numbers(entry: ModelEntry, name: str) -> tuple[bytes, tuple[int, ...]]:
    tensor = read(entry).get(name)
    if tensor is None or not tensor.is_floating_point():
        sentence = "This model has no such tensor; its address without the name lists all."
        raise ApiError(404, "unknown_tensor", sentence)
    if tensor.numel() > MOST:
        sentence = "This tensor is too large to send; download the model instead."
        raise ApiError(409, "too_large", sentence)
    return tensor.float().numpy().astype("<f4").tobytes(), tuple(tensor.shape)


def read(entry: ModelEntry) -> "dict[str, Tensor]":
    try:
        return read_weights(entry)
    except UnavailableModel as error:
        sentence = "This model's weights cannot be read; GET /api/v1/models says why."
        raise ApiError(503, "model_unavailable", sentence) from error
