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


def test_an_empty_part_is_refused(small_dataset: Dataset) -> None:
    empty: Part = small_dataset.test.take(torch.arange(0))
    with pytest.raises(ValueError, match="empty"):
        evaluate(lambda pixels: pixels, empty)
