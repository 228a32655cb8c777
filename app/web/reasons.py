"""Why a network answered so, as JSON; made in a thread of its own, since some reasons take long."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.ml.cards import Card
from app.web.errors import ApiError
from app.web.images import data_url, drawable

if TYPE_CHECKING:
    from torch import Tensor

    from app.ml.changes import Change
    from app.ml.hidden import Hidden
    from app.ml.reasons import OfBrightness

REASONS = ("saliency", "gradcam", "occlusion", "neighbours", "place", "change", "pixels")
LAID_BESIDE = {"neighbours", "place"}  # those that need other pictures
MOST_PIXELS = 8
NEIGHBOURS = 12
LOADED = 4  # parts of hidden features that stay in memory, mapped from their files
Fields = dict[str, Any]


@dataclass(frozen=True)
class Looked:
    """A network and the picture (1, C, H, W) that it looks at, in 0..1; the class in question."""

    card: Card
    seen: "OfBrightness"
    x: "Tensor"
    logits: "Tensor"
    of: int
    pixels: int
    beside: Mapping[str, Path]


def reasons_of(looked: Looked, wanted: Sequence[str]) -> Fields:
    found: Fields = {"of": looked.card.classes[looked.of]}
    return found | {reason: MAKERS[reason](looked) for reason in wanted}


def checked_class(of: int | None, logits: "Tensor") -> int:
    """ApiError 422 for a class that is not there."""
    if of is None:
        return int(logits.argmax())
    if of >= len(logits):
        raise ApiError(422, "not_there", f"`of` is a class: 0 to {len(logits) - 1}.")
    return of


# --- maps over the input -------------------------------------------------------------------------


def saliency_fields(looked: Looked) -> Fields:
    from app.ml.reasons import saliency

    return map_fields(saliency(looked.seen, looked.x, looked.of))


def grad_cam_fields(looked: Looked) -> Fields | None:
    from app.ml.reasons import grad_cam

    found = grad_cam(looked.seen, looked.x, looked.of)
    return None if found is None else map_fields(found)


def occlusion_fields(looked: Looked) -> Fields:
    from app.ml.reasons import occlusion

    means = looked.card.preprocessing.mean
    ground = 0.0 if len(means) == 1 else sum(means) / len(means)  # black paper; else middle grey
    return map_fields(occlusion(looked.seen, looked.x, looked.of, ground))


def map_fields(found: "Tensor") -> Fields:
    """(H, W) as one tile of a sheet."""
    from app.ml.sheets import sheet_of
    from app.web.explained import sheet_fields

    return sheet_fields(sheet_of(found[None], 1, max(found.shape)))


# --- other pictures ------------------------------------------------------------------------------


@lru_cache(LOADED)
def hidden_of(path: Path) -> "Hidden":
    """Files are named by their model's version, and never written twice."""
    from app.ml.hidden import Hidden

    return Hidden.load(path)


def neighbours_fields(looked: Looked) -> Fields:
    from app.ml.hidden import features_of

    hidden = hidden_of(looked.beside["neighbours"])
    rows, distances = hidden.nearest(features_of(looked.seen, looked.x)[0], NEIGHBOURS)
    classes = looked.card.classes
    return {
        "part": "train",
        "n": len(hidden.labels),
        "pictures": [
            {
                "label": classes[int(hidden.labels[row])],
                "read": classes[int(hidden.predicted[row])],
                "distance": round(distance, 4),
                "picture": data_url(drawable(hidden.pictures[row].numpy())),
            }
            for row, distance in zip(rows.tolist(), distances.tolist(), strict=True)
        ],
    }


def place_fields(looked: Looked) -> Fields:
    from app.ml.hidden import features_of

    hidden = hidden_of(looked.beside["place"])
    x, y = hidden.place(features_of(looked.seen, looked.x))[0].tolist()
    return {"x": round(x, 4), "y": round(y, 4)}


# --- what would change it ------------------------------------------------------------------------


def change_fields(looked: Looked) -> Fields:
    from app.ml.changes import enough_dabs

    return changed_fields(looked, enough_dabs(looked.seen, looked.x))


def pixels_fields(looked: Looked) -> Fields:
    from app.ml.changes import enough_pixels

    return changed_fields(looked, enough_pixels(looked.seen, looked.x, looked.pixels))


def changed_fields(looked: Looked, change: "Change") -> Fields:
    classes = looked.card.classes
    after = (change.logits / looked.card.temperature).softmax(0)
    best = after.argsort(descending=True).tolist()
    shades = (255 * change.picture).round().byte().numpy()
    return {
        "reached": change.reached,
        "before": classes[int(looked.logits.argmax())],
        "after": classes[best[0]],
        "edits": [vars(edit) for edit in change.edits],
        "tried": change.tried,
        "picture": data_url(drawable(shades)),
        "difference": map_fields((change.picture - looked.x[0]).mean(0)),
        "predictions": [
            {"label": classes[k], "index": k, "probability": float(f"{float(after[k]):.6g}")}
            for k in best
        ],
    }


MAKERS: dict[str, Callable[[Looked], Fields | None]] = {
    "saliency": saliency_fields,
    "gradcam": grad_cam_fields,
    "occlusion": occlusion_fields,
    "neighbours": neighbours_fields,
    "place": place_fields,
    "change": change_fields,
    "pixels": pixels_fields,
}
