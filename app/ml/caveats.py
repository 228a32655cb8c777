"""What must be said beside a training's figures, as sentences; without torch."""

from collections.abc import Mapping, Sequence
from typing import Any

LEAK = (
    "On purpose, {:.3g} % of the test pictures were among those that it learnt from: its accuracy "
    "on the test part says nothing about pictures that it has never seen."
)
NOISE = "On purpose, {:.3g} % of the labels that it learnt from were wrong."
FORKED = (
    "It did not begin with random weights but with those of run {run} at step {step}; its recipe "
    "alone does not make it again."
)
EARLY = (
    "It is a checkpoint at step {}, from before its training ended; its recipe alone goes on past "
    "it. Nothing but the validation part was measured."
)
CONTINUED = (
    "It had trained {:g} epochs when it was asked to go on to {}; its recipe alone, which trains "
    "them in one go, does not make it again."
)


def caveats(options: Mapping[str, Any]) -> list[str]:
    """Of a training with these dataset options."""
    found = ((LEAK, options.get("leak", 0)), (NOISE, options.get("label_noise", 0)))
    return [sentence.format(100 * share) for sentence, share in found if share]


def history(parent: Mapping[str, Any] | None, continued: Sequence[tuple[float, int]]) -> list[str]:
    """Of a run: the checkpoint that it began from, and each time that it was continued as (epochs
    it had trained, epochs it should)."""
    forked = [FORKED.format(**parent)] if parent else []
    return forked + [CONTINUED.format(*each) for each in continued]
