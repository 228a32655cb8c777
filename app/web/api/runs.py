"""Runs: start, list, read, change, delete."""

import asyncio
import json
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import Body, Header, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from app.ml.checkpoints import ModelLibrary
from app.ml.hyperparameters import WrongChoice
from app.runs.quota import make_room
from app.runs.store import Request as Asked
from app.settings import LIMITS
from app.web.api.run_detail import (
    ID,
    VARIANTS,
    Identifier,
    RunDetail,
    Variant,
    detail,
    opened,
    refusals,
    shown,
    told,
)
from app.web.errors import ApiError
from app.web.roles import Role, RoleRouter
from app.web.training import Training

router = RoleRouter(prefix="/api/v1/runs", tags=["runs"])
networks = RoleRouter(prefix="/api/v1/networks", tags=["runs"])

LESSON = 1_000_000  # pictures that a lesson looks at in all: seconds for an MLP
WHOLE = 60_000  # pictures of a training part, where none are left out
LAST = "7" + "z" * 25  # sorts after every id


class NewRun(BaseModel, extra="forbid"):
    """A recipe (on another `dataset`, if you name one), or a dataset and a network;
    `hyperparameters` change or complete it."""

    recipe: str | None = Field(None, max_length=64, examples=["mnist-quick"])
    dataset: str | None = Field(None, max_length=64, examples=["mnist"])
    network: str | None = Field(None, max_length=64, examples=["mlp"])
    start_from: str | None = Field(
        None, max_length=100,
        description="a model's reference, in place of a network: its weights are the beginning, "
        "and its last layer begins anew for other classes",
    )  # fmt: skip
    hyperparameters: dict[str, Any] = Field(
        default_factory=dict,
        description="of the network and of the training, by the names of GET /api/v1/networks",
        examples=[{"hidden": [100], "activation": "sigmoid", "epochs": 3}],
    )
    name: str = Field("", max_length=80, description="for people")
    variants: list[Variant] = Field(
        default_factory=list,
        max_length=VARIANTS,
        description="trained in turn in one process, with hyperparameters of their own",
    )
    purpose: Literal["training", "lesson"] = Field(
        "training", description="a lesson is small, not listed, and deleted after a day"
    )


class Change(BaseModel, extra="forbid"):
    learning_rate: float = Field(gt=0, le=1e30, description="the new peak rate")


class RunList(BaseModel):
    runs: list[RunDetail]
    next: str | None = Field(description="the cursor of the next page, null on the last")


STARTS: dict[str, Any] = {
    "recipe": {"summary": "A recipe", "value": {"recipe": "mnist-quick", "name": "first"}},
    "race": {
        "summary": "A race of two activations",
        "value": {
            "dataset": "mnist",
            "network": "mlp",
            "hyperparameters": {"hidden": [100], "epochs": 5},
            "variants": [
                {"name": "sigmoid", "hyperparameters": {"activation": "sigmoid"}},
                {"name": "relu", "hyperparameters": {"activation": "relu"}},
            ],
        },
    },
    "network": {
        "summary": "A sigmoid MLP, as in the lecture",
        "value": {
            "dataset": "mnist",
            "network": "mlp",
            "hyperparameters": {"hidden": [100], "activation": "sigmoid", "epochs": 5},
        },
    },
}
STARTS["fine-tuning"] = {
    "summary": "Learn on from a model",
    "value": {
        "dataset": "fashion-mnist",
        "start_from": "mnist-cnn",
        "hyperparameters": {"epochs": 3, "frozen_epochs": 1},
    },
}
SLOWER: dict[str, Any] = {"rate": {"summary": "Slower", "value": {"learning_rate": 0.0003}}}


@router.post("", role=Role.TEACHER, status_code=201, summary="Start a run")
async def create_run(
    request: Request,
    wanted: Annotated[NewRun, Body(openapi_examples=STARTS)],
    idempotency_key: Annotated[
        str | None, Header(min_length=1, max_length=255, description="of your choice")
    ] = None,
) -> RunDetail:
    """It waits in the queue, then a process of its own trains it. Sent again with the same
    Idempotency-Key and body, as after an answer that was lost, it is the same run."""
    training = await opened(request)
    with refusals():
        library = request.app.state.library
        run = await asyncio.to_thread(create, training, library, wanted, idempotency_key)
    training.supervisor.wake()
    return await detail(training.store, run)


def create(training: Training, library: ModelLibrary, wanted: NewRun, key: str | None) -> str:
    """Off the event loop: the first call imports torch."""
    again = request_of(key, wanted) if key else None
    if again and (earlier := training.store.created_by(again)):
        return earlier
    spec = specify(wanted, training.settings.own_datasets_dir, library)
    make_room(training.store, training.settings.runs_dir, training.settings.runs_bytes)
    variants = [variant.model_dump() for variant in wanted.variants]
    return training.store.create(
        spec, wanted.name.strip(), purpose=wanted.purpose, variants=variants or None, request=again
    )


def request_of(key: str, wanted: NewRun) -> Asked:
    body = json.dumps(wanted.model_dump(), sort_keys=True)
    return Asked(*(sha256(text.encode()).hexdigest() for text in (key, body)))


def specify(wanted: NewRun, own: Path, library: ModelLibrary) -> dict[str, Any]:
    from app.ml.datasets import Datasets
    from app.ml.specs import check, make_spec, varied

    datasets, chosen = Datasets(own), dict(wanted.hyperparameters)
    if wanted.start_from:
        chosen["start_from"] = wanted.start_from
    spec = make_spec(wanted.recipe, wanted.dataset, wanted.network, chosen, datasets, library)
    for number, variant in enumerate(wanted.variants):
        try:
            check(varied(spec, variant.hyperparameters), datasets)
        except WrongChoice as wrong:
            raise WrongChoice(f"variants.{number}.{wrong.field}", str(wrong)) from None
    if wanted.purpose == "lesson":
        check_lesson(spec.dataset_options, spec.epochs * max(1, len(wanted.variants)))
    return spec.to_json()


def check_lesson(options: dict[str, Any], epochs: int) -> None:
    """WrongChoice where it would take long: a class waits for it."""
    pictures = options.get("pictures") or WHOLE
    if epochs * pictures > LESSON:
        sentence = (
            f"A lesson looks at {LESSON:,} pictures at most, all epochs and variants together; "
            "take fewer epochs, or fewer pictures by dataset_options.pictures."
        )
        raise WrongChoice("epochs", sentence)


@router.get("", role=Role.ANYONE, summary="List the runs, newest first")
async def list_runs(
    request: Request,
    limit: Annotated[
        int, Query(ge=1, le=LIMITS.page_size, description="at most so many")
    ] = LIMITS.page_size,
    cursor: Annotated[str, Query(pattern=ID, description="`next` of the page before")] = LAST,
) -> RunList:
    store = (await opened(request)).store
    found = await asyncio.to_thread(store.newest, limit + 1, cursor)
    page = found[:limit]
    runs = [shown(run, None) for run in page]
    return RunList(runs=runs, next=page[-1].id if len(found) > limit else None)


@router.get("/{identifier}", role=Role.ANYONE, summary="A run")
async def read_run(request: Request, identifier: Identifier) -> RunDetail:
    return await detail((await opened(request)).store, identifier)


@router.patch("/{identifier}", role=Role.TEACHER, summary="Change the learning rate of a live run")
async def change_run(
    request: Request,
    identifier: Identifier,
    change: Annotated[Change, Body(openapi_examples=SLOWER)],
) -> RunDetail:
    store = (await opened(request)).store
    if (await told(store.get, identifier)).variants:
        sentence = "The variants of a run keep their own learning rates."
        raise ApiError(409, "has_variants", sentence)
    await told(store.set_learning_rate, identifier, change.learning_rate)
    return await detail(store, identifier)


@router.delete("/{identifier}", role=Role.TEACHER, status_code=204, summary="Delete a run at rest")
async def delete_run(request: Request, identifier: Identifier) -> Response:
    training = await opened(request)
    await told(training.store.delete, identifier)
    await asyncio.to_thread(training.supervisor.forget, identifier)
    return Response(status_code=204)


@networks.get("", role=Role.ANYONE, summary="Networks, recipes and every choice of a training")
async def list_networks(request: Request) -> dict[str, Any]:
    """Each hyperparameter with its kind, range, default and a hint: forms are drawn from it."""
    state = request.app.state
    return await asyncio.to_thread(described, state.settings.own_datasets_dir, state.library)


def described(own: Path, library: ModelLibrary) -> dict[str, Any]:
    from app.ml.datasets import Datasets
    from app.ml.specs import describe

    return describe(Datasets(own), library)
