"""From what somebody asks for to a whole training, and back to the command that makes it again."""

import pytest

from app.ml.hyperparameters import WrongChoice
from app.ml.recipes import RECIPES
from app.ml.specs import command, make_spec


def test_a_recipe_goes_to_another_dataset_and_the_command_says_so() -> None:
    assert make_spec("cifar10-quick", None, None, {}) == RECIPES["cifar10-quick"]
    spec = make_spec("cifar10-quick", "cifar10-jpeg", None, {"epochs": 3})
    assert spec.dataset == "cifar10-jpeg" and spec.network == "residual"
    made_by = "./run train cifar10-quick --dataset cifar10-jpeg --set 'epochs=3' --name mine"
    assert command(spec, "mine", "cifar10-quick") == made_by
    assert command(RECIPES["mnist-cnn"], "mnist-cnn", "mnist-cnn") == "./run train mnist-cnn"


@pytest.mark.parametrize(
    ("dataset", "network", "chosen", "field"),
    [
        ("nowhere", None, {}, "dataset"),
        (None, "mlp", {}, "recipe"),
        (None, None, {"start_from": "mnist-cnn"}, "recipe"),
    ],
)
def test_what_contradicts_a_recipe_is_refused(
    dataset: str | None, network: str | None, chosen: dict[str, str], field: str
) -> None:
    with pytest.raises(WrongChoice) as refused:
        make_spec("mnist-cnn", dataset, network, chosen)
    assert refused.value.field == field
