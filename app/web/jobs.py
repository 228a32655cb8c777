"""A picture's way through the engine's threads: prepared, seen by the network, finished."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import isfinite
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from app.ml.preprocessing import Prepared, Rejection, preprocess, unfamiliar, unprepared
from app.web.errors import ApiError
from app.web.images import Picture

if TYPE_CHECKING:
    from app.ml.inference import Classifier


@dataclass(slots=True)
class Answer:
    """What became of a job. probabilities: float32 (classes,), None for a rejected picture."""

    classifier: "Classifier"
    prepared: Prepared
    decode_ms: float
    preprocess_ms: float
    infer_ms: float = 0.0  # of the whole batch that it was in
    probabilities: NDArray[np.float32] | None = None
    unfamiliar: bool = False

    @property
    def rejection(self) -> Rejection | None:
        """Why nothing was read, or why what was read is only a guess."""
        if not self.unfamiliar or self.probabilities is None:
            return self.prepared.rejection
        return unfamiliar(self.classifier.card.classes[int(self.probabilities.argmax())])


def unchanged(answer: Answer) -> Answer:
    return answer


@dataclass(slots=True)
class Job:
    """A picture to predict. `picture` and `finish` are called off the event loop.

    exact: the picture is what the network sees, uint8 (C, S, S), and is not prepared.
    heavy: preparing or finishing it takes milliseconds; it goes to a thread beside the engine's.
    """

    picture: Callable[[], Picture]
    finish: Callable[[Answer], Any] = unchanged
    skip: frozenset[str] = frozenset()
    steps: bool = False
    exact: bool = False
    heavy: bool = False
    decode_ms: float = 0.0  # already spent


NO_NUMBER = "This model cannot be used: its answer to this picture is no number."


@dataclass(slots=True, eq=False)
class Ticket:
    """A job on its way through the threads, which fill in what it lacks."""

    job: Job
    classifier: "Classifier"
    done: "asyncio.Future[None]"
    answer: Answer | None = None
    outcome: Any = None
    error: Exception | None = None


def prepare(ticket: Ticket) -> None:
    job, preprocessing = ticket.job, ticket.classifier.card.preprocessing
    try:
        began = perf_counter()
        picture = job.picture()
        decoded = perf_counter()
        if job.exact:
            prepared = as_it_is(picture, ticket.classifier.card.shape)
        else:
            prepared = preprocess(picture, preprocessing, job.skip, job.steps)
        prepared_at = perf_counter()
    except Exception as error:  # it is the sender's, or a bug: either way it must reach its request
        ticket.error = error
        return
    decode_ms = job.decode_ms + 1000 * (decoded - began)
    ticket.answer = Answer(ticket.classifier, prepared, decode_ms, 1000 * (prepared_at - decoded))


def as_it_is(pixels: Picture, shape: tuple[int, ...]) -> Prepared:
    """ValueError unless it has the network's shape: it would spoil its whole batch."""
    if pixels.shape != shape:
        raise ValueError(f"the network takes {shape}, not {pixels.shape}")
    return unprepared(pixels)


def by_classifier(tickets: Iterable[Ticket], most: int) -> Iterator[list[Ticket]]:
    """Those that the network must see, in groups of one model and at most so many."""
    groups: dict[int, list[Ticket]] = {}
    for ticket in tickets:
        if ticket.answer and ticket.answer.prepared.rejection is None:
            groups.setdefault(id(ticket.classifier), []).append(ticket)
    for group in groups.values():
        for start in range(0, len(group), most):
            yield group[start : start + most]


def infer(tickets: Sequence[Ticket]) -> None:
    """One batch of one model."""
    began = perf_counter()
    try:
        answers = [ticket.answer for ticket in tickets if ticket.answer]
        pixels = np.stack([answer.prepared.pixels for answer in answers])  # (N, C, S, S)
        rows, strange = tickets[0].classifier.read(pixels)  # (N, classes), (N,) or ()
    except Exception as error:  # as in prepare
        for ticket in tickets:
            ticket.error = error
        return
    infer_ms = 1000 * (perf_counter() - began)
    for ticket, answer, row in zip(tickets, answers, rows, strict=True):
        answer.probabilities, answer.infer_ms = row, infer_ms
        if not isfinite(row.sum()):
            ticket.error = ApiError(503, "model_unavailable", NO_NUMBER)
    for answer, is_strange in zip(answers, strange, strict=False):
        answer.unfamiliar = is_strange


def finish(ticket: Ticket) -> None:
    if ticket.error or ticket.answer is None:
        return
    try:
        ticket.outcome = ticket.job.finish(ticket.answer)
    except Exception as error:  # as in prepare
        ticket.error = error
