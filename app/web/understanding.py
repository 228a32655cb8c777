"""What is known of a run at a checkpoint, as answers; made off the event loop, with torch."""

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, Field

from app.ml.cards import Card
from app.ml.caveats import EARLY
from app.ml.checkpoints import predicting
from app.runs.checkpoints import of_variant
from app.runs.states import State
from app.runs.store import Run, Store
from app.web.errors import ApiError
from app.web.images import data_url

if TYPE_CHECKING:
    from app.ml.examination import Examination

MOST_UNITS = 64  # of the first layer


@dataclass(frozen=True)
class Moment:
    """A checkpoint of a run, and whether it is the last."""

    run: Run
    folder: Path
    step: int
    is_last: bool
    card: Card
    variant: int = 0

    @property
    def checkpoints(self) -> str:
        """The name of their folder."""
        return of_variant("checkpoints", self.variant)

    @property
    def reference(self) -> str:
        return f"runs/{self.run.id}/{self.checkpoints}/{self.step}"


class ClassScore(BaseModel):
    label: str
    n: int
    right: int


class CalibrationBin(BaseModel):
    """From i/15 to (i+1)/15 of confidence."""

    n: int
    confidence: float | None = Field(description="mean, null without pictures")
    accuracy: float | None


class LayerActivity(BaseModel):
    name: str
    activation: str
    units: int
    dead: float | None = Field(description="share of units that are 0 for each picture")
    saturated: float | None = Field(description="share of outputs where the activation is flat")


class Confusion(BaseModel):
    checkpoint: int
    part: str
    n: int
    accuracy: float
    loss: float
    rejected: int = Field(description="refused by preprocessing: wrong, and not in the matrix")
    classes: list[str]
    matrix: list[list[int]] = Field(description="a row for each true class, a column as read")
    per_class: list[ClassScore]
    ece: float = Field(description="expected calibration error, 15 equal bins")
    calibration: list[CalibrationBin]
    layers: list[LayerActivity]


class SeenPicture(BaseModel):
    true: str
    predicted: str
    confidence: float
    true_probability: float = Field(description="of the true class")
    picture: str = Field(description="data URL: what the network saw")


class Mistakes(BaseModel):
    checkpoint: int
    part: str
    total: int = Field(description="that fit, shown or not")
    pictures: list[SeenPicture]


class FindingAnswer(BaseModel):
    key: str = Field(description="a word for programs")
    sentence: str
    advice: str
    because: str = Field(description="the evidence as a sentence")
    evidence: dict[str, Any] = Field(description="the same numbers")


class Findings(BaseModel):
    checkpoint: int | None = Field(description="null before the first one")
    findings: list[FindingAnswer]


class FirstLayer(BaseModel):
    checkpoint: int
    kind: Literal["kernels", "rows"] = Field(description="of a CNN; of an MLP, as pictures")
    units: int
    shown: int
    side: int = Field(description="of each tile, in pixels")
    columns: int = Field(description="of the sheet of tiles")
    largest: float = Field(description="absolute weight: 0 and 255 in the sheet; 128 is weight 0")
    sheet: str = Field(description="data URL: one grey pixel for each weight")


def loaded(path: Path) -> "Examination":
    """ApiError 404 where it was thinned out, or deleted, since it was asked for."""
    from app.ml.examination import Examination

    try:
        return Examination.load(path)
    except FileNotFoundError:
        raise unknown_checkpoint() from None


def confusion(moment: Moment, part: str, path: Path) -> Confusion:
    examination = loaded(path)
    it, classes = examination.evaluation, list(moment.card.classes)
    counts = it.labels.bincount(minlength=len(classes)).tolist()
    right = it.labels[it.right].bincount(minlength=len(classes)).tolist()
    scores = zip(classes, counts, right, strict=True)
    return Confusion(
        checkpoint=moment.step, part=part, n=len(it.labels), accuracy=it.accuracy, loss=it.loss(),
        rejected=int(it.rejected.sum()), classes=classes, matrix=it.confusion().tolist(),
        per_class=[ClassScore(label=label, n=n, right=hits) for label, n, hits in scores],
        ece=it.calibration_error(),
        calibration=[CalibrationBin(**asdict(each)) for each in it.calibration()],
        layers=[LayerActivity(**asdict(layer)) for layer in examination.layers],
    )  # fmt: skip


def mistakes(
    moment: Moment, part: str, path: Path, place: tuple[int | None, ...], limit: int
) -> Mistakes:
    from app.ml.examination import read_pictures

    it, classes = loaded(path).evaluation, moment.card.classes
    rows = it.cell(*place)
    shown = rows[:limit].tolist()
    pictures = read_pictures(path.parent, part, shown)
    return Mistakes(
        checkpoint=moment.step, part=part, total=len(rows),
        pictures=[
            SeenPicture(
                true=classes[int(it.labels[row])],
                predicted=classes[int(it.predicted[row])],
                confidence=float(it.confidence[row]),
                true_probability=float(it.probabilities[row, it.labels[row]]),
                picture=data_url(picture),
            )
            for row, picture in zip(shown, pictures, strict=True)
        ],
    )  # fmt: skip


def found(
    store: Store, run: Run, variant: int, moment: Moment | None, paths: dict[str, Path], own: Path
) -> Findings:
    from app.ml.facts import Epoch, Facts
    from app.ml.findings import findings
    from app.runs.variants import specs_of

    spec = specs_of(run)[variant].to_json()
    rests = run.state in (State.FINISHED, State.STOPPED, State.FAILED)
    whole = rests and (moment is None or moment.is_last)
    told = [event for event in store.told(run.id, "step", "evaluated") if event.variant == variant]
    if moment and not moment.is_last:
        told = [event for event in told if event.step <= moment.step]
    seen = {part: loaded(path) for part, path in paths.items()}
    facts = Facts(
        classes=moment.card.classes if moment else classes_of(spec["dataset"], own),
        spec=spec,
        losses=[event.fields.get("loss") for event in told if event.kind == "step"],
        epochs=[
            Epoch(event.step, event.epoch, event.fields["loss"], event.fields["accuracy"])
            for event in told
            if event.kind == "evaluated"
        ],
        ended=whole,
        diverged=whole and run.reason == "diverged",
        validation=seen.get("validation"),
        training=seen.get("train"),
        test=seen["test"].evaluation if "test" in seen else None,
    )
    answers = [FindingAnswer(**asdict(finding)) for finding in findings(facts)]
    return Findings(checkpoint=moment.step if moment else None, findings=answers)


def card_at(moment: Moment, path: Path | None) -> Card:
    """For publishing a checkpoint: its card, with what its examination of the validation part
    measured."""
    accuracy = {}
    if path:
        summary = loaded(path).evaluation.summary(moment.card.classes)
        accuracy[f"{moment.card.dataset} validation"] = summary
    title = f"{moment.card.title}, step {moment.step}"
    notes = (*moment.card.notes, EARLY.format(moment.step))
    return replace(moment.card, title=title, accuracy=accuracy, notes=notes)


def classes_of(dataset: str, own: Path) -> tuple[str, ...]:
    """None where it was removed."""
    from app.ml.datasets import Datasets

    entry = Datasets(own).get(dataset)
    return entry.classes if entry else ()


def first_layer(moment: Moment) -> FirstLayer:
    from app.ml.first_layer import first_weights, sheet

    path = moment.folder / moment.checkpoints / f"{moment.step}.safetensors"
    try:
        weights = first_weights(path, predicting(moment.card), moment.card.shape)
    except OSError:
        raise unknown_checkpoint() from None
    tiles = weights[:MOST_UNITS]
    pixels, columns, largest = sheet(tiles)
    return FirstLayer(
        checkpoint=moment.step, kind="rows" if moment.card.network == "mlp" else "kernels",
        units=len(weights), shown=len(tiles), side=tiles.shape[1], columns=columns,
        largest=largest, sheet=data_url(pixels),
    )  # fmt: skip


def unknown_checkpoint() -> ApiError:
    sentence = "This checkpoint is not kept any more; the last one always is."
    return ApiError(404, "unknown_checkpoint", sentence)
