"""One temperature, found on held-back pictures, makes probabilities honest."""

import pytest
import torch
from torch.nn.functional import cross_entropy

from app.ml.calibration import fit_temperature, tempered
from app.ml.evaluation import Evaluation


def read(count: int, sharpness: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits whose shares are true, made so much sharper; labels drawn from the true shares."""
    random = torch.Generator().manual_seed(0)
    true = 2 * torch.randn(count, 10, generator=random)
    labels = torch.multinomial(true.softmax(1), 1, generator=random)[:, 0]
    return true * sharpness, labels


@pytest.mark.parametrize("sharpness", [0.5, 1.0, 3.0])
def test_the_temperature_undoes_what_made_the_shares_untrue(sharpness: float) -> None:
    logits, labels = read(20_000, sharpness)
    temperature = fit_temperature(logits, labels)
    assert temperature == pytest.approx(sharpness, rel=0.05)
    losses = [cross_entropy(logits / t, labels) for t in (0.97, 1, 1.03) for t in [t * temperature]]
    assert losses[1] < losses[0] and losses[1] < losses[2]
    refused = torch.zeros(len(labels), dtype=torch.bool)
    found = Evaluation(labels, (logits / temperature).softmax(1), refused, None, temperature)
    assert found.calibration_error() < 0.01
    before = Evaluation(labels, logits.softmax(1), refused).calibration_error()
    assert found.untempered().calibration_error() == pytest.approx(before, abs=1e-4)


def test_pictures_that_are_all_read_right_do_not_make_it_certain() -> None:
    logits = torch.eye(10).repeat(20, 1) * 5
    temperature = fit_temperature(logits, torch.arange(10).repeat(20))
    assert 0.3 < temperature < 1
    assert float((logits / temperature).softmax(1).amax()) < 1


def test_too_few_pictures_change_nothing() -> None:
    assert fit_temperature(*read(20, 3.0)) == 1.0


def test_tempering_keeps_the_order_and_survives_a_share_of_nothing() -> None:
    shares = torch.tensor([[1.0, 0.0, 0.0], [0.7, 0.2, 0.1]])
    cooler = tempered(shares, 2.0)
    assert cooler.isfinite().all() and (cooler.argsort(1) == shares.argsort(1))[1].all()
    assert cooler.sum(1) == pytest.approx(1)
