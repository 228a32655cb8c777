"""The pages /models and /models/NAME: every model by its numbers, and each card in words."""

from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from app.ml.checkpoints import ModelEntry
from app.ml.preprocessing import STEP_KEYS
from app.web.api.models import find_model
from app.web.pages import reads_drawings, render
from app.web.roles import Role, RoleRouter, role_of

router = RoleRouter()


@dataclass(frozen=True)
class Row:
    """One model of the table; None where nothing is known. Shares are from 0 to 1."""

    entry: ModelEntry
    accuracy: float | None
    n: int | None
    calibration_error: float | None
    seconds: float | None
    latency_ms: float | None

    @property
    def draws(self) -> bool:
        return self.entry.card is not None and reads_drawings(self.entry)


@router.page("/models", role=Role.ANYONE)
def models(request: Request) -> HTMLResponse:
    state = request.app.state
    rows = [row_of(entry, state.latency.known(entry)) for entry in state.library.entries()]
    rows.sort(
        key=lambda row: (row.entry.card.dataset if row.entry.card else "~", -(row.accuracy or 0))
    )
    datasets = sorted({row.entry.card.dataset for row in rows if row.entry.card})
    return render(request, "models.html", rows=rows, datasets=datasets)


@router.page("/models/{name}", role=Role.ANYONE)
def model(request: Request, name: str) -> HTMLResponse:
    """Its card in words; a broken one's reason."""
    state = request.app.state
    entry = find_model(state.library, name, broken_too=True)
    return render(
        request,
        "model.html",
        row=row_of(entry, state.latency.known(entry)),
        entry=entry,
        card=entry.card,
        tests=tests_of(entry),
        steps=STEP_KEYS[entry.card.preprocessing.pipeline] if entry.card else (),
        may_delete=entry.origin == "own" and role_of(request.scope) >= Role.TEACHER,
    )


def row_of(entry: ModelEntry, latency_ms: float | None) -> Row:
    """Of several tests the one with the most pictures counts; a dataset that joins others has
    them apart on the card."""
    tests = tests_of(entry)
    most = max(tests.values(), key=lambda found: found.get("n") or 0, default={})
    seconds = entry.card.training.get("seconds") if entry.card else None
    return Row(
        entry, most.get("accuracy"), most.get("n"), most.get("ece"), number(seconds), latency_ms
    )


def tests_of(entry: ModelEntry) -> dict[str, dict[str, Any]]:
    """What was measured, by dataset and part; a card may be written by hand."""
    found = entry.card.accuracy if entry.card else {}
    return {name: facts for name, facts in found.items() if isinstance(facts, dict)}


def number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else None
