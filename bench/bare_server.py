"""The least that a predicting server can cost: uvicorn, one thread, and the same calls as ours.

No routes, no limits, no checks, one picture at a time: what `./run bench serving` compares with.
"""

import asyncio
import threading
from queue import SimpleQueue
from typing import Any

import numpy as np
import torch

from app.ml.checkpoints import ModelLibrary
from app.ml.inference import load_classifier
from app.ml.preprocessing import preprocess
from app.web.answers import answer_json
from app.web.formats import read_header
from app.web.jobs import Answer
from app.web.plain_png import decode_plain_png
from bench.server import ROOT
from bench.serving import MODEL

torch.set_num_threads(1)
classifier = load_classifier(ModelLibrary(ROOT / "models", ROOT / "models").resolve(MODEL))
waiting: "SimpleQueue[tuple[bytes, asyncio.Future[bytes]]]" = SimpleQueue()


def work() -> None:
    while True:
        content, done = waiting.get()
        done.get_loop().call_soon_threadsafe(done.set_result, predict(content))


def predict(content: bytes) -> bytes:
    picture = decode_plain_png(content, read_header(content))
    assert picture is not None
    prepared = preprocess(picture, classifier.card.preprocessing)
    answer = Answer(classifier, prepared, 0.0, 0.0)
    rows, _ = classifier.read(np.stack([prepared.pixels]))
    answer.probabilities = rows[0]
    return f"{{{answer_json(answer, 5)}}}".encode()


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """ASGI."""
    if scope["type"] == "lifespan":
        while True:
            kind = (await receive())["type"]
            await send({"type": f"{kind}.complete"})
            if kind == "lifespan.shutdown":
                return
    content = (await receive())["body"]
    done: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
    waiting.put((content, done))
    answer = await done
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(answer))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": answer})


threading.Thread(target=work, daemon=True).start()
