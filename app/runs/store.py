"""The store: runs and their numbered events as rows, in SQLite or PostgreSQL alike.

An event gets the next number of its run in the transaction that writes it, and only from the
worker that holds the run's newest fence: a process that was believed dead cannot write again.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from app.ml.identities import Identities
from app.runs.states import LIVE, MOVES, RESTING, State
from app.runs.tables import create_tables, events, make_engine, runs


class UnknownRun(KeyError):
    """No run of that id."""


class IllegalMove(RuntimeError):
    """The run's state does not allow it; .state is what it was."""

    def __init__(self, state: str, wanted: str) -> None:
        super().__init__(f"a run that is {state} cannot become {wanted}")
        self.state = state


class QueueFull(RuntimeError):
    """So many runs wait already that another one would wait in vain."""


class KeyTaken(RuntimeError):
    """The key of a request came before, with another body."""


class Fenced(RuntimeError):
    """The run belongs to a newer worker, or is gone."""


@dataclass(frozen=True)
class RunEvent:
    """One moment of a run. `fields` hold what its kind tells; a number that is not one is None."""

    kind: str
    step: int = 0
    epoch: float = 0.0
    fields: dict[str, Any] = field(default_factory=dict)
    variant: int = 0
    time: float = 0.0  # of its making, seconds since 1970; 0: when it is written
    seq: int = 0  # 0: not written yet


@dataclass(frozen=True)
class Orders:
    """What the worker should do, as of its last writing."""

    state: State
    learning_rate: float | None


@dataclass(frozen=True)
class Request:
    """What makes two requests for a run the same: digests of its Idempotency-Key and body."""

    key: str
    body: str


QUEUE = 50  # runs that wait at most
Run = Row[Any]  # the columns of `runs`


class Store:
    """All that the server and its workers know of runs. Blocking: call it off the event loop."""

    def __init__(self, url: str) -> None:
        self.engine = make_engine(url)
        self._identities = Identities()
        self._reading = self.engine.execution_options(reads=True)

    @property
    def is_shared(self) -> bool:
        """Whether several servers may use it at one time: on SQLite there is one."""
        return self.engine.dialect.name != "sqlite"

    def create_tables(self) -> None:
        create_tables(self.engine)

    def close(self) -> None:
        self.engine.dispose()

    # --- runs ---

    def new_id(self) -> str:
        return self._identities.new()

    def create(
        self, spec: dict[str, Any], name: str = "", owner: str = "local",
        purpose: str = "training", identifier: str | None = None,
        parent: dict[str, Any] | None = None, variants: list[dict[str, Any]] | None = None,
        request: Request | None = None,
    ) -> str:  # fmt: skip
        """A queued run with its first event; returns its id. A request that came before gets the
        run that it got then; KeyTaken when it was another one, QueueFull where too many wait."""
        identifier, now = identifier or self.new_id(), time.time()
        waiting = select(func.count()).where(runs.c.state == State.QUEUED)
        try:
            with self.engine.begin() as connection:
                if request and (earlier := run_of(connection, owner, request)):
                    return earlier
                if connection.execute(waiting).scalar_one() >= QUEUE:
                    raise QueueFull
                connection.execute(
                    insert(runs).values(
                        id=identifier, owner=owner, purpose=purpose, name=name, spec=spec,
                        state=State.QUEUED, created=now, queued=now, fence=0, last_seq=0,
                        parent=parent, variants=variants, request_key=request and request.key,
                        request_digest=request and request.body,
                    )
                )  # fmt: skip
                write_events(connection, identifier, [RunEvent("queued")], now)
        except IntegrityError:  # on PostgreSQL another server was quicker with the same request
            assert request is not None
            with self._reading.begin() as connection:
                return run_of(connection, owner, request) or identifier
        return identifier

    def created_by(self, request: Request, owner: str = "local") -> str | None:
        """The run that a request got when it came before; KeyTaken as create()."""
        with self._reading.begin() as connection:
            return run_of(connection, owner, request)

    def get(self, identifier: str) -> Run:
        with self._reading.begin() as connection:
            return row_of(connection, identifier)

    def newest(self, limit: int, before: str = "~", purpose: str = "training") -> Sequence[Run]:
        """Newest first; `before` is the last id of the page before."""
        query = select(runs).where(runs.c.id < before, runs.c.purpose == purpose)
        with self._reading.begin() as connection:
            return connection.execute(query.order_by(runs.c.id.desc()).limit(limit)).all()

    def delete(self, identifier: str) -> None:
        """IllegalMove while it has a worker: stop it first."""
        with self.engine.begin() as connection:
            gone = delete(runs).where(runs.c.id == identifier, runs.c.state.not_in(LIVE))
            if connection.execute(gone).rowcount == 0:
                raise IllegalMove(row_of(connection, identifier).state, "deleted")

    def place_in_queue(self, identifier: str) -> int | None:
        """1 for the next one; None when it does not wait."""
        with self._reading.begin() as connection:
            run = row_of(connection, identifier)
            if run.state != State.QUEUED:
                return None
            first = select(func.count()).where(
                runs.c.state == State.QUEUED, runs.c.queued < run.queued
            )
            return int(connection.execute(first).scalar_one()) + 1

    def over(self, purpose: str, before: float) -> list[str]:
        """Runs at rest for a purpose that were made before a time."""
        query = select(runs.c.id).where(
            runs.c.purpose == purpose, runs.c.created < before, runs.c.state.in_(RESTING)
        )
        with self._reading.begin() as connection:
            return list(connection.execute(query).scalars())

    def known(self, identifiers: Sequence[str]) -> set[str]:
        """Those of them that there are."""
        query = select(runs.c.id).where(runs.c.id.in_(identifiers))
        with self._reading.begin() as connection:
            return set(connection.execute(query).scalars())

    # --- moves ---

    def move(
        self, identifier: str, to: State, *, fence: int | None = None,
        told: RunEvent | None = None, reason: str | None = None, message: str | None = None,
        spec: dict[str, Any] | None = None,
    ) -> None:  # fmt: skip
        """Change the state (and the spec), where MOVES allows it, and tell it as an event (by
        default of the state's own name).

        Fenced when a worker's fence is not the newest; IllegalMove or UnknownRun otherwise.
        """
        now = time.time()
        changes: dict[str, Any] = {"state": to, "reason": reason, "message": message}
        if spec is not None:
            changes["spec"] = spec
        if to == State.QUEUED:
            changes |= {"queued": now, "ended": None}
        if to not in LIVE and to != State.QUEUED:
            changes["ended"] = now
        with self.engine.begin() as connection:
            query = update(runs).where(runs.c.id == identifier, runs.c.state.in_(MOVES[to]))
            if fence is not None:
                query = query.where(runs.c.fence == fence)
            if connection.execute(query.values(**changes)).rowcount == 0:
                run = row_of(connection, identifier)
                if fence is not None and run.fence != fence:
                    raise Fenced(identifier)
                raise IllegalMove(run.state, to)
            fields = {"reason": reason, "message": message} if reason else {}
            write_events(connection, identifier, [told or RunEvent(to, fields=fields)], now)

    def claim(self, worker: str) -> Run | None:
        """The run that waits longest becomes this worker's; None when none waits."""
        oldest = (
            select(runs.c.id)
            .where(runs.c.state == State.QUEUED)
            .order_by(runs.c.queued)
            .limit(1)
            .with_for_update(skip_locked=True)  # two servers on one PostgreSQL; SQLite has one
        )
        with self.engine.begin() as connection:
            identifier = connection.execute(oldest).scalar_one_or_none()
            if identifier is None:
                return None
            now = time.time()
            claimed = update(runs).where(runs.c.id == identifier)
            connection.execute(
                claimed.values(
                    state=State.STARTING, fence=runs.c.fence + 1, worker=worker, heartbeat=now,
                    started=now, reason=None, message=None,
                )
            )  # fmt: skip
            return row_of(connection, identifier)

    def set_learning_rate(self, identifier: str, rate: float) -> None:
        """The worker takes it over at its next writing. IllegalMove when the run has none."""
        with self.engine.begin() as connection:
            wanted = update(runs).where(runs.c.id == identifier, runs.c.state.in_(LIVE))
            if connection.execute(wanted.values(learning_rate=rate)).rowcount == 0:
                raise IllegalMove(row_of(connection, identifier).state, "trained at another rate")

    # --- events ---

    def append(self, identifier: str, fence: int, new: Sequence[RunEvent]) -> Orders:
        """Write a worker's events under the next numbers, and its heartbeat. Fenced when it has
        lost the run; nothing is written then."""
        now = time.time()
        held = update(runs).where(
            runs.c.id == identifier, runs.c.fence == fence, runs.c.state.in_(LIVE)
        )
        with self.engine.begin() as connection:
            beat = held.values(heartbeat=now).returning(runs.c.state, runs.c.learning_rate)
            row = connection.execute(beat).one_or_none()
            if row is None:
                raise Fenced(identifier)
            write_events(connection, identifier, new, now)
        return Orders(State(row.state), row.learning_rate)

    def events_after(self, identifier: str, seq: int, limit: int = 1000) -> list[RunEvent]:
        """In their order; UnknownRun when the run is gone."""
        query = select(events).where(events.c.run == identifier, events.c.seq > seq)
        with self._reading.begin() as connection:
            rows = connection.execute(query.order_by(events.c.seq).limit(limit)).all()
            if not rows:
                row_of(connection, identifier)
        return [event_of(row) for row in rows]

    def told(self, identifier: str, *kinds: str) -> list[RunEvent]:
        """All events of these kinds, in their order."""
        query = select(events).where(events.c.run == identifier, events.c.kind.in_(kinds))
        with self._reading.begin() as connection:
            rows = connection.execute(query.order_by(events.c.seq)).all()
        return [event_of(row) for row in rows]

    def last_step(self, identifier: str, kind: str, variant: int = 0) -> int:
        """Of the events of this kind; -1 where there is none."""
        query = select(func.max(events.c.step)).where(
            events.c.run == identifier, events.c.kind == kind, events.c.variant == variant
        )
        with self._reading.begin() as connection:
            found = connection.execute(query).scalar_one()
        return -1 if found is None else int(found)

    def interruptions(self, identifier: str) -> int:
        """How often it was interrupted since its last checkpoint."""
        mine = events.c.run == identifier
        last = select(func.max(events.c.seq)).where(mine, events.c.kind == "checkpoint")
        query = select(func.count()).where(
            mine, events.c.kind == "interrupted",
            events.c.seq > func.coalesce(last.scalar_subquery(), 0),
        )  # fmt: skip
        with self._reading.begin() as connection:
            return int(connection.execute(query).scalar_one())

    def unfinished(self) -> Sequence[Run]:
        """Runs that have a worker or wait for one."""
        with self._reading.begin() as connection:
            states = (*LIVE, State.QUEUED)
            return connection.execute(select(runs).where(runs.c.state.in_(states))).all()

    def uses(self, dataset: str) -> bool:
        """Whether one of those learns from it."""
        return any(run.spec["dataset"] == dataset for run in self.unfinished())

    def live(self) -> Sequence[Run]:
        """Runs that should have a worker, with their heartbeats."""
        with self._reading.begin() as connection:
            return connection.execute(select(runs).where(runs.c.state.in_(LIVE))).all()


def row_of(connection: Connection, identifier: str) -> Run:
    row = connection.execute(select(runs).where(runs.c.id == identifier)).one_or_none()
    if row is None:
        raise UnknownRun(identifier)
    return row


def run_of(connection: Connection, owner: str, request: Request) -> str | None:
    """The run that was made by a request; KeyTaken when its key came with another body."""
    query = select(runs.c.id, runs.c.request_digest).where(
        runs.c.owner == owner, runs.c.request_key == request.key
    )
    row = connection.execute(query).one_or_none()
    if row is not None and row.request_digest != request.body:
        raise KeyTaken
    return row.id if row is not None else None


def write_events(
    connection: Connection, identifier: str, new: Sequence[RunEvent], now: float
) -> None:
    """Under the run's next numbers; its row is locked until the transaction ends."""
    if not new:
        return
    counted = update(runs).where(runs.c.id == identifier)
    counted = counted.values(last_seq=runs.c.last_seq + len(new))
    last = connection.execute(counted.returning(runs.c.last_seq)).scalar_one()
    first = last - len(new) + 1
    rows = [
        {
            "run": identifier, "seq": first + place, "kind": each.kind, "variant": each.variant,
            "step": each.step, "epoch": each.epoch, "time": each.time or now,
            "fields": each.fields,
        }
        for place, each in enumerate(new)
    ]  # fmt: skip
    connection.execute(insert(events), rows)


def event_of(row: Row[Any]) -> RunEvent:
    return RunEvent(row.kind, row.step, row.epoch, row.fields, row.variant, row.time, row.seq)
