"""Steering a run: pause, stop, resume, continue, fork, publish."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

from fastapi import Body, Request
from pydantic import BaseModel, Field

from app.ml.checkpoints import ModelEntry, ReservedName, UnavailableModel
from app.runs.checkpoints import UnknownCheckpoint, model_of
from app.runs.quota import make_room
from app.runs.states import RESTING, State
from app.web.api.models import ModelSummary, find_model, summary
from app.web.api.run_detail import VARIANTS, Identifier, RunDetail, detail, opened, told
from app.web.api.understanding import moment_of, published_card
from app.web.errors import ApiError
from app.web.roles import Role, RoleRouter

router = RoleRouter(prefix="/api/v1/runs", tags=["runs"])


@router.post("/{identifier}/pause", role=Role.TEACHER, summary="Pause at the next step")
async def pause_run(request: Request, identifier: Identifier) -> RunDetail:
    return await steer(request, identifier, State.PAUSING, State.PAUSED)


@router.post("/{identifier}/stop", role=Role.TEACHER, summary="Stop at the next step")
async def stop_run(request: Request, identifier: Identifier) -> RunDetail:
    return await steer(request, identifier, State.STOPPING, State.STOPPED)


@router.post("/{identifier}/resume", role=Role.TEACHER, summary="Go on from the last checkpoint")
async def resume_run(request: Request, identifier: Identifier) -> RunDetail:
    training = await opened(request)
    store = training.store
    if (await told(store.get, identifier)).state == State.FINISHED:
        sentence = "The run is finished: nothing is left to resume. Continue it for more epochs."
        raise ApiError(409, "illegal_move", sentence)
    await told(store.move, identifier, State.QUEUED)
    training.supervisor.wake()
    return await detail(store, identifier)


class Continuation(BaseModel, extra="forbid"):
    epochs: int = Field(ge=1, le=10_000, description="more than it has begun", examples=[5])


class Fork(BaseModel, extra="forbid"):
    checkpoint: int = Field(ge=0, le=2**53, description="its step", examples=[2340])
    hyperparameters: dict[str, Any] = Field(
        default_factory=dict,
        description="what is different from here on; all else as in the run it comes from",
        examples=[{"learning_rate": 0.0003}],
    )
    name: str = Field("", max_length=80, description="for people")
    variant: int = Field(0, ge=0, lt=VARIANTS, description="of a run that has variants")


MORE: dict[str, Any] = {"more": {"summary": "Five epochs more", "value": {"epochs": 5}}}
FORKED: dict[str, Any] = {
    "slower": {
        "summary": "From step 2340 on at a lower rate",
        "value": {"checkpoint": 2340, "hyperparameters": {"learning_rate": 0.0003}},
    }
}


@router.post("/{identifier}/continue", role=Role.TEACHER, summary="Train it for more epochs")
async def continue_run(
    request: Request,
    identifier: Identifier,
    wanted: Annotated[Continuation, Body(openapi_examples=MORE)],
) -> RunDetail:
    """From its last checkpoint, so many epochs more than it has begun. The learning rate follows
    the schedule as it is over the longer training: after ten epochs of a one-cycle, five more
    begin at two fifths of the peak and fall to nothing again. Early stopping counts anew."""
    training = await opened(request)
    store, runs = training.store, training.settings.runs_dir

    def go_on(identifier: str) -> None:
        from app.ml.datasets import Datasets
        from app.runs.forks import go_on  # imports torch

        datasets = Datasets(training.settings.own_datasets_dir)
        try:
            go_on(store, runs, store.get(identifier), wanted.epochs, datasets)
        except UnknownCheckpoint:
            sentence = "The run has no checkpoint to go on from; resume it instead."
            raise ApiError(409, "no_checkpoint", sentence) from None

    await told(go_on, identifier)
    training.supervisor.wake()
    return await detail(store, identifier)


@router.post("/{identifier}/fork", role=Role.TEACHER, status_code=201, summary="Fork a run")
async def fork_run(
    request: Request,
    identifier: Identifier,
    wanted: Annotated[Fork, Body(openapi_examples=FORKED)],
) -> RunDetail:
    """A new run that goes on where a checkpoint of this one stood, under other hyperparameters:
    the same weights, place in the data, random state and, where the optimizer is of the same kind,
    its memory. Without a change its curve is this one's to the bit; so both can be laid over each
    other. The learning rate follows the fork's schedule at that place. It keeps the shape of the
    network and the validation pictures, and does not need this run any more."""
    training = await opened(request)
    store, runs = training.store, training.settings.runs_dir

    def fork(identifier: str) -> str:
        from app.ml.datasets import Datasets
        from app.runs.forks import fork  # imports torch

        make_room(store, runs, training.settings.runs_bytes)
        run, name = store.get(identifier), wanted.name.strip()
        chosen, variant = wanted.hyperparameters, wanted.variant
        datasets = Datasets(training.settings.own_datasets_dir)
        return fork(store, runs, run, wanted.checkpoint, chosen, name, variant, datasets)

    made = await told(fork, identifier)
    training.supervisor.wake()
    return await detail(store, made)


NAMED: dict[str, Any] = {"name": {"summary": "As my-mlp", "value": {"name": "my-mlp"}}}


class Publication(BaseModel, extra="forbid"):
    name: str = Field(max_length=64, examples=["my-mlp"], description="of the model")
    replace: bool = Field(False, description="whether a model of that name is replaced")
    variant: int = Field(0, ge=0, lt=VARIANTS, description="of a run that has variants")
    checkpoint: int | None = Field(
        None, ge=0, lt=10**12, description="the step of a checkpoint, instead of the finished run"
    )


@router.post("/{identifier}/publish", role=Role.TEACHER, status_code=201, summary="Make it a model")
async def publish_run(
    request: Request,
    identifier: Identifier,
    wanted: Annotated[Publication, Body(openapi_examples=NAMED)],
) -> ModelSummary:
    """The finished run's weights and card, or a checkpoint's, under a name: page, API and CLI can
    use it at once. A checkpoint's accuracy is that of the validation part."""
    state, library = request.app.state, request.app.state.library
    await told((await opened(request)).store.get, identifier)
    folder = state.settings.runs_dir / identifier / model_of(wanted.variant)
    publish: Callable[..., ModelEntry] = partial(library.adopt, folder)
    if wanted.checkpoint is not None:
        moment = await moment_of(request, identifier, wanted.checkpoint, wanted.variant)
        card = await published_card(request, moment)
        publish = partial(library.publish, find_model(library, moment.reference), card)
    try:
        entry = await asyncio.to_thread(publish, wanted.name, wanted.replace)
    except FileNotFoundError:
        sentence = (
            "Only a finished run can be published as a whole; or name one of its checkpoints."
        )
        raise ApiError(409, "not_finished", sentence) from None
    except UnavailableModel as error:
        raise ApiError(503, "model_unavailable", f"It cannot be used: {error}.") from None
    except (ReservedName, FileExistsError) as taken:
        raise ApiError(409, "name_taken", f"{taken}."[:200], field="name") from None
    except ValueError as wrong:
        raise ApiError(422, "wrong_choice", f"{wrong}.", field="name") from None
    return ModelSummary(**summary(entry, request.app.state.latency))


async def steer(request: Request, identifier: str, live: State, waiting: State) -> RunDetail:
    """A run with a worker is asked; one that waits or rests changes at once."""
    store = (await opened(request)).store
    run = await told(store.get, identifier)
    at_once = run.state == State.QUEUED or run.state in RESTING
    await told(store.move, identifier, waiting if at_once else live)
    return await detail(store, identifier)
