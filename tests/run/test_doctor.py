"""`./run doctor`: a report with the command that mends what is missing."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from app import __version__
from tests.run.conftest import ROOT


def examine(**variables: str) -> tuple[int, dict[str, Any], str]:
    command = [sys.executable, "-m", "app.cli", "doctor", "--json"]
    answer = subprocess.run(
        command, cwd=ROOT, env=os.environ | variables, capture_output=True, text=True, timeout=120
    )
    assert answer.stderr == ""
    return answer.returncode, json.loads(answer.stdout.splitlines()[-1]), answer.stdout


def finding(report: dict[str, Any], subject: str) -> dict[str, Any]:
    found: dict[str, Any] = next(row for row in report["findings"] if row["subject"] == subject)
    return found


def test_it_reports_versions_data_and_models_as_one_json_object(tmp_path: Path) -> None:
    code, report, words = examine(INKLING_DATA_DIR=str(tmp_path))
    assert code == 0
    assert report["version"] == __version__
    assert str(tmp_path) in finding(report, "data folder")["found"]
    assert "threads" in finding(report, "torch")["found"]
    for folder in (path for path in (ROOT / "models").glob("*/card.json")):
        assert finding(report, f"model {folder.parent.name}")["mend"] == ""
    assert all(row["subject"] in words for row in report["findings"])


def test_a_missing_dataset_comes_with_the_command_that_brings_it(tmp_path: Path) -> None:
    code, report, words = examine(INKLING_DATASETS_DIR=str(tmp_path))
    assert code == 0  # serving does not need it
    assert "dataset mnist" in report["missing"]
    assert "./run datasets download mnist" in words


def test_a_broken_model_is_named_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "models" / "torn").mkdir(parents=True)
    _, report, _ = examine(INKLING_DATA_DIR=str(tmp_path))
    assert "model torn" in report["missing"]
    assert finding(report, "model torn")["found"]


def test_a_wrong_setting_is_named(tmp_path: Path) -> None:
    code, report, _ = examine(INKLING_PORT="many")
    assert code == 1
    assert "INKLING_PORT" in finding(report, "settings")["found"]
