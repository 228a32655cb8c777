"""How quick a model under glass follows the pen."""

from io import BytesIO
from statistics import median, quantiles
from time import perf_counter, sleep

import httpx
from PIL import Image, ImageDraw

from bench.machine import figure
from bench.server import running_server

SIDE = 256  # pixels of the picture that the page sends
QUESTIONS = 300
PAUSE = 0.05  # seconds that the page rests between two questions while the pen moves
SEVEN = [(70, 55), (185, 55), (150, 130), (115, 210)], [(92, 128), (172, 124)]
OPEN = {"layer": "features.4", "unit": "12"}


def run() -> None:
    with running_server() as (address, _):
        explained(address, "every layer of mnist-cnn while drawing", "mnist-cnn", {}, "40 ms")
        explained(address, "the same with a layer and a unit open", "mnist-cnn", OPEN, "40 ms")
        explained(address, "every layer of mnist-mlp while drawing", "mnist-mlp", {}, "-")


def explained(address: str, what: str, model: str, query: dict[str, str], goal: str) -> None:
    """From the last byte of the question to the last of the answer, one connection on loopback."""
    url = f"{address}/api/v1/models/{model}/explain"
    times, own, sizes = [], [], []
    with httpx.Client(headers={"Content-Type": "image/png"}) as client:
        for number in range(QUESTIONS + 20):
            picture = drawn((number % 50 + 10) / 60)
            start = perf_counter()
            answer = client.post(url, params=query, content=picture).raise_for_status()
            times.append(1000 * (perf_counter() - start))
            found = answer.json()
            assert found["layers"], "a picture was rejected"
            own.append(sum(found["timings_ms"].values()))
            sizes.append(len(answer.content))
            sleep(PAUSE)
    times, own = times[20:], own[20:]  # the first load the network
    shown = (
        f"n = {QUESTIONS}, median {median(times):.1f} ms; of it computing {median(own):.1f} ms, "
        f"p95 {p95(own):.1f} ms; {median(sizes) / 1000:.0f} KB"
    )
    figure(f"{what}, p95", f"{p95(times):.1f} ms", goal, shown)


def p95(times: list[float]) -> float:
    return quantiles(times, n=20)[-1]


def drawn(share: float) -> bytes:
    """A 7 when the pen has gone so far, as the page's canvas has it."""
    image = Image.new("RGB", (SIDE, SIDE))
    pen = ImageDraw.Draw(image)
    points = sum(map(len, SEVEN))
    left = max(2.0, share * points)
    for stroke in SEVEN:
        part = stroke[: max(0, min(len(stroke), round(left)))]
        if len(part) > 1:
            pen.line(part, fill="white", width=19, joint="curve")
        left -= len(stroke)
    file = BytesIO()
    image.save(file, "PNG")
    return file.getvalue()
