"""The pages for people."""

import asyncio
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup, escape
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from app import __version__
from app.ml.checkpoints import (
    CHECKPOINT,
    ModelEntry,
    ModelLibrary,
    UnavailableModel,
    UnknownModel,
)
from app.runs.checkpoints import model_of
from app.settings import ROOT
from app.web.api.predict import find
from app.web.api.runs import read_run
from app.web.errors import ApiError
from app.web.roles import Role, RoleRouter, role_of
from app.web.scripts import scripts

router = RoleRouter()

MOST_BARS = 20  # classes with a bar each; of more the most probable are shown
MOST_NAMED = 100  # classes that the drawing page knows by name
LARGE = 128  # pixels: the side of photographs whose features serve other classes, too
MOST_COMPARED = 8  # as many as can be told apart
CODE = re.compile(r"`([^`]+)`")


def make_templates() -> Environment:
    """Escapes whatever it shows."""
    templates = Environment(
        loader=FileSystemLoader(ROOT / "templates"), autoescape=True, trim_blocks=True
    )
    templates.globals |= {"version": __version__, "scripts": scripts}
    templates.filters |= {"marked": marked, "share": share, "duration": duration}
    return templates


def marked(text: str) -> Markup:
    """Plain text as HTML, with `words in backticks` as code."""
    return Markup(CODE.sub(r"<code>\1</code>", str(escape(text))))


NOTHING = "\N{EN DASH}"


def share(value: object) -> str:
    """A share as percent, never rounded up to all; a dash where there is none."""
    if not isinstance(value, int | float):
        return NOTHING
    shown = f"{100 * value:.2f}"
    return f"{'>99.99' if shown == '100.00' and value < 1 else shown}\u202f%"


def duration(seconds: float | None) -> str:
    """As a person says it."""
    if seconds is None:
        return NOTHING
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 90 * 60 else f"{seconds / 3600:.1f} h"


def render(request: Request, template: str, **context: object) -> HTMLResponse:
    return HTMLResponse(request.app.state.templates.get_template(template).render(context))


@router.page("/", role=Role.ANYONE)
def draw(request: Request) -> HTMLResponse:
    """With `?embed`, for a frame: pad and answer alone, and the listed origins may show it; with
    `?model=NAME` it begins with that one, for the kind of pictures that it reads."""
    state = request.app.state
    embed = "embed" in request.query_params
    if embed:
        request.state.frame_ancestors = state.settings.embed_origins
    models = state.library.entries()
    wanted = request.query_params.get("model", "")
    if CHECKPOINT.fullmatch(wanted):
        with suppress(UnknownModel, UnavailableModel):  # another one reads instead
            models.append(state.library.resolve(wanted))
    return render(
        request,
        "draw.html",
        models=models,
        chosen=first_of(models, wanted, state.settings.default_model),
        most_bars=MOST_BARS,
        most_named=MOST_NAMED,
        embed=embed,
    )


def first_of(models: list[ModelEntry], *names: str) -> ModelEntry | None:
    """The first that can predict: by one of the names, in turn, or any that reads drawings."""
    usable = {entry.name: entry for entry in models if entry.card}
    digits = (name for name, entry in usable.items() if reads_drawings(entry))
    return next((usable[name] for name in (*names, *digits, *usable) if name in usable), None)


@router.page("/models/{reference:path}/glass", role=Role.ANYONE)
def glass(request: Request, reference: str) -> HTMLResponse:
    """A model, or a run's checkpoint, layer by layer."""
    state = request.app.state
    entry = find(state.engine, reference)
    assert entry.card is not None
    return render(
        request,
        "glass.html",
        entry=entry,
        card=entry.card,
        checkpoint=entry.step is not None,
        models=[each for each in state.library.entries() if each.card],
    )


def reads_drawings(entry: ModelEntry) -> bool:
    return entry.card is not None and entry.card.preprocessing.pipeline == "digit"


@router.page("/train", role=Role.ANYONE)
def train(request: Request) -> HTMLResponse:
    return render(request, "train.html", may_train=role_of(request.scope) >= Role.TEACHER)


@router.page("/teach", role=Role.ANYONE)
def teach(request: Request) -> HTMLResponse:
    """One's own classes, from camera, pad or files."""
    entries = request.app.state.library.entries()
    return render(
        request,
        "teach.html",
        bodies=[entry for entry in entries if knows_photographs(entry)],
        may_train=role_of(request.scope) >= Role.TEACHER,
    )


def knows_photographs(entry: ModelEntry) -> bool:
    """Whether its body is worth learning on from: it was trained on large photographs."""
    how = entry.card.preprocessing if entry.card else None
    return how is not None and how.pipeline == "photo" and how.size >= LARGE


@router.page("/runs/{identifier}", role=Role.ANYONE)
async def run(request: Request, identifier: str) -> HTMLResponse:
    found = await read_run(request, identifier)
    state = request.app.state
    folder = state.settings.runs_dir / identifier
    models = [folder / model_of(variant) for variant in range(max(1, len(found.variants)))]
    return render(
        request,
        "run.html",
        run=found.model_dump(mode="json"),
        may_train=role_of(request.scope) >= Role.TEACHER,
        published=await asyncio.to_thread(copies_of, state.library, models),
    )


def copies_of(library: ModelLibrary, models: list[Path]) -> list[str]:
    return [name for model in models for name in library.copies_of(model)]


@router.page("/compare", role=Role.ANYONE)
async def compare(request: Request, runs: str = "") -> HTMLResponse:
    """`?runs=ID,ID`: the first eight that are there."""
    found = []
    for identifier in dict.fromkeys(runs.split(",")[: 4 * MOST_COMPARED]):
        try:
            found.append((await read_run(request, identifier)).model_dump(mode="json"))
        except ApiError as missing:
            if missing.code != "unknown_run":
                raise
    return render(request, "compare-runs.html", runs=found[:MOST_COMPARED])


class StaticFolder(StaticFiles):
    """Files a browser keeps, asking each time by ETag whether they still hold: modules import
    each other by plain names, so no version in an address could tell it."""

    def file_response(self, *args: Any, **named: Any) -> Response:
        response = super().file_response(*args, **named)
        response.headers["cache-control"] = "no-cache"
        return response
