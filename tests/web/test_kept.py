"""My digits over REST: kept, listed, corrected, deleted, downloaded; by their owner alone."""

import io
import json
import os
import resource
import zipfile
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi import FastAPI
from PIL import Image
from starlette.testclient import TestClient

from app.ml.checkpoints import ModelEntry
from app.ml.kept import Bounds, KeptStore
from app.settings import LIMITS
from app.web.allowances import Allowance
from app.web.api.kept_docs import SAMPLE, SampleAnswer
from tests.conftest import LAN, TOKEN, MakeApp
from tests.ml.test_kept import files_of_at_most
from tests.web.hostile import OTHER_FORMATS, SEEDS, exif, jpeg_segment, jpeg_with, png_header, saved
from tests.web.test_bad_api import ECHO, error

DIGITS = "/api/v1/datasets/my-digits"
SAMPLES = f"{DIGITS}/samples"
SEVEN = [[[20, 10], [80, 10], [40, 95]], [[35, 50], [75, 50]]]
NO_ID = [
    *("x", "0" * 26, "7" + "z" * 25, "8" + "0" * 25, "0" * 27, "%2e%2e", "..%2f..%2flocal", "%00"),
    *("%ff", "%ed%a0%80", "*", "local", "a" * 5000, "01M8A9942T47477M8412M7ZWTE"),
]


def post(client: TestClient, **fields: Any) -> Any:
    return client.post(SAMPLES, json={"label": "7", **fields})


def keep(client: TestClient, label: str = "7", **fields: Any) -> Any:
    answer = post(client, label=label, **{"strokes": SEVEN, **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()


def listed(client: TestClient, **query: Any) -> Any:
    answer = client.get(SAMPLES, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def text_of(content: bytes) -> str:
    return b64encode(content).decode()


def picture_of(client: TestClient, sample: Any) -> Any:
    answer = client.get(sample["picture"])
    assert answer.headers["content-type"] == "image/png"
    picture = Image.open(io.BytesIO(answer.content))
    picture.load()
    return picture


def kept_files(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "my-digits").rglob("*") if path.is_file())


def test_the_example_of_the_documents_is_a_sample() -> None:
    assert SampleAnswer(**SAMPLE).model_dump(mode="json") == SAMPLE


# What is kept


def test_a_drawing_is_kept_with_what_was_read(client: TestClient, small_model: ModelEntry) -> None:
    sample = keep(client, model="small", read="1", pen_width=0.08)
    assert sample["label"] == "7" and sample["drawing"] is True
    assert (sample["read"], sample["model"]) == ("1", "small")
    assert sample["version"] == small_model.version
    assert listed(client) == {"samples": [sample], "counts": {"7": 1}, "next": None}
    assert np.asarray(picture_of(client, sample)).max() == 255


def test_a_rejected_drawing_and_one_that_no_model_saw_are_kept_too(client: TestClient) -> None:
    for fields in ({}, {"read": None}, {"model": None, "read": None}):
        sample = keep(client, **fields)
        assert (sample["read"], sample["model"], sample["version"]) == (None, None, None)


def test_a_picture_is_kept_as_pixels_alone(running_client: TestClient) -> None:
    hidden = exif([(0x0112, 3, 1, 6), (0x010F, 2, 4, 0x21212121)])
    photo = jpeg_with(jpeg_segment(0xE1, hidden), jpeg_segment(0xFE, b"a secret place"))
    answer = post(running_client, image=f"data:image/jpeg;base64,{text_of(photo)}")
    sample = answer.json()
    assert answer.status_code == 201 and sample["drawing"] is False
    content = running_client.get(sample["picture"]).content
    assert b"secret" not in content and b"!!!!" not in content and b"Exif" not in content
    assert picture_of(running_client, sample).info == {}


def test_a_large_picture_is_shrunk(running_client: TestClient) -> None:
    photo = saved(Image.new("RGB", (3000, 1000), (200, 10, 10)), "JPEG")
    sample = post(running_client, image=text_of(photo)).json()
    picture = picture_of(running_client, sample)
    assert max(picture.size) == 512
    red, green, blue = picture.getpixel((256, 80))
    assert red > 190 and green < 20 and blue < 20


@pytest.mark.parametrize("format", SEEDS)
def test_every_format_is_kept(running_client: TestClient, format: str) -> None:
    sample = post(running_client, image=text_of(SEEDS[format])).json()
    assert picture_of(running_client, sample).size == (28, 28)


@pytest.mark.parametrize("label", ["7", "a cat", "..", "../../x", "C:\\x", "ä/ö", "猫" * 40, "%2F"])
def test_any_word_is_a_label_and_none_is_a_path(
    client: TestClient, tmp_path: Path, label: str
) -> None:
    sample = keep(client, label)
    assert sample["label"] == label
    assert listed(client, label=label)["samples"] == [sample]
    [facts] = tmp_path.rglob(f"{sample['id']}.json")
    assert facts.parent.parent == tmp_path / "my-digits" / "local"
    assert client.delete(f"{SAMPLES}/{sample['id']}").status_code == 204


# Lists


def test_a_list_is_read_page_by_page_and_by_label(client: TestClient) -> None:
    kept = [keep(client, label)["id"] for label in "1712733"]
    found, cursor = [], {}
    while True:
        page = listed(client, limit=3, **cursor)
        found += [sample["id"] for sample in page["samples"]]
        assert page["counts"] == {"1": 2, "2": 1, "3": 2, "7": 2}
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert found == kept[::-1]
    assert [sample["id"] for sample in listed(client, label="7")["samples"]] == [kept[4], kept[1]]
    assert listed(client, label="9")["samples"] == []


@pytest.mark.parametrize(
    "query",
    [
        *({"limit": 0}, {"limit": -1}, {"limit": LIMITS.page_size + 1}, {"limit": "NaN"}),
        *({"cursor": "x"}, {"cursor": ""}, {"cursor": "../" * 9}, {"label": "x" * 41}),
    ],
)
def test_a_list_takes_no_nonsense(client: TestClient, query: dict[str, Any]) -> None:
    assert error(client.get(SAMPLES, params=query)) == (422, "invalid_request")


def test_a_broken_sample_is_left_out(client: TestClient, tmp_path: Path) -> None:
    whole, broken, gone = (keep(client) for _ in range(3))
    next(tmp_path.rglob(f"{broken['id']}.json")).write_text('{"read": 7}')
    next(tmp_path.rglob(f"{gone['id']}.png")).unlink()
    assert [sample["id"] for sample in listed(client)["samples"]] == [whole["id"]]
    assert error(client.get(gone["picture"])) == (404, "unknown_sample")
    archive = zipfile.ZipFile(io.BytesIO(client.get(f"{DIGITS}/download").content))
    assert len(archive.read("samples.jsonl").splitlines()) == 1
    for sample in (broken, gone):
        assert client.delete(f"{SAMPLES}/{sample['id']}").status_code == 204


# Changes


def test_a_label_is_corrected(client: TestClient) -> None:
    sample = keep(client, "1", read="1")
    answer = client.patch(f"{SAMPLES}/{sample['id']}", json={"label": "7"})
    assert answer.status_code == 200 and answer.json() == {**sample, "label": "7"}
    assert listed(client)["counts"] == {"7": 1}
    assert client.get(sample["picture"]).status_code == 200


def test_samples_are_deleted_one_by_one_or_all(client: TestClient, tmp_path: Path) -> None:
    sample = keep(client)
    keep(client), keep(client)
    answers = [client.delete(f"{SAMPLES}/{sample['id']}") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [204, 404]
    assert len(listed(client)["samples"]) == 2
    assert [client.delete(SAMPLES).status_code for _ in range(2)] == [204, 204]
    assert listed(client) == {"samples": [], "counts": {}, "next": None}
    assert kept_files(tmp_path) == []


def test_the_download_holds_pictures_and_what_is_known(client: TestClient) -> None:
    one, seven = keep(client, "1"), keep(client, "a/b", read="1", pen_width=0.2)
    answer = client.get(f"{DIGITS}/download")
    assert answer.headers["content-disposition"] == 'attachment; filename="my-digits.zip"'
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    names = [f"1/{one['id']}.png", f"a%2Fb/{seven['id']}.png"]
    assert archive.namelist() == [*names, "samples.jsonl"]
    assert archive.read(names[1]) == client.get(seven["picture"]).content
    lines = [json.loads(line) for line in archive.read("samples.jsonl").splitlines()]
    assert [line["picture"] for line in lines] == names
    assert lines[1]["label"] == "a/b" and lines[1]["read"] == "1"
    assert lines[1]["strokes"] == SEVEN and lines[1]["pen_width"] == 0.2
    assert client.get(f"{DIGITS}/download").content == answer.content


def test_nothing_kept_is_an_empty_download(client: TestClient) -> None:
    archive = zipfile.ZipFile(io.BytesIO(client.get(f"{DIGITS}/download").content))
    assert archive.namelist() == ["samples.jsonl"] and archive.read("samples.jsonl") == b""


# Bad input


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("", 422),
        ("[]", 422),
        ("{", 422),
        ("{}", 422),
        ('{"label":"7"}', 422),
        ('{"strokes":[[[1,2],[3,4]]]}', 422),
        ('{"label":"7","strokes":[]}', 422),
        ('{"label":"7","strokes":[[]]}', 422),
        ('{"label":"7","strokes":[[[NaN,1]]]}', 422),
        ('{"label":"7","strokes":[[[1e999,1]]]}', 422),
        ('{"label":"7","strokes":[[["1",1]]]}', 422),
        ('{"label":"7","strokes":[[[1,2]]],"pen_width":0}', 422),
        ('{"label":"7","strokes":[[[1,2]]],"pen_width":NaN}', 422),
        ('{"label":"7","strokes":[[[1,2]]],"image":""}', 422),
        ('{"label":"7","pixels":[[1]]}', 422),
        ('{"label":7,"strokes":[[[1,2]]]}', 422),
        ('{"label":null,"strokes":[[[1,2]]]}', 422),
        ('{"label":["7"],"strokes":[[[1,2]]]}', 422),
        ('{"label":NaN,"strokes":[[[1,2]]]}', 422),
        ('{"label":"","strokes":[[[1,2]]]}', 422),
        ('{"label":" 7","strokes":[[[1,2]]]}', 422),
        ('{"label":"a\\u0000b","strokes":[[[1,2]]]}', 422),
        ('{"label":"a\\nb","strokes":[[[1,2]]]}', 422),
        ('{"label":"\\u202e7","strokes":[[[1,2]]]}', 422),
        ('{"label":"\\ud800","strokes":[[[1,2]]]}', 422),
        ('{"label":"' + "x" * 41 + '","strokes":[[[1,2]]]}', 422),
        ('{"label":"' + "x" * 70_000 + '","strokes":[[[1,2]]]}', 413),
        ('{"label":"7","label":"1","strokes":[[[1,2]]]}', 422),
        ('{"label":"7","read":1,"strokes":[[[1,2]]]}', 422),
        ('{"label":"7","read":"' + "x" * 41 + '","strokes":[[[1,2]]]}', 422),
        ('{"label":"7","read":"\\udfff","strokes":[[[1,2]]]}', 422),
        ('{"label":"7","model":1,"strokes":[[[1,2]]]}', 422),
        ('{"label":"7","model":"none","strokes":[[[1,2]]]}', 404),
        ('{"label":"7","model":"../local","strokes":[[[1,2]]]}', 404),
        ('{"label":"7","model":"\\u0000","strokes":[[[1,2]]]}', 404),
        ('{"label":"7","' + ECHO + '":1,"strokes":[[[1,2]]]}', 422),
        ('{"label":"7","strokes":' + "[" * 200 + "]" * 200 + "}", 422),
        ('{"label":"7","strokes":[[' + "[1,2]," * 200_000 + "[1,2]]]}", 413),
        ('{"label":"7","strokes":[[' + "[1,2]," * LIMITS.stroke_points + "[1,2]]]}", 422),
        ('{"label":"7","image":1}', 422),
        ('{"label":"7","image":"' + "A" * LIMITS.json_image_bytes + '"}', 413),
        ('{"label":"7","image":"\\ud800"}', 422),
    ],
    ids=lambda value: str(value)[:50],
)
def test_bad_bodies_are_refused_and_nothing_is_kept(
    client: TestClient, tmp_path: Path, body: str, status: int
) -> None:
    answer = client.post(SAMPLES, content=body, headers={"Content-Type": "application/json"})
    assert error(answer)[0] == status
    assert kept_files(tmp_path) == []


@pytest.mark.parametrize("format", OTHER_FORMATS)
def test_what_is_no_picture_is_not_kept(running_client: TestClient, format: str) -> None:
    answer = post(running_client, image=text_of(OTHER_FORMATS[format]))
    assert error(answer)[0] in (415, 422)


@pytest.mark.parametrize("text", ["", "not base64!", "A", "data:image/png;base64,"])
def test_what_is_no_base64_is_not_kept(running_client: TestClient, text: str) -> None:
    assert error(post(running_client, image=text))[0] == 422


def test_a_bomb_is_not_kept(running_client: TestClient) -> None:
    answer = post(running_client, image=text_of(png_header(60_000, 60_000) + bytes(100)))
    assert error(answer) == (413, "image_too_large")


@pytest.mark.parametrize("kind", ["", "text/plain", "image/png", "multipart/form-data; boundary=b"])
def test_only_json_is_taken(client: TestClient, kind: str) -> None:
    body = json.dumps({"label": "7", "strokes": SEVEN})
    for method, address in (("POST", SAMPLES), ("PATCH", f"{SAMPLES}/{'0' * 26}")):
        answer = client.request(method, address, content=body, headers={"Content-Type": kind})
        assert error(answer) == (415, "unsupported_media_type")
        assert "Content-Type: application/json" in answer.json()["error"]["message"]


@pytest.mark.parametrize("identity", NO_ID)
def test_whatever_is_no_sample_gets_one_and_the_same_answer(
    client: TestClient, identity: str
) -> None:
    keep(client)
    address = f"{SAMPLES}/{identity}"
    for answer in (
        client.get(f"{address}/picture"),
        client.patch(address, json={"label": "1"}),
        client.delete(address),
    ):
        assert error(answer)[0] == 404
    assert listed(client)["counts"] == {"7": 1}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        *(("", 422), ("[]", 422), ("{}", 422), ('{"label":1}', 422), ('{"label":NaN}', 422)),
        *(('{"label":"\\ud800"}', 422), ('{"label":"a\\u0007"}', 422), ('{"label":""}', 422)),
        *(('{"label":"1","read":"2"}', 422), ('{"label":"' + "x" * 70_000 + '"}', 413)),
    ],
    ids=lambda value: str(value)[:30],
)
def test_bad_corrections_change_nothing(client: TestClient, body: str, status: int) -> None:
    sample = keep(client)
    headers = {"Content-Type": "application/json"}
    answer = client.patch(f"{SAMPLES}/{sample['id']}", content=body, headers=headers)
    assert error(answer)[0] == status
    assert listed(client)["samples"] == [sample]


@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", "/samples"), ("PATCH", "/samples"), ("POST", "/download"), ("POST", "/samples/x")],
)
def test_other_methods_are_405(client: TestClient, method: str, path: str) -> None:
    assert error(client.request(method, DIGITS + path))[0] == 405


# Whose


@pytest.fixture
def class_app(make_app: MakeApp) -> FastAPI:
    return make_app(host="0.0.0.0", token=TOKEN)


def person(app: FastAPI, **headers: str) -> TestClient:
    """Somebody of the class, with a browser that keeps cookies."""
    return TestClient(app, base_url=LAN, headers=headers)


def test_each_person_of_a_class_sees_only_their_own(class_app: FastAPI) -> None:
    anna, ben = person(class_app), person(class_app)
    teacher = person(class_app, Authorization=f"Bearer {TOKEN}")
    hers, his, theirs = keep(anna, "1"), keep(ben, "2"), keep(teacher, "3")
    for who, own in ((anna, hers), (ben, his), (teacher, theirs)):
        assert listed(who)["samples"] == [own]
        for other in (hers, his, theirs):
            if other is own:
                continue
            address = f"{SAMPLES}/{other['id']}"
            assert error(who.get(other["picture"])) == (404, "unknown_sample")
            assert error(who.patch(address, json={"label": "9"})) == (404, "unknown_sample")
            assert error(who.delete(address)) == (404, "unknown_sample")
        archive = zipfile.ZipFile(io.BytesIO(who.get(f"{DIGITS}/download").content))
        assert archive.namelist() == [f"{own['label']}/{own['id']}.png", "samples.jsonl"]
    assert anna.delete(SAMPLES).status_code == 204
    assert [listed(who)["counts"] for who in (anna, ben, teacher)] == [{}, {"2": 1}, {"3": 1}]


def test_the_first_sample_brings_a_cookie_that_no_script_reads(
    class_app: FastAPI, tmp_path: Path
) -> None:
    anna = person(class_app)
    assert listed(anna)["samples"] == [] and not anna.cookies
    cookie = post(anna, strokes=SEVEN).headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie and "Max-Age=" in cookie
    assert "set-cookie" not in post(anna, strokes=SEVEN).headers
    assert listed(anna)["counts"] == {"7": 2}
    [owner] = os.listdir(tmp_path / "my-digits")
    assert len(owner) == 64 and owner not in cookie


def test_whoever_has_no_cookie_has_nothing(class_app: FastAPI) -> None:
    sample = keep(person(class_app))
    stranger = person(class_app)
    assert listed(stranger)["counts"] == {}
    assert error(stranger.get(sample["picture"]))[0] == 404
    assert error(stranger.delete(f"{SAMPLES}/{sample['id']}"))[0] == 404
    assert stranger.delete(SAMPLES).status_code == 204
    assert not stranger.cookies


def test_one_address_keeps_so_many_in_an_hour_whatever_its_cookies(class_app: FastAPI) -> None:
    class_app.state.strangers = Allowance(3)
    for _ in range(2):
        keep(person(class_app))
    anna = person(class_app)
    keep(anna)
    for who in (anna, person(class_app)):
        answer = post(who, strokes=SEVEN)
        assert error(answer) == (429, "too_many")
        assert 3500 < int(answer.headers["Retry-After"]) <= 3600
    keep(person(class_app, Authorization=f"Bearer {TOKEN}"))


@pytest.mark.parametrize(
    "cookie", ["", "local", "../local", "x" * 42, "x" * 44, "0" * 64, '"' + "x" * 43, "é" * 43]
)
def test_a_cookie_that_is_not_ours_is_nobody(class_app: FastAPI, cookie: str) -> None:
    headers = {"Cookie": f"inkling-8000-owner={cookie}".encode()}
    answer = person(class_app).get(SAMPLES, headers=headers)  # type: ignore[arg-type]
    assert answer.json()["samples"] == []


def test_the_person_at_this_machine_needs_no_cookie_and_stays_the_same_as_teacher(
    client: TestClient, class_app: FastAPI, tmp_path: Path
) -> None:
    assert "set-cookie" not in post(client, strokes=SEVEN).headers
    assert os.listdir(tmp_path / "my-digits") == ["local"]
    teacher = person(class_app, Authorization=f"Bearer {TOKEN}")
    assert listed(teacher)["counts"] == {"7": 1}


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"}],
)
def test_another_web_site_changes_nothing(client: TestClient, headers: dict[str, str]) -> None:
    sample = keep(client)
    address = f"{SAMPLES}/{sample['id']}"
    body = {"label": "1", "strokes": SEVEN}
    for answer in (
        client.post(SAMPLES, json=body, headers=headers),
        client.patch(address, json={"label": "1"}, headers=headers),
        client.delete(address, headers=headers),
        client.delete(SAMPLES, headers=headers),
    ):
        assert error(answer) == (403, "cross_origin")
    assert listed(client)["samples"] == [sample]


# Room


def bounded(app: FastAPI, tmp_path: Path, **bounds: int) -> None:
    usual = {"owner_samples": 9, "owner_bytes": 10**6, "all_samples": 9, "all_bytes": 10**6}
    app.state.kept = KeptStore(tmp_path / "my-digits", Bounds(**{**usual, **bounds}))


@pytest.mark.parametrize(
    ("bound", "told"),
    [
        ("owner_samples", (409, "owner_full")),
        ("owner_bytes", (409, "owner_full")),
        ("all_samples", (507, "store_full")),
        ("all_bytes", (507, "store_full")),
    ],
)
def test_what_finds_no_room_is_told_what_to_do(
    app: FastAPI, client: TestClient, tmp_path: Path, bound: str, told: tuple[int, str]
) -> None:
    bounded(app, tmp_path, **{bound: 2500 if "bytes" in bound else 1})
    sample = keep(client)
    answer = post(client, strokes=SEVEN)
    assert error(answer) == told and "elete some" in answer.json()["error"]["message"]
    assert listed(client)["samples"] == [sample]
    client.delete(f"{SAMPLES}/{sample['id']}")
    keep(client)


def test_a_full_disk_is_told_and_leaves_nothing(client: TestClient, tmp_path: Path) -> None:
    with files_of_at_most(0):
        answer = post(client, strokes=SEVEN)
    assert error(answer) == (507, "disk_full") and kept_files(tmp_path) == []
    sample = keep(client)
    with files_of_at_most(0):
        answer = client.patch(f"{SAMPLES}/{sample['id']}", json={"label": "1"})
        assert error(answer) == (507, "disk_full")
        assert client.get(sample["picture"]).status_code == 200
    assert listed(client)["samples"] == [sample]
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 0


def test_a_data_folder_that_cannot_be_written_is_told(client: TestClient, tmp_path: Path) -> None:
    (tmp_path / "my-digits").write_text("a file where a folder should be")
    assert error(post(client, strokes=SEVEN)) == (507, "disk_error")
    assert listed(client)["samples"] == []


def test_many_at_once_are_all_kept_and_each_once(running_client: TestClient) -> None:
    before = sum(listed(running_client)["counts"].values())
    with ThreadPoolExecutor(12) as pool:
        kept = list(pool.map(lambda n: keep(running_client, str(n % 10))["id"], range(48)))
    assert len(set(kept)) == 48
    assert sum(listed(running_client)["counts"].values()) == before + 48
