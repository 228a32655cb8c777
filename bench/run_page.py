"""The page of a run with 20,000 points: what one more costs it."""

import asyncio
import os
import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.async_api import CDPSession, async_playwright

from app.ml.training_spec import TrainingSpec
from app.runs.states import State
from app.runs.store import RunEvent, Store
from app.settings import Settings
from bench.machine import figure
from bench.page import FLAGS
from bench.server import free_port, start_server, wait_until_ready

POINTS = 20_000
NEW = 40  # points, one after the other
PAUSE = 0.25  # seconds between them, as a worker's


def run() -> None:
    with TemporaryDirectory() as folder:
        store = Store(Settings(data_dir=Path(folder)).store_url)
        store.create_tables()
        writer = Writer(store)
        port = free_port()
        process = start_server(port, folder)
        try:
            wait_until_ready(f"http://127.0.0.1:{port}", process)
            asyncio.run(in_chromium(f"http://127.0.0.1:{port}/runs/{writer.run}", writer))
        finally:
            writer.end.set()
            process.terminate()
            process.wait(20)
            store.close()


class Writer:
    """Stands for a worker that has told so many points."""

    def __init__(self, store: Store) -> None:
        self.store, self.step = store, 0
        self.run = store.create(TrainingSpec("mnist", "mlp", epochs=100).to_json(), "long")
        claimed = store.claim("bench")
        assert claimed is not None
        self.fence = claimed.fence
        begun = {"steps": 1_000_000, "steps_per_epoch": 200, "parameters": 1, "train": 54_000}
        told = RunEvent("started", fields={**begun, "validation": 6_000, "precision": "float32"})
        store.move(self.run, State.RUNNING, fence=self.fence, told=told)
        self.tell(POINTS)
        self.end = threading.Event()
        threading.Thread(target=self.beat, daemon=True).start()

    def beat(self) -> None:
        while not self.end.wait(1):
            self.store.append(self.run, self.fence, [])

    def tell(self, points: int) -> None:
        steps = range(self.step + 1, self.step + points + 1)
        self.step += points
        self.store.append(self.run, self.fence, [self.point(step) for step in steps])

    def point(self, step: int) -> RunEvent:
        fields = {
            "loss": 2.3 / step**0.3, "learning_rate": 0.003, "gradient_norm": 1.0,
            "pictures_per_second": 1e5, "seconds_left": 60.0,
        }  # fmt: skip
        return RunEvent("step", step, step / 200, fields)


async def in_chromium(url: str, writer: Writer) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=os.environ["INKLING_CHROMIUM"], args=FLAGS
        )
        page = await browser.new_page(viewport={"width": 1280, "height": 800})
        opened = time.perf_counter()
        await page.goto(url)
        while not await page.locator(f"[data-points='{writer.step}']").count():
            await asyncio.sleep(0.1)
        opened = time.perf_counter() - opened
        session = await page.context.new_cdp_session(page)
        await session.send("Performance.enable")
        before = await script_seconds(session)
        for _ in range(NEW):
            await asyncio.to_thread(writer.tell, 1)
            await asyncio.sleep(PAUSE)
        await page.wait_for_selector(f"[data-points='{writer.step}']")
        spent = (await script_seconds(session) - before) / NEW
        await browser.close()
    remark = (
        f"mean of {NEW}, drawing included; the page stood with all of them after {opened:.1f} s"
    )
    figure(
        f"page with {POINTS:,} points, script for a new one",
        f"{spent * 1e3:.1f} ms",
        "8 ms",
        remark,
    )


async def script_seconds(session: CDPSession) -> float:
    found = await session.send("Performance.getMetrics")
    return next(each["value"] for each in found["metrics"] if each["name"] == "ScriptDuration")
