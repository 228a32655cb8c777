"""A real server in a process of its own, for as long as a measurement lasts."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

ROOT = Path(__file__).resolve().parent.parent


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def server_process(port: int) -> Iterator[subprocess.Popen[bytes]]:
    """`./run serve` with a data folder of its own; ended by its id."""
    with TemporaryDirectory() as folder:
        process = start_server(port, folder)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(20)


def start_server(port: int, data: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "INKLING_DATA_DIR": data}
    command = [str(ROOT / "run"), "serve", "--port", str(port)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)


@contextmanager
def running_server() -> Iterator[tuple[str, int]]:
    """(its address, its process id), once it is ready to predict."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    with server_process(port) as process:
        wait_until_ready(address, process)
        yield address, process.pid


def wait_until_ready(address: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 60
    while not is_ready(address):
        if time.monotonic() > deadline or process.poll() is not None:
            sys.exit(f"the server did not become ready (exit code {process.poll()})")
        time.sleep(0.1)


def is_ready(address: str) -> bool:
    try:
        return httpx.get(f"{address}/readyz", timeout=10).status_code == 200
    except httpx.TransportError:
        return False
