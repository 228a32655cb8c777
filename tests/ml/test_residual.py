import copy
from dataclasses import replace

import pytest
import torch
from torch.nn.functional import unfold

from app.ml.fusion import fuse
from app.ml.networks import build, channels_last, parameter_count
from app.ml.parts import Dataset
from app.ml.publishing import stored
from app.ml.residual import Branch, Residual, Whitening
from app.ml.training import train
from app.ml.training_spec import TrainingSpec

COLOUR = (3, 32, 32)


def residual(shape: tuple[int, int, int] = COLOUR, **choices: object) -> Residual:
    network = build("residual", {"widths": [8, 16, 24], **choices}, shape, 10)
    assert isinstance(network, Residual)
    return network


@pytest.mark.parametrize("shape", [COLOUR, (1, 28, 28)])
@pytest.mark.parametrize("first", [{}, {"patch": 2}, {"whitening": False}])
def test_it_takes_grey_and_coloured_pictures(
    shape: tuple[int, int, int], first: dict[str, object]
) -> None:
    assert residual(shape, **first)(torch.zeros(2, *shape)).shape == (2, 10)


def test_even_patches_are_followed_by_an_activation() -> None:
    """Without one, a filter's negated twin tells the next layer nothing new."""
    torch.manual_seed(0)
    x = torch.randn(2, *COLOUR)
    for patch, side in ((2, 31), (3, 32)):
        network = residual(patch=patch)
        assert network.whitening is not None
        network.whitening.fit(x)
        given: list[torch.Tensor] = []
        network.stages.register_forward_pre_hook(lambda _, inputs, to=given: to.append(inputs[0]))
        network(x)
        assert given[0].shape == (2, 2 * 3 * patch**2, side, side)
        assert bool((given[0] >= 0).all()) is (patch == 2)


@pytest.mark.parametrize("widths", [[], [8] * 7, [8] * 6])
def test_stages_that_leave_no_pixel_are_refused(widths: list[int]) -> None:
    with pytest.raises(ValueError, match="leave a pixel"):
        residual((1, 28, 28), widths=widths)


def test_early_pooling_halves_the_sides_in_the_first_stage_too() -> None:
    sides = [residual(early_pooling=early).stages(torch.zeros(1, 54, 32, 32)).shape[2:]
             for early in (False, True)]  # fmt: skip
    assert sides == [(8, 8), (4, 4)]
    with pytest.raises(ValueError, match="leave a pixel"):
        residual((1, 28, 28), widths=[8] * 5, early_pooling=True)
    assert residual(COLOUR, widths=[8] * 5, early_pooling=True)
    with pytest.raises(ValueError, match="leave a pixel"):
        residual(COLOUR, widths=[8] * 5, early_pooling=True, patch=2)


def test_the_first_stage_adds_a_branch_too_where_asked() -> None:
    def branches(first: bool) -> list[bool]:
        stages = residual(COLOUR, widths=[8, 16], first_branch=first).stages
        return [isinstance(stage, Branch) for stage in stages]

    assert branches(False) == [False, False, True]
    assert branches(True) == [False, True, False, True]


@pytest.mark.parametrize("patch", [2, 3])
def test_whitening_makes_the_pixels_of_a_patch_independent_and_of_variance_1(patch: int) -> None:
    torch.manual_seed(0)
    x = torch.rand(64, 3, 32, 32).cumsum(3)  # neighbours depend on each other
    x = (x - x.mean()) / x.std()
    layer, size = Whitening(3, patch), 3 * patch**2
    layer.fit(x)
    within = slice(layer.padding, 32 - layer.padding)
    inner = layer(x)[:, :size, within, within]  # the other half is the same negated
    values = inner.permute(1, 0, 2, 3).reshape(size, -1)
    spread = (values @ values.T / values.shape[1]).double()
    axes = torch.linalg.eigvalsh(
        (patches := unfold(x, patch).transpose(1, 2).reshape(-1, size)).T @ patches / len(patches)
    )
    wide = axes > 0.05  # along hardly varying axes EPS keeps the variance below 1
    assert (spread - torch.diag(spread.diag())).abs().max() < 0.02
    assert torch.allclose(spread.diag()[wide], torch.ones(int(wide.sum())).double(), atol=0.05)


def test_a_mirroring_network_reads_a_picture_and_its_mirror_image_alike() -> None:
    x = torch.rand(4, *COLOUR)
    for mirror in (True, False):
        network = residual(whitening=False, mirror=mirror).eval()
        assert torch.allclose(network(x), network(x.flip(3)), atol=1e-5) is mirror


@pytest.mark.parametrize("mirror", [False, True])
def test_a_shifted_network_answers_the_mean_of_its_looks(mirror: bool) -> None:
    network, single = (
        residual(whitening=False, mirror=mirror and many, shifted=many).eval()
        for many in (True, False)
    )
    single.load_state_dict(network.state_dict())
    x = torch.zeros(4, *COLOUR)
    x[:, :, 6:-6, 6:-6] = torch.rand(4, 3, 20, 20)  # what is rolled over the edge is black
    places = ((0, 0), (2, 0), (-2, 0), (0, 2), (0, -2))
    looks = [x.roll(by, (2, 3)) for by in places]
    looks += [look.flip(3) for look in looks] if mirror else []
    answer, answers = network(x), [single(look) for look in looks]
    shares = sum(each.softmax(1) for each in answers) / len(looks)
    assert torch.allclose(answer.softmax(1), shares, atol=1e-5)
    sizes = [each.logsumexp(1) for each in (answer, *answers)]
    assert torch.allclose(sizes[0], sum(sizes[1:]) / len(looks), atol=1e-5)
    assert not torch.allclose(network(x), single(x), atol=1e-5)
    assert all(torch.equal(back, x) for back in network.laid_back(network.looks(x)))


@torch.no_grad()
def test_the_network_made_quick_says_the_same() -> None:
    network = channels_last(residual(mirror=True, shifted=True, first_branch=True))
    for _ in range(5):  # batch norm gets averages that are not 0 and 1
        network(torch.rand(16, *COLOUR))
    network.eval()
    for x in (torch.rand(4, *COLOUR), torch.rand(1, *COLOUR)):
        quick = fuse(copy.deepcopy(network), COLOUR)
        assert torch.allclose(quick(x), network(x), atol=1e-4)


def test_while_it_learns_it_is_measured_by_one_look(small_dataset: Dataset) -> None:
    def curve(**looks: bool) -> list[dict[str, object]]:
        spec = TrainingSpec("mnist", "residual", {"widths": [8], **looks}, epochs=2, batch_size=32)
        steps = train(replace(spec, precision="float32", threads=1), small_dataset)
        return [event.values for event in steps if event.kind == "evaluated"]

    assert curve(mirror=True, shifted=True) == curve()


def test_it_learns_and_is_stored_as_it_was_tested(small_dataset: Dataset) -> None:
    spec = TrainingSpec(
        "mnist", "residual", {"widths": [8, 16]}, epochs=6, batch_size=32, learning_rate=0.01,
        precision="float32", threads=1, weights="float16",
    )  # fmt: skip
    trained = list(train(spec, small_dataset))[-1].trained
    assert trained is not None and trained.test.accuracy > 0.9
    assert 1_000 < parameter_count(trained.network) < 20_000
    tested, written = trained.network.state_dict(), stored(trained)
    assert {str(t.dtype) for t in written.values()} == {
        "torch.float16", "torch.float32", "torch.int64"
    }  # fmt: skip
    assert all(torch.equal(tested[name], t.to(tested[name].dtype)) for name, t in written.items())
