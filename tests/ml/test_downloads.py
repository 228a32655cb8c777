import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from app.ml.downloads import DownloadFailed, fetch
from app.ml.sources import Source

CONTENT = bytes(range(256)) * 1000
MD5 = hashlib.md5(CONTENT).hexdigest()


class Mirror(BaseHTTPRequestHandler):
    """A real server on loopback: /good knows ranges, /plain does not, /wrong lies, /cut stops."""

    def do_GET(self) -> None:
        self.server.seen.append((self.path, self.headers["Range"]))  # type: ignore[attr-defined]
        if self.path == "/gone":
            self.send_error(404)
            return
        content = CONTENT[::-1] if self.path == "/wrong" else CONTENT
        start = 0
        if self.headers["Range"] and self.path != "/plain":
            start = int(self.headers["Range"].removeprefix("bytes=").removesuffix("-"))
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        self.wfile.write(content[start:100_000] if self.path == "/cut" else content[start:])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def mirror() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Mirror)
    server.seen = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def source(mirror: ThreadingHTTPServer, *paths: str) -> Source:
    port = mirror.server_address[1]
    return Source("file.gz", MD5, tuple(f"http://127.0.0.1:{port}{path}" for path in paths))


def test_a_file_arrives_whole_and_its_progress_is_told(
    mirror: ThreadingHTTPServer, tmp_path: Path
) -> None:
    told: list[tuple[str, int, int]] = []
    fetch(source(mirror, "/good"), tmp_path / "new/file.gz", lambda *now: told.append(now))
    assert (tmp_path / "new/file.gz").read_bytes() == CONTENT
    assert told[-1] == ("file.gz", len(CONTENT), len(CONTENT))
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["file.gz"]


@pytest.mark.parametrize("path", ["/good", "/plain"])
def test_what_was_cut_off_is_resumed(
    path: str, mirror: ThreadingHTTPServer, tmp_path: Path
) -> None:
    (tmp_path / "file.gz.part").write_bytes(CONTENT[:5000])
    fetch(source(mirror, path), tmp_path / "file.gz", lambda *_: None)
    assert (tmp_path / "file.gz").read_bytes() == CONTENT
    assert mirror.seen == [(path, "bytes=5000-")]  # type: ignore[attr-defined]


def test_a_bad_mirror_is_left_for_the_next(mirror: ThreadingHTTPServer, tmp_path: Path) -> None:
    fetch(source(mirror, "/gone", "/wrong", "/cut", "/good"), tmp_path / "file.gz", lambda *_: None)
    assert (tmp_path / "file.gz").read_bytes() == CONTENT
    assert mirror.seen[-1] == ("/good", "bytes=100000-")  # type: ignore[attr-defined]


def test_without_a_good_mirror_it_says_where_to_put_the_file(
    mirror: ThreadingHTTPServer, tmp_path: Path
) -> None:
    with pytest.raises(DownloadFailed, match="checksum is wrong") as error:
        fetch(source(mirror, "/wrong"), tmp_path / "file.gz", lambda *_: None)
    assert f"put it at {tmp_path / 'file.gz'}" in str(error.value)
    assert list(tmp_path.iterdir()) == []
