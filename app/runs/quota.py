"""What the folders of runs take on disk, and room for another one."""

from pathlib import Path

from app.runs.checkpoints import Checkpoints, checkpoints_of
from app.runs.states import RESTING
from app.runs.store import Store, UnknownRun

GIB = 1 << 30


class RunsFull(RuntimeError):
    """No room for another run; the message says what to delete."""


def make_room(store: Store, folder: Path, limit: int) -> None:
    """Where the runs take more than `limit` bytes, those at rest lose all checkpoints but their
    best and last, the oldest run first; RunsFull when that does not suffice."""
    sizes = sizes_of(folder)
    for run in sorted(sizes):
        if sum(sizes.values()) <= limit:
            return
        thin_hard(store, folder, run)
        sizes = sizes_of(folder)
    if sum(sizes.values()) > limit:
        raise RunsFull(sentence(store, sizes, limit))


def sizes_of(folder: Path) -> dict[str, int]:
    """Bytes of each run; a file with two names (a fork's start) is its first run's."""
    seen: set[int] = set()
    sizes: dict[str, int] = {}
    for path in sorted(folder.glob("*/**/*")):
        try:
            found = path.stat()
        except FileNotFoundError:  # a checkpoint that was thinned in this very moment
            continue
        if path.is_file() and found.st_ino not in seen:
            seen.add(found.st_ino)
            run = path.relative_to(folder).parts[0]
            sizes[run] = sizes.get(run, 0) + found.st_size
    return sizes


def thin_hard(store: Store, folder: Path, run: str) -> None:
    try:
        found = store.get(run)
    except UnknownRun:
        return
    if found.state not in RESTING:
        return
    for variant in range(len(found.variants or [1])):
        checkpoints = Checkpoints.of(folder, run, variant)
        for each in checkpoints_of(store, folder, run, variant):
            if not each.best and not each.last:
                checkpoints.path(each.step).unlink(missing_ok=True)


def sentence(store: Store, sizes: dict[str, int], limit: int) -> str:
    largest = max(sizes, key=lambda run: sizes[run])
    try:
        name = store.get(largest).name or largest
    except UnknownRun:
        name = largest
    return (
        f"The runs take {sum(sizes.values()) / GIB:.2g} GiB on disk of the {limit / GIB:.2g} that "
        f"they may; delete some. The largest is {name} with {sizes[largest] / GIB:.2g}."
    )
