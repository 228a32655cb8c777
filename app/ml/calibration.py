"""One number that makes probabilities honest: logits are divided by a temperature before softmax.

A network trained with smoothed labels says 95 % where it is right in 99 of 100; another may say too
much. The temperature that makes held-back pictures likeliest mends both, and changes no answer
(Guo et al., 2017, On Calibration of Modern Neural Networks).
"""

import torch
from torch import Tensor

LEAST_PICTURES = 50  # fewer say too little: the temperature stays 1
COLDEST, HOTTEST = 0.1, 10.0
HALVINGS = 40


def fit_temperature(logits: Tensor, labels: Tensor) -> float:
    """The temperature that minimises the cross entropy of logits (N, K) with labels (N,).

    Cross entropy is convex in 1 / T, so the place where its slope is 0 is found by halving. One
    more picture counts, a typical one that may be of any class: without it, pictures that are all
    read right would ask for a temperature of 0. 1 where too few pictures are given.
    """
    if len(labels) < LEAST_PICTURES:
        return 1.0
    logits = logits.double()
    typical = logits[logits.amax(1).argsort()[len(logits) // 2]]
    true = logits.gather(1, labels[:, None]).sum() + typical.mean()
    logits = torch.cat((logits, typical[None]))
    low, high = 1 / HOTTEST, 1 / COLDEST
    for _ in range(HALVINGS):
        middle = (low * high) ** 0.5
        too_sharp = mean_logits(logits, middle).sum() > true
        low, high = (low, middle) if too_sharp else (middle, high)
    return round(float((low * high) ** -0.5), 4)


def mean_logits(logits: Tensor, sharpness: float) -> Tensor:
    """(N,): the mean of each row by its own shares, which is the slope of logsumexp."""
    return ((logits * sharpness).softmax(1) * logits).sum(1)


def tempered(probabilities: Tensor, temperature: float) -> Tensor:
    """What probabilities (N, K) would be if their logits were divided by so much more."""
    smallest = torch.finfo(probabilities.dtype).tiny
    return (probabilities.clamp(min=smallest).log() / temperature).softmax(1)
