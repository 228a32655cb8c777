"""One shape for every error: {"error": {"code", "message", "request_id"}}, never echoing input."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.types import Scope

from app.settings import LIMITS

## What the framework refuses by itself; its own texts may quote the request, so they are not used.
STATUS_ERRORS: dict[int, tuple[str, str]] = {
    400: ("bad_request", "This request cannot be read."),
    401: ("token_needed", "This needs the token that the server printed when it started."),
    403: ("forbidden", "This is not allowed for you."),
    404: ("not_found", "There is nothing at this address; /docs lists what there is."),
    405: ("method_not_allowed", "This address does not take this method; see /docs."),
    413: ("too_large", "The request is larger than this address takes; see /docs for the sizes."),
    415: ("unsupported_media_type", "This address does not take this kind of body; see /docs."),
    422: ("invalid_request", "The request does not follow the rules of this address; see /docs."),
    500: ("internal_error", "The server made a mistake; its log tells more under this request_id."),
    503: ("busy", "The server is busy; try again in a moment."),
}


class ErrorFields(BaseModel):
    code: str = Field(description="a word for programs", examples=["not_found"])
    message: str = Field(description="a sentence for people", examples=[STATUS_ERRORS[404][1]])
    field: str | None = Field(None, description="the choice that cannot work, where one is wrong")
    request_id: str = Field(description="the same as X-Request-ID", examples=["7f1c09ab0000002a"])


class ErrorAnswer(BaseModel):
    """What every error looks like."""

    error: ErrorFields


class ApiError(HTTPException):
    """An answer that is an error. `message` is a sentence that says what to do, in our own words:
    no part of the request goes into it. It passes through starlette and fastapi unchanged."""

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None,
        field: str | None = None,
    ) -> None:  # fmt: skip
        super().__init__(status, message, headers)
        self.status, self.code, self.message, self.field = status, code, message, field


def standard_error(status: int, headers: Mapping[str, str] | None = None) -> ApiError:
    """The error that STATUS_ERRORS has for a status; any other status keeps its common name."""
    if status not in STATUS_ERRORS:
        phrase = HTTPStatus(status).phrase
        return ApiError(status, phrase.lower().replace(" ", "_"), f"{phrase}.", headers)
    return ApiError(status, *STATUS_ERRORS[status], headers=headers)


def error_response(scope: Scope, error: ApiError) -> Response:
    """The answer to send: a page for a browser that opens an address, JSON for all others."""
    if wants_page(scope):
        return _error_page(scope, error)
    return Response(
        error_json(error, request_id(scope)),
        status_code=error.status,
        headers=error.headers,
        media_type="application/json",
    )


def error_json(error: ApiError, identity: str) -> bytes:
    """ASCII only, so lone surrogates are safe; at most LIMITS.error_bytes."""
    message = error.message
    while True:
        fields = {"code": error.code, "message": message, "request_id": identity}
        if error.field:
            fields["field"] = error.field
        body = json.dumps({"error": fields}).encode()
        if len(body) <= LIMITS.error_bytes:
            return body
        message = message[: len(message) // 2] + "..."


def request_id(scope: Scope) -> str:
    return str(scope.get("state", {}).get("request_id", ""))


def wants_page(scope: Scope) -> bool:
    """A browser's own navigation, not a call of the API."""
    if scope["method"] not in ("GET", "HEAD") or scope["path"].startswith("/api/"):
        return False
    return any(name == b"accept" and b"text/html" in value for name, value in scope["headers"])


def _error_page(scope: Scope, error: ApiError) -> Response:
    page = scope["app"].state.templates.get_template("error.html")
    title = HTTPStatus(error.status).phrase
    text = page.render(title=title, error=error, request_id=request_id(scope))
    return HTMLResponse(text, status_code=error.status, headers=error.headers)


def handle_errors(app: FastAPI) -> None:
    """Give each error that leaves a route its shape; app.web.security answers the unforeseen."""
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(ClientDisconnect, _on_disconnect)


async def _on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if not isinstance(error, ApiError):
        error = standard_error(error.status_code, error.headers)
    return error_response(request.scope, error)


async def _on_invalid_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return error_response(request.scope, ApiError(422, "invalid_request", say_invalid(error)))


async def _on_disconnect(request: Request, error: Exception) -> Response:
    return error_response(request.scope, standard_error(400))  # nobody is there to read it


def say_invalid(error: RequestValidationError) -> str:
    """Which fields break which rule, at most LIMITS.error_entries of them."""
    entries = error.errors()
    said = [f"{_place(entry)}: {_rule(entry)}" for entry in entries[: LIMITS.error_entries]]
    more = len(entries) - len(said)
    return "; ".join(said) + (f"; and {more} more" if more > 0 else "")


def _place(entry: Mapping[str, Any]) -> str:
    """`query.top_k`, `body.epochs`: our own names only; a key that the client made up is a *."""
    location = list(entry["loc"])
    if entry["type"] == "extra_forbidden":
        location[-1] = "*"
    return ".".join(_own_name(part) for part in location)


def _own_name(part: str | int) -> str:
    if isinstance(part, int):
        return str(part)
    return part if part.isascii() and part.isidentifier() and len(part) <= 40 else "*"


def _rule(entry: Mapping[str, Any]) -> str:
    """Pydantic's sentence, unless it carries an inner error, which may quote the input."""
    return "is not valid" if "error" in entry.get("ctx", {}) else str(entry["msg"])
