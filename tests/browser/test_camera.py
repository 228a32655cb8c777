"""The camera: Chromium's own fake one, which shows a clock."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserType, Page, expect

from tests.browser.conftest import ELSEWHERE, PHONE, Server, watched
from tests.browser.test_everyone import violations

Open = Callable[..., Page]
ALLOWED = "--use-fake-ui-for-media-stream"  # answers yes when the page asks for the camera


def device(count: int) -> str:
    return f"--use-fake-device-for-media-stream=device-count={count}"


@pytest.fixture
def open_page(
    browser_type: BrowserType,
    browser_type_launch_args: dict[str, Any],
    server: Server,
    problems: list[str],
) -> Iterator[Open]:
    """The drawing page in a browser of its own: which cameras there are is said when it starts."""
    browsers: list[Browser] = []

    def open_page(*arguments: str, **context: Any) -> Page:
        arguments = (*browser_type_launch_args["args"], *arguments)
        browser = browser_type.launch(**browser_type_launch_args | {"args": arguments})
        browsers.append(browser)
        page = watched(browser.new_page(**context), problems)
        page.goto(server.url)
        return page

    yield open_page
    for browser in browsers:
        browser.close()


def camera(page: Page) -> None:
    """Opens the dialog and waits for the picture; from then on the page remembers its streams."""
    page.evaluate(
        """() => {
            const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
            window.streams = [];
            navigator.mediaDevices.getUserMedia = async wish => {
                const stream = await real(wish);
                window.streams.push(stream);
                return stream;
            };
        }"""
    )
    page.get_by_role("button", name="Camera", exact=True).click()
    expect(page.get_by_role("button", name="Take picture")).to_have_attribute(
        "aria-disabled", "false"
    )


def tracks(page: Page) -> list[str]:
    return list(page.evaluate("streams.flatMap(s => s.getTracks().map(track => track.readyState))"))


def test_a_picture_is_taken_and_read_and_the_camera_goes_off(open_page: Open) -> None:
    page = open_page(device(1), ALLOWED)
    camera(page)
    assert tracks(page) == ["live"]
    expect(page.get_by_role("button", name="Other camera")).to_be_hidden()
    with page.expect_response("**/predict*") as answered:
        page.get_by_role("button", name="Take picture").click()
    assert answered.value.status == 200
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_role("img", name="Your picture: camera.jpg")).to_be_visible()
    assert tracks(page) == ["ended"]
    expect(page.get_by_role("button", name="Turn")).to_be_visible()


@pytest.mark.parametrize("way", ["Escape", "Close"])
def test_the_camera_goes_off_however_the_dialog_is_closed(open_page: Open, way: str) -> None:
    page = open_page(device(1), ALLOWED)
    camera(page)
    if way == "Escape":
        page.keyboard.press("Escape")
    else:
        page.get_by_role("button", name="Close").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.wait_for_function(
        "() => window.streams.every(s => s.getTracks()[0].readyState === 'ended')"
    )
    expect(page.get_by_role("button", name="Camera", exact=True)).to_be_focused()


def test_a_camera_that_starts_after_the_dialog_was_closed_goes_off(open_page: Open) -> None:
    page = open_page(device(1), ALLOWED)
    camera(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Camera", exact=True).evaluate("button => button.click()")
    page.get_by_role("dialog").evaluate("dialog => dialog.close()")
    page.wait_for_function("() => window.streams.length === 2")
    page.wait_for_function(
        "() => streams.every(stream => stream.getTracks()[0].readyState === 'ended')"
    )


def test_one_changes_between_two_cameras(open_page: Open) -> None:
    page = open_page(device(2), ALLOWED)
    camera(page)
    for count in (2, 3):
        page.get_by_role("button", name="Other camera").click()
        page.wait_for_function("count => window.streams.length === count", arg=count)
    devices = page.evaluate("streams.map(s => s.getVideoTracks()[0].getSettings().deviceId)")
    assert devices[0] != devices[1] and devices[0] == devices[2]
    assert tracks(page) == ["ended", "ended", "live"]


def test_a_refusal_says_how_to_allow_it(open_page: Open) -> None:
    page = open_page(device(1))
    page.evaluate(  # what a browser with a window does: one without it has nobody to ask
        """() => navigator.mediaDevices.getUserMedia =
            () => Promise.reject(new DOMException("Permission denied", "NotAllowedError"))"""
    )
    page.get_by_role("button", name="Camera", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text("Allow it for this page")
    expect(page.get_by_role("button", name="Take picture")).to_have_attribute(
        "aria-disabled", "true"
    )


def test_no_camera_is_said_so(open_page: Open) -> None:
    page = open_page(device(0), ALLOWED)
    page.get_by_role("button", name="Camera", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text("There is no camera.")


def test_without_https_the_phones_own_camera_opens_and_a_sentence_says_why(
    open_page: Open, server: Server, problems: list[str]
) -> None:
    named = f"--host-resolver-rules=MAP {ELSEWHERE} 127.0.0.1"
    page = open_page(named, **PHONE, has_touch=True)
    page.goto(server.url.replace("127.0.0.1", ELSEWHERE))
    assert page.evaluate("isSecureContext") is False
    expect(page.locator(".bring")).to_contain_text("needs HTTPS")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Camera", exact=True).tap()
    assert chooser.value.element.get_attribute("capture") == "environment"
    problems.clear()  # the name is not this machine's, and policies for secure pages are ignored


def test_with_a_live_camera_nothing_is_said_of_https(page: Page) -> None:
    expect(page.get_by_text(re.compile("needs HTTPS"))).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_the_dialog(open_page: Open, scheme: Any) -> None:
    page = open_page(device(2), ALLOWED, **PHONE, has_touch=True)
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    camera(page)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == 360
