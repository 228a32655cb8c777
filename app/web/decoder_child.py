"""`python -m app.web.decoder_child LIMITS`: decodes pictures from a socket until it is killed.

A frame is two lengths (of the header and of the content, 4 bytes each), a header in JSON and the
content. It asks {"base64", "turn", "most"} with a picture's bytes; the answer is {"shape"} with the
pixels, or {"error": [code, message]}.
"""

import binascii
import contextlib
import json
import resource
import signal
import socket
import struct
import sys
from types import SimpleNamespace
from typing import Any

from app.web.formats import BadPicture, Content
from app.web.images import Picture, read_picture

LENGTHS = struct.Struct(">II")
READY = b"\1"  # the first byte: Pillow is loaded and the limits are set
SPARE_CPU_SECONDS = 1


def main() -> None:
    limits = SimpleNamespace(**json.loads(sys.argv[1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server; then the socket ends
    with socket.socket(fileno=sys.stdin.fileno()) as server, contextlib.suppress(EOFError, OSError):
        bound_resources(limits)
        server.sendall(READY)
        while True:
            asked, content = receive(server)
            bound_cpu(limits)
            send(server, *answer(asked, content, limits))
            del content


def bound_resources(limits: Any) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (limits.decode_memory, limits.decode_memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # a decoder has nothing to write


def bound_cpu(limits: Any) -> None:
    """The soft limit moves on with each picture; past it the kernel ends the process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = used.ru_utime + used.ru_stime + limits.decode_seconds
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 1 + SPARE_CPU_SECONDS, most))


def answer(
    asked: dict[str, Any], content: bytearray, limits: Any
) -> tuple[dict[str, Any], memoryview]:
    try:
        picture = decoded(asked, content, limits)
    except BadPicture as bad:
        return {"error": [bad.code, bad.message]}, memoryview(b"")
    return {"shape": picture.shape}, picture.reshape(-1).data


def decoded(asked: dict[str, Any], content: bytearray, limits: Any) -> Picture:
    picture: Content = content
    if asked["base64"]:
        try:
            picture = binascii.a2b_base64(content, strict_mode=True)
        except binascii.Error as error:
            raise BadPicture("invalid_base64") from error
    return read_picture(picture, limits, asked["turn"], asked["most"])


def receive(server: socket.socket) -> tuple[dict[str, Any], bytearray]:
    header, content = LENGTHS.unpack(exactly(server, LENGTHS.size))
    return json.loads(exactly(server, header)), exactly(server, content)


def exactly(server: socket.socket, length: int) -> bytearray:
    content = bytearray(length)
    view = memoryview(content)
    while view:
        received = server.recv_into(view)
        if received == 0:
            raise EOFError
        view = view[received:]
    return content


def send(server: socket.socket, header: dict[str, Any], content: memoryview) -> None:
    line = json.dumps(header).encode()
    server.sendall(LENGTHS.pack(len(line), len(content)) + line)
    server.sendall(content)


if __name__ == "__main__":
    main()
