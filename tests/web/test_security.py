"""Who may ask, by which name, from which page; and the headers of every answer."""

import json
import logging
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.ml.checkpoints import ModelEntry
from app.settings import LIMITS
from app.web.roles import Role, RoleRoute
from app.web.security import SECURITY_HEADERS
from tests.conftest import HERE, LAN, TOKEN, MakeApp, raw_request

OWN = {"Sec-Fetch-Site": "same-origin"}


# Hosts: WEB-01


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.0.0.1:8000", "localhost:8000", "LocalHost", "localhost:1", "[::1]:8000"],
)
def test_a_name_of_this_machine_is_answered(app: FastAPI, host: str) -> None:
    assert raw_request(app, "/healthz", [(b"host", host.encode())]) == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.com",
        "localhost.evil.com",
        "evil.com:localhost",
        "localhost@evil.com",
        "127.0.0.1.nip.io",
        "0.0.0.0",
        "0.0.0.0:8000",
        "",
        ":8000",
        "a/?x=",
        "localhost/#",
        "localhost:",
        "localhost:8000:1",
        "localhost:123456",
        "localhost ",
        "localhost.",
        "[::1",
        "::1",
        "[::2]",
        "127.1",
        "2130706433",
        "192.168.1.5",
        "localhost\n",
        "l\xf6calhost",
    ],
)
def test_a_strangers_name_is_refused(app: FastAPI, host: str) -> None:
    assert raw_request(app, "/healthz", [(b"host", host.encode("latin-1"))]) == 400


@pytest.mark.parametrize("hosts", [[], [b"localhost", b"localhost"], [b"localhost", b"evil.com"]])
def test_no_host_and_two_hosts_are_refused(app: FastAPI, hosts: list[bytes]) -> None:
    assert raw_request(app, "/healthz", [(b"host", host) for host in hosts]) == 400


def test_a_refused_host_gets_no_cookie_and_no_data(client: TestClient) -> None:
    headers = {"Host": "rebind.test", "Accept": "text/html"}
    for path in ("/", "/?token=x", "/api/v1/models", "/static/style.css"):
        answer = client.get(path, headers=headers)
        assert answer.status_code == 400
        assert "set-cookie" not in answer.headers
        assert "mnist-cnn" not in answer.text


def test_a_configured_name_is_answered(make_app: MakeApp) -> None:
    app = make_app(allowed_hosts=("digits.example",))
    assert raw_request(app, "/healthz", [(b"host", b"digits.example:8000")]) == 200
    assert raw_request(app, "/healthz", [(b"host", b"a.digits.example")]) == 400


@pytest.mark.parametrize(
    ("bound", "reached", "host", "status"),
    [
        ("192.168.1.5", "192.168.1.5", "192.168.1.5:8000", 200),
        ("0.0.0.0", "192.168.1.5", "192.168.1.5:8000", 200),
        ("0.0.0.0", "192.168.1.5", "192.168.1.6:8000", 400),
        ("0.0.0.0", "192.168.1.5", "evil.com", 400),
        ("::", "fd00::5", "[fd00::5]:8000", 200),
        ("::", "::ffff:192.168.1.5", "192.168.1.5", 200),
        ("0.0.0.0", "0.0.0.0", "evil.com", 400),
        ("127.0.0.1", "192.168.1.5", "192.168.1.5", 400),
    ],
)
def test_a_server_for_the_class_answers_to_its_own_address(
    make_app: MakeApp, bound: str, reached: str, host: str, status: int
) -> None:
    app = make_app(host=bound, token=TOKEN)
    headers = [(b"host", host.encode())]
    assert raw_request(app, "/healthz", headers, server=(reached, 8000)) == status


def test_forwarded_headers_change_nothing(client: TestClient) -> None:
    headers = {"X-Forwarded-Host": "evil.com", "X-Forwarded-For": "8.8.8.8", "Forwarded": "host=x"}
    assert client.get("/healthz", headers=headers).status_code == 200
    assert client.get("/", headers={"Host": "x", "X-Forwarded-Host": "localhost"}).is_client_error


# Where an unsafe request comes from: WEB-03, WEB-04


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "null"},
        {"Origin": "http://localhost:9999"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Origin": "http://127.0.0.1.evil.com"},
        {"Origin": "http://trusted.example.evil.com"},
        {"Origin": "https://127.0.0.1:8000"},
        {"Origin": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": ""},
        {"Sec-Fetch-Site": "cross-site", "Origin": HERE},
    ],
)
@pytest.mark.parametrize("method", ["POST", "DELETE", "PUT", "PATCH"])
def test_another_site_changes_nothing(
    client: TestClient, method: str, headers: dict[str, str]
) -> None:
    answer = client.request(method, "/api/v1/models/mine", headers=headers)
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "cross_origin"
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    "headers", [{}, OWN, {"Sec-Fetch-Site": "none"}, {"Origin": HERE}, {**OWN, "Origin": HERE}]
)
def test_our_own_page_and_a_program_pass(client: TestClient, headers: dict[str, str]) -> None:
    assert client.delete("/api/v1/models/mine", headers=headers).status_code == 404


def test_two_sites_in_one_request_are_refused(app: FastAPI) -> None:
    sites = [(b"sec-fetch-site", b"same-origin"), (b"sec-fetch-site", b"cross-site")]
    headers = [(b"host", b"localhost"), *sites]
    assert raw_request(app, "/api/v1/models/mine", headers, method="DELETE") == 403


def test_no_get_changes_anything(client: TestClient, small_model: Any) -> None:
    before = sorted(path for path in small_model.folder.parent.rglob("*"))
    for path in client.app.openapi()["paths"]:  # type: ignore[attr-defined]
        client.get(path.replace("{reference}", "small").replace("{name}", "small"))
    assert sorted(path for path in small_model.folder.parent.rglob("*")) == before


def test_a_method_override_is_ignored(client: TestClient, small_model: Any) -> None:
    headers = {"X-HTTP-Method-Override": "DELETE", "X-Method-Override": "DELETE"}
    assert client.get("/api/v1/models/small", headers=headers).status_code == 200
    assert small_model.folder.exists()


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PUT", "PATCH", "OPTIONS", "PROPFIND"])
def test_methods_that_no_route_has_are_405(client: TestClient, method: str) -> None:
    model = "/api/v1/models/small"
    addresses = ["/", "/docs", "/openapi.json", "/healthz", "/readyz", "/static/style.css"]
    for path in (*addresses, "/api/v1/models", model, f"{model}/download", f"{model}/predict"):
        assert client.request(method, path).status_code == 405, path


# Bodies that no route should read


@pytest.mark.parametrize("encoding", ["gzip", "br", "zstd", "deflate", "gzip, identity", "x"])
def test_a_compressed_body_is_never_inflated(client: TestClient, encoding: str) -> None:
    headers = {"Content-Encoding": encoding}
    answer = client.post("/api/v1/models/small/predict", content=b"\x1f\x8b", headers=headers)
    assert answer.status_code == 415


@pytest.mark.parametrize("length", [b"-1", b"0x5", b"1e3", b"", b" 5", b"9" * 5000, b"+5"])
def test_a_length_that_is_no_number_is_refused(app: FastAPI, length: bytes) -> None:
    headers = [(b"host", b"localhost"), (b"content-length", length)]
    assert raw_request(app, "/healthz", headers) == 400


def test_a_query_past_the_limit_is_414(client: TestClient) -> None:
    assert client.get("/healthz?" + "a" * LIMITS.query_bytes).status_code == 200
    assert client.get("/healthz?" + "a" * (LIMITS.query_bytes + 1)).status_code == 414


# Headers of every answer: WEB-06


def crash() -> None:
    raise RuntimeError("on purpose")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/docs", 200),
        ("/openapi.json", 200),
        ("/healthz", 200),
        ("/readyz", 503),
        ("/api/v1/models", 200),
        ("/api/v1/models/nothing", 404),
        ("/nothing", 404),
        ("/static/style.css", 200),
        ("/static/nothing.css", 404),
        ("/crash", 500),
        ("/healthz?" + "a" * 3000, 414),
    ],
)
def test_every_answer_carries_the_security_headers(app: FastAPI, path: str, status: int) -> None:
    app.router.routes.append(RoleRoute("/crash", crash, role=Role.ANYONE, page=True))
    answer = TestClient(app, base_url=HERE).get(path)
    assert answer.status_code == status
    for name, value in SECURITY_HEADERS:
        assert answer.headers.get_list(name.decode()) == [value.decode()]
    assert answer.headers["cache-control"] in ("no-store", "no-cache")
    assert "server" not in answer.headers


def test_the_policy_allows_our_own_files_and_nothing_else(client: TestClient) -> None:
    policy = client.get("/").headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert "http" not in policy
    for rule in ("script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"):
        assert rule in policy.split("; ")


def test_the_page_to_embed_names_its_ancestors_and_loosens_nothing_else(make_app: MakeApp) -> None:
    origins = ("https://school.example", "http://localhost:8080")
    client = TestClient(make_app(embed_origins=origins), base_url=HERE)
    for path in ("/?embed", "/?embed=", "/?embed&x=1"):
        headers = client.get(path).headers
        expected = dict(SECURITY_HEADERS)
        [policy] = headers.get_list("content-security-policy")
        assert f"frame-ancestors {' '.join(origins)}" in policy.split("; ")
        strict = policy.replace(" ".join(origins), "'none'")
        assert strict.encode() == expected.pop(b"content-security-policy")
        assert {name: headers[name.decode()].encode() for name in expected} == expected
        assert "x-frame-options" not in headers


@pytest.mark.parametrize("path", ["/", "/?x=embed", "/docs?embed", "/nothing?embed", "/embed"])
def test_no_other_page_may_be_framed(make_app: MakeApp, path: str) -> None:
    client = TestClient(make_app(embed_origins=("https://school.example",)), base_url=HERE)
    assert "frame-ancestors 'none'" in client.get(path).headers["content-security-policy"]


def test_without_listed_origins_nothing_may_be_framed(client: TestClient) -> None:
    assert "frame-ancestors 'none'" in client.get("/?embed").headers["content-security-policy"]


def test_the_api_is_never_stored(client: TestClient) -> None:
    assert client.get("/api/v1/models").headers["cache-control"] == "no-store"


def test_each_answer_has_an_id_of_its_own_whatever_the_sender_wishes(client: TestClient) -> None:
    wish = {"X-Request-ID": "mine"}
    ids = {client.get("/healthz", headers=wish).headers["x-request-id"] for _ in range(20)}
    assert len(ids) == 20
    assert "mine" not in ids


# The log: API-18


def test_the_access_log_has_one_escaped_line_per_request(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture
) -> None:
    client = TestClient(make_app(access_log=True), base_url=HERE)
    agent = {"User-Agent": "x" * 8192}
    with caplog.at_level(logging.INFO, "inkling"):
        client.get("/a%0d%0ab%1b[2J?token=secret-of-the-teacher", headers=agent)
    [record] = caplog.records
    line = record.getMessage()
    assert json.loads(line)["path"] == "/a\r\nb\x1b[2J"
    assert json.loads(line)["status"] == 404
    assert line.isprintable()
    assert "secret" not in line
    assert len(line) < 2000


def test_the_access_log_is_silent_by_default(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "inkling"):
        client.get("/healthz")
    assert not caplog.records


def test_the_class_reaches_the_page_over_the_network(make_app: MakeApp) -> None:
    client = TestClient(make_app(host="0.0.0.0", token=TOKEN), base_url=LAN)
    assert client.get("/").status_code == 200


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_newline_at_the_end_of_a_path_names_nothing(
    method: str, client: TestClient, small_model: ModelEntry
) -> None:
    assert client.request(method, "/api/v1/models/small%0a").status_code == 404
    assert small_model.folder.is_dir()
