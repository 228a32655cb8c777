"""Every route says who may use it, and holds to it."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI, Request
from starlette.routing import Route
from starlette.testclient import TestClient

from app.settings import LIMITS, Settings
from app.web.errors import ApiError
from app.web.roles import (
    Role,
    RoleRoute,
    RoleRouter,
    check_every_route_has_a_role,
    cookie_name,
    cookie_value,
    require,
)
from tests.conftest import HERE, LAN, TOKEN, MakeApp, raw_request

COOKIE = f"inkling-8000={cookie_value(TOKEN)}"


@pytest.fixture
def class_app(make_app: MakeApp) -> FastAPI:
    """A server that a whole class reaches."""
    return make_app(host="0.0.0.0", token=TOKEN)


@pytest.fixture
def stranger(class_app: FastAPI) -> TestClient:
    return TestClient(class_app, base_url=LAN, follow_redirects=False)


def operations(app: FastAPI) -> Iterator[tuple[str, str, Role]]:
    """(method, address, role) of every route of the app."""
    for route in app.routes:
        if isinstance(route, RoleRoute):
            path = route.path_format.replace("{reference}", "none").replace("{name}", "none")
            for method in route.methods:
                yield method, path, route.role


def test_a_router_asks_for_a_role() -> None:
    with pytest.raises(TypeError, match="role"):
        RoleRouter().get("/open")  # type: ignore[call-arg]


def test_a_route_without_a_role_fails_at_the_start(app: FastAPI) -> None:
    app.add_route("/forgotten", lambda request: None)
    with pytest.raises(RuntimeError, match="/forgotten declares no role"):
        check_every_route_has_a_role(app.routes)


def test_a_route_added_past_the_router_has_no_role() -> None:
    with pytest.raises(RuntimeError, match="/plain"):
        check_every_route_has_a_role([Route("/plain", lambda request: None)])


def test_some_route_is_for_teachers_and_most_are_for_anyone(app: FastAPI) -> None:
    roles = [role for _, _, role in operations(app)]
    assert Role.TEACHER in roles
    assert roles.count(Role.ANYONE) > 5


def test_a_stranger_may_do_only_what_is_for_anyone(
    class_app: FastAPI, stranger: TestClient
) -> None:
    for method, path, role in operations(class_app):
        status = stranger.request(method, path).status_code
        assert (status == 401) == (role > Role.ANYONE), (method, path, status)


@pytest.mark.parametrize("credentials", [{"Authorization": f"Bearer {TOKEN}"}, {"Cookie": COOKIE}])
def test_the_teacher_may_do_everything(
    class_app: FastAPI, stranger: TestClient, credentials: dict[str, str]
) -> None:
    for method, path, _ in operations(class_app):
        status = stranger.request(method, path, headers=credentials).status_code
        assert status not in (401, 403), (method, path, status)


def test_the_person_at_this_machine_is_the_teacher(app: FastAPI, client: TestClient) -> None:
    for method, path, _ in operations(app):
        status = client.request(method, path).status_code
        assert status not in (401, 403), (method, path, status)


@pytest.mark.parametrize(
    "credentials",
    [
        {"Authorization": TOKEN},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": "Bearer "},
        {"Authorization": f"Bearer {TOKEN[:-1]}"},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": f"Bearer {cookie_value(TOKEN)}"},
        {"Authorization": "Bearer wrong", "Cookie": COOKIE},
        {"Cookie": f"inkling-8000={TOKEN}"},
        {"Cookie": f"inkling-8001={cookie_value(TOKEN)}"},
        {"Cookie": "inkling-8000"},
        {"X-Forwarded-For": "127.0.0.1"},
        {"Host": "localhost"},
    ],
)
def test_anything_but_the_token_is_nobody(
    stranger: TestClient, credentials: dict[str, str]
) -> None:
    answer = stranger.delete("/api/v1/models/none", headers=credentials)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["error"]["code"] == "token_needed"
    assert TOKEN not in answer.text


def test_two_bearers_are_nobody(stranger: TestClient) -> None:
    headers = [("Authorization", f"Bearer {TOKEN}"), ("Authorization", "Bearer other")]
    assert stranger.delete("/api/v1/models/none", headers=headers).status_code == 401


def test_a_server_for_all_without_a_token_has_no_teacher(make_app: MakeApp) -> None:
    client = TestClient(make_app(host="0.0.0.0"), base_url=LAN)
    assert client.delete("/api/v1/models/none").status_code == 401


def test_settings_that_say_local_do_not_make_a_stranger_the_teacher(make_app: MakeApp) -> None:
    """As when uvicorn is started by hand with another --host than the settings have."""
    client = TestClient(make_app(), base_url=LAN, headers={"Host": "127.0.0.1"})
    assert client.delete("/api/v1/models/none").status_code == 401


def test_a_token_is_asked_for_even_here_once_it_is_set(make_app: MakeApp) -> None:
    """As behind a proxy on this machine, through which everybody looks local."""
    client = TestClient(make_app(token=TOKEN), base_url=HERE)
    assert client.delete("/api/v1/models/none").status_code == 401


def test_the_token_in_the_address_becomes_a_cookie_and_leaves_the_address(
    stranger: TestClient,
) -> None:
    answer = stranger.get(f"/?a=1&token={TOKEN}&b=%26")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/?a=1&b=%26"
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(COOKIE)
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert TOKEN not in str(answer.headers)
    assert stranger.delete("/api/v1/models/none").status_code == 404  # a teacher now


def test_a_wrong_token_in_the_address_gets_no_cookie(stranger: TestClient) -> None:
    answer = stranger.get("/?token=guess", headers={"Accept": "text/html"})
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers
    assert "guess" not in answer.text


def test_the_cookie_is_secure_where_the_connection_is(class_app: FastAPI) -> None:
    client = TestClient(class_app, base_url="https://192.168.1.5:8000", follow_redirects=False)
    assert "Secure" in client.get(f"/?token={TOKEN}").headers["set-cookie"]


def test_the_api_takes_no_token_from_the_address(stranger: TestClient) -> None:
    answer = stranger.delete(f"/api/v1/models/none?token={TOKEN}")
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers


def test_cookies_of_two_servers_on_one_machine_differ() -> None:
    assert cookie_name(Settings(port=8000)) != cookie_name(Settings(port=8001))
    assert cookie_value(TOKEN) != cookie_value(TOKEN + "2")


def test_a_role_that_is_too_low_is_403(class_app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.web.roles.role_of", lambda scope: Role.STUDENT)
    with pytest.raises(ApiError) as refusal:
        require(Role.TEACHER, {"app": class_app})
    assert refusal.value.status == 403


def test_a_declared_length_past_the_limit_is_413_before_any_byte(app: FastAPI) -> None:
    headers = [(b"host", b"localhost"), (b"content-length", b"25000000")]
    assert raw_request(app, "/api/v1/models/small", headers, method="DELETE") == 413


def test_a_body_that_grows_past_the_limit_is_413(app: FastAPI, client: TestClient) -> None:
    async def swallow(request: Request) -> None:
        await request.body()

    route = RoleRoute("/swallow", swallow, methods=["POST"], role=Role.ANYONE)
    app.router.routes.append(route)

    def body() -> Iterator[bytes]:
        for _ in range(3):
            yield b" " * (LIMITS.json_bytes // 2)

    answer = client.post("/swallow", content=body())
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "too_large"
