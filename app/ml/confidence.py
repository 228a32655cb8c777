"""What a network's answers are worth: found on held-back pictures when its training is over."""

from dataclasses import dataclass

from app.ml.calibration import fit_temperature
from app.ml.evaluation import Evaluation
from app.ml.familiarity import WRONGED, Familiarity, fit
from app.ml.parts import Dataset, Part, rejections
from app.ml.readings import Reader, Readings

SAMPLE = 5_000  # training pictures that tell where each class lies
MOST_HELD = 10_000  # held-back pictures; of more a sample


@dataclass(frozen=True)
class Confidence:
    """How sharp the probabilities are, and how strangers are told; without one, none are."""

    temperature: float = 1.0
    familiarity: Familiarity | None = None

    def judge(self, readings: Readings, part: Part) -> Evaluation:
        strange = None
        if self.familiarity is not None and readings.hidden is not None:
            strange = self.familiarity.scores(readings.hidden, readings.logits) < 0
        shares = (readings.logits / self.temperature).softmax(1)
        return Evaluation(part.labels, shares, rejections(part), strange, self.temperature)


def find_confidence(read: Reader, dataset: Dataset, wronged: float = WRONGED) -> Confidence:
    """Validation alone decides; where each class lies is told by what was learnt from."""
    held = legible(dataset.validation.sample(MOST_HELD))
    if not len(held):
        return Confidence()
    found, seen = read(held), legible(dataset.train.sample(SAMPLE))
    temperature = fit_temperature(found.logits, held.labels)
    return Confidence(temperature, fit(read(seen), seen.labels, found, wronged))


def legible(part: Part) -> Part:
    """Without what preprocessing refused."""
    refused = rejections(part)
    return part.take((~refused).nonzero()[:, 0]) if refused.any() else part
