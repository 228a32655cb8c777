"""A run's states and the moves between them."""

from enum import StrEnum


class State(StrEnum):
    QUEUED = "queued"  # waits for its turn
    STARTING = "starting"  # claimed; its worker has not spoken yet
    RUNNING = "running"
    PAUSING = "pausing"  # its worker finishes the step, writes a checkpoint and goes
    PAUSED = "paused"
    STOPPING = "stopping"  # the same, for good
    STOPPED = "stopped"
    FINISHED = "finished"
    FAILED = "failed"  # its reason says why
    INTERRUPTED = "interrupted"  # its process is gone


LIVE = frozenset({State.STARTING, State.RUNNING, State.PAUSING, State.STOPPING})  # has a worker
RESTING = frozenset({State.PAUSED, State.STOPPED, State.FINISHED, State.INTERRUPTED, State.FAILED})

MOVES: dict[State, frozenset[State]] = {  # to each state: from which
    State.QUEUED: RESTING,
    State.STARTING: frozenset({State.QUEUED}),
    State.RUNNING: frozenset({State.STARTING}),
    State.PAUSING: frozenset({State.STARTING, State.RUNNING}),
    State.PAUSED: LIVE | {State.QUEUED},
    State.STOPPING: frozenset({State.STARTING, State.RUNNING, State.PAUSING}),
    State.STOPPED: LIVE | {State.QUEUED, State.PAUSED, State.INTERRUPTED},
    State.FINISHED: LIVE,
    State.FAILED: LIVE,
    State.INTERRUPTED: LIVE,
}

REASONS = {  # of a failure, for a person
    "diverged": "The loss is not a number any more. Train again with a lower learning rate.",
    "disk_full": "The disk is full. Make room, then resume: it goes on from its last checkpoint.",
    "out_of_memory": "The memory did not suffice. Take a smaller batch or network.",
    "crashed": "The training program failed; the log tells where.",
    "start_failed": "The training could not begin.",
}
