"""How quick the server starts, and what a prediction costs it."""

import asyncio
import os
import re
import socket
import subprocess
import sys
import time
from io import BytesIO
from pathlib import Path
from statistics import median
from time import perf_counter

import httpx
import numpy as np
from PIL import Image

from app.ml.checkpoints import ModelLibrary
from app.ml.inference import Classifier, load_classifier
from app.ml.preprocessing import preprocess
from app.ml.strokes import rasterise
from bench.machine import figure
from bench.server import ROOT, free_port, running_server, server_process

MODEL = "digits-cnn"
REQUESTS = 5_000
TICKS = os.sysconf("SC_CLK_TCK")  # of /proc's CPU times, a second


def run() -> None:
    start_up()
    with running_server() as (address, pid):
        classifier = load_classifier(ModelLibrary(ROOT / "models", ROOT / "models").resolve(MODEL))
        for connections, goal in ((1, "350 us"), (64, "260 us")):
            cost_of_a_prediction(address, pid, classifier, connections, goal)
    least_cost(classifier)


def start_up() -> None:
    """From exec of ./run to the last byte of the first answer; file cache warm."""
    times = [first_prediction() for _ in range(6)][1:]
    shown = " ".join(f"{seconds:.2f}" for seconds in sorted(times))
    figure(
        "./run serve to the first prediction, median of 5", f"{median(times):.2f} s", "2.5 s", shown
    )


def first_prediction() -> float:
    port, picture = free_port(), a_picture()
    url = f"http://127.0.0.1:{port}/api/v1/models/{MODEL}/predict"
    start = perf_counter()
    with server_process(port):
        while True:
            try:
                httpx.post(url, content=picture, headers=PNG, timeout=30).raise_for_status()
                return perf_counter() - start
            except httpx.ConnectError:
                time.sleep(0.005)


PNG = {"content-type": "image/png"}


def a_picture() -> bytes:
    """A 7 as MNIST would hold it, 28 x 28 and grey, in a PNG as Pillow writes one."""
    drawing = rasterise([[[20, 10], [80, 10], [40, 95]], [[35, 50], [75, 50]]])
    card = ModelLibrary(ROOT / "models", ROOT / "models").resolve(MODEL).card
    assert card is not None
    file = BytesIO()
    Image.fromarray(preprocess(drawing, card.preprocessing).pixels[0]).save(file, "PNG")
    return file.getvalue()


def cost_of_a_prediction(
    address: str, pid: int, classifier: Classifier, connections: int, goal: str
) -> None:
    """User and system time of the server and its children, less the same batches run bare."""
    asyncio.run(closed_loop(address, connections, 500))  # warm
    batches, cpu = batch_sizes(address), cpu_seconds(pid)
    started = perf_counter()
    asyncio.run(closed_loop(address, connections, REQUESTS))
    wall = perf_counter() - started
    cpu = cpu_seconds(pid) - cpu
    ran = {size: count - batches.get(size, 0) for size, count in batch_sizes(address).items()}
    pause = max(0.0, wall - cpu) / max(1, sum(ran.values()))  # between batches, the server waits
    tight = network_seconds(classifier, ran, 0.0)
    paced = network_seconds(classifier, ran, pause)
    each = 1e6 / REQUESTS
    figure(
        f"server CPU per prediction beyond the network, {connections} connections",
        f"{(cpu - paced) * each:.0f} us", goal,
        f"{REQUESTS} requests, {REQUESTS / wall:.0f}/s, CPU {cpu * each:.0f} us; network alone "
        f"{paced * each:.0f} us at this pace, {tight * each:.0f} us in a tight loop (beyond that: "
        f"{(cpu - tight) * each:.0f} us); mean batch {REQUESTS / max(1, sum(ran.values())):.1f}, "
        "float32, 1 thread",
    )  # fmt: skip


def least_cost(classifier: Classifier) -> None:
    """The first row again, of a server that has nothing but the same calls: its limit here."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "uvicorn", "bench.bare_server:app", "--port", str(port)]
    quiet = ["--no-access-log", "--log-level", "error"]
    with subprocess.Popen([*command, *quiet], cwd=ROOT) as process:
        try:
            wait_until_open(port)
            asyncio.run(closed_loop(address, 1, 500))
            cpu, started = cpu_seconds(process.pid), perf_counter()
            asyncio.run(closed_loop(address, 1, REQUESTS))
            wall, cpu = perf_counter() - started, cpu_seconds(process.pid) - cpu
        finally:
            process.terminate()
    network = REQUESTS * bare_seconds(classifier, 1, max(0.0, wall - cpu) / REQUESTS)
    figure(
        "the least: uvicorn, one thread and the same calls, 1 connection",
        f"{(cpu - network) * 1e6 / REQUESTS:.0f} us", "-",
        f"{REQUESTS} requests, {REQUESTS / wall:.0f}/s, CPU {cpu * 1e6 / REQUESTS:.0f} us",
    )  # fmt: skip


def wait_until_open(port: int) -> None:
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except ConnectionRefusedError:
            time.sleep(0.1)
    sys.exit("the bare server did not open its port")


def network_seconds(classifier: Classifier, ran: dict[int, int], pause: float) -> float:
    """CPU time of the same batches with nothing around them.

    A core that sleeps between batches finds its caches cold, so the network is also run with the
    pauses that the server had; what is left is what the server itself costs.
    """
    return sum(
        count * bare_seconds(classifier, size, pause) for size, count in ran.items() if count
    )


async def closed_loop(address: str, connections: int, requests: int) -> None:
    """Each connection sends its next request when it has its answer; bounded in number."""
    host, port = address.removeprefix("http://").split(":")
    picture = a_picture()
    request = (
        f"POST /api/v1/models/{MODEL}/predict HTTP/1.1\r\nHost: {host}:{port}\r\n"
        f"Content-Type: image/png\r\nContent-Length: {len(picture)}\r\n\r\n"
    ).encode() + picture

    async def client(count: int) -> None:
        reader, writer = await asyncio.open_connection(host, int(port))
        for _ in range(count):
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(head.decode())
            length = re.search(rb"content-length: (\d+)", head)
            assert length is not None
            await reader.readexactly(int(length[1]))
        writer.close()

    shares = [requests // connections + (n < requests % connections) for n in range(connections)]
    await asyncio.gather(*(client(share) for share in shares))


def batch_sizes(address: str) -> dict[int, int]:
    text = httpx.get(f"{address}/metrics").text
    return {int(size): int(n) for size, n in re.findall(r'pictures="(\d+)"} (\d+)', text)}


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and of all below it."""
    return sum(own_cpu_seconds(process) for process in family(pid))


def family(pid: int) -> list[int]:
    below = [
        int(child)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for child in (task / "children").read_text().split()
    ]
    return [pid, *(member for child in below for member in family(child))]


def own_cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def bare_seconds(classifier: Classifier, size: int, pause: float) -> float:
    """CPU time of the network alone on a batch of this size, single thread, mean of 200."""
    import torch

    torch.set_num_threads(1)
    pixels = np.repeat(np.random.default_rng(0).integers(0, 256, (1, 1, 28, 28), np.uint8), size, 0)
    spent = 0.0
    for turn in range(220):
        if pause:
            time.sleep(pause)
        started = time.thread_time()
        classifier.read(pixels)
        spent += (time.thread_time() - started) if turn >= 20 else 0.0
    return spent / 200
