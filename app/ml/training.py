"""The training loop: a generator of events that takes commands. Nothing else knows the loop."""

from collections.abc import Generator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from math import isfinite
from time import perf_counter
from typing import Any, Literal

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from app.ml.confidence import Confidence, find_confidence
from app.ml.evaluation import Evaluation
from app.ml.feed import Feed
from app.ml.frozen import Frozen
from app.ml.networks import Network, begin_from, build, channels_last, parameter_count
from app.ml.optimisation import Optimizer, make_optimizer, rate_at
from app.ml.parts import Dataset, Part
from app.ml.precision import as_stored, autocast, resolve_device, resolve_precision
from app.ml.readings import Readings, read
from app.ml.residual import Residual
from app.ml.training_spec import TrainingSpec
from app.ml.training_state import TrainingState

Weights = Mapping[str, Tensor]
WHITENED = 5_000  # pictures whose patches a whitening layer is computed from

Kind = Literal[
    "started", "step", "evaluated", "checkpoint", "changed", "paused", "resumed", "finished",
    "stopped", "failed",
]  # fmt: skip


@dataclass(frozen=True)
class Trained:
    """What a finished training leaves: the network with its predicting weights, and its test."""

    spec: TrainingSpec
    network: Network
    confidence: Confidence
    test: Evaluation
    device: str
    precision: str
    threads: int
    steps: int
    seconds: float = 0.0


@dataclass(frozen=True)
class Event:
    """What happened at a step; a number that is not finite is None.

    `checkpoint` carries the state to go on from, `finished` what was trained.
    """

    kind: Kind
    step: int
    epoch: float
    values: dict[str, Any] = field(default_factory=dict)
    state: TrainingState | None = None
    trained: Trained | None = None


@dataclass(frozen=True)
class Command:
    """kind: learning_rate (with the new peak rate as value), pause, resume or stop."""

    kind: Literal["learning_rate", "pause", "resume", "stop"]
    value: float = 0.0


def train(
    spec: TrainingSpec, dataset: Dataset, state: TrainingState | None = None,
    weights: Weights | None = None,
) -> Generator[Event, Command | None, None]:  # fmt: skip
    """Train; events out, commands in through send(). With a state, go on exactly from there; else
    from `weights` where there are some: layers that they lack begin anew.

    The test part is read once, after the last step. ValueError when the spec cannot work.
    """
    trainer = Trainer(spec, dataset, weights)
    if state is not None:
        trainer.restore(state)
    yield trainer.event("started", **trainer.description())
    while trainer.step < trainer.last_step and not trainer.patience_is_over():
        loss, rate = trainer.train_batch()
        due = trainer.step % spec.report_every == 0 or trainer.step == trainer.last_step
        keeps = trainer.at_epoch_end() or trainer.at_early_doubling()
        if (due or keeps) and not torch.isfinite(loss):  # at each step a GPU would wait for it
            yield trainer.diverged()
            return
        command = (yield trainer.event("step", **trainer.progress(loss, rate))) if due else None
        if trainer.at_epoch_end():
            evaluated = trainer.evaluated()
            if not isfinite(evaluated.values["loss"] or 0.0):
                yield trainer.diverged()
                return
            command = (yield evaluated) or command
        if keeps:
            command = (yield trainer.checkpoint()) or command
        while command is not None:
            if command.kind == "stop":
                yield trainer.checkpoint()
                yield trainer.event("stopped")
                return
            command = yield trainer.obey(command)
    yield trainer.finished()


class Trainer:
    """Owns what changes during a training: weights, optimizer, averages, random states, place."""

    def __init__(
        self, spec: TrainingSpec, dataset: Dataset, weights: Weights | None = None
    ) -> None:
        spec = spec.fitted(len(dataset.train))
        torch.set_num_threads(spec.threads or torch.get_num_threads())
        torch.manual_seed(spec.seed)
        self.spec, self.dataset = spec, dataset
        self.device = resolve_device(spec.device)
        self.feed = Feed(dataset, self.device, spec.seed, spec.augmentation, spec.fade)
        self.network = self.fresh_network()
        if weights:
            begin_from(self.network, weights)
        self.precision = resolve_precision(
            spec.precision, self.network, dataset.shape, spec.batch_size, self.device.type
        )
        if isinstance(self.network, Residual) and self.network.whitening and not weights:
            some = self.feed.order(0)[:WHITENED]
            self.network.whitening.fit(self.feed.seen(self.feed.train, some))
        self.network.train()
        self.live = self.network.state_dict()  # the network's own tensors, not copies
        self.averaged = {name: tensor.clone() for name, tensor in self.live.items()}
        self.learnt = [name for name, tensor in self.live.items() if tensor.is_floating_point()]
        self.counted = self.live.keys() - self.learnt  # batch norm's counters
        self.steps_per_epoch = len(dataset.train) // spec.batch_size
        self.last_step = self.steps_per_epoch * spec.epochs
        self.thaws_at = min(self.steps_per_epoch * spec.frozen_epochs, self.last_step)
        self.step, self.peak_rate = 0, spec.learning_rate
        self.frozen = self.frozen_body() if self.is_frozen else None
        self.optimizer = self.fresh_optimizer()
        self.best_loss, self.bad_epochs = float("inf"), 0
        self.order = self.feed.order(0)
        self.seen, self.clock = 0, perf_counter()

    @property
    def is_frozen(self) -> bool:
        return self.step < self.thaws_at

    def frozen_body(self) -> Frozen:
        feed = self.feed
        parts = {"train": feed.train, "validation": self.dataset.validation}
        return Frozen(self.network, parts, feed.seen, feed.order(0), self.spec.batch_size)

    def fresh_optimizer(self) -> Optimizer:
        """Of what learns now: the last layer, or then the whole network."""
        spec = self.spec
        if not self.is_frozen:
            self.frozen = None
        learns = self.frozen.hold() if self.frozen else self.network.train()
        return make_optimizer(spec.optimizer, learns, spec.weight_decay, spec.momentum)

    @property
    def epoch(self) -> int:
        return self.step // self.steps_per_epoch

    def event(self, kind: Kind, **values: Any) -> Event:
        return Event(kind, self.step, self.step / self.steps_per_epoch, values)

    def diverged(self) -> Event:
        return self.event("failed", reason="diverged", loss=None)

    def description(self) -> dict[str, Any]:
        return {
            "parameters": parameter_count(self.network),
            "steps": self.last_step,
            "steps_per_epoch": self.steps_per_epoch,
            "device": self.device.type,
            "precision": self.precision,
            "threads": torch.get_num_threads(),
            "train": len(self.dataset.train),
            "validation": len(self.dataset.validation),
        }

    def train_batch(self) -> tuple[Tensor, float]:
        """One step of gradient descent; returns the batch's loss and the learning rate used."""
        spec, place = self.spec, self.step % self.steps_per_epoch
        if place == 0:
            self.order = self.feed.order(self.epoch)
        rows = self.order[place * spec.batch_size : (place + 1) * spec.batch_size]
        rate = self.rate()
        with autocast(self.precision, self.device.type):
            logits, answers = self.answered(rows)
        loss = cross_entropy(logits.float(), answers, label_smoothing=spec.label_smoothing)
        self.optimizer.forget_gradients()
        loss.backward()  # type: ignore[no-untyped-call]
        with autocast(self.precision, self.device.type):  # Muon multiplies matrices
            self.optimizer.step(rate)
        self.step += 1
        self.average()
        self.seen += len(rows)
        if self.step == self.thaws_at:
            self.optimizer = self.fresh_optimizer()
        return loss.detach(), rate

    def rate(self) -> float:
        """Of this step: frozen epochs and those after them are a schedule each."""
        spec, begun = self.spec, 0 if self.is_frozen else self.thaws_at
        ends = self.thaws_at if self.is_frozen else self.last_step
        peak = self.peak_rate * (spec.thawed_rate if begun else 1)
        return rate_at((self.step - begun) / (ends - begun), spec.schedule, peak, spec.warmup)

    def answered(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Of these training pictures: the logits (N, classes), and what should be answered."""
        frozen, feed = self.frozen, self.feed
        if frozen and not feed.augments:
            return frozen.logits("train", rows), feed.answers(rows)
        x, answers = feed.learnt(rows, self.step / self.last_step)
        return frozen.logits("train", rows, x) if frozen else self.network(x), answers

    def average(self) -> None:
        """Exponential moving average, quicker at first so that it forgets the start."""
        if not self.spec.ema:
            return
        decay = min(self.spec.ema, (1 + self.step) / (10 + self.step))
        means = [self.averaged[name] for name in self.learnt]
        torch._foreach_lerp_(means, [self.live[name] for name in self.learnt], 1 - decay)
        for name in self.counted:
            self.averaged[name].copy_(self.live[name])

    def weights(self) -> dict[str, Tensor]:
        """What predicts: the average where one is kept, else the network's own weights."""
        source = self.averaged if self.spec.ema else self.live
        return {name: value.detach().clone().contiguous() for name, value in source.items()}

    def gradient_norm(self) -> float | None:
        """The length of the last gradient, all weights together; None where it is no number."""
        gradients = [p.grad for p in self.optimizer.parameters if p.grad is not None]
        norm = float(torch.stack(torch._foreach_norm(gradients)).norm())
        return norm if isfinite(norm) else None

    def progress(self, loss: Tensor, rate: float) -> dict[str, float | None]:
        now = perf_counter()
        speed = self.seen / max(now - self.clock, 1e-9)
        self.seen, self.clock = 0, now
        pictures_left = (self.last_step - self.step) * self.spec.batch_size
        return {
            "loss": float(loss),
            "learning_rate": rate,
            "gradient_norm": self.gradient_norm(),
            "pictures_per_second": speed,
            "seconds_left": pictures_left / max(speed, 1e-9),
        }

    def at_epoch_end(self) -> bool:
        return self.step % self.steps_per_epoch == 0

    def at_early_doubling(self) -> bool:
        """After 1, 2, 4, 8, ... steps of the first epoch, when most changes."""
        return self.step < self.steps_per_epoch and self.step & (self.step - 1) == 0

    def evaluated(self) -> Event:
        if not len(self.dataset.validation):
            return self.event("evaluated", loss=None, accuracy=None)
        loss, accuracy = self.measure(self.dataset.validation)
        self.bad_epochs = 0 if loss < self.best_loss else self.bad_epochs + 1
        self.best_loss = min(loss, self.best_loss)
        return self.event("evaluated", loss=loss, accuracy=accuracy)

    def patience_is_over(self) -> bool:
        return 0 < self.spec.patience <= self.bad_epochs and self.at_epoch_end()

    def finished(self) -> Event:
        """The one look at the test part, in float32 as the model will predict."""
        network, part = self.twin(), self.dataset.test
        network.load_state_dict(as_stored(network.state_dict(), self.spec.weights))

        def reader(part: Part) -> Readings:
            readings = read(network, self.feed.batches(part))
            if not readings.logits.isfinite().all():
                raise FloatingPointError("some logits are not finite")
            return readings

        try:
            confidence = find_confidence(reader, self.dataset)
            found = confidence.judge(reader(part), part)
        except FloatingPointError:  # the last step was the one too far
            return self.diverged()
        trained = Trained(
            self.spec,
            network.cpu(),
            confidence,
            found,
            self.device.type,
            self.precision,
            torch.get_num_threads(),
            self.step,
        )
        values = {"test_accuracy": found.accuracy, "test_n": len(part)}
        return replace(self.event("finished", **values), trained=trained)

    def measure(self, part: Part) -> tuple[float, float]:
        """(mean loss, accuracy) of the predicting weights on a part; a residual network looks once
        at each picture, for ten looks would cost every epoch a sixth of its time."""
        twin = self.twin()
        if self.frozen and part is self.dataset.validation:
            with autocast(self.precision, self.device.type):
                logits = self.frozen.predict("validation", twin)
        else:
            with twin.looking_once() if isinstance(twin, Residual) else nullcontext():
                logits = self.predict(twin, part, self.precision)
        right = (logits.argmax(1) == part.labels).double().mean()
        return float(cross_entropy(logits, part.labels)), float(right)

    @torch.no_grad()
    def predict(self, network: Network, part: Part, precision: str) -> Tensor:
        """Logits (N, classes)."""
        with autocast(precision, self.device.type):
            return torch.cat([network(x).float().cpu() for x in self.feed.batches(part)])

    def fresh_network(self) -> Network:
        spec, classes = self.spec, len(self.dataset.classes)
        network = build(spec.network, spec.hyperparameters, self.dataset.shape, classes)
        return channels_last(network).to(self.device)

    def twin(self) -> Network:
        """A copy with the predicting weights, ready to infer; the trained one is untouched."""
        with torch.random.fork_rng():
            twin = self.fresh_network()
        twin.load_state_dict(self.weights())
        return twin.eval()

    def obey(self, command: Command) -> Event:
        if command.kind == "learning_rate":
            self.peak_rate = command.value
            return self.event("changed", learning_rate=command.value)
        return self.event("paused" if command.kind == "pause" else "resumed")

    def checkpoint(self) -> Event:
        state = TrainingState.of(
            self.network, self.optimizer, self.averaged, self.feed.random,
            {"step": self.step, "peak_rate": self.peak_rate, "best_loss": self.best_loss,
             "bad_epochs": self.bad_epochs, "precision": self.precision,
             "steps_per_epoch": self.steps_per_epoch,
             "epochs": self.spec.epochs, "averages": bool(self.spec.ema)},
        )  # fmt: skip
        return replace(self.event("checkpoint"), state=state)

    def restore(self, state: TrainingState) -> None:
        """Stand where it stood. With other hyperparameters (a fork) that is the same moment in
        epochs; with other epochs, patience starts anew."""
        place = state.place
        before = place.get("steps_per_epoch", self.steps_per_epoch)
        self.step = place["step"] * self.steps_per_epoch // before
        self.optimizer = self.fresh_optimizer()
        state.into(self.network, self.optimizer, self.averaged, self.feed.random)
        if self.spec.ema and not place.get("averages", True):
            self.averaged = {name: tensor.clone() for name, tensor in self.live.items()}
        self.peak_rate, self.best_loss = place["peak_rate"], place["best_loss"]
        self.bad_epochs = place["bad_epochs"] if place.get("epochs") == self.spec.epochs else 0
        if self.spec.precision == "auto":  # found once per run: a busy moment may find another
            self.precision = place.get("precision", self.precision)
        self.order = self.feed.order(self.epoch)
