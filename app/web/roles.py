"""Who may do what: each route declares a role; one without a role fails at start-up."""

import hashlib
import hmac
from collections.abc import Callable, Iterable
from enum import IntEnum
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode

from fastapi.routing import APIRoute
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount
from starlette.types import Message, Receive, Scope, Send

from app.settings import LIMITS, Settings, is_loopback
from app.web.errors import ApiError, ErrorAnswer, error_response, standard_error

ANY_ERROR: dict[str, Any] = {"model": ErrorAnswer, "description": "any error, in one shape"}
Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


class Role(IntEnum):
    """Each role may do all that the lower ones may."""

    ANYONE = 0
    STUDENT = 1
    TEACHER = 2


class RoleRoute(APIRoute):
    """A route that knows who may use it and how large a body it takes.

    `page` marks a page for people: kept out of the OpenAPI, and where a `?token=` is taken.
    """

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        role: Role,
        body_limit: int = LIMITS.json_bytes,
        page: bool = False,
        **options: Any,
    ) -> None:
        if not page:
            options["responses"] = {**options.get("responses", {}), "default": ANY_ERROR}
            extra = options.get("openapi_extra", {})
            options["openapi_extra"] = {"x-role": role.name.lower(), **extra}
        super().__init__(path, endpoint, include_in_schema=not page, **options)
        self.role, self.body_limit, self.page = role, body_limit, page

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.role > Role.ANYONE:
            require(self.role, scope)
        if self.page and b"token=" in scope["query_string"]:
            await sign_in(scope)(scope, receive, send)
            return
        declared = scope["state"].get("content_length", 0)
        if declared > self.body_limit:
            raise too_large()
        await super().handle(scope, _bounded(receive, self.body_limit), send)


class RoleRouter:
    """Collects routes that declare a role; `create_app` adds them, flat, to the app."""

    def __init__(self, prefix: str = "", tags: Iterable[str] = ()) -> None:
        self.prefix, self.tags = prefix, list(tags)
        self.routes: list[RoleRoute] = []

    def get(self, path: str, *, role: Role, **options: Any) -> Callable[[Endpoint], Endpoint]:
        return self._route(["GET"], path, role, options)

    def post(self, path: str, *, role: Role, **options: Any) -> Callable[[Endpoint], Endpoint]:
        return self._route(["POST"], path, role, options)

    def patch(self, path: str, *, role: Role, **options: Any) -> Callable[[Endpoint], Endpoint]:
        return self._route(["PATCH"], path, role, options)

    def delete(self, path: str, *, role: Role, **options: Any) -> Callable[[Endpoint], Endpoint]:
        return self._route(["DELETE"], path, role, options)

    def page(self, path: str, *, role: Role) -> Callable[[Endpoint], Endpoint]:
        return self._route(["GET", "HEAD"], path, role, {"page": True, "response_model": None})

    def _route(
        self, methods: list[str], path: str, role: Role, options: dict[str, Any]
    ) -> Callable[[Endpoint], Endpoint]:
        def register(endpoint: Endpoint) -> Endpoint:
            options.setdefault("tags", self.tags)
            route = RoleRoute(self.prefix + path, endpoint, methods=methods, role=role, **options)
            self.routes.append(route)
            return endpoint

        return register


class PublicMount(Mount):
    """A folder that anyone may read."""

    role = Role.ANYONE


def check_every_route_has_a_role(routes: Iterable[BaseRoute]) -> None:
    """RuntimeError naming the first route that says nothing about who may use it."""
    for route in routes:
        if not isinstance(getattr(route, "role", None), Role):
            name = getattr(route, "path", route)
            raise RuntimeError(f"route {name} declares no role; add it through a RoleRouter")


def require(role: Role, scope: Scope) -> None:
    """ApiError 401 without a valid token, 403 when the token's role is too low."""
    if role_of(scope) >= role:
        return
    if role_of(scope) is Role.ANYONE:
        raise standard_error(401, {"WWW-Authenticate": "Bearer"})
    raise standard_error(403)


def role_of(scope: Scope) -> Role:
    """The teacher's token as bearer or cookie; on a server only for this machine, the person
    before it. A request with a bearer is judged by that alone."""
    settings: Settings = scope["app"].state.settings
    if settings.token is None:
        return Role.TEACHER if settings.is_local and _arrived_locally(scope) else Role.ANYONE
    headers = scope["headers"]
    bearers = [value for name, value in headers if name == b"authorization"]
    if bearers:
        known = len(bearers) == 1 and _is_bearer(bearers[0], settings.token)
    else:
        known = _has_cookie(headers, settings)
    return Role.TEACHER if known else Role.ANYONE


def _arrived_locally(scope: Scope) -> bool:
    """Whether the socket itself is a loopback one, whatever the settings believe."""
    server = scope.get("server")
    return server is not None and is_loopback(server[0])


def _is_bearer(value: bytes, token: str) -> bool:
    scheme, _, given = value.partition(b" ")
    return scheme.lower() == b"bearer" and hmac.compare_digest(given.strip(), token.encode())


def _has_cookie(headers: Iterable[tuple[bytes, bytes]], settings: Settings) -> bool:
    assert settings.token is not None
    name, expected = cookie_name(settings).encode(), cookie_value(settings.token).encode()
    for header, value in headers:
        if header != b"cookie":
            continue
        for pair in value.split(b";"):
            key, _, given = pair.strip().partition(b"=")
            if key == name and hmac.compare_digest(given, expected):
                return True
    return False


def cookie_name(settings: Settings) -> str:
    return f"inkling-{settings.port}"  # cookies know no ports, so the name does


def cookie_value(token: str) -> str:
    """Derived from the token, so that the token itself is not kept in the browser."""
    return hmac.new(token.encode(), b"inkling cookie", hashlib.sha256).hexdigest()


def sign_in(scope: Scope) -> Response:
    """Exchange the `?token=` of a page's address for a cookie; go on without it in the address."""
    settings: Settings = scope["app"].state.settings
    query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    given = next((value for name, value in query if name == "token"), "")
    rest = urlencode([pair for pair in query if pair[0] != "token"])
    answer = RedirectResponse(scope["path"] + (f"?{rest}" if rest else ""), status_code=303)
    if settings.token is None:
        return answer
    if not hmac.compare_digest(given.encode(), settings.token.encode()):
        return error_response(scope, standard_error(401))
    answer.set_cookie(
        cookie_name(settings),
        cookie_value(settings.token),
        httponly=True,
        samesite="strict",
        secure=scope["scheme"] == "https",
    )
    return answer


def too_large() -> ApiError:
    return standard_error(413, {"Connection": "close"})  # the rest of the body is never read


def _bounded(receive: Receive, limit: int) -> Receive:
    """`receive`, but ApiError 413 once the body has grown past `limit` bytes."""
    left = limit

    async def receive_bounded() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise too_large()
        return message

    return receive_bounded
