"""`./run serve` as its own process: the port, the token, the folder, the end."""

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.run.conftest import ROOT

SECONDS = 60


def start(*arguments: str, data: Path, **variables: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "app.cli", "serve", *arguments],
        cwd=ROOT,
        env=os.environ | {"INKLING_DATA_DIR": str(data), "PYTHONUNBUFFERED": "1"} | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def refusal(*arguments: str, data: Path, **variables: str) -> str:
    """The one sentence of a server that does not start."""
    out, err = (process := start(*arguments, data=data, **variables)).communicate(timeout=SECONDS)
    assert process.returncode == 2, err
    assert out == ""
    assert len(err.splitlines()) == 1, err
    return err


@contextmanager
def serving(*arguments: str, data: Path, **variables: str) -> Iterator[tuple[str, str]]:
    """(the address to open, all that was printed) of a running server; it must end in 0."""
    process = start("--port", "0", *arguments, data=data, **variables)
    assert process.stdout
    words = ""
    while "stop " not in words:
        line = process.stdout.readline()
        assert line, process.communicate()[1]
        words += line
    try:
        yield words.split("open ")[1].split()[0], words
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=SECONDS)
    assert process.returncode == 0


def fetch(url: str, **headers: str) -> tuple[int, bytes, dict[str, str]]:
    request = urllib.request.Request(url, headers=headers)
    with urllib.request.urlopen(request, timeout=SECONDS) as answer:
        return answer.status, answer.read(), {k.lower(): v for k, v in answer.headers.items()}


def test_it_prints_where_it_is_and_answers_there(tmp_path: Path) -> None:
    with serving(data=tmp_path / "made at start") as (address, words):
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", address)
        assert str(tmp_path / "made at start") in words
        status, _, headers = fetch(address + "healthz")
        assert status == 200
        assert "server" not in headers
    assert (tmp_path / "made at start").is_dir()


def test_ctrl_c_ends_it_without_a_traceback(tmp_path: Path) -> None:
    process = start("--port", "0", data=tmp_path)
    assert process.stdout
    address = next(line for line in process.stdout if line.startswith("open")).split()[1]
    fetch(address + "healthz")
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=SECONDS)
    assert (process.returncode, errors) == (0, "")


def test_a_taken_port_is_a_sentence_with_a_free_port_to_try(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        sentence = refusal("--port", str(port), data=tmp_path)
    assert f"port {port} is taken" in sentence
    free = int(re.search(r"\./run serve --port (\d+)", sentence)[1])  # type: ignore[index]
    socket.create_server(("127.0.0.1", free)).close()


@pytest.mark.parametrize(
    ("arguments", "variables", "words"),
    [
        (("--host", "192.0.2.7"), {}, "192.0.2.7 is not an address of this machine"),
        (("--host", "no such host"), {}, "there is no address 'no such host' here"),
        ((), {"INKLING_PORT": "many"}, "INKLING_PORT cannot be used"),
        (("--host", "0.0.0.0"), {"INKLING_TOKEN": "short"}, "INKLING_TOKEN cannot be used"),
    ],
)
def test_what_cannot_be_set_is_named(
    tmp_path: Path, arguments: tuple[str, ...], variables: dict[str, str], words: str
) -> None:
    assert words in refusal(*arguments, data=tmp_path, **variables)


def test_a_data_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    sentence = refusal(data=tmp_path / "file" / "data")
    assert str(tmp_path / "file" / "data") in sentence
    assert "INKLING_DATA_DIR=" in sentence


def test_beyond_loopback_it_makes_a_token_and_prints_it_once(tmp_path: Path) -> None:
    with serving("--host", "0.0.0.0", data=tmp_path, INKLING_TOKEN="") as (address, words):
        token = re.search(r"\?token=([A-Za-z0-9_-]{32})$", address)
        assert token
        assert words.count(token[1]) == 1
        assert f"class   {address.split('?')[0]}\n" in words
        assert "█" not in words  # nobody scans a log
        port = re.search(r":(\d+)/", address)[1]  # type: ignore[index]
        assert fetch(f"http://127.0.0.1:{port}/healthz")[0] == 200


def test_a_token_of_ones_own_is_taken(tmp_path: Path) -> None:
    own = "a-token-of-my-own-for-my-class"
    with serving("--host", "0.0.0.0", data=tmp_path, INKLING_TOKEN=own) as (address, _):
        assert address.endswith(f"?token={own}")


def test_in_a_terminal_phones_scan_the_address_without_the_token(tmp_path: Path) -> None:
    address, words = shown_in_a_terminal("--host", "0.0.0.0", data=tmp_path)
    if "//127." in address:
        pytest.skip("this machine is in no network")
    assert "?token=" in address
    picture = picture_of([line for line in words.splitlines() if "█" in line or "▀" in line])
    assert cv2.QRCodeDetector().detectAndDecode(picture)[0] == address.split("?")[0]


def test_on_loopback_a_terminal_shows_no_code(tmp_path: Path) -> None:
    address, words = shown_in_a_terminal(data=tmp_path)
    assert address.startswith("http://127.0.0.1:")
    assert "█" not in words and "class" not in words


def shown_in_a_terminal(*arguments: str, data: Path) -> tuple[str, str]:
    """(the address to open, all that is printed) until the server listens."""
    terminal, stdout = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "app.cli", "serve", "--port", "0", *arguments],
        cwd=ROOT,
        env=os.environ | {"INKLING_DATA_DIR": str(data), "INKLING_TOKEN": ""},
        stdout=stdout,
        stderr=subprocess.PIPE,
    )
    os.close(stdout)
    words = ""
    with open(terminal, encoding="utf-8") as lines:
        while "stop " not in words:
            words += lines.readline()
        process.terminate()
        assert process.communicate(timeout=SECONDS) == (None, b"")
    return words.split("open ")[1].split()[0], words


def picture_of(lines: list[str]) -> np.ndarray:
    """Half blocks as pixels, eight a module: of each pair of rows, the light ones."""
    plain = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in lines]
    rows = [[mark in line_marks for mark in line] for line in plain for line_marks in ("█▀", "█▄")]
    return np.kron(np.array(rows, np.uint8) * 255, np.ones((8, 8), np.uint8))
