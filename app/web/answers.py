"""What the engine found out about a picture, as JSON; written off the event loop."""

import json
from functools import lru_cache

from app.web.formats import BadPicture
from app.web.images import data_url, drawable
from app.web.jobs import Answer


def answer_json(answer: Answer, top_k: int) -> str:
    """The fields of one prediction, without the braces around them."""
    rejection = answer.rejection
    reason = {"code": rejection.code, "message": rejection.message} if rejection else None
    pixels = answer.prepared.pixels  # (C, S, S)
    fields = (
        f'"predictions":[{predictions_json(answer, top_k)}]',
        f'"rejected":{json.dumps(reason)}',
        f'"input":"{data_url(drawable(pixels))}"',
        f'"timings_ms":{timings_json(answer)}',
        *((f'"steps":[{steps_json(answer)}]',) if answer.prepared.steps else ()),
    )
    return ",".join(fields)


def predictions_json(answer: Answer, top_k: int) -> str:
    if answer.probabilities is None:
        return ""
    labels = labels_json(answer.classifier.card.classes)
    probabilities: list[float] = answer.probabilities.tolist()
    order = sorted(range(len(probabilities)), key=probabilities.__getitem__, reverse=True)
    return ",".join(
        f'{{"label":{labels[index]},"index":{index},"probability":{probabilities[index]:.6g}}}'
        for index in order[:top_k]
    )


@lru_cache(maxsize=64)
def labels_json(classes: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(json.dumps, classes))


def timings_json(answer: Answer) -> str:
    decode, preprocess, infer = answer.decode_ms, answer.preprocess_ms, answer.infer_ms
    return f'{{"decode":{decode:.3f},"preprocess":{preprocess:.3f},"infer":{infer:.3f}}}'


def steps_json(answer: Answer) -> str:
    return ",".join(
        json.dumps({"key": step.key, "sentence": step.sentence, "picture": data_url(step.picture)})
        for step in answer.prepared.steps
    )


def error_json(bad: BadPicture) -> str:
    """In place of one prediction of a batch."""
    return f'"error":{json.dumps({"code": bad.code, "message": bad.message})}'
