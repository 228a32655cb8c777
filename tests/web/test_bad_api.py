"""The lines API-01 to API-11 of the catalogue of faults, at the route that predicts."""

import asyncio
import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.ml.checkpoints import ModelEntry
from app.settings import LIMITS
from tests.conftest import raw_request
from tests.web.hostile import SEEDS

PREDICT = "/api/v1/models/small/predict"
JSON = "application/json"
ROWS = [[0] * 28 for _ in range(28)]
ECHO = "echoed-by-mistake"


def post(client: TestClient, content: Any, kind: str = JSON, **headers: str) -> Any:
    return client.post(PREDICT, content=content, headers={"Content-Type": kind, **headers})


def error(answer: Any) -> tuple[int, str]:
    """(status, code), once the answer has the one shape and is short."""
    assert len(answer.content) <= LIMITS.error_bytes
    assert answer.headers["Content-Type"] == JSON
    body = answer.json()
    assert set(body) == {"error"} and set(body["error"]) == {"code", "message", "request_id"}
    assert body["error"]["request_id"] == answer.headers["X-Request-ID"]
    assert ECHO not in answer.text
    return answer.status_code, body["error"]["code"]


# API-01, 02, 03


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999"])
@pytest.mark.parametrize("form", ["pixels", "strokes", "pen_width", "image", "name"])
def test_numbers_that_are_none_are_refused(
    running_client: TestClient, form: str, value: str
) -> None:
    for inside in (value, f"[[[{value}]]]"):
        body = f'{{"{form}":{inside}}}'
        assert error(post(running_client, body))[0] == 422


@pytest.mark.parametrize(
    "body",
    [
        '{"image":"\\ud800"}',
        '{"image":"' + "A" * 200_000 + '\\ud800"}',
        '{"\\ud800":1}',
        '{"strokes":[["\\ud800"]]}',
        '{"strokes":[],"\\udfff":"\\ud800"}',
        '{"pixels":"\\ud800"}',
    ],
)
def test_half_characters_are_refused(running_client: TestClient, body: str) -> None:
    assert error(post(running_client, body))[0] == 422


def test_half_characters_in_a_path_are_no_model(running_client: TestClient) -> None:
    path = "/api/v1/models/%ed%a0%80/predict"
    answer = running_client.post(path, content=b"{}", headers={"Content-Type": JSON})
    assert error(answer) == (404, "unknown_model")


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("NaN", "not_finite"),
        ("Infinity", "not_finite"),
        ("1e999", "not_finite"),
        ("1e308", "out_of_range"),
        ("null", "wrong_type"),
        ("true", "wrong_type"),
        ('"1"', "wrong_type"),
        ("1" * 4000, "wrong_type"),
        ("-1", "out_of_range"),
        ("256", "out_of_range"),
        ("1e30", "out_of_range"),
    ],
)
def test_one_wrong_pixel_of_784_is_named(running_client: TestClient, value: str, code: str) -> None:
    rows = json.dumps(ROWS)[:-2] + "," + value + "]]"
    assert error(post(running_client, '{"pixels":' + rows + "}")) == (422, code)


# API-04, 05


def test_many_wrong_items_are_one_short_answer(running_client: TestClient) -> None:
    body = '{"pixels":[[' + ",".join(['"x"'] * 16_000) + "]]}"
    assert len(body) < LIMITS.json_bytes
    assert error(post(running_client, body)) == (422, "wrong_type")
    assert error(post(running_client, '{"pixels":[[' + '"x",' * 300_000 + "1]]}"))[0] == 413


def zeros(megabytes: int) -> Iterator[bytes]:
    yield b'{"pixels":['
    for _ in range(megabytes):
        yield b"0," * (512 * 1024)
    yield b"0]}"


def test_a_huge_array_is_refused_before_it_is_parsed(running_client: TestClient) -> None:
    assert error(post(running_client, b"".join(zeros(25))))[0] == 413
    assert error(post(running_client, zeros(25)))[0] == 413


@pytest.mark.parametrize(
    ("beginning", "limit"),
    [
        ('{"pixels":[', LIMITS.json_bytes),
        ('{"strokes":[', LIMITS.strokes_bytes),
        ('{"image":"', LIMITS.json_image_bytes),
        ("[", LIMITS.json_bytes),
    ],
)
def test_each_form_of_json_is_bounded(
    running_client: TestClient, beginning: str, limit: int
) -> None:
    fits, larger = (beginning + " " * (size - len(beginning)) for size in (limit, limit + 1))
    assert error(post(running_client, fits))[0] == 422
    assert error(post(running_client, larger))[0] == 413


def test_a_body_too_large_is_not_read_to_its_end(app: FastAPI, small_model: ModelEntry) -> None:
    received = 0

    async def endless() -> Any:
        nonlocal received
        received += 64 * 1024
        return {"type": "http.request", "body": b"x" * 64 * 1024, "more_body": True}

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"host", b"127.0.0.1:8000"), (b"content-type", b"application/json")]
    scope = {
        **{"type": "http", "method": "POST", "scheme": "http", "path": PREDICT},
        **{"raw_path": PREDICT.encode(), "query_string": b"", "root_path": "", "headers": headers},
        **{"http_version": "1.1", "server": ("127.0.0.1", 8000), "client": ("127.0.0.1", 5)},
    }
    asyncio.run(app(scope, endless, send))
    assert sent[0]["status"] == 413 and received <= 1024 * 1024


# API-06, 07


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b"[" * 30_000 + b"]" * 30_000,
        b'{"pixels":' + b"[" * 101 + b"]" * 101 + b"}",
        b'{"pixels":' + b"[" * 900 + b"]" * 900 + b"}",
        b'{"strokes":' + b"[" * 200_000 + b"]" * 200_000 + b"}",
        b'{"image":' + b'{"image":' * 900 + b"1" + b"}" * 901,
    ],
)
def test_deep_nesting_is_refused(running_client: TestClient, body: bytes) -> None:
    assert error(post(running_client, body))[0] in (413, 422)


@pytest.mark.parametrize(
    "body",
    [
        b'{"pixels":[[' + b"1" * 4000 + b"]]}",
        b'{"pixels":[[' + b"1" * 5000 + b"]]}",
        b'{"pixels":[[1e-400]]}',
        b'{"pixels":[[-0]]}',
        b'{"pixels":[[0x1]]}',
        b'{"strokes":[],"strokes":[]}',
        b'{"image":"","image":""}',
        b'{"strokes":[]} x',
        '{"strokes":[]}'.encode("utf-16"),
        '{"strokes":[]}'.encode("utf-16-le"),
        b'\xef\xbb\xbf{"strokes":[]}',
        b'{"strokes":[],"\xff":1}',
        b"",
        b"null",
        b"[]",
        b"{}",
    ],
)
def test_json_that_is_not_strict_is_refused(running_client: TestClient, body: bytes) -> None:
    assert error(post(running_client, body))[0] == 422


def test_nothing_that_was_sent_comes_back(running_client: TestClient) -> None:
    for body in (
        {ECHO: 1},
        {"strokes": [], ECHO: 1},
        {"strokes": [[ECHO]]},
        {"pixels": [[ECHO]]},
        {"image": ECHO},
        {"pen_width": ECHO, "strokes": []},
    ):
        assert error(post(running_client, json.dumps(body)))[0] == 422
    assert error(post(running_client, f'{{"{ECHO}'))[0] == 422
    assert error(post(running_client, b"x", f"text/{ECHO}"))[0] == 415
    assert error(running_client.post(f"{PREDICT}?skip={ECHO}", content=b"x"))[0] == 422


# API-08


@pytest.mark.parametrize(
    "pixels",
    [
        [],
        [[]],
        [0] * 784,
        [[0] * 784],
        [[0] * 28] * 27,
        [[0] * 28] * 29,
        [[0] * 27] * 28,
        [*ROWS[:27], [0] * 27],
        [[[0]] * 28] * 28,
        [[[0] * 3] * 28] * 28,
        [[0] * 100] * 100,
    ],
)
def test_pixels_of_another_size_are_told_the_size(
    running_client: TestClient, pixels: list[Any]
) -> None:
    answer = post(running_client, json.dumps({"pixels": pixels}))
    status, code = error(answer)
    assert status == 422 and code in ("wrong_size", "wrong_type")


def test_the_size_is_named(running_client: TestClient) -> None:
    answer = post(running_client, json.dumps({"pixels": [[0]]}))
    assert answer.json()["error"]["message"] == "`pixels` must be 28 rows of 28 numbers."


# API-09


@pytest.mark.parametrize("encoding", ["gzip", "br", "zstd", "deflate"])
def test_compressed_bodies_are_never_inflated(running_client: TestClient, encoding: str) -> None:
    body = gzip.compress(bytes(10_000_000))
    answer = post(running_client, body, **{"Content-Encoding": encoding})
    assert error(answer)[0] == 415


# API-10


@pytest.mark.parametrize(
    "kind",
    [
        *("text/plain", "", "application/x-www-form-urlencoded", "application/json;charset=utf-7"),
        *("application/json; charset=latin-1", "application/jsonx", "application/json, image/png"),
        *("image", "video/mp4", "multipart/mixed; boundary=b", "text/html", "*/*", "\\" * 60_000),
    ],
)
def test_other_kinds_of_bodies_are_refused(running_client: TestClient, kind: str) -> None:
    assert error(post(running_client, b'{"strokes":[]}', kind))[0] == 415


def test_a_body_of_no_kind_or_of_two_is_refused(app: FastAPI, small_model: ModelEntry) -> None:
    host = (b"host", b"127.0.0.1:8000")
    two = [(b"content-type", b"application/json"), (b"content-type", b"image/png")]
    for headers in ([host], [host, *two]):
        assert raw_request(app, PREDICT, headers, method="POST") == 415


def test_json_in_utf_8_may_say_so(running_client: TestClient) -> None:
    for kind in ("application/json;charset=utf-8", 'Application/JSON; charset="UTF-8"'):
        assert post(running_client, b'{"strokes":[]}', kind).status_code == 200


# API-11


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"--b\r\n"),
        ("multipart/form-data; boundary=" + "b" * 5000, b"--b\r\n"),
        ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="file'),
        ("multipart/form-data; boundary=b", b"--b\r\nX: " + b"y" * 10_000_000),
        ("multipart/form-data; boundary=b", b"--b\r\n" + b"X: y\r\n" * 100_000),
        ("multipart/form-data; boundary=b", b"\r\n" * 5_000_000),
        ("multipart/form-data; boundary=b; x=" + "\\" * 60_000, b"--b\r\n"),
        ("multipart/form-data; boundary=b", b"--b--\r\n"),
    ],
    ids=[
        *("no boundary", "long boundary", "truncated", "long header", "many headers"),
        *("long preamble", "backslashes", "no parts"),
    ],
)
def test_broken_forms_are_refused(running_client: TestClient, kind: str, body: bytes) -> None:
    assert error(post(running_client, body, kind))[0] in (400, 413, 415, 422)


def test_too_many_files_or_fields_are_refused(running_client: TestClient) -> None:
    files = [("file", ("x.png", SEEDS["PNG"]))] * 1001
    assert error(running_client.post(PREDICT, files=files)) == (413, "too_many_pictures")
    fields = {f"field{n}": (None, "x") for n in range(1001)}
    assert error(running_client.post(PREDICT, files=fields)) == (422, "unknown_field")
    large = {"text": (None, "x" * 2_000_000)}
    assert error(running_client.post(PREDICT, files=large)) == (422, "unknown_field")


def test_a_long_epilogue_is_not_looked_at(running_client: TestClient) -> None:
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'
    body = head + SEEDS["PNG"] + b"\r\n--b--\r\n" + b"z" * 10_000_000
    answer = post(running_client, body, "multipart/form-data; boundary=b")
    assert answer.status_code == 200 and len(answer.json()["results"]) == 1


# API-14


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "TRACE", "DELETE"])
def test_other_methods_do_not_predict(running_client: TestClient, method: str) -> None:
    headers = {"X-HTTP-Method-Override": "POST", "Content-Type": "image/png"}
    answer = running_client.request(method, PREDICT, content=SEEDS["PNG"], headers=headers)
    assert answer.status_code in (404, 405)
