"""An imported network of 1,000 classes at 224 x 224, through the whole app."""

import os
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from bench.imports import (
    SAMPLE,
    WEIGHTS,
    by_command_line,
    by_rest,
    by_torchvision,
    imported,
    sample,
)
from tests.conftest import HERE, wait_until_ready

DATA = Path(os.environ.get("INKLING_TEST_DATA", "nowhere"))
needs_data = pytest.mark.skipif(
    not ((DATA / WEIGHTS).is_file() and (DATA / SAMPLE).is_dir()),
    reason=f"INKLING_TEST_DATA names no folder with {WEIGHTS} and {SAMPLE}",
)


@needs_data
@pytest.mark.data
def test_an_imported_network_reads_every_sample_as_torchvisions_own_code(tmp_path: Path) -> None:
    entry, files = imported(DATA, tmp_path), sample(DATA)
    expected = by_torchvision(DATA, files)
    assert len(files) == 100
    assert by_command_line(entry, files) == expected
    app = create_app(Settings(data_dir=tmp_path))
    with TestClient(app, base_url=HERE, headers={"content-type": "image/jpeg"}) as client:
        wait_until_ready(client)
        assert by_rest(lambda at, content: client.post(at, content=content), files) == expected
