"""What each lesson weighs: its page, and every file that it loads when it is opened."""

import asyncio
import os

from playwright.async_api import async_playwright

from app.web.lessons import LESSONS
from bench.machine import figure
from bench.page import FLAGS, kilobytes
from bench.server import running_server

GOAL = 150  # KB, gzipped


def run() -> None:
    with running_server() as (address, _):
        asyncio.run(in_chromium(address))


async def in_chromium(address: str) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=os.environ["INKLING_CHROMIUM"], args=FLAGS
        )
        for lesson in LESSONS:
            page = await browser.new_page(viewport={"width": 1280, "height": 800})
            url = f"{address}/learn/{lesson.name}"
            await page.goto(url, wait_until="networkidle")
            for folded in await page.locator("details:not([open]) > summary").all():
                if await folded.is_visible():
                    await folded.click()
            await page.wait_for_load_state("networkidle")
            script = "() => performance.getEntriesByType('resource').map(entry => entry.name)"
            loaded = {url, *await page.evaluate(script)}
            await page.close()
            files = {each for each in loaded if each == url or "/static/" in each}
            remark = f"{len(files)} files; {len(loaded - files)} answers of the API besides"
            figure(
                f"lesson {lesson.name}, gzipped", f"{kilobytes(files):.0f} KB", f"{GOAL} KB", remark
            )
        await browser.close()
