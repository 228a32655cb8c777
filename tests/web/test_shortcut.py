"""Predictions skip the framework's layers; nobody outside can tell."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from app.ml.checkpoints import ModelEntry
from app.settings import LIMITS
from app.web.roles import Role
from app.web.shortcut import Shortcut
from tests.conftest import HERE, LAN, TOKEN, MakeApp

PREDICT = "/api/v1/models/small/predict"
PNG = {"Content-Type": "image/png"}
REFUSED: dict[str, Any] = {
    "unknown model": {"url": "/api/v1/models/none/predict", "headers": PNG},
    "no type": {"url": PREDICT, "content": b"?"},
    "no picture": {"url": PREDICT, "content": b"?", "headers": PNG},
    "wrong query": {"url": f"{PREDICT}?top_k=0", "headers": PNG},
    "too large": {"url": PREDICT, "content": bytes(LIMITS.picture_bytes + 1), "headers": PNG},
    "another verb": {"url": "/api/v1/models/small/predicts", "headers": PNG},
}


@pytest.mark.parametrize("case", REFUSED)
def test_both_ways_refuse_alike(make_app: MakeApp, small_model: ModelEntry, case: str) -> None:
    short, long = make_app(), make_app()
    long.user_middleware = [layer for layer in long.user_middleware if layer.cls is not Shortcut]
    answers = [TestClient(app, base_url=HERE).post(**REFUSED[case]) for app in (short, long)]
    codes = [(answer.status_code, answer.json()["error"]["code"]) for answer in answers]
    assert codes[0] == codes[1] and codes[0][0] >= 400
    assert set(answers[0].headers) == set(answers[1].headers)


def test_a_crash_is_a_500_that_is_logged_once(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture
) -> None:
    app = make_app()
    app.state.engine = None
    answer = TestClient(app, base_url=HERE).post(PREDICT, headers=PNG)
    assert answer.status_code == 500 and answer.json()["error"]["code"] == "internal_error"
    assert len(caplog.records) == 1


def test_its_role_holds(make_app: MakeApp, monkeypatch: pytest.MonkeyPatch) -> None:
    app = make_app(host="0.0.0.0", token=TOKEN, allowed_hosts="192.168.1.5")
    route = next(r for r in app.routes if getattr(r, "name", "") == "predict")
    monkeypatch.setattr(route, "role", Role.TEACHER)
    client = TestClient(app, base_url=LAN)
    assert client.post(PREDICT, headers=PNG).status_code == 401
    signed = {**PNG, "Authorization": f"Bearer {TOKEN}"}
    assert client.post(PREDICT, headers=signed).status_code == 404
