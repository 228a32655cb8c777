"""JSON as its standard says, and no more: what Python's own reader lets pass is refused."""

import json
import re
from typing import Any, NoReturn

import numpy as np

from app.settings import LIMITS
from app.web.errors import ApiError


def read_json(body: bytes | bytearray) -> dict[str, Any]:
    """A JSON object in UTF-8 without byte order mark, NaN, double keys or half characters.

    ApiError 422 with a sentence that names the rule and nothing of the body.
    """
    if depth(body) > LIMITS.json_depth:
        raise ApiError(422, "invalid_json", "This JSON is nested too deeply.")
    try:
        found = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=once,
            parse_constant=refuse_constant,
        )
        if b"\\u" in body:  # escapes can write half of a pair, which is no character
            json.dumps(found, ensure_ascii=False).encode()
    except ApiError:
        raise
    except UnicodeError as error:
        raise ApiError(422, "invalid_json", "The body must be JSON in UTF-8.") from error
    except (ValueError, RecursionError) as error:  # broken, or a number of 5,000 digits
        raise ApiError(422, "invalid_json", "The body is not valid JSON.") from error
    if not isinstance(found, dict):
        raise ApiError(422, "invalid_json", "The body must be a JSON object: {...}.")
    return found


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ApiError(422, "invalid_json", "A key stands twice in one JSON object.")
    return found


def refuse_constant(name: str) -> NoReturn:
    raise ApiError(422, "not_finite", "JSON has no NaN and no Infinity; send finite numbers.")


STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
OPENING, CLOSING = b"[{", b"]}"


def depth(body: bytes | bytearray) -> int:
    """How deep the brackets outside of strings are nested: counted before a parser recurses."""
    if body.count(b"[") + body.count(b"{") <= LIMITS.json_depth:
        return 0  # so few cannot be too many
    letters = np.frombuffer(STRING.sub(b"", body), np.uint8)
    steps = np.isin(letters, list(OPENING)).astype(np.int32)
    steps -= np.isin(letters, list(CLOSING))
    return int(steps.cumsum().max(initial=0))
