"""A network's shape, before anything is trained: for a form that shows it while one chooses."""

import asyncio
from pathlib import Path
from typing import Annotated, Any

from fastapi import Body, Request
from fastapi import Path as PathParameter
from pydantic import BaseModel, Field

from app.ml.checkpoints import ModelLibrary
from app.web.roles import Role, RoleRouter

router = RoleRouter(prefix="/api/v1/networks", tags=["runs"])

SMALL: dict[str, Any] = {
    "mlp": {
        "summary": "100 units",
        "value": {"dataset": "mnist", "hyperparameters": {"hidden": [100]}},
    }
}


class Choices(BaseModel, extra="forbid"):
    dataset: str = Field(max_length=64, examples=["mnist"])
    hyperparameters: dict[str, Any] = Field(
        default_factory=dict, description="as POST /api/v1/runs takes them"
    )


class LayerShape(BaseModel):
    kind: str = Field(description="convolution, fully_connected, max_pooling, relu, ...")
    window: int | None = Field(description="the side of a kernel or a pool")
    output: list[int] = Field(description="channels, height, width; or units")
    parameters: int


class Refused(BaseModel):
    field: str = Field(description="the choice that cannot work: blocks.2.kernel, blocks from 0")
    message: str


class NetworkShape(BaseModel):
    input: list[int] = Field(description="channels, height, width; [] when it is refused")
    layers: list[LayerShape] = Field(description="from the input on; [] when it is refused")
    parameters: int
    refused: Refused | None


@router.post("/{network}/layers", role=Role.ANYONE, summary="A network's shape, layer by layer")
async def network_layers(
    request: Request,
    network: Annotated[
        str, PathParameter(max_length=64, description="by its name", examples=["mlp"])
    ],
    choices: Annotated[Choices, Body(openapi_examples=SMALL)],
) -> NetworkShape:
    """Checks every choice of a training and makes nothing: what cannot work is `refused`."""
    return await asyncio.to_thread(
        shape_of,
        network,
        choices,
        request.app.state.settings.own_datasets_dir,
        request.app.state.library,
    )


def shape_of(network: str, choices: Choices, own: Path, library: ModelLibrary) -> NetworkShape:
    """Off the event loop: the first call imports torch."""
    from app.ml.datasets import Datasets
    from app.ml.hyperparameters import WrongChoice
    from app.ml.specs import changed, check, input_shape, start_of

    datasets = Datasets(own)
    try:
        chosen = dict(choices.hyperparameters)
        model = chosen.pop("start_from", "")
        start = start_of(None, choices.dataset, network, datasets, model, library)
        spec = changed(start, chosen)
        layers = [LayerShape(**vars(layer)) for layer in check(spec, datasets)]
    except WrongChoice as wrong:
        refused = Refused(field=wrong.field, message=str(wrong))
        return NetworkShape(input=[], layers=[], parameters=0, refused=refused)
    total = sum(layer.parameters for layer in layers)
    return NetworkShape(
        input=list(input_shape(spec, datasets)), layers=layers, parameters=total, refused=None
    )
