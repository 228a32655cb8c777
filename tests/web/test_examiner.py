"""The server's end of the examining process."""

import asyncio
import os
from pathlib import Path

import pytest

from app.ml.checkpoints import ModelEntry
from app.settings import Settings
from app.web.errors import ApiError
from app.web.examiner import Examiner
from tests.conftest import save_small_model

pytestmark = pytest.mark.slow


def test_work_that_nobody_waits_for_is_given_up_and_the_process_is_asked_the_next_question(
    tmp_path: Path,
) -> None:
    settings = Settings(data_dir=tmp_path)
    slow, gone = (save_small_model(settings.own_models_dir, name) for name in ("slow", "gone"))
    (slow.folder / "card.json").unlink()
    os.mkfifo(slow.folder / "card.json")  # a model that takes as long to read as we like
    (gone.folder / "card.json").rename(tmp_path / "elsewhere")
    asyncio.run(asked(Examiner(settings), slow, gone))


async def asked(examiner: Examiner, slow: ModelEntry, gone: ModelEntry) -> None:
    waiting = [asyncio.create_task(examiner.looked_into(slow, "hidden", "test")) for _ in "ab"]
    writing = await asyncio.to_thread(os.open, slow.folder / "card.json", os.O_WRONLY)
    process = examiner._process
    waiting[0].cancel()  # the other one still waits
    await asyncio.sleep(0.2)
    assert not waiting[1].done()
    waiting[1].cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    os.close(writing)
    with pytest.raises(ApiError) as refusal:
        await examiner.resilience(gone, "test", 10, {})
    assert refusal.value.status in (404, 503)
    assert process and examiner._process is process and process.returncode is None
    await examiner.stop()
    assert process.returncode is not None
