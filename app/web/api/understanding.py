"""How a run went: confusion matrix, mistakes, findings and first weights at each checkpoint."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from fastapi import Query, Request

from app.ml.cards import CARD_BYTES, Card
from app.ml.checkpoints import CARD, read_bounded
from app.runs.checkpoints import Checkpoints, of_variant
from app.runs.states import State
from app.web.api.run_detail import Identifier, WhichVariant, opened, told
from app.web.errors import ApiError, standard_error
from app.web.examiner import Examiner
from app.web.roles import Role, RoleRouter
from app.web.understanding import (
    Confusion,
    Findings,
    FirstLayer,
    Mistakes,
    Moment,
    card_at,
    confusion,
    first_layer,
    found,
    mistakes,
    unknown_checkpoint,
)  # fmt: skip

router = RoleRouter(prefix="/api/v1/runs", tags=["runs"])

LOOK = 0.5  # seconds between two looks whether anybody still waits
MOST_PICTURES = 200  # in one answer
Answer = TypeVar("Answer")

Step = Annotated[
    int | None, Query(ge=0, lt=10**12, description="the step of a checkpoint; by default the last")
]
PartName = Annotated[
    Literal["validation", "test", "train"],
    Query(description="`test` once the run is finished; `train` is a sample of 2,000"),
]
Label = Annotated[str | None, Query(max_length=80, description="a class, by its name")]


@router.get("/{identifier}/confusion", role=Role.ANYONE, summary="The confusion matrix")
async def run_confusion(
    request: Request, identifier: Identifier, checkpoint: Step = None,
    part: PartName = "validation", variant: WhichVariant = 0,
) -> Confusion:  # fmt: skip
    """At one of its checkpoints, with the accuracy of each class and the calibration. It is
    computed when it is first asked for, by a process of its own, and kept with the run."""
    moment = await moment_of(request, identifier, checkpoint, variant)
    path = await waited(request, examined(request, moment, part))
    return await asyncio.to_thread(confusion, moment, part, path)


@router.get("/{identifier}/mistakes", role=Role.ANYONE, summary="Pictures that it read wrong")
async def run_mistakes(
    request: Request, identifier: Identifier, checkpoint: Step = None,
    part: PartName = "validation", true: Label = None, predicted: Label = None,
    limit: Annotated[int, Query(ge=1, le=MOST_PICTURES, description="at most so many")] = 40,
    variant: WhichVariant = 0,
) -> Mistakes:  # fmt: skip
    """The most confident first; of one cell of the matrix by `true` and `predicted`. Where both
    are one class: those that were read right, the least confident first."""
    moment = await moment_of(request, identifier, checkpoint, variant)
    place = tuple(index_of(moment.card, name, label) for name, label in
                  (("true", true), ("predicted", predicted)))  # fmt: skip
    path = await waited(request, examined(request, moment, part))
    return await asyncio.to_thread(mistakes, moment, part, path, place, limit)


@router.get("/{identifier}/findings", role=Role.ANYONE, summary="What its numbers say, in words")
async def run_findings(
    request: Request, identifier: Identifier, checkpoint: Step = None, variant: WhichVariant = 0
) -> Findings:
    """Each with the evidence that it rests on; none where there is none."""
    training = await opened(request)
    run, own = await told(training.store.get, identifier), training.settings.own_datasets_dir
    if variant and variant >= len(run.variants or ()):
        raise unknown_checkpoint()
    if checkpoint is None and not await asyncio.to_thread(steps_of, request, identifier, variant):
        return await asyncio.to_thread(found, training.store, run, variant, None, {}, own)
    moment = await moment_of(request, identifier, checkpoint, variant)
    paths = await waited(request, all_examined(request, moment))
    return await asyncio.to_thread(found, training.store, run, variant, moment, paths, own)


@router.get("/{identifier}/weights", role=Role.ANYONE, summary="The first layer as pictures")
async def run_weights(
    request: Request, identifier: Identifier, checkpoint: Step = None, variant: WhichVariant = 0
) -> FirstLayer:
    """A CNN's kernels, or an MLP's rows of weights in the shape of its input: 64 units at most."""
    moment = await moment_of(request, identifier, checkpoint, variant)
    return await asyncio.to_thread(first_layer, moment)


# --- which checkpoint, which part ----------------------------------------------------------------


async def moment_of(
    request: Request, identifier: str, step: int | None, variant: int = 0
) -> Moment:
    """ApiError 404 for a run, or a checkpoint of it, that is not there."""
    run = await told((await opened(request)).store.get, identifier)
    steps = await asyncio.to_thread(steps_of, request, identifier, variant)
    if not steps:
        sentence = "It has no checkpoint yet; the first comes with its first steps."
        raise ApiError(404, "unknown_checkpoint", sentence)
    if step is not None and step not in steps:
        raise unknown_checkpoint()
    folder = request.app.state.settings.runs_dir / identifier
    checkpoints = folder / of_variant("checkpoints", variant)
    try:
        card = Card.from_json(await asyncio.to_thread(read_bounded, checkpoints / CARD, CARD_BYTES))
    except (OSError, ValueError):
        raise ApiError(503, "model_unavailable", "The run's card cannot be read.") from None
    chosen = steps[-1] if step is None else step
    return Moment(run, folder, chosen, chosen == steps[-1], card, variant)


def steps_of(request: Request, identifier: str, variant: int) -> list[int]:
    return Checkpoints.of(request.app.state.settings.runs_dir, identifier, variant).steps()


async def examined(request: Request, moment: Moment, part: str) -> Path:
    if part == "test" and moment.run.state != State.FINISHED:
        sentence = "The test part is for finished runs: whoever looks earlier trains on it."
        raise ApiError(409, "not_finished", sentence)
    examiner: Examiner = request.app.state.examiner
    return await examiner.examined(moment.run.id, moment.step, part, moment.variant)


async def all_examined(request: Request, moment: Moment) -> dict[str, Path]:
    """What findings rest on."""
    leaks = moment.card.training["dataset_options"].get("leak")
    parts = ["validation", "train"]
    if leaks and moment.run.state == State.FINISHED:
        parts.append("test")
    return await those_examined(request, moment, parts)


async def those_examined(request: Request, moment: Moment, parts: list[str]) -> dict[str, Path]:
    """A part without pictures is left out."""
    paths = {}
    for part in parts:
        try:
            paths[part] = await examined(request, moment, part)
        except ApiError as error:
            if error.code != "no_pictures":
                raise
    return paths


async def published_card(request: Request, moment: Moment) -> Card:
    """What a checkpoint's card says once it is a model."""
    paths = await waited(request, those_examined(request, moment, ["validation"]))
    return await asyncio.to_thread(card_at, moment, paths.get("validation"))


async def waited(request: Request, work: Coroutine[Any, Any, Answer]) -> Answer:
    """The work's answer; it is given up when the client is gone."""
    task = asyncio.create_task(work)
    try:
        while not (await asyncio.wait({task}, timeout=LOOK))[0]:
            if await request.is_disconnected():
                raise standard_error(400)
        return task.result()
    finally:
        task.cancel()


def index_of(card: Card, name: str, label: str | None) -> int | None:
    if label is None:
        return None
    if label not in card.classes:
        sentence = f"`{name}` is one of its classes."
        raise ApiError(422, "wrong_choice", sentence, field=name)
    return card.classes.index(label)
