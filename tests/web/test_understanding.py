"""How a run went, where its files go while they are read."""

from pathlib import Path
from typing import Any, cast

import pytest

from app.web.errors import ApiError
from app.web.understanding import card_at, confusion, mistakes


def test_a_checkpoint_that_is_thinned_out_while_it_is_read_is_told_as_gone(tmp_path: Path) -> None:
    moment, gone = cast(Any, type("Moment", (), {"card": None})), tmp_path / "1.safetensors"
    for read in (
        lambda: confusion(moment, "validation", gone),
        lambda: mistakes(moment, "validation", gone, (None, None), 1),
        lambda: card_at(moment, gone),
    ):
        with pytest.raises(ApiError, match="not kept any more") as refused:
            read()
        assert refused.value.code == "unknown_checkpoint"
