"""What a run's numbers say, in plain language: each finding with its evidence, none without."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from math import isfinite, log, sqrt
from typing import Any

from app.ml.facts import (
    SURE,
    Facts,
    by_chance,
    capital,
    layers,
    looked_at,
    measured,
    option,
    percent,
    points,
    rate,
    wilson,
    window_means,
)  # fmt: skip

# Where a finding begins. Each is a choice; its reason stands beside it.
GAP = 0.02  # training minus validation accuracy: two points are more than most recipes differ by
FALLING = 0.05  # of the validation loss, over the last quarter: as much again is worth the wait
NOTICEABLE = 0.01  # of a loss: a smaller fall changes hardly any reading
WORSE_END = 1.05  # last validation loss over the best one; less is the noise of a small part
WORSE_THAN_GUESSING = 1.2  # times ln(classes): what equal shares cost; only huge steps get there
OFTEN = 0.05  # of the later points: one bad batch is no trend
SLOW = 0.7  # of the first tenth's training loss is still there at the end
DEAD = 0.1  # of a layer's units: a tenth of its width does nothing
SATURATED = 0.5  # of a layer's outputs: most of its gradient is gone,
LEARNT = 0.95  # which harms only where the training pictures are not learnt: saturated is also sure
WEAK = 0.05  # a class this much below all the others together
FEW_IN_CLASS = 10  # pictures; below, a class's accuracy says nothing
PAIR = 0.15  # of all mistakes between two classes; by chance, of 45 pairs, each has 0.02
FEW_MISTAKES = 5  # between the two: fewer may be accident
MARGIN = 0.01  # half a 95 % interval of the validation accuracy: recipes differ by less


@dataclass(frozen=True)
class Finding:
    """`because` is the evidence as a sentence, `evidence` the same numbers for programs."""

    key: str
    sentence: str
    advice: str
    because: str
    evidence: dict[str, Any] = field(default_factory=dict)


def findings(facts: Facts) -> list[Finding]:
    """All that the facts bear out, the gravest first."""
    return [found for rule in RULES for found in rule(facts)]


# --- the training itself -------------------------------------------------------------------------


def rate_too_high(facts: Facts) -> Iterator[Finding]:
    lower = "Train again with a learning rate three to ten times lower, or with a warm-up."
    limit = WORSE_THAN_GUESSING * log(len(facts.classes))
    later = facts.losses[len(facts.losses) // 4 :]
    wild = sum(loss is None or not isfinite(loss) or loss > limit for loss in later)
    if facts.diverged:
        yield Finding(
            "rate_too_high", "The learning rate is too high: the training diverged.", lower,
            "The loss was not a number any more.", {"learning_rate": rate(facts)},
        )  # fmt: skip
    elif later and wild / len(later) >= OFTEN:
        yield Finding(
            "rate_too_high", "The learning rate is too high: the loss jumps instead of falling.",
            lower,
            f"{percent(wild / len(later))} of the later training losses are above {limit:.2f}; "
            f"guessing each of {len(facts.classes)} classes equally costs only "
            f"{log(len(facts.classes)):.2f}.",
            {"share": wild / len(later), "limit": limit, "learning_rate": rate(facts)},
        )  # fmt: skip


def rate_too_low(facts: Facts) -> Iterator[Finding]:
    means, epochs = window_means(facts.losses), measured(facts)
    if not facts.ended or not means:
        return
    if epochs and epochs[-1].loss < SLOW * means[-1]:
        return  # mixed or smoothed answers keep the training loss up
    falls = all(after <= before for before, after in pairwise(means))
    if falls and means[-1] >= SLOW * means[0]:
        yield Finding(
            "rate_too_low", "The learning rate is too low: the loss only crept down.",
            "Train again with a rate three to ten times higher.",
            f"The training loss fell without a break from {means[0]:.2f} to only {means[-1]:.2f} "
            f"at a peak rate of {rate(facts):g}.",
            {"first": means[0], "last": means[-1], "learning_rate": rate(facts)},
        )  # fmt: skip


def still_falling(facts: Facts) -> Iterator[Finding]:
    epochs = measured(facts)
    if not facts.ended or len(epochs) < 4:
        return
    quarter = epochs[-1 - max(1, len(epochs) // 4)]
    last, best = epochs[-1], min(each.loss for each in epochs)
    fall = quarter.loss - last.loss
    if last.loss > best or fall < max(NOTICEABLE, FALLING * quarter.loss):
        return
    yield Finding(
        "still_falling", "It was still learning when it ended.",
        "Train for more epochs: continue it, or start again with twice as many.",
        f"The validation loss fell from {quarter.loss:.3g} after epoch {quarter.epoch:.0f} to "
        f"{last.loss:.3g} after the last, its lowest.",
        {"from": quarter.loss, "to": last.loss, "epoch": quarter.epoch},
    )  # fmt: skip


def best_before_end(facts: Facts) -> Iterator[Finding]:
    epochs = measured(facts)
    if len(epochs) < 3:
        return
    best, last = min(epochs, key=lambda each: each.loss), epochs[-1]
    if last.loss < max(WORSE_END * best.loss, best.loss + NOTICEABLE):
        return
    yield Finding(
        "best_before_end", f"It was best after epoch {best.epoch:.0f} and got worse since.",
        "Use the checkpoint from there, or let patience end the training in time.",
        f"The validation loss was {best.loss:.3g} then and is {last.loss:.3g} now.",
        {"best": best.loss, "epoch": best.epoch, "step": best.step, "last": last.loss},
    )  # fmt: skip


# --- what it learnt ------------------------------------------------------------------------------


def memorises(facts: Facts) -> Iterator[Finding]:
    if not facts.training or not facts.validation:
        return
    seen, fresh = facts.training.evaluation, facts.validation.evaluation
    gap, chance = seen.accuracy - fresh.accuracy, by_chance(seen, fresh)
    if gap < max(GAP, chance):
        return
    yield Finding(
        "memorises",
        f"It memorises: training {percent(seen.accuracy)}, validation {percent(fresh.accuracy)}.",
        "Try more training pictures, augmentation, dropout or more weight decay, or a smaller "
        "network.",
        f"Read right of {len(seen.labels):,} training pictures as they are: "
        f"{percent(seen.accuracy)}; of {len(fresh.labels):,} validation pictures: "
        f"{percent(fresh.accuracy)}. Chance alone would make a difference of "
        f"{points(chance)} at most.",
        {"training": seen.accuracy, "validation": fresh.accuracy, "n": len(fresh.labels)},
    )  # fmt: skip


def wrong_labels(facts: Facts) -> Iterator[Finding]:
    noise = float(option(facts, "label_noise"))
    if not noise:
        return
    because = f"label_noise is {percent(noise)}: so many training labels were replaced at random."
    evidence: dict[str, Any] = {"label_noise": noise}
    sentence = "Some training labels are wrong, on purpose."
    if facts.training:
        share = facts.training.evaluation.accuracy
        evidence["training"] = share
        because += f" It repeats {percent(share)} of the training labels, right or wrong."
        if share > 1 - noise / 2:
            sentence = "It learnt wrong labels by heart: it repeats what it cannot have understood."
    yield Finding(
        "label_noise", sentence,
        "Compare with the same run without noise: what falls first, training or validation?",
        because, evidence,
    )  # fmt: skip


def leaked(facts: Facts) -> Iterator[Finding]:
    leak = float(option(facts, "leak"))
    if not leak:
        return
    because = f"leak is {percent(leak)}: so much of the test part was mixed into the training."
    evidence: dict[str, Any] = {"leak": leak}
    if facts.test and facts.validation:
        shares = facts.test.accuracy, facts.validation.evaluation.accuracy
        evidence |= {"test": shares[0], "validation": shares[1]}
        because += f" Test: {percent(shares[0])}; validation: {percent(shares[1])}."
    yield Finding(
        "leak", "Its test result means nothing: it has seen test pictures in training.",
        "Trust the validation part alone, or train again without the leak.", because, evidence,
    )  # fmt: skip


def dead_units(facts: Facts) -> Iterator[Finding]:
    for layer in layers(facts):
        if layer.dead is not None and layer.dead >= DEAD:
            count = round(layer.dead * layer.units)
            yield Finding(
                "dead_units",
                f"{layer.name}: {percent(layer.dead)} of its units are dead and learn nothing.",
                "Try leaky ReLU, a lower learning rate, or batch norm.",
                f"{count} of {layer.units} units are 0 for every one of "
                f"{looked_at(facts):,} pictures, and ReLU's slope is 0 there.",
                {"layer": layer.name, "share": layer.dead, "units": layer.units},
            )


def saturated(facts: Facts) -> Iterator[Finding]:
    if not facts.training or facts.training.evaluation.accuracy >= LEARNT:
        return
    share = facts.training.evaluation.accuracy
    for layer in layers(facts):
        if layer.saturated is not None and layer.saturated >= SATURATED:
            ends = "0 or 1" if layer.activation == "sigmoid" else "-1 or 1"
            yield Finding(
                "saturated",
                f"{layer.name}: {percent(layer.saturated)} of the outputs are saturated.",
                "Try ReLU, batch norm, a lower learning rate or more weight decay.",
                f"So many of its outputs are nearly {ends}, where {layer.activation} is flat and "
                f"hardly any gradient comes through; only {percent(share)} of the training "
                "pictures are read right.",
                {"layer": layer.name, "share": layer.saturated, "training": share},
            )


def weak_class(facts: Facts) -> Iterator[Finding]:
    if not facts.validation:
        return
    found = facts.validation.evaluation
    shares = found.per_class()
    counts = found.labels.bincount(minlength=len(shares)).tolist()
    able = [label for label, n in enumerate(counts) if n >= FEW_IN_CLASS]
    if len(able) < 2:
        return
    worst = min(able, key=shares.__getitem__)
    n, share = counts[worst], shares[worst]
    others = sum(counts) - n
    rest = (sum(s * c for s, c in zip(shares, counts, strict=True)) - share * n) / others
    spread = SURE * sqrt(share * (1 - share) / n + rest * (1 - rest) / others)
    if rest - share >= max(WEAK, spread):
        yield Finding(
            "weak_class", capital(f"{facts.classes[worst]} is read much worse than the others."),
            "Look at its mistakes: are the pictures odd, too few, or like another class?",
            f"{percent(share)} of {n:,} are read right, of all others {percent(rest)}.",
            {"label": facts.classes[worst], "accuracy": share, "n": n, "others": rest},
        )  # fmt: skip


def confused_pair(facts: Facts) -> Iterator[Finding]:
    if not facts.validation:
        return
    matrix = facts.validation.evaluation.confusion()
    matrix = matrix - matrix.diag().diag()
    both, mistakes = (matrix + matrix.T).triu(), int(matrix.sum())
    count, classes = int(both.max()), len(facts.classes)
    if count < FEW_MISTAKES or count < PAIR * mistakes:
        return
    one, other = divmod(int(both.argmax()), classes)
    names = facts.classes[one], facts.classes[other]
    yield Finding(
        "confused_pair", capital(f"{names[0]} and {names[1]} are what it mixes up most."),
        "Open their two cells in the matrix: could you tell these pictures apart?",
        f"{count} of {mistakes} mistakes: {int(matrix[one, other])} times {names[0]} was read as "
        f"{names[1]}, {int(matrix[other, one])} times {names[1]} as {names[0]}.",
        {"labels": list(names), "mistakes": count, "of": mistakes},
    )  # fmt: skip


def few_pictures(facts: Facts) -> Iterator[Finding]:
    if not facts.validation:
        return
    found = facts.validation.evaluation
    low, high = wilson(int(found.right.sum()), len(found.labels))
    if (high - low) / 2 <= MARGIN:
        return
    yield Finding(
        "few_pictures", "The validation part is too small to tell small differences.",
        "Keep a larger validation part before you call one run better than another.",
        f"{percent(found.accuracy)} of only {len(found.labels):,} pictures: "
        f"the truth may be anywhere from {percent(low)} to {percent(high)}.",
        {"accuracy": found.accuracy, "n": len(found.labels), "low": low, "high": high},
    )  # fmt: skip


RULES: tuple[Callable[[Facts], Iterator[Finding]], ...] = (
    rate_too_high, leaked, wrong_labels, memorises, best_before_end, rate_too_low, still_falling,
    dead_units, saturated, weak_class, confused_pair, few_pictures,
)  # fmt: skip
