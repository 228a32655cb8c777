"""What would change the answer."""

import pytest
import torch
from torch import Tensor

from app.ml.changes import enough_dabs, enough_pixels, lead
from app.ml.datasets import COLOUR, DIGIT
from app.ml.networks import build
from app.ml.reasons import OfBrightness


@pytest.fixture(scope="module")
def seen() -> OfBrightness:
    """A small network whose answer moves easily."""
    torch.manual_seed(0)
    network = build("cnn", {"blocks": [{"channels": 4, "pool": 2}], "hidden": []}, (1, 28, 28), 10)
    return OfBrightness(network.eval(), DIGIT)


@pytest.fixture
def x() -> Tensor:
    return torch.rand(1, 1, 28, 28, generator=torch.Generator().manual_seed(5)).round()


def test_dabs_change_the_answer_and_none_is_too_many(seen: OfBrightness, x: Tensor) -> None:
    before = int(seen(x)[0].argmax())
    change = enough_dabs(seen, x)
    assert change.reached and 1 <= len(change.edits) <= 12 and change.tried > 0
    again = seen(change.picture[None])[0]
    assert torch.allclose(again, change.logits, atol=1e-5) and int(again.argmax()) != before
    assert float(change.picture.min()) >= 0 and float(change.picture.max()) <= 1


def test_it_is_the_same_each_time(seen: OfBrightness, x: Tensor) -> None:
    assert enough_dabs(seen, x).edits == enough_dabs(seen, x).edits


def test_so_many_pixels_change_and_no_other(seen: OfBrightness, x: Tensor) -> None:
    change = enough_pixels(seen, x, 3)
    places = {(edit.x, edit.y) for edit in change.edits}
    differ = (change.picture - x[0])[0].nonzero().tolist()
    assert differ and {(column, row) for row, column in differ} <= places
    for edit in change.edits:
        assert float(change.picture[0, edit.y, edit.x]) == float(edit.brighter)


def test_one_pixel_is_the_best_of_those_tried(seen: OfBrightness, x: Tensor) -> None:
    change = enough_pixels(seen, x, 1)
    (edit,) = change.edits
    assert change.tried == 256
    other = x.clone()
    other[0, 0, (edit.y + 9) % 28, edit.x] = 1 - other[0, 0, (edit.y + 9) % 28, edit.x]
    first = int(seen(x)[0].argmax())

    with torch.no_grad():
        leads = lead(torch.stack((change.logits, seen(other)[0])), first)
    assert leads[0] >= leads[1]


def test_what_cannot_be_changed_is_said() -> None:
    network = build("mlp", {"hidden": [3]}, (1, 28, 28), 10).eval()
    with torch.no_grad():
        network.layers[-1].weight.zero_()  # type: ignore[union-attr, operator]
        network.layers[-1].bias[4] = 9  # type: ignore[union-attr, index]
    change = enough_dabs(OfBrightness(network, DIGIT), torch.rand(1, 1, 28, 28), most=2)
    assert not change.reached and len(change.edits) == 2


def test_colour_pictures_change_too() -> None:
    torch.manual_seed(2)
    network = build("residual", {"widths": [6], "whitening": False}, (3, 32, 32), 10).eval()
    x = torch.rand(1, 3, 32, 32)
    change = enough_dabs(OfBrightness(network, COLOUR), x)
    assert change.picture.shape == (3, 32, 32) and change.edits
