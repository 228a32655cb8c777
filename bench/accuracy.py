"""What the shipped models read, through the ways that people use. Test parts, once each."""

import io
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from PIL import Image

from app.ml.datasets import load
from app.ml.parts import Part
from app.settings import Settings
from bench.machine import figure
from bench.server import running_server

Send = Callable[[httpx.Client, str], httpx.Response]  # (client, address of predict)
ON_MNIST = (("mnist-mlp", "99.1 %"), ("mnist-cnn", "99.70 %"), ("digits-cnn", "99.60 %"))
CANVAS, ENLARGED = 400, 280


def run() -> None:
    settings = Settings()
    root, cache = settings.dataset_files_dir, settings.data_dir / "cache"
    scans = load("mnist", root, cache).test
    with running_server() as (address, _), httpx.Client(timeout=30) as client:
        for model, goal in ON_MNIST:
            at = f"{address}/api/v1/models/{model}/predict"
            read = ask(client, at, [pixels(scan) for scan in as_arrays(scans)])
            report(f"{model} on MNIST's test, as the network's input", read, scans, goal)
            for name, method in (("nearest", 0), ("bicubic", 3)):
                sends = [png(canvas) for canvas in on_canvases(scans, method)]
                way = f"{model}, PNG enlarged 10 times ({name}) on a canvas"
                report(way, ask(client, at, sends), scans, "-0.3 points")
        pens = load("pen-digits", root, cache).test
        assert pens.strokes is not None
        sends = [strokes(drawing) for drawing in pens.strokes]
        at = f"{address}/api/v1/models/digits-cnn/predict"
        report(
            "digits-cnn on the strokes of the test writers", ask(client, at, sends), pens, "99.0 %"
        )
        photographs(client, at, root / "photo-digits")


def ask(client: httpx.Client, at: str, sends: Sequence[Send]) -> list[dict[str, Any]]:
    with ThreadPoolExecutor(4) as pool:
        answers = pool.map(lambda send: send(client, at).raise_for_status().json(), sends)
        return list(answers)


def pixels(scan: np.ndarray) -> Send:
    return lambda client, at: client.post(at, json={"pixels": scan.tolist()})


def strokes(drawing: Any) -> Send:
    return lambda client, at: client.post(at, json={"strokes": drawing})


def png(picture: np.ndarray) -> Send:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG", compress_level=1)
    return lambda client, at: client.post(
        at, content=buffer.getvalue(), headers={"content-type": "image/png"}
    )


def as_arrays(part: Part) -> Iterator[np.ndarray]:
    return (picture[0].numpy() for picture in part.pictures)


def on_canvases(part: Part, method: int) -> Iterator[np.ndarray]:
    """Each scan enlarged ten times, at a random place of a 400 x 400 canvas."""
    random = np.random.default_rng(0)
    for scan in as_arrays(part):
        canvas = np.zeros((CANVAS, CANVAS), np.uint8)
        top, left = random.integers(0, CANVAS - ENLARGED + 1, 2)
        large = Image.fromarray(scan).resize((ENLARGED, ENLARGED), method)
        canvas[top : top + ENLARGED, left : left + ENLARGED] = np.asarray(large)
        yield canvas


def photographs(client: httpx.Client, at: str, folder: Path) -> None:
    if not folder.is_dir():
        print(f"  no photographs: {folder} is not there")
        return
    files = sorted(folder.glob("[0-9]/*.png"))
    labels = [file.parent.name for file in files]
    with ThreadPoolExecutor(2) as pool:
        sends = pool.map(
            lambda file: client.post(
                at, content=file.read_bytes(), headers={"content-type": "image/png"}
            ),
            files,
        )
        answers = [sent.raise_for_status().json() for sent in sends]
    judge("digits-cnn on phone photographs, uploaded as they are", answers, labels, "95 %")


def report(what: str, answers: Sequence[dict[str, Any]], part: Part, goal: str) -> None:
    judge(what, answers, [str(label) for label in part.labels.tolist()], goal)


def judge(what: str, answers: Sequence[dict[str, Any]], labels: Sequence[str], goal: str) -> None:
    """A rejection counts as wrong, and is reported apart."""
    rejected = Counter(answer["rejected"]["code"] for answer in answers if answer["rejected"])
    read = [a["predictions"][0]["label"] if a["predictions"] else "" for a in answers]
    right = sum(one == other for one, other in zip(read, labels, strict=True))
    remark = f"{right} of {len(labels)}; rejected: {dict(rejected) or 'none'}"
    figure(what, f"{right / len(labels):.2%}", goal, remark)
