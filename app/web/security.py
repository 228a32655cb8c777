"""What every request passes and every answer carries: one plain ASGI middleware."""

import itertools
import json
import logging
import re
import secrets
import time
import traceback
from collections.abc import Iterable
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.settings import LIMITS, Settings
from app.web.errors import ApiError, error_response, standard_error

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "connect-src 'self'",
        "font-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors {frame_ancestors}",
        "require-trusted-types-for 'script'",
    )
)


def policy(frame_ancestors: Iterable[str] = ()) -> tuple[bytes, bytes]:
    """The header that says what a page may load, and whose pages may show it in a frame."""
    listed = " ".join(frame_ancestors) or "'none'"
    return (
        b"content-security-policy",
        CONTENT_SECURITY_POLICY.format(frame_ancestors=listed).encode(),
    )


SECURITY_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    policy(),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(self), microphone=(), geolocation=(), payment=(), usb=()"),
)
NO_STORE = (b"cache-control", b"no-store")

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})  # none of ours changes anything
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")
EVERY_ADDRESS = ("0.0.0.0", "::")
HOST = re.compile(rb"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]{1,5})?")  # name or address, port

log = logging.getLogger("inkling")


class SecurityMiddleware:
    """Refuses what no route should see, gives each answer its headers and an X-Request-ID, and
    turns an unforeseen exception into a 500 that is logged once."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.access_log = settings.access_log
        self.hosts = allowed_hosts(settings)
        self.takes_own_address = settings.host in EVERY_ADDRESS
        self.start, self.numbers = secrets.token_hex(4), itertools.count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        identity = f"{self.start}{next(self.numbers):08x}"
        scope.setdefault("state", {})["request_id"] = identity
        answer = _Answer(send, scope["state"])
        began = time.perf_counter()
        try:
            self.check(scope)
            await self.app(scope, receive, answer.send)
        except Exception as error:
            if isinstance(error, ApiError) and not answer.status:
                refusal = error
            else:
                log.error(crash_line(scope, error))
                if answer.status:  # too late for another answer: cut the connection
                    raise
                refusal = standard_error(500)
            await error_response(scope, refusal)(scope, receive, answer.send)
        finally:
            if self.access_log:
                log.info(access_line(scope, answer.status, time.perf_counter() - began))

    def check(self, scope: Scope) -> None:
        """ApiError for a request that no route should see; notes its declared length."""
        hosts, origins, sites = [], [], []
        for name, value in scope["headers"]:
            if name == b"host":
                hosts.append(value)
            elif name == b"origin":
                origins.append(value)
            elif name == b"sec-fetch-site":
                sites.append(value)
            elif name == b"content-length":
                scope["state"]["content_length"] = _declared_length(value)
            elif name == b"content-encoding" and value.lower() != b"identity":
                raise refuse(415, "encoded_body", "Send the body as it is, without compression.")
        self._check_host(hosts, scope)
        if scope["method"] not in SAFE_METHODS and not from_own_page(scope, sites, origins):
            raise refuse(403, "cross_origin", "Another web site may not do this.")
        if "\n" in scope["path"]:  # `$` in a route's pattern also matches before a last newline
            raise standard_error(404)
        if len(scope["query_string"]) > LIMITS.query_bytes:
            raise refuse(414, "address_too_long", "The part after the ? is too long.")

    def _check_host(self, hosts: list[bytes], scope: Scope) -> None:
        found = HOST.fullmatch(hosts[0].lower()) if len(hosts) == 1 else None
        if found is None:
            raise refuse(400, "invalid_host", "The request must name one host.")
        name = found[1].decode()
        if name not in self.hosts and not (self.takes_own_address and is_own_address(name, scope)):
            sentence = "The server does not answer to this name; add it to INKLING_ALLOWED_HOSTS."
            raise refuse(400, "host_not_allowed", sentence)


def allowed_hosts(settings: Settings) -> frozenset[str]:
    """The names in a Host header that are ours; any other may be a rebound name of a stranger."""
    bound = () if settings.host in EVERY_ADDRESS else (bracketed(settings.host.lower()),)
    return frozenset((*LOOPBACK_NAMES, *bound, *settings.allowed_hosts))


def is_own_address(name: str, scope: Scope) -> bool:
    """Whether `name` is the very address that this connection reached."""
    server = scope.get("server")
    return server is not None and name == bracketed(server[0].lower().removeprefix("::ffff:"))


def bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def from_own_page(scope: Scope, sites: list[bytes], origins: list[bytes]) -> bool:
    """The rule of Go's CrossOriginProtection: Sec-Fetch-Site decides where a browser sends it,
    else the Origin; a client that sends neither is no browser and carries nobody's cookies."""
    if sites:
        return len(sites) == 1 and sites[0] in (b"same-origin", b"none")
    if not origins:
        return True
    host = next(value for name, value in scope["headers"] if name == b"host")
    return origins == [scope["scheme"].encode() + b"://" + host.lower()]


def refuse(status: int, code: str, message: str) -> ApiError:
    return ApiError(status, code, message, {"Connection": "close"})  # its body is never read


def _declared_length(value: bytes) -> int:
    if not value.isdigit() or len(value) > 15:  # a petabyte has 16 digits
        raise refuse(400, "invalid_length", "Content-Length must be a number of bytes.")
    return int(value)


class _Answer:
    """Passes an answer on with our headers added, and knows whether it has begun."""

    def __init__(self, send: Send, state: dict[str, Any]) -> None:
        self._send, self._state = send, state
        self.status = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            identity = (b"x-request-id", self._state["request_id"].encode())
            headers = [*message["headers"], *SECURITY_HEADERS, identity]
            if "frame_ancestors" in self._state:  # the one rule that a route may loosen
                headers[headers.index(SECURITY_HEADERS[0])] = policy(self._state["frame_ancestors"])
            if not any(name == b"cache-control" for name, _ in message["headers"]):
                headers.append(NO_STORE)
            message["headers"] = headers
        await self._send(message)


def crash_line(scope: Scope, error: Exception) -> str:
    """One JSON line, ASCII: what the sender chose to put into a path cannot forge a second one."""
    told = "".join(traceback.format_exception(error))
    return json.dumps({**_request_fields(scope), "error": told})


def access_line(scope: Scope, status: int, seconds: float) -> str:
    milliseconds = round(seconds * 1000, 2)
    return json.dumps({**_request_fields(scope), "status": status, "ms": milliseconds})


def _request_fields(scope: Scope) -> dict[str, str]:
    """Never the query or a header: they may hold a token."""
    identity = scope["state"]["request_id"]
    return {"request_id": identity, "method": scope["method"], "path": scope["path"][:1024]}
