"""Models: folders of model.safetensors and card.json, and runs' checkpoints; no pickle anywhere."""

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from app.ml.cards import CARD_BYTES, Card
from app.ml.files import sync_folder

if TYPE_CHECKING:
    from torch import Tensor

    from app.ml.familiarity import Familiarity

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
CHECKPOINT = re.compile(
    r"runs/([0-7][0-9a-hjkmnp-tv-z]{25})/(checkpoints(?:-[1-9])?)/(0|[1-9][0-9]{0,11})"
)
Origin = Literal["shipped", "own", "run"]
WEIGHTS, CARD, FAMILIARITY = "model.safetensors", "card.json", "familiarity.safetensors"
HEADER_BYTES = 1 << 20  # a safetensors header is a few KiB; a larger one is an attack


class UnknownModel(KeyError):
    """No model of that name."""


class UnavailableModel(RuntimeError):
    """The folder is there but cannot be used; the message says why."""


class ReservedName(ValueError):
    """Shipped models are read-only and their names taken."""


@dataclass(frozen=True)
class ModelEntry:
    """A model as found on disk; `card` is None when it is unavailable."""

    name: str
    origin: Origin
    folder: Path
    card: Card | None
    unavailable: str | None
    size_bytes: int
    step: int | None = None  # of a run's checkpoint, which is not published

    accepts = ("image", "strokes", "pixels")

    @property
    def version(self) -> str | None:
        return self.card.version if self.card else None

    @property
    def edition(self) -> tuple[object, ...]:
        """Another one whenever it would answer otherwise: `calibrate` leaves the weights alone."""
        card = self.card
        return self.folder, *((card.version, card.temperature, card.familiarity) if card else ())

    @property
    def weights(self) -> Path:
        return self.folder / (WEIGHTS if self.step is None else f"{self.step}.safetensors")

    @property
    def witness(self) -> Path:
        """The file that is written anew whenever this entry no longer holds."""
        return self.folder / CARD if self.step is None else self.weights


class ModelLibrary:
    """The models that ship and one's own: two folders of model folders; the checkpoints of runs."""

    def __init__(self, shipped: Path, own: Path, runs: Path | None = None) -> None:
        self.shipped, self.own, self.runs = shipped, own, runs

    def entries(self) -> list[ModelEntry]:
        """All models by name; a broken folder is listed with its reason."""
        found = {entry.name: entry for entry in self._read(self.own, "own")}
        found |= {entry.name: entry for entry in self._read(self.shipped, "shipped")}
        return [found[name] for name in sorted(found)]

    def resolve(self, reference: str) -> ModelEntry:
        """The entry of a model reference: a name, or `runs/ID/checkpoints/STEP`,
        of the second variant of a run `runs/ID/checkpoints-1/STEP`.

        UnknownModel, or UnavailableModel with the reason.
        """
        found = CHECKPOINT.fullmatch(reference)
        if found and self.runs:
            return read_checkpoint(self.runs / found[1] / found[2], int(found[3]), reference)
        if not NAME.fullmatch(reference):
            raise UnknownModel(reference)
        for root, origin in ((self.shipped, "shipped"), (self.own, "own")):
            if (root / reference).is_dir():
                entry = read_entry(root / reference, origin)  # type: ignore[arg-type]
                if entry.unavailable:
                    raise UnavailableModel(entry.unavailable)
                return entry
        raise UnknownModel(reference)

    def save(
        self, card: Card, weights: "Mapping[str, Tensor]", replace_existing: bool = False,
        familiarity: "Familiarity | None" = None,
    ) -> ModelEntry:  # fmt: skip
        """Write one's own model. ReservedName, FileExistsError, or ValueError for a bad name."""
        self.check_free(card.name, replace_existing)
        return read_entry(save_model(self.own, card, weights, familiarity), "own")

    def adopt(self, folder: Path, name: str, replace_existing: bool = False) -> ModelEntry:
        """Copy a model's folder among one's own models, under a name of its own.

        FileNotFoundError when there is no whole model in it; errors as save().
        """
        found = read_entry(folder, "own")
        if found.card is None:
            raise FileNotFoundError(folder)
        return self.publish(found, found.card, name, replace_existing)

    def publish(
        self, found: ModelEntry, card: Card, name: str, replace_existing: bool = False
    ) -> ModelEntry:
        """The same weights under a name, with this card; errors as save()."""
        self.check_free(name, replace_existing)
        recipe = re.sub(r"--name \S+$", f"--name {name}", card.recipe)
        card = replace(card, name=name, recipe=recipe)
        return self.save(card, read_weights(found), replace_existing, read_familiarity(found))

    def copies_of(self, folder: Path) -> list[str]:
        """Names of the models that hold the same weights as a model's folder."""
        version = read_entry(folder, "own").version
        return [entry.name for entry in self.entries() if version and entry.version == version]

    def check_free(self, name: str, replace_existing: bool = False) -> None:
        """Nothing, when one's own model may be saved under this name; errors as save()."""
        if not NAME.fullmatch(name):
            raise ValueError("a model's name is 1 to 64 of a-z, 0-9 and -, not beginning with -")
        if (self.shipped / name).is_dir():
            raise ReservedName(f"{name} ships with Inkling; choose another name")
        if (self.own / name).exists() and not replace_existing:
            raise FileExistsError(f"a model called {name} exists; choose another name")

    def delete(self, name: str) -> None:
        if not NAME.fullmatch(name):
            raise UnknownModel(name)
        if (self.shipped / name).is_dir():
            raise ReservedName(f"{name} ships with Inkling and cannot be deleted")
        if not (self.own / name).is_dir():
            raise UnknownModel(name)
        doomed = Path(tempfile.mkdtemp(dir=self.own, prefix=".deleted-"))
        os.rename(self.own / name, doomed / name)  # one rename: gone for every reader at once
        shutil.rmtree(doomed)

    def _read(self, root: Path, origin: Origin) -> list[ModelEntry]:
        if not root.is_dir():
            return []
        folders = [folder for folder in root.iterdir() if folder.is_dir()]
        return [read_entry(f, origin) for f in folders if NAME.fullmatch(f.name)]


def read_entry(folder: Path, origin: Origin) -> ModelEntry:
    try:
        card = Card.from_json(read_bounded(folder / CARD, CARD_BYTES))
        size = sum((folder / name).stat().st_size for name in files_of(card))
        if card.name != folder.name:
            raise ValueError(f"the card is of {card.name}, not of {folder.name}")
    except (OSError, ValueError) as error:
        reason = (
            f"{type(error).__name__}: cannot read it" if isinstance(error, OSError) else f"{error}"
        )
        return ModelEntry(folder.name, origin, folder, None, reason, 0)
    return ModelEntry(folder.name, origin, folder, card, None, size)


def files_of(card: Card) -> tuple[str, ...]:
    """Besides the card."""
    return (WEIGHTS, FAMILIARITY) if card.familiarity else (WEIGHTS,)


def read_checkpoint(folder: Path, step: int, reference: str) -> ModelEntry:
    """A run's card, told of one of its checkpoints. Its version is of the file's place and time:
    to read all of a training's state at each look would cost more than predicting."""
    try:
        card = Card.from_json(read_bounded(folder / CARD, CARD_BYTES))
        status = (folder / f"{step}.safetensors").stat()
    except OSError:
        raise UnknownModel(reference) from None
    except ValueError as error:
        raise UnavailableModel(f"{error}") from error
    identity = f"{reference} {status.st_size} {status.st_mtime_ns}"
    card = replace(
        card, name=reference, title=f"{card.title}, step {step}",
        sha256=hashlib.sha256(identity.encode()).hexdigest(),
    )  # fmt: skip
    return ModelEntry(reference, "run", folder, card, None, status.st_size, step)


def read_bounded(path: Path, most: int) -> bytes:
    with path.open("rb") as file:
        return file.read(most + 1)


def save_model(
    root: Path, card: Card, weights: "Mapping[str, Tensor]",
    familiarity: "Familiarity | None" = None,
) -> Path:  # fmt: skip
    """Write root/<name>/, or replace it, in one rename; the card gets its files' sha256."""
    from safetensors.torch import save

    target = root / card.name
    content = save({name: tensor.contiguous() for name, tensor in weights.items()})
    known = save(familiarity.to_tensors()) if familiarity else b""
    card = replace(
        card, sha256=hashlib.sha256(content).hexdigest(),
        familiarity=hashlib.sha256(known).hexdigest() if known else "",
    )  # fmt: skip
    root.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(dir=root, prefix=".new-"))
    try:
        write_synced(fresh / WEIGHTS, content)
        if known:
            write_synced(fresh / FAMILIARITY, known)
        write_synced(fresh / CARD, f"{json.dumps(card.to_json(), indent=2)}\n".encode())
        fresh.chmod(0o755)
        if target.exists():
            os.rename(target, fresh / "replaced")
        os.rename(fresh, target)
        shutil.rmtree(target / "replaced", ignore_errors=True)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    sync_folder(root)
    return target


def write_synced(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def read_weights(entry: ModelEntry) -> "dict[str, Tensor]":
    """The tensors of a model, read once and checked against its card. UnavailableModel says why."""
    assert entry.card is not None
    if entry.step is not None:
        return read_checkpoint_weights(entry)
    return read_tensors(entry.folder / WEIGHTS, entry.card.sha256, "weights")


def read_familiarity(entry: ModelEntry) -> "Familiarity | None":
    """None for a model without; errors as read_weights."""
    if entry.card is None or not entry.card.familiarity:
        return None
    from app.ml.familiarity import Familiarity

    tensors = read_tensors(
        entry.folder / FAMILIARITY, entry.card.familiarity, "numbers that tell strangers"
    )
    try:
        return Familiarity.of_tensors(tensors, len(entry.card.classes))
    except ValueError as error:
        raise UnavailableModel(f"{FAMILIARITY}: {error}") from error


def read_tensors(path: Path, sha256: str, what: str) -> "dict[str, Tensor]":
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != sha256:
            raise UnavailableModel(f"the {what} are not those of the card (sha256 differs)")
        if int.from_bytes(content[:8], "little") > HEADER_BYTES:
            raise UnavailableModel(f"the header of the {what} is too large")
        return load(content)
    except (OSError, SafetensorError) as error:
        raise UnavailableModel(f"the {what} cannot be read") from error


def read_checkpoint_weights(entry: ModelEntry) -> "dict[str, Tensor]":
    """Of all that a training keeps, what predicts: the averaged weights, else the network's own."""
    from safetensors import SafetensorError, safe_open

    assert entry.card is not None
    prefix = predicting(entry.card)
    try:
        with safe_open(entry.weights, "pt") as file:
            names = [name for name in file.keys() if name.startswith(prefix)]  # noqa: SIM118
            return {name.removeprefix(prefix): file.get_tensor(name) for name in names}
    except (OSError, SafetensorError) as error:
        raise UnavailableModel("the checkpoint cannot be read") from error


def predicting(card: Card) -> str:
    """How the names of the tensors begin that predict, in a checkpoint's file."""
    return "averaged." if card.training.get("ema") else "network."
