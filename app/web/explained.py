"""What a network made of a picture, layer by layer, as JSON; made in the thread that looks."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from app.ml.cards import Card
from app.web.bodies import Broken
from app.web.errors import ApiError
from app.web.images import data_url, drawable
from app.web.jobs import Answer
from app.web.reasons import Looked, checked_class, reasons_of

if TYPE_CHECKING:
    from app.ml.glass import Detail, Histogram, Layer
    from app.ml.networks import Network
    from app.ml.sheets import Sheet
    from app.ml.trace import Trace
    from app.ml.unit import Unit

Fields = dict[str, Any]
DIGITS = 6  # that count, of each number


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is asked for: all layers, one of them in detail, one unit of that at a place; reasons,
    of a class or the likeliest one; all of that of the network as it is, or broken."""

    layers: bool = True
    layer: str | None = None
    unit: int | None = None
    place: tuple[int, int] | None = None
    reasons: tuple[str, ...] = ()
    of: int | None = None
    pixels: int = 1
    part: str = "test"
    broken: Broken | None = None


def explain(
    network: "Network", answer: Answer, wishes: Wishes, beside: Mapping[str, Path] | None = None
) -> str:
    """The whole answer. ApiError 422 for a layer, unit, place or class that is not there."""
    card = answer.classifier.card
    began = perf_counter()
    fields = told(card, answer)
    if answer.prepared.rejection is None:
        if wishes.broken:
            network = broken_network(network, card, wishes.broken)
        fields |= seen(network, answer, wishes)
        if wishes.reasons:
            fields["reasons"] = why(network, answer, wishes, beside or {})
    timings = {"decode": answer.decode_ms, "preprocess": answer.preprocess_ms}
    timings["explain"] = 1000 * (perf_counter() - began)
    fields["timings_ms"] = {name: round(ms, 3) for name, ms in timings.items()}
    return json.dumps(fields, allow_nan=False, separators=(",", ":"))


def told(card: Card, answer: Answer) -> Fields:
    rejection = answer.rejection
    return {
        "model": card.name,
        "version": card.version,
        "rejected": {"code": rejection.code, "message": rejection.message} if rejection else None,
        "input": data_url(drawable(answer.prepared.pixels)),
        "predictions": [],
        "logits": [],
        "temperature": card.temperature,
        "layers": [],
    }


def seen(network: "Network", answer: Answer, wishes: Wishes) -> Fields:
    import torch

    from app.ml.trace import trace

    card = answer.classifier.card
    x = answer.classifier.normalised(answer.prepared.pixels[None])
    with torch.no_grad():
        traced = trace(network, x)
        probabilities = (traced.logits / card.temperature).softmax(0).tolist()
        order = sorted(range(len(probabilities)), key=probabilities.__getitem__, reverse=True)
        return {
            "predictions": [
                {"label": card.classes[i], "index": i, "probability": brief(probabilities[i])}
                for i in order
            ],
            "logits": [brief(logit) for logit in traced.logits.tolist()],
            **looked_into(traced, wishes),
        }


def looked_into(traced: "Trace", wishes: Wishes) -> Fields:
    from app.ml.glass import layers_of
    from app.ml.unit import unit_of

    try:
        index = None if wishes.layer is None else traced.index(wishes.layer)
        fields: Fields = {}
        if index is not None and wishes.unit is not None:
            fields["unit"] = unit_fields(unit_of(traced, index, wishes.unit, wishes.place))
    except ValueError as error:
        raise not_there(error) from None
    if wishes.layers:
        fields["layers"] = [layer_fields(layer) for layer in layers_of(traced, index)]
    elif index is not None:
        fields["layers"] = [layer_fields(layers_of(traced, index, alone=True)[0])]
    return fields


def not_there(error: ValueError) -> ApiError:
    message = str(error)
    return ApiError(422, "not_there", f"{message[:1].upper()}{message[1:]}.")


def why(network: "Network", answer: Answer, wishes: Wishes, beside: Mapping[str, Path]) -> Fields:
    import torch

    from app.ml.reasons import OfBrightness

    card = answer.classifier.card
    network_seen = OfBrightness(network, card.preprocessing)
    x = torch.from_numpy(answer.prepared.pixels).float()[None] / 255
    with torch.no_grad():
        logits = network_seen(x)[0]
    of = checked_class(wishes.of, logits)
    looked = Looked(card, network_seen, x, logits, of, wishes.pixels, beside)
    return reasons_of(looked, wishes.reasons)


def broken_network(network: "Network", card: Card, asked: Broken) -> "Network":
    """ApiError 422 for a layer or unit that is not there."""
    from app.ml.damage import Damage, Misfit, broken

    try:
        return broken(network, Damage.from_json(asked.model_dump()), card.shape)
    except Misfit as error:
        raise not_there(error) from None


# --- as JSON -------------------------------------------------------------------------------------


def layer_fields(layer: "Layer") -> Fields:
    fields: Fields = {
        "name": layer.name,
        "kind": layer.kind,
        "title": layer.title,
        "sentence": layer.sentence,
        "shape": layer.shape,
        "parameters": layer.parameters,
        "branch": layer.branch,
    }
    if layer.maps:
        fields["maps"] = sheet_fields(layer.maps)
    if layer.values is not None:
        fields["values"] = briefly(layer.values)
    if layer.detail:
        fields["detail"] = detail_fields(layer.detail)
    return fields


def detail_fields(detail: "Detail") -> Fields:
    fields: Fields = {
        "outputs": histogram_fields(detail.outputs),
        "numbers": briefly(detail.numbers),
        "channels": briefly(detail.channels),
        "weights": None,
    }
    if weights := detail.weights:
        fields["weights"] = {
            "kind": weights.kind,
            "shape": weights.shape,
            **sheet_fields(weights.sheet),
            "histogram": histogram_fields(weights.histogram),
        }
    return fields


def histogram_fields(histogram: "Histogram") -> Fields:
    return briefly(vars(histogram))  # type: ignore[no-any-return]


def sheet_fields(sheet: "Sheet") -> Fields:
    return {
        "picture": data_url(sheet.pixels),
        "columns": sheet.columns,
        "tile": sheet.tile,
        "shown": sheet.shown,
        "zero": sheet.zero,
        "minimum": brief(sheet.minimum),
        "maximum": brief(sheet.maximum),
    }


def unit_fields(unit: "Unit") -> Fields:
    return {
        "layer": unit.layer,
        "unit": unit.unit,
        "place": unit.place,
        "value": brief(unit.value),
        "formula": briefly(unit.formula),
        "looks_at": vars(unit.looks_at),
        "map": sheet_fields(unit.map) if unit.map else None,
        "weights": sheet_fields(unit.weights) if unit.weights else None,
    }


def brief(number: float) -> float:
    return float(f"{number:.{DIGITS}g}")


def briefly(found: Any) -> Any:
    """The same with shorter numbers, however deep they lie."""
    if isinstance(found, float):
        return brief(found)
    if isinstance(found, dict):
        return {name: briefly(each) for name, each in found.items()}
    if isinstance(found, list | tuple):
        return [briefly(each) for each in found]
    return found
