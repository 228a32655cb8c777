"""The pictures of a training as its network is given them: in which order, and how changed."""

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from app.ml.augmentation import Augmentation, augment, mix
from app.ml.parts import Dataset, Part

EVALUATION_BATCH = 512


class Feed:
    """A dataset's pictures, normalised on the device; what is learnt from is augmented by `random`,
    less and less over the last share `fade` of the training."""

    def __init__(
        self, dataset: Dataset, device: torch.device, seed: int,
        augmentation: Mapping[str, float], fade: float,
    ) -> None:  # fmt: skip
        self.device, self.seed, self.fade = device, seed, fade
        self.classes = len(dataset.classes)
        self.train = dataset.train.on(device)
        self.mean = torch.tensor(dataset.preprocessing.mean, device=device).view(1, -1, 1, 1)
        self.std = torch.tensor(dataset.preprocessing.std, device=device).view(1, -1, 1, 1)
        self.augmentation = Augmentation.of(augmentation)
        self.random = torch.Generator(device).manual_seed(seed)

    @property
    def augments(self) -> bool:
        return self.augmentation != Augmentation()

    def order(self, epoch: int) -> Tensor:
        """Of the training pictures: a function of seed and epoch alone."""
        random = torch.Generator().manual_seed(self.seed * 100_003 + epoch)
        return torch.randperm(len(self.train), generator=random).to(self.device)

    def answers(self, rows: Tensor) -> Tensor:
        """The classes of training pictures: (N,)."""
        return self.train.labels[rows]

    def learnt(self, rows: Tensor, progress: float) -> tuple[Tensor, Tensor]:
        """Training pictures as they are learnt from when this share of the steps is done, and what
        should be answered: classes (N,) or, of mixed pictures, shares of them (N, classes)."""
        strength = min(1.0, (1 - progress) / self.fade) if self.fade else 1.0
        how, answers = self.augmentation.weakened(strength), self.answers(rows)
        x = augment(self.train.pictures[rows] / 255, how, self.random)  # uint8 -> 0..1
        if how.mix:
            x, others, shares = mix(x, how.mix, self.random)
            whole = one_hot(answers, self.classes).float()
            answers = whole.lerp(whole[others], shares[:, None])
        return self.normalised(x), answers

    def seen(self, part: Part, rows: Tensor) -> Tensor:
        """Rows of a part, unchanged."""
        pictures = part.pictures[rows.to(part.labels.device)].to(self.device)
        return self.normalised(pictures / 255)

    def batches(self, part: Part) -> Iterator[Tensor]:
        """All pictures of a part, unchanged."""
        for pictures in part.batches(EVALUATION_BATCH):
            yield self.normalised(pictures.to(self.device) / 255)

    def normalised(self, x: Tensor) -> Tensor:
        """(N, C, H, W) in 0..1, by the dataset's mean and standard deviation."""
        return ((x - self.mean) / self.std).contiguous(memory_format=torch.channels_last)
