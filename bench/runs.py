"""What a training costs when it is a run: its speed, what is lost, how late its points come."""

import asyncio
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from app.runs.supervisor import PATIENT
from app.settings import Settings
from bench import run_page
from bench.machine import figure
from bench.server import ROOT, free_port, start_server, wait_until_ready
from bench.serving import PNG, a_picture

PAIRS = 5  # of a run and the bare loop
KILLS = 20
VIEWERS = 1_000
RATE, SECONDS = 50, 20  # predictions a second, and how long
MODEL = "digits-cnn"
MLP: dict[str, Any] = {"hidden": [512, 256], "epochs": 40, "batch_size": 256}


def run() -> None:
    with served() as server:
        speed(server)
        viewers(server)
        predictions(server)
    kills()
    run_page.run()


class Server:
    """`./run serve` on a data folder; can be killed and started again on the same port."""

    def __init__(self, data: str) -> None:
        self.data, self.port = data, free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.api = f"{self.address}/api/v1/runs"

    def start(self) -> None:
        self.process = start_server(self.port, self.data)
        wait_until_ready(self.address, self.process)

    def end(self, how: int = signal.SIGTERM) -> None:
        self.process.send_signal(how)
        self.process.wait(20)

    def begin(self, **hyperparameters: Any) -> str:
        body = {"dataset": "mnist", "network": "mlp", "hyperparameters": hyperparameters}
        answer = httpx.post(self.api, json=body, timeout=30)
        return str(answer.raise_for_status().json()["id"])

    def read(self, run: str) -> dict[str, Any]:
        found: dict[str, Any] = httpx.get(f"{self.api}/{run}", timeout=30).json()
        return found

    def wait(self, run: str, *states: str) -> dict[str, Any]:
        while (found := self.read(run))["state"] not in states:
            if found["state"] == "failed":
                sys.exit(f"the run failed: {found['message']}")
            time.sleep(0.1)
        return found


@contextmanager
def served() -> Iterator[Server]:
    os.environ["INKLING_DATASETS_DIR"] = str(Settings().dataset_files_dir)
    with TemporaryDirectory() as folder:
        server = Server(folder)
        server.start()
        try:
            yield server
        finally:
            server.end()


# --- What store and stream cost ---


def speed(server: Server) -> None:
    """Turn by turn, each in a fresh process; from the first step to the last validation."""
    pairs, commits = [], []
    run = server.begin(**{**MLP, "epochs": 1})  # the cache is filled
    spec = server.wait(run, "finished")["spec"] | {"epochs": MLP["epochs"]}
    for _ in range(PAIRS):
        alone = bare(spec, server.data)
        before = writings(server.data)
        run = server.begin(**MLP)
        told = watched(server, run)
        begun, ended = (first(told, kind)["time"] for kind in ("started", "finished"))
        pairs.append(alone / (last(told, "evaluated")["time"] - begun))
        commits.append((writings(server.data) - before) / (ended - begun))
    points = sum(event["kind"] == "step" for event in told)
    shown = " ".join(f"{share:.1%}" for share in sorted(pairs))
    remark = f"median of {PAIRS} ({shown}); {points} points, one viewer, MLP, batch 256"
    figure(
        "training speed inside a run, of the bare loop's", f"{median(pairs):.1%}", "95 %", remark
    )
    remark = f"the most of {PAIRS} runs"
    figure("database writes of a run", f"{max(commits):.1f}/s", "5/s", remark)


def bare(spec: dict[str, Any], data: str) -> float:
    command = [sys.executable, "-P", "-m", "bench.bare_loop", json.dumps(spec)]
    environment = {**PATIENT, **os.environ, "PYTHONPATH": str(ROOT), "INKLING_DATA_DIR": data}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=True,
        start_new_session=True,
    )  # fmt: skip
    return float(done.stdout)


def writings(data: str) -> int:
    """SQLite counts its commits at byte 24 of the file."""
    with sqlite3.connect(f"file:{data}/inkling.sqlite?mode=ro", uri=True) as connection:
        connection.execute("PRAGMA schema_version")  # waits for a writer, replays a hot journal
    with open(Path(data) / "inkling.sqlite", "rb") as file:
        file.seek(24)
        return int.from_bytes(file.read(4), "big")


def watched(server: Server, run: str) -> list[dict[str, Any]]:
    """Every event, from the stream."""
    found = []
    with httpx.stream("GET", f"{server.api}/{run}/events", timeout=60) as stream:
        for line in stream.iter_lines():
            if line.startswith("data: ") and len(line) > 10:
                found.append(json.loads(line.removeprefix("data: ")))
    return found


def first(told: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    return next(event for event in told if event["kind"] == kind)


def last(told: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    return first(told[::-1], kind)


# --- Many viewers, and predictions beside it ---


def viewers(server: Server) -> None:
    run = server.begin(**{**MLP, "epochs": 2 * MLP["epochs"]})
    command = [sys.executable, "-P", "-m", "bench.viewers", server.address, run, str(VIEWERS)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    server.wait(run, "finished")
    remark = (
        f"median {found['p50']:.2f} s, p99 {found['p99']:.2f} s, n = {found['points']} from the "
        f"making of a point to its viewer; {found['events']} events, viewers with one lost or "
        f"doubled: {found['wrong']}; the viewers share the machine"
    )
    what = f"{VIEWERS:,} viewers of one run, the latest point"
    figure(what, f"{found['worst']:.2f} s", "1 s", remark)


def predictions(server: Server) -> None:
    """Sent at their times, whether or not those before are answered."""
    idle = asyncio.run(open_loop(server.address))
    run = server.begin(**{**MLP, "epochs": 10_000, "threads": os.cpu_count()})
    server.wait(run, "running")
    time.sleep(2)
    busy = asyncio.run(open_loop(server.address))
    httpx.post(f"{server.api}/{run}/stop")
    server.wait(run, "stopped")
    remark = (
        f"median {median(busy) * 1e3:.1f} ms, n = {len(busy)}; without a run p99 "
        f"{p99(idle) * 1e3:.0f} ms"
    )
    what = f"predictions at {RATE}/s while a run uses all cores, p99"
    figure(what, f"{p99(busy) * 1e3:.0f} ms", "250 ms", remark)


async def open_loop(address: str) -> list[float]:
    picture, times = a_picture(), []
    url = f"{address}/api/v1/models/{MODEL}/predict"
    async with httpx.AsyncClient(timeout=30) as client:

        async def ask(at: float) -> None:
            await asyncio.sleep(at - time.perf_counter())
            (await client.post(url, content=picture, headers=PNG)).raise_for_status()
            times.append(time.perf_counter() - at)

        start = time.perf_counter() + 0.1
        await asyncio.gather(*(ask(start + n / RATE) for n in range(RATE * SECONDS)))
    return times


def p99(times: list[float]) -> float:
    return sorted(times)[int(0.99 * (len(times) - 1))]


# --- Killed again and again ---


def kills() -> None:
    """A viewer that comes back with the last number it has, as a page does."""
    chance = random.Random(1)
    with served() as server:
        run = server.begin(**{**MLP, "epochs": 6 * MLP["epochs"]})
        viewer = PersistentViewer(server, run)
        viewer.start()
        killed = {"server": 0, "worker": 0}
        while sum(killed.values()) < KILLS:
            time.sleep(chance.uniform(0.5, 4))
            whom = chance.choice(("server", "worker"))
            if server.read(run)["state"] == "finished":
                break
            killed[whom] += kill(server, run, whom)
        server.wait(run, "finished")
        viewer.join(60)
        told = viewer.told
    numbers = [event["seq"] for event in told]
    steps = [event["step"] for event in told if event["kind"] == "step"]
    pace = steps[0]
    end = first(told, "started")["steps"]
    expected = [*range(pace, end, pace), end]
    lost = len(set(expected) - set(steps)) + len(set(range(1, numbers[-1] + 1)) - set(numbers))
    doubled = len(steps) - len(set(steps)) + len(numbers) - len(set(numbers))
    remark = (
        f"{killed['server']} of the server, {killed['worker']} of the worker; {len(steps)} points"
    )
    figure(
        f"points lost or doubled over {sum(killed.values())} random kill -9",
        str(lost + doubled),
        "0",
        remark,
    )


def kill(server: Server, run: str, whom: str) -> bool:
    if whom == "server":
        server.end(signal.SIGKILL)
        server.start()
        return True
    pid = worker_of(run)
    if pid is None:
        return False
    os.kill(pid, signal.SIGKILL)
    server.wait(run, "interrupted")
    httpx.post(f"{server.api}/{run}/resume").raise_for_status()
    return True


def worker_of(run: str) -> int | None:
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if f"app.runs.worker\0{run}".encode() in path.read_bytes():
                return int(path.parent.name)
        except OSError:
            continue
    return None


class PersistentViewer(threading.Thread):
    def __init__(self, server: Server, run: str) -> None:
        super().__init__(daemon=True)
        self.url = f"{server.api}/{run}/events"
        self.told: list[dict[str, Any]] = []

    def run(self) -> None:
        while not self.told or self.told[-1]["kind"] != "finished":
            try:
                self.watch()
            except httpx.TransportError:  # the server was killed
                time.sleep(0.2)

    def watch(self) -> None:
        headers = {"Last-Event-ID": str(self.told[-1]["seq"] if self.told else 0)}
        with httpx.stream("GET", self.url, headers=headers, timeout=20) as stream:
            for line in stream.iter_lines():
                if line.startswith("data: ") and len(line) > 10:
                    self.told.append(json.loads(line.removeprefix("data: ")))
