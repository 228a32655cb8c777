"""Start the server: settings, the port, the token, the lines that say where it is; then uvicorn."""

import errno
import fcntl
import io
import os
import secrets
import signal
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

from app import __version__

if TYPE_CHECKING:
    from pydantic import ValidationError

    from app.settings import Settings

CANNOT = 2  # exit code: what was typed or set cannot work
SET = "INKLING_DATA_DIR=FOLDER ./run serve"
BACKLOG = 2048
GRACE_SECONDS = 5  # that requests in flight get when the server is told to stop


def serve(host: str | None, port: int | None) -> int:
    """Serve until Ctrl-C or SIGTERM, which both end in 0."""
    signal.signal(signal.SIGTERM, stop)
    settings = read_settings(host, port)
    make_data_folder(settings.data_dir)
    lock = take_folder(settings)
    listener = listen(settings.host, settings.port)
    announce(settings, listener.getsockname()[1])
    try:
        run(settings, listener)
    except KeyboardInterrupt:
        print("stopped", flush=True)
    finally:
        lock.close()
    return 0


def read_settings(host: str | None, port: int | None) -> "Settings":
    """Settings from INKLING_... and what was typed; off loopback there is always a token."""
    from pydantic import ValidationError

    from app.settings import Settings

    typed: dict[str, Any] = {"host": host, "port": port}
    typed = {name: value for name, value in typed.items() if value is not None}
    try:
        settings = Settings(**typed)
        if settings.is_local:
            return settings
        return Settings(**typed, token=settings.token or secrets.token_urlsafe(24))
    except ValidationError as invalid:
        refuse(wrong_setting(invalid))


def wrong_setting(invalid: "ValidationError") -> str:
    """The first wrong variable and why; never its value, which may be the token."""
    wrong = invalid.errors(include_url=False, include_input=False)[0]
    name = "_".join(("INKLING", *(str(part) for part in wrong["loc"][:1]))).upper()
    return f"{name} cannot be used: {wrong['msg']}"


def make_data_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        refuse(f"the data folder {folder} cannot be made ({error.strerror}). Name another: {SET}")
    if not os.access(folder, os.W_OK | os.X_OK):
        refuse(f"the data folder {folder} cannot be written to. Name another: {SET}")


def take_folder(settings: "Settings") -> TextIO:
    """A lock on the data folder, held while the server runs: runs in SQLite have one server."""
    lock = (settings.data_dir / "server.lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.seek(0)
        other = lock.read().strip()
        if settings.database_url is None:
            refuse(
                f"another Inkling (process {other}) serves the data folder {settings.data_dir}. "
                f"End it, or name another folder: {SET}"
            )
        return lock
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def listen(host: str, port: int) -> socket.socket:
    """Open the port at once: whoever comes early waits in the queue until the app is there."""
    try:
        family, *_, found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError:
        refuse(f"there is no address {host!r} here; take 127.0.0.1, or 0.0.0.0 for the network")
    try:
        both = host == "::" and socket.has_dualstack_ipv6()
        return socket.create_server(found[:2], family=family, backlog=BACKLOG, dualstack_ipv6=both)
    except PermissionError:
        refuse(f"port {port} is not for ordinary users; try ./run serve --port {free_port(host)}")
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            refuse(f"{host} is not an address of this machine ({error.strerror})")
        free = free_port(host)
        refuse(f"port {port} is taken, perhaps by another Inkling; try ./run serve --port {free}")


def free_port(host: str) -> int:
    """A port that was free a moment ago: the first of 8001..8099, else one the system picks."""
    for port in (*range(8001, 8100), 0):
        try:
            with socket.create_server((host, port)) as found:
                return int(found.getsockname()[1])
        except OSError:
            continue
    return 0


def announce(settings: "Settings", port: int) -> None:
    from app.settings import is_loopback

    host = settings.host if settings.is_local else lan_address(settings.host)
    address = f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
    print(f"Inkling {__version__}")
    if settings.is_local:
        print(f"open    {address}")
    else:
        print(f"open    {address}?token={settings.token}")
        print("        the teacher's: whoever has it is the teacher; keep it off the projector")
        print(f"class   {address}")
        print("        everyone's, without the token: draw and predict")
        if is_screen(sys.stdout) and not is_loopback(host):
            print(code(address))
    print(f"data    {settings.data_dir}")
    print("stop    Ctrl-C", flush=True)


def is_screen(stream: TextIO) -> bool:
    """Whether somebody could scan what is printed: a log file full of blocks helps nobody."""
    return stream.isatty() and stream.encoding.lower().startswith("utf")


def code(address: str) -> str:
    """A QR code in half blocks, white on black in a terminal of any colours."""
    import segno

    blocks = io.StringIO()
    segno.make(address, micro=False).terminal(blocks, border=4, compact=True)
    return "\n".join(f"\x1b[97;40m{line}\x1b[0m" for line in blocks.getvalue().splitlines())


def lan_address(host: str) -> str:
    """The address that others reach this machine by; choosing the route sends nothing."""
    if host not in ("0.0.0.0", "::"):
        return host
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # an address that documentation reserves
            return str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.1"  # no network, so nobody else either


def run(settings: "Settings", listener: socket.socket) -> None:
    import uvicorn

    from app.main import create_app

    config = uvicorn.Config(
        create_app(settings),
        lifespan="on",
        ws="none",
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        h11_max_incomplete_event_size=16 * 1024,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    server = uvicorn.Server(config)
    server.run(sockets=[listener])
    if not server.started:
        sys.exit(1)


def stop(*_: object) -> NoReturn:
    sys.exit(0)


def refuse(sentence: str) -> NoReturn:
    print(f"./run serve: {sentence}", file=sys.stderr)
    sys.exit(CANNOT)
