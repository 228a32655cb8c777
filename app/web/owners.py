"""Whose something is: the teacher's, or that of the browser which carries a cookie made for it."""

import hashlib
import re
import secrets

from starlette.responses import Response
from starlette.types import Scope

from app.settings import Settings
from app.web.roles import Role, cookie_name, role_of

LOCAL = "local"  # the person at this machine, who is the teacher
SECRET = re.compile(r"[A-Za-z0-9_-]{43}")  # 32 bytes in base64
A_YEAR = 365 * 24 * 3600  # seconds


def owner_of(scope: Scope) -> str | None:
    """`local`, the sha256 of the cookie's secret, or None: somebody who has kept nothing yet."""
    if role_of(scope) is Role.TEACHER:
        return LOCAL
    secret = cookie_in(scope)
    return hashlib.sha256(secret.encode()).hexdigest() if secret else None


def new_owner() -> tuple[str, str]:
    """(owner, the secret for the cookie)."""
    secret = secrets.token_urlsafe(32)
    return hashlib.sha256(secret.encode()).hexdigest(), secret


def give_cookie(answer: Response, scope: Scope, secret: str) -> None:
    answer.set_cookie(
        owner_cookie(scope),
        secret,
        max_age=A_YEAR,
        httponly=True,
        samesite="strict",
        secure=scope["scheme"] == "https",
    )


def cookie_in(scope: Scope) -> str | None:
    """The first well-formed one; a request may carry several cookie headers."""
    name = owner_cookie(scope).encode()
    for header, value in scope["headers"]:
        if header != b"cookie":
            continue
        for pair in value.split(b";"):
            key, _, given = pair.strip().partition(b"=")
            if key == name and SECRET.fullmatch(given.decode("latin-1")):
                return str(given.decode())
    return None


def owner_cookie(scope: Scope) -> str:
    settings: Settings = scope["app"].state.settings
    return f"{cookie_name(settings)}-owner"
