"""What stands on the page."""

import io
import re
from collections.abc import Callable

from PIL import Image
from playwright.sync_api import Page, expect


def expect_answer(page: Page, digit: str) -> None:
    """The final answer, in every place where the page gives it."""
    expect(page.locator("#answer")).to_have_attribute("aria-busy", "false")
    expect(page.locator("output")).to_have_text(re.compile(f"^{digit}, >?\\d+.% sure$"))
    expect(page.locator(".guess")).to_have_text(digit)
    expect(page.locator(".bar[aria-current] .label")).to_have_text(digit)


def ink_pixels(page: Page) -> int:
    """How many pixels of the pad carry ink, after the next frame."""
    page.wait_for_function("() => new Promise(requestAnimationFrame)")
    return int(
        page.locator("#pad canvas").evaluate(
            """pad => {
                const copy = new OffscreenCanvas(pad.width, pad.height).getContext("2d");
                copy.drawImage(pad, 0, 0);
                const {data} = copy.getImageData(0, 0, pad.width, pad.height);
                return data.filter((value, i) => i % 4 === 3 && value > 0).length;
            }"""
        )
    )


def pictures_sent(page: Page) -> Callable[[], Image.Image]:
    """From now on, keeps what the page sends; the result gives the latest picture."""
    page.evaluate(
        """() => {
            const real = window.fetch;
            window.fetch = (address, options) => {
                window.sent = options.body;
                return real(address, options);
            };
        }"""
    )

    def latest() -> Image.Image:
        script = "async () => [...new Uint8Array(await window.sent.arrayBuffer())]"
        return Image.open(io.BytesIO(bytes(page.evaluate(script))))

    return latest
