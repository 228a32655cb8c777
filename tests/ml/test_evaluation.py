import pytest
import torch

from app.ml.evaluation import Evaluation, evaluate
from app.ml.parts import Dataset, Part

LABELS = torch.tensor([0, 0, 1, 1, 2])
SCORES = torch.tensor([
    [0.9, 0.1, 0.0],
    [0.2, 0.8, 0.0],
    [0.1, 0.6, 0.3],
    [0.0, 1.0, 0.0],
    [0.0, 0.0, 1.0],
])  # fmt: skip
FOUND = Evaluation(LABELS, SCORES, torch.tensor([False] * 4 + [True]))


def test_a_rejection_counts_as_wrong_and_is_counted_apart() -> None:
    summary = FOUND.summary(("a", "b", "c"))
    assert summary["accuracy"] == pytest.approx(3 / 5) and summary["rejected"] == 1
    assert summary["per_class"] == {"a": 0.5, "b": 1.0, "c": 0.0}


def test_the_confusion_matrix_has_the_true_class_in_its_rows() -> None:
    assert FOUND.confusion().tolist() == [[1, 1, 0], [0, 2, 0], [0, 0, 0]]


def test_mistakes_come_with_the_most_confident_first() -> None:
    assert FOUND.mistakes().tolist() == [4, 1]


def test_calibration_is_the_gap_between_confidence_and_accuracy() -> None:
    sure = torch.tensor([[0.8, 0.2]]).repeat(10, 1)
    labels = torch.tensor([0] * 6 + [1] * 4)
    found = Evaluation(labels, sure, torch.zeros(10, dtype=torch.bool))
    assert found.calibration_error() == pytest.approx(0.2)


def test_a_cell_holds_its_mistakes_or_what_was_right_the_least_confident_first() -> None:
    assert FOUND.cell(0, 1).tolist() == [1]
    assert FOUND.cell(predicted=1).tolist() == FOUND.cell().tolist() == [1]
    assert FOUND.cell(1, 1).tolist() == [2, 3]
    assert FOUND.cell(2).tolist() == [], "a rejection was not read"


def test_the_bins_of_calibration_hold_all_that_was_read() -> None:
    bins = FOUND.calibration(5)
    assert [each.n for each in bins] == [0, 0, 0, 1, 3]
    assert (bins[3].accuracy, bins[0].accuracy) == (1.0, None)
    assert bins[4].confidence == pytest.approx((0.9 + 0.8 + 1.0) / 3)
    assert bins[4].accuracy == pytest.approx(2 / 3)


def test_the_loss_is_the_mean_cross_entropy() -> None:
    wanted = -torch.tensor([0.9, 0.2, 0.6, 1.0, 1.0]).log().mean()
    assert FOUND.loss() == pytest.approx(float(wanted), rel=1e-6)


def test_an_empty_part_is_refused(small_dataset: Dataset) -> None:
    empty: Part = small_dataset.test.take(torch.arange(0))
    with pytest.raises(ValueError, match="empty"):
        evaluate(lambda pixels: pixels, empty)
