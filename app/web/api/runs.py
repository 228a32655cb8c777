"""Runs: start, watch, steer, delete."""

import asyncio
import re
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Body, Header, Query, Request
from fastapi import Path as PathParameter
from pydantic import BaseModel, Field
from starlette.responses import Response, StreamingResponse

from app.ml.checkpoints import ReservedName
from app.runs.states import RESTING, State
from app.runs.store import IllegalMove, Run, Store, UnknownRun
from app.settings import LIMITS
from app.web.api.models import ModelSummary, summary
from app.web.errors import ApiError
from app.web.roles import Role, RoleRouter
from app.web.training import Training

router = RoleRouter(prefix="/api/v1/runs", tags=["runs"])
networks = RoleRouter(prefix="/api/v1/networks", tags=["runs"])

ID = "^[0-7][0-9a-hjkmnp-tv-z]{25}$"
MODEL = "model"  # in a finished run's folder
LAST = "7" + "z" * 25  # sorts after every id
EXAMPLE = "01jd8z4c5p6q7r8s9tavbwcxdy"
Identifier = Annotated[str, PathParameter(pattern=ID, description="of the run", examples=[EXAMPLE])]


class NewRun(BaseModel, extra="forbid"):
    """A recipe, or a dataset and a network; `hyperparameters` change or complete it."""

    recipe: str | None = Field(None, max_length=64, examples=["mnist-quick"])
    dataset: str | None = Field(None, max_length=64, examples=["mnist"])
    network: str | None = Field(None, max_length=64, examples=["mlp"])
    hyperparameters: dict[str, Any] = Field(
        default_factory=dict,
        description="of the network and of the training, by the names of GET /api/v1/networks",
        examples=[{"hidden": [100], "activation": "sigmoid", "epochs": 3}],
    )
    name: str = Field("", max_length=80, description="for people")


class Change(BaseModel, extra="forbid"):
    learning_rate: float = Field(gt=0, le=1e30, description="the new peak rate")


class RunDetail(BaseModel):
    """A run, as it is now."""

    id: str
    name: str
    state: State
    reason: str | None = Field(description="of a failure: a word for programs")
    message: str | None = Field(description="the same as a sentence for people")
    dataset: str
    network: str
    spec: dict[str, Any] = Field(description="every choice of the training")
    created: float = Field(description="seconds since 1970")
    started: float | None
    ended: float | None
    place: int | None = Field(description="in the queue: 1 is the next")
    last_seq: int = Field(description="number of its last event")


class RunList(BaseModel):
    runs: list[RunDetail]
    next: str | None = Field(description="the cursor of the next page, null on the last")


STARTS: dict[str, Any] = {
    "recipe": {"summary": "A recipe", "value": {"recipe": "mnist-quick", "name": "first"}},
    "network": {
        "summary": "A sigmoid MLP, as in the lecture",
        "value": {
            "dataset": "mnist",
            "network": "mlp",
            "hyperparameters": {"hidden": [100], "activation": "sigmoid", "epochs": 5},
        },
    },
}
SLOWER: dict[str, Any] = {"rate": {"summary": "Slower", "value": {"learning_rate": 0.0003}}}


@router.post("", role=Role.TEACHER, status_code=201, summary="Start a run")
async def create_run(
    request: Request, wanted: Annotated[NewRun, Body(openapi_examples=STARTS)]
) -> RunDetail:
    """It waits in the queue, then a process of its own trains it."""
    training = await opened(request)
    spec = await asyncio.to_thread(specify, wanted)
    run = await asyncio.to_thread(training.store.create, spec, wanted.name.strip())
    training.supervisor.wake()
    return await detail(training.store, run)


def specify(wanted: NewRun) -> dict[str, Any]:
    """Off the event loop: the first call imports torch."""
    from app.ml.specs import WrongChoice, make_spec

    if wanted.recipe is not None and (wanted.dataset or wanted.network):
        sentence = "A recipe has its own dataset and network: name it, or both of them."
        raise ApiError(422, "wrong_choice", sentence, field="recipe")
    try:
        spec = make_spec(wanted.recipe, wanted.dataset, wanted.network, wanted.hyperparameters)
    except WrongChoice as wrong:
        raise ApiError(422, "wrong_choice", str(wrong), field=wrong.field) from None
    return spec.to_json()


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
    await told(store.set_learning_rate, identifier, change.learning_rate)
    return await detail(store, identifier)


@router.delete("/{identifier}", role=Role.TEACHER, status_code=204, summary="Delete a run at rest")
async def delete_run(request: Request, identifier: Identifier) -> Response:
    training = await opened(request)
    await told(training.store.delete, identifier)
    await asyncio.to_thread(training.supervisor.forget, identifier)
    return Response(status_code=204)


@router.post("/{identifier}/pause", role=Role.TEACHER, summary="Pause at the next step")
async def pause_run(request: Request, identifier: Identifier) -> RunDetail:
    return await steer(request, identifier, State.PAUSING, State.PAUSED)


@router.post("/{identifier}/stop", role=Role.TEACHER, summary="Stop at the next step")
async def stop_run(request: Request, identifier: Identifier) -> RunDetail:
    return await steer(request, identifier, State.STOPPING, State.STOPPED)


@router.post("/{identifier}/resume", role=Role.TEACHER, summary="Go on from the last checkpoint")
async def resume_run(request: Request, identifier: Identifier) -> RunDetail:
    store = (await opened(request)).store
    await told(store.move, identifier, State.QUEUED)
    (await opened(request)).supervisor.wake()
    return await detail(store, identifier)


NAMED: dict[str, Any] = {"name": {"summary": "As my-mlp", "value": {"name": "my-mlp"}}}


class Publication(BaseModel, extra="forbid"):
    name: str = Field(max_length=64, examples=["my-mlp"], description="of the model")
    replace: bool = Field(False, description="whether a model of that name is replaced")


@router.post("/{identifier}/publish", role=Role.TEACHER, status_code=201, summary="Make it a model")
async def publish_run(
    request: Request,
    identifier: Identifier,
    wanted: Annotated[Publication, Body(openapi_examples=NAMED)],
) -> ModelSummary:
    """The finished run's weights and card, under a name: page, API and CLI can use it at once."""
    state = request.app.state
    await told((await opened(request)).store.get, identifier)
    folder = state.settings.runs_dir / identifier / MODEL
    try:
        entry = await asyncio.to_thread(state.library.adopt, folder, wanted.name, wanted.replace)
    except FileNotFoundError:
        raise ApiError(409, "not_finished", "Only a finished run can be published.") from None
    except (ReservedName, FileExistsError) as taken:
        raise ApiError(409, "name_taken", f"{taken}."[:200], field="name") from None
    except ValueError as wrong:
        raise ApiError(422, "wrong_choice", f"{wrong}.", field="name") from None
    return ModelSummary(**summary(entry))


async def steer(request: Request, identifier: str, live: State, waiting: State) -> RunDetail:
    """A run with a worker is asked; one that waits or rests changes at once."""
    store = (await opened(request)).store
    run = await told(store.get, identifier)
    at_once = run.state == State.QUEUED or run.state in RESTING
    await told(store.move, identifier, waiting if at_once else live)
    return await detail(store, identifier)


@router.get(
    "/{identifier}/events", role=Role.ANYONE, summary="The run's events, as they happen",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}, "description": "server-sent events"}},
)  # fmt: skip
async def run_events(
    request: Request,
    identifier: Identifier,
    last_event_id: Annotated[
        int, Header(ge=0, le=2**53, description="the number of the last event you have")
    ] = 0,
    after: Annotated[int, Query(ge=0, le=2**53, description="for clients without headers")] = 0,
) -> StreamingResponse:
    """`id` is the event's number: with Last-Event-ID it goes on there, nothing lost, nothing twice.
    `end` closes: it is finished, stopped or failed."""
    training = await opened(request)
    await told(training.store.get, identifier)
    stream = training.followers.stream(identifier, max(last_event_id, after))
    return StreamingResponse(stream, media_type="text/event-stream")


@router.get(
    "/{identifier}/points.csv", role=Role.ANYONE, summary="Every point of the curves as CSV",
    response_class=Response,
    responses={200: {"content": {"text/csv": {}}, "description": "seq, kind, variant, step, ..."}},
)  # fmt: skip
async def run_points(request: Request, identifier: Identifier) -> Response:
    store = (await opened(request)).store
    await told(store.get, identifier)
    text = await asyncio.to_thread(points_csv, store, identifier)
    name = f'attachment; filename="{identifier}.csv"'
    return Response(text, media_type="text/csv", headers={"Content-Disposition": name})


def points_csv(store: Store, identifier: str) -> str:
    names = ("loss", "accuracy", "learning_rate", "pictures_per_second")
    lines = [",".join(("seq", "kind", "variant", "step", "epoch", "time", *names))]
    for event in store.events_after(identifier, 0, 1_000_000):
        if event.kind in ("step", "evaluated"):
            own = [event.fields.get(name) for name in names]
            row = (event.seq, event.kind, event.variant, event.step, event.epoch, event.time, *own)
            lines.append(",".join("" if value is None else str(value) for value in row))
    return "\r\n".join([*lines, ""])


@networks.get("", role=Role.ANYONE, summary="Networks, recipes and every choice of a training")
async def list_networks() -> dict[str, Any]:
    """Each hyperparameter with its kind, range, default and a hint: forms are drawn from it."""
    return await asyncio.to_thread(described)


def described() -> dict[str, Any]:
    from app.ml.specs import describe

    return describe()


# --- what all of them need -----------------------------------------------------------------------


async def opened(request: Request) -> Training:
    training: Training = request.app.state.training
    await training.opened()
    return training


async def told(ask: Callable[..., Any], *arguments: Any) -> Any:
    """A call of the store about a run, off the event loop, its refusals as ApiErrors."""
    try:
        if not re.fullmatch(ID, arguments[0]):
            raise UnknownRun
        return await asyncio.to_thread(ask, *arguments)
    except UnknownRun:
        raise ApiError(404, "unknown_run", "There is no such run; see the list of runs.") from None
    except IllegalMove as refused:
        sentence = f"The run is {refused.state}: it cannot do that now."
        raise ApiError(409, "illegal_move", sentence) from None


async def detail(store: Store, identifier: str) -> RunDetail:
    run = await told(store.get, identifier)
    return shown(run, await told(store.place_in_queue, identifier))


def shown(run: Run, place: int | None) -> RunDetail:
    return RunDetail(
        id=run.id, name=run.name, state=State(run.state), reason=run.reason, message=run.message,
        dataset=run.spec["dataset"], network=run.spec["network"], spec=run.spec,
        created=run.created, started=run.started, ended=run.ended, place=place,
        last_seq=run.last_seq,
    )  # fmt: skip
