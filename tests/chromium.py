"""Print the browser that the tests drive; get one where there is none: `python -m tests.chromium`.

INKLING_CHROMIUM, else an installed Chrome, Chromium or Edge, else Playwright's own download, else,
as root where there is apt-get, the system's package. What it does it says on stderr.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

from app.verbs.doctor import BROWSERS

NONE = "run: no browser for the tests. Install Chromium, or name a browser in INKLING_CHROMIUM"


def main() -> None:
    named = os.environ.get("INKLING_CHROMIUM")
    if named and not runs(named):
        sys.exit(f"run: INKLING_CHROMIUM names {named}, and that is no browser that runs")
    path = named or next((path for path in candidates() if path and runs(path)), None)
    print(path or sys.exit(f"{NONE}; or leave its tests out: ./run test --quick"))


def candidates() -> Iterator[str | None]:
    """From what costs nothing to what costs a download; each is only got when asked for."""
    yield from map(shutil.which, BROWSERS)
    own = playwrights_own()
    yield own
    if not os.path.exists(own):
        step("no browser here, downloading Playwright's Chromium")
        call(sys.executable, "-m", "playwright", "install", "chromium")
        yield own
    if hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        step("installing the system's Chromium")
        call("apt-get", "update", "-q")
        call("apt-get", "install", "-q", "-y", "--no-install-recommends", "chromium")
        yield shutil.which("chromium")
        yield own  # which the libraries that came along may have completed


def playwrights_own() -> str:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        return playwright.chromium.executable_path


def runs(path: str) -> bool:
    if os.name == "nt":  # where --version opens a window
        return os.path.exists(path)
    try:
        return subprocess.run([path, "--version"], capture_output=True, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def call(*command: str) -> None:
    subprocess.call(command, stdin=subprocess.DEVNULL, stdout=sys.stderr)


def step(sentence: str) -> None:
    print(f"run: {sentence}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
