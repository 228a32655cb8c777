"""The drawing page as a person meets it: real pen strokes as pointer events in Chromium."""

import asyncio
import gzip
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from playwright.async_api import Browser, CDPSession, Page, async_playwright

from app.ml.datasets import load
from app.ml.parts import Part
from app.settings import Settings
from bench.machine import figure
from bench.server import ROOT, running_server

DRAWINGS = 500  # read through page and API
STROKES = 200  # drawn at a hand's pace, for the times
PACE = 0.008  # seconds between two points of a hand's stroke: 125 a second, as mice and pens report
COLD_STARTS = 10
PAD_SHARE = 0.7  # of the pad, filled by a drawing's longest side
MODEL = "digits-cnn"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
]  # fmt: skip
PROBE = Path(__file__).with_name("page_probe.js").read_text(encoding="utf-8")
(AXE,) = (ROOT / "tests" / "browser" / "vendor").glob("axe-core-*/axe.min.js")

Drawing = Sequence[Sequence[tuple[float, float]]]  # in CSS pixels of the page


def run() -> None:
    settings = Settings()
    pens = load("pen-digits", settings.dataset_files_dir, settings.data_dir / "cache").test
    with running_server() as (address, _):
        asyncio.run(in_chromium(address, pens))
        lighthouse(address)


async def in_chromium(address: str, pens: Part) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=os.environ["INKLING_CHROMIUM"], args=FLAGS
        )
        await first_paint(browser, address)
        await weight(browser, address)
        await violations(browser, address)
        page = await open_page(browser, address)
        await speed(page, pens)
        await accuracy(page, address, pens)
        await browser.close()


async def open_page(browser: Browser, address: str) -> Page:
    page = await browser.new_page(viewport={"width": 1280, "height": 800})
    await page.add_init_script(PROBE)
    await page.goto(address, wait_until="networkidle")
    return page


# --- What it costs to come ---


async def first_paint(browser: Browser, address: str) -> None:
    """Each time in a context of its own, which has nothing in its cache."""
    times = []
    for _ in range(COLD_STARTS):
        page = await browser.new_page()
        await page.goto(address, wait_until="load")
        script = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
        handle = await page.wait_for_function(script)
        times.append(await handle.json_value())
        await page.close()
    remark = f"median of {COLD_STARTS}, cold cache; worst {max(times):.0f}"
    figure("first contentful paint, localhost", f"{median(times):.0f} ms", "300 ms", remark)


async def weight(browser: Browser, address: str) -> None:
    """Every file that the page loads at once, and every one that its panels load when opened."""
    page = await browser.new_page()
    await page.goto(address, wait_until="networkidle")
    script = "() => performance.getEntriesByType('resource').map(entry => entry.name)"
    at_once = {address, *await page.evaluate(script)}
    for panel in await page.locator(".panel > summary").all():
        await panel.click()
    await page.wait_for_load_state("networkidle")
    later = {url for url in await page.evaluate(script) if url.startswith(f"{address}/static/")}
    await page.close()
    files = at_once | later
    whole, first = kilobytes(files), kilobytes(at_once)
    remark = f"{len(files)} files; {first:.0f} KB of it in {len(at_once)} files at once"
    figure("page weight, all files, gzipped", f"{whole:.0f} KB", "120 KB", remark)


def kilobytes(urls: set[str]) -> float:
    """Of all of them, gzipped."""
    return sum(len(gzip.compress(httpx.get(url).content)) for url in urls) / 1000


async def violations(browser: Browser, address: str) -> None:
    found = 0
    for scheme in ("light", "dark"):
        page = await browser.new_page(color_scheme=scheme, reduced_motion="reduce")
        await page.goto(address, wait_until="networkidle")
        for panel in await page.locator(".panel > summary").all():
            await panel.click()
        await page.wait_for_load_state("networkidle")
        await page.evaluate(AXE.read_text(encoding="utf-8"))
        found += len(await page.evaluate("async () => (await axe.run()).violations"))
        await page.close()
    figure("axe violations, every panel open, light and dark", str(found), "0")


# --- What it costs to draw ---


async def speed(page: Page, pens: Part) -> None:
    """At a hand's pace; each drawing alone on the pad."""
    session = await page.context.new_cdp_session(page)
    place = await placement(page)
    drawn = 0
    for drawing in map(place, spread(pens, STROKES)):
        for stroke in drawing:
            await draw(session, stroke, PACE)
            await page.wait_for_timeout(150)
        drawn += len(drawing)
        if drawn >= STROKES:
            break
        await clear(page)
    probe = await page.evaluate("probe")
    answers, events = probe["answers"], [event["spent"] for event in probe["events"]]
    remark = (
        f"median {median(answers):.0f} ms, n = {len(answers)} strokes, to the frame that shows it"
    )
    figure("pointer-up to changed bars, p95", f"{p95(answers):.0f} ms", "50 ms", remark)
    remark = f"median {median(events):.2f} ms, n = {len(events)} events, painting included"
    figure("script time per pointer event, p95", f"{p95(events):.2f} ms", "4 ms", remark)


async def accuracy(page: Page, address: str, pens: Part) -> None:
    """The same strokes through the page and through the API; a rejection counts as wrong."""
    assert pens.strokes is not None
    session = await page.context.new_cdp_session(page)
    place = await placement(page)
    chosen = spread_rows(len(pens), DRAWINGS)
    labels = [str(int(pens.labels[row])) for row in chosen]
    through_page = []
    for row in chosen:
        await clear(page)
        for stroke in place(pens.strokes[row]):
            await draw(session, stroke, 0)
        through_page.append(await final_answer(page))
    with httpx.Client(timeout=30) as client:
        at = f"{address}/api/v1/models/{MODEL}/predict"
        sent = [client.post(at, json={"strokes": pens.strokes[row]}).json() for row in chosen]
    through_api = ["" if each["rejected"] else each["predictions"][0]["label"] for each in sent]
    page_share, api_share = share(through_page, labels), share(through_api, labels)
    remark = f"API {api_share:.1%}, n = {len(chosen)} drawings of the test writers, {MODEL}"
    figure("pen strokes as pointer events, read right", f"{page_share:.1%}", "API -0.5", remark)


async def final_answer(page: Page) -> str:
    """The label that stands on the page when the last question is answered; "" for a rejection."""
    await page.wait_for_selector("#answer[aria-busy=false]")
    if await page.locator(".headline[data-state=rejected]").count():
        return ""
    return await page.locator(".guess").inner_text()


async def clear(page: Page) -> None:
    await page.evaluate("document.querySelector('#clear').click()")  # also where nothing is drawn


async def draw(session: CDPSession, stroke: Sequence[tuple[float, float]], pace: float) -> None:
    """One stroke of the mouse; without a pace as fast as Chromium takes it, coalesced."""
    (x, y), *rest = stroke

    def sent(kind: str, x: float, y: float) -> Any:
        held = 0 if kind == "mouseReleased" else 1
        event = {"type": kind, "x": x, "y": y, "button": "left", "buttons": held, "clickCount": 1}
        return session.send("Input.dispatchMouseEvent", event)

    await sent("mousePressed", x, y)
    moves = []
    for x, y in rest:
        moves.append(asyncio.ensure_future(sent("mouseMoved", x, y)))
        if pace:
            await asyncio.sleep(pace)
    await asyncio.gather(*moves)
    await sent("mouseReleased", x, y)


async def placement(page: Page) -> Callable[[Any], Drawing]:
    """Strokes of any scale -> the middle of the pad, as large as people draw."""
    box = await page.locator("#pad canvas").bounding_box()
    assert box is not None

    def place(strokes: Any) -> Drawing:
        points = [point for stroke in strokes for point in stroke]
        (left, right), (top, bottom) = (
            (min(axis), max(axis)) for axis in zip(*points, strict=True)
        )
        scale = PAD_SHARE * box["width"] / (max(right - left, bottom - top) or 1)
        x0 = box["x"] + box["width"] / 2 - scale * (left + right) / 2
        y0 = box["y"] + box["height"] / 2 - scale * (top + bottom) / 2
        return [[(x0 + scale * x, y0 + scale * y) for x, y in stroke] for stroke in strokes]

    return place


def spread_rows(count: int, most: int) -> list[int]:
    """So many rows, evenly spread over all writers."""
    return [round(i * (count - 1) / (most - 1)) for i in range(min(most, count))]


def spread(pens: Part, most: int) -> list[Any]:
    assert pens.strokes is not None
    return [pens.strokes[row] for row in spread_rows(len(pens), most)]


def share(read: Sequence[str], labels: Sequence[str]) -> float:
    return sum(one == other for one, other in zip(read, labels, strict=True)) / len(labels)


def p95(values: Sequence[float]) -> float:
    return sorted(values)[int(0.95 * (len(values) - 1))]


# --- What a stranger's tool says ---


def lighthouse(address: str) -> None:
    """Lighthouse 12 by npx, where Node is installed; the registry is asked for it once."""
    if not shutil.which("npx"):
        print("  no Lighthouse: Node is not installed")
        return
    with TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [
            "npx", "-y", "lighthouse@12", address, "--quiet", "--output=json",
            f"--output-path={report}", f"--chrome-flags=--headless=new {' '.join(FLAGS)}",
            "--only-categories=accessibility,best-practices,performance",
        ]  # fmt: skip
        environment = {**os.environ, "CHROME_PATH": os.environ["INKLING_CHROMIUM"]}
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        if not report.exists():
            print(f"  no Lighthouse: {done.stderr.strip().splitlines()[-1:]}")
            return
        categories = json.loads(report.read_text(encoding="utf-8"))["categories"]
    for name, goal in (("accessibility", 100), ("best-practices", 100), ("performance", 95)):
        score = round(100 * categories[name]["score"])
        figure(f"Lighthouse, {name}", str(score), str(goal), "its phone, its slow line")
