import pytest
import torch

from app.ml.augmentation import Augmentation, augment, mix
from app.ml.parts import Dataset


@pytest.fixture
def x(small_dataset: Dataset) -> torch.Tensor:
    return small_dataset.train.pictures[:32] / 255


def run(x: torch.Tensor, seed: int = 0, **strengths: float) -> torch.Tensor:
    return augment(x, Augmentation.of(strengths), torch.Generator().manual_seed(seed))


def test_no_strength_leaves_pictures_as_they_are(x: torch.Tensor) -> None:
    assert torch.equal(run(x), x)


STRENGTHS = [{"rotate": 15.0}, {"scale": 0.2}, {"shear": 0.2}, {"shift": 2.0}, {"elastic": 1.0},
             {"pen": 0.5}, {"erase": 1.0}, {"light": 0.3}]  # fmt: skip


@pytest.mark.parametrize("strength", STRENGTHS, ids=lambda strength: next(iter(strength)))
def test_each_picture_is_changed_in_its_own_way(
    strength: dict[str, float], x: torch.Tensor
) -> None:
    same = x[:1].repeat(8, 1, 1, 1)
    changed = run(same, **strength)
    assert changed.shape == same.shape and changed.min() >= 0 and changed.max() <= 1
    assert len({picture.numpy().tobytes() for picture in changed}) >= 7
    assert torch.equal(run(same, **strength), changed)  # the generator alone decides
    assert not torch.equal(run(same, seed=1, **strength), changed)


def test_a_shift_moves_the_centre_of_mass_by_at_most_so_many_pixels(x: torch.Tensor) -> None:
    columns = torch.arange(28.0)

    def centre(pictures: torch.Tensor) -> torch.Tensor:
        return (pictures.sum(2) * columns).sum(-1) / pictures.sum((2, 3))

    moved = (centre(run(x, shift=3.0)) - centre(x)).abs()
    assert moved.max() <= 3.05 and moved.max() > 1.5


def test_a_thicker_pen_has_more_ink_and_a_thinner_one_less(x: torch.Tensor) -> None:
    ink = run(x, pen=1.0).sum((1, 2, 3)) / x.sum((1, 2, 3))
    assert ink.max() > 1.3 and ink.min() < 0.8


def test_a_weakened_augmentation_fades_to_nothing(x: torch.Tensor) -> None:
    how = Augmentation(rotate=20, elastic=2.0, pen=1.0, erase=1.0)

    def change(factor: float) -> float:
        random = torch.Generator().manual_seed(0)
        return float((augment(x, how.weakened(factor), random) - x).abs().mean())

    assert change(0.0) == 0 and 0 < change(0.3) < change(1.0)


def test_half_of_the_pictures_are_mirrored(x: torch.Tensor) -> None:
    mirrored = run(x.repeat(8, 1, 1, 1), flip=0.5)
    count = sum(
        torch.equal(after, before.flip(2)) and not torch.equal(after, before)
        for after, before in zip(mirrored, x.repeat(8, 1, 1, 1), strict=True)
    )
    assert 90 < count < 166  # of 256: six deviations


def test_a_crop_moves_by_whole_pixels_and_mirrors_at_the_edge() -> None:
    x = torch.arange(36.0).view(1, 1, 6, 6).repeat(200, 1, 1, 1) / 36
    moved = run(x, crop=2)
    found = {(int(row), int(column)) for row, column in zip(*places(moved), strict=True)}
    assert len(found) == 25  # each of 5 x 5 places


def places(moved: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Row and column of the original that came to the middle (2, 2)."""
    value = (moved[:, 0, 2, 2] * 36).round().long()
    return value // 6, value % 6


def test_in_another_light_a_picture_keeps_its_drawing() -> None:
    x = torch.rand(64, 3, 8, 8, generator=torch.Generator().manual_seed(0)) * 0.4 + 0.3
    lit = run(x, light=0.2)  # so little that nothing is clipped
    assert lit.min() > 0 and lit.max() < 1
    brightness = lit.mean((1, 2, 3)) / x.mean((1, 2, 3))
    assert 0.8 <= brightness.min() < 0.9 and 1.1 < brightness.max() <= 1.2
    grey, lit_grey = x.mean(1).flatten(1), lit.mean(1).flatten(1)
    away, lit_away = (each - each.mean(1, keepdim=True) for each in (grey, lit_grey))
    contrast = (away * lit_away).sum(1, keepdim=True) / away.square().sum(1, keepdim=True)
    assert 0.8 <= contrast.min() < 0.9 and 1.1 < contrast.max() <= 1.2
    assert torch.allclose(lit_away, contrast * away, atol=1e-5)  # lighter places stay lighter
    tint, lit_tint = x.flatten(2) - grey[:, None], lit.flatten(2) - lit_grey[:, None]
    colour = lit_tint.std((1, 2)) / tint.std((1, 2))
    assert not torch.allclose(colour, contrast[:, 0], rtol=0.02)  # it changes by itself


def test_a_grey_picture_stays_grey_in_any_light() -> None:
    x = torch.rand(32, 1, 8, 8).repeat(1, 3, 1, 1)
    lit = run(x, light=0.9)
    assert lit.min() >= 0 and lit.max() <= 1
    assert torch.allclose(lit, lit[:, :1].repeat(1, 3, 1, 1), atol=1e-6)


def test_a_mixed_picture_is_its_own_but_for_a_rectangle_of_the_one_before() -> None:
    numbers = torch.arange(400.0).view(400, 1, 1, 1)
    x = numbers + torch.arange(144.0).view(1, 1, 12, 12) / 144  # number and place in one
    mixed, others, shares = mix(x, 1.0, torch.Generator().manual_seed(0))
    assert torch.equal(others, torch.arange(400).roll(1))
    foreign = mixed != x
    assert torch.equal(mixed, torch.where(foreign, x[others], x))
    for picture, share in zip(foreign[:, 0], shares, strict=True):
        rows, columns = picture.any(1), picture.any(0)
        assert torch.equal(picture, rows[:, None] & columns)  # a rectangle
        assert float(share) == pytest.approx(float(picture.float().mean()))
    assert 0.25 < shares.mean() < 0.4  # half of the area, less what sticks out


def test_a_share_of_the_pictures_is_mixed() -> None:
    x = torch.rand(400, 3, 12, 12)
    mixed, _, shares = mix(x, 0.5, torch.Generator().manual_seed(0))
    untouched = shares == 0
    assert 140 < untouched.sum() < 280
    assert torch.equal(mixed[untouched], x[untouched])
    assert torch.equal(mix(x, 0.0, torch.Generator())[0], x)
