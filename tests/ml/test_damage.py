"""A network that was broken on purpose."""

import pytest
import torch
from torch import Tensor, nn

from app.ml.damage import Damage, Misfit, broken
from app.ml.networks import Network
from tests.ml.glass import network as network

SHAPE = 1, 28, 28


@pytest.fixture
def x() -> Tensor:
    return torch.rand(3, 1, 28, 28, generator=torch.Generator().manual_seed(0))


def first(network: Network, *kinds: type[nn.Module]) -> str:
    return next(name for name, layer in network.named_modules() if isinstance(layer, kinds))


def output(network: Network, name: str, x: Tensor) -> Tensor:
    found: list[Tensor] = []
    hook = dict(network.named_modules())[name].register_forward_hook(
        lambda module, _, y: found.append(y)
    )
    with torch.no_grad():
        network(x)
    hook.remove()
    return found[0]


def test_a_silent_unit_is_0_and_the_others_stay(network: Network, x: Tensor) -> None:
    name = first(network, nn.ReLU)
    before = output(network, name, x)
    after = output(broken(network, Damage(units={name: (1, 3)}), SHAPE), name, x)
    assert after[:, [1, 3]].abs().max() == 0 and before[:, [1, 3]].abs().max() > 0
    assert torch.equal(after[:, 0], before[:, 0]) and torch.equal(after[:, 2], before[:, 2])


def test_the_network_itself_stays_whole(network: Network, x: Tensor) -> None:
    name = first(network, nn.ReLU)
    with torch.no_grad():
        before = network(x)
        damage = Damage(units={name: (0, 1, 2, 3)}, noise=0.5)
        after = broken(network, damage, SHAPE)(x)
        assert torch.equal(network(x), before) and not torch.allclose(after, before)


def test_without_its_kernel_only_the_bias_is_left(network: Network, x: Tensor) -> None:
    name = first(network, nn.Conv2d, nn.Linear)
    after = output(broken(network, Damage(kernels={name: (2,)}), SHAPE), name, x)[:, 2]
    bias = dict(network.named_modules())[name].bias
    assert torch.allclose(after, torch.full_like(after, 0.0 if bias is None else float(bias[2])))


def test_a_bias_is_taken_away(network: Network, x: Tensor) -> None:
    layers = [layer for layer in network.modules() if isinstance(layer, nn.Linear)]
    name = next(n for n, layer in network.named_modules() if layer is layers[-1])
    before = output(network, name, x)
    after = output(broken(network, Damage(biases={name: (4,)}), SHAPE), name, x)
    assert torch.allclose(
        before[:, 4] - after[:, 4], layers[-1].bias[4].detach().expand(3), atol=1e-6
    )
    assert torch.equal(before[:, 5], after[:, 5])


def test_noise_follows_its_seed_and_its_size(network: Network, x: Tensor) -> None:
    with torch.no_grad():
        same = [broken(network, Damage(noise=0.2, seed=7), SHAPE)(x) for _ in range(2)]
        other = broken(network, Damage(noise=0.2, seed=8), SHAPE)(x)
        nothing = broken(network, Damage(), SHAPE)(x)
        assert torch.equal(*same) and not torch.allclose(same[0], other)
        assert torch.equal(nothing, network(x))
    name = first(network, nn.Conv2d, nn.Linear)
    weights = [
        dict(each.named_modules())[name].weight.detach()
        for each in (network, broken(network, Damage(noise=0.2, seed=7), SHAPE))
    ]
    assert float((weights[1] - weights[0]).std() / weights[0].std()) == pytest.approx(0.2, rel=0.2)


@pytest.mark.parametrize(
    "damage",
    [
        Damage(units={"nowhere": (0,)}),
        Damage(kernels={"": (0,)}),
        Damage(biases={"nowhere": (1,)}),
    ],
)
def test_what_is_not_there_cannot_be_broken(network: Network, damage: Damage) -> None:
    with pytest.raises(Misfit, match="no layer of this name"):
        broken(network, damage, SHAPE)


def test_units_that_are_not_there_are_refused(network: Network, x: Tensor) -> None:
    name = first(network, nn.Conv2d, nn.Linear)
    with pytest.raises(Misfit, match="has units 0 to"):
        broken(network, Damage(kernels={name: (10_000,)}), SHAPE)
    with pytest.raises(Misfit, match="has units 0 to"):
        broken(network, Damage(units={name: (10_000,)}), SHAPE)(x)
    with pytest.raises(Misfit, match="have kernels"):
        broken(network, Damage(kernels={first(network, nn.ReLU): (0,)}), SHAPE)
    with pytest.raises(Misfit, match="has no bias"):
        broken(network, Damage(biases={first(network, nn.ReLU): (0,)}), SHAPE)
