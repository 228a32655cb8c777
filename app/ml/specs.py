"""What a person chose -> a training that can work, or a sentence about the choice that cannot."""

import json
import math
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from app.ml.augmentation import STRENGTHS
from app.ml.checkpoints import ModelLibrary
from app.ml.datasets import DATASETS, prepared
from app.ml.fine_tuning import check_body, start_from, startable, usual
from app.ml.hyperparameters import Hyperparameter, WrongChoice
from app.ml.layers import Layer, layers_of, sketch
from app.ml.networks import NETWORKS, hyperparameters_of
from app.ml.parts import OPTIONS, Options
from app.ml.precision import resolve_device
from app.ml.recipes import RECIPES
from app.ml.sources import Entry
from app.ml.training_spec import TRAINING, TrainingSpec

OWN = tuple(field.name for field in fields(TrainingSpec))
COMMON = frozenset({"start_from", "dataset_options", "device", "epochs", "report_every", "threads"})
HELD_OUT = ("validation_fraction", "split_seed")  # decide which pictures are for validation
NAMES = ("dataset", "dataset_version", "network", "start_from", "start")  # not in the table
Known = Mapping[str, Entry]  # datasets by name; more than DATASETS where people have their own


def make_spec(
    recipe: str | None, dataset: str | None, network: str | None, chosen: Mapping[str, Any],
    datasets: Known = DATASETS, library: ModelLibrary | None = None,
) -> TrainingSpec:  # fmt: skip
    """A recipe (on another dataset, if one is named), or a dataset and a network, with changes;
    WrongChoice when it cannot work.

    `chosen` holds fields of the training and hyperparameters of the network, by their names; with
    `start_from` among them it names a model of the library, and the network is that model's.
    """
    changes = dict(chosen)
    start = start_of(recipe, dataset, network, datasets, changes.pop("start_from", ""), library)
    spec = changed(start, changes)
    check(spec, datasets)
    return replace(spec, dataset_version=datasets[spec.dataset].version)


def start_of(
    recipe: str | None, dataset: str | None, network: str | None, datasets: Known = DATASETS,
    model: Any = "", library: ModelLibrary | None = None,
) -> TrainingSpec:  # fmt: skip
    if recipe is None:
        if model:
            return start_of_model(dataset, network, datasets, model, library)
        chosen = one_of("dataset", dataset, tuple(datasets))
        return TrainingSpec(chosen, one_of("network", network, tuple(NETWORKS)))
    if network or model:
        raise WrongChoice("recipe", "A recipe has its own network and weights: name it, or those.")
    spec = RECIPES[one_of("recipe", recipe, tuple(RECIPES))]
    return replace(spec, dataset=one_of("dataset", dataset or spec.dataset, tuple(datasets)))


def start_of_model(
    dataset: str | None, network: str | None, datasets: Known, model: Any,
    library: ModelLibrary | None,
) -> TrainingSpec:  # fmt: skip
    if library is None:
        raise WrongChoice("start_from", "There are no models here to start from.")
    spec = start_from(model, datasets[one_of("dataset", dataset, tuple(datasets))], library)
    if network not in (None, spec.network):
        raise WrongChoice("network", f"{model} is a {spec.network}; leave the network out.")
    return spec


def continued(
    spec: TrainingSpec, begun: float, epochs: int, datasets: Known = DATASETS
) -> TrainingSpec:
    """The same for so many epochs more than those that it has begun."""
    longer = replace(spec, epochs=math.ceil(begun) + epochs)
    check(longer, datasets)
    return longer


def forked(
    spec: TrainingSpec, chosen: Mapping[str, Any], begun: float, datasets: Known = DATASETS
) -> TrainingSpec:
    """The same with changes, from a checkpoint that has begun so many epochs; WrongChoice where
    the checkpoint would not fit."""
    fork = changed(spec, chosen)
    before, after = (weight_shapes(each, datasets) for each in (spec, fork))
    if before != after:
        field = next(name for name in chosen if name not in OWN or name == "hyperparameters")
        sentence = "The checkpoint's weights would not fit; for another shape start a new run."
        raise WrongChoice(field, sentence)
    for name in HELD_OUT:
        if held_out(spec, name) != held_out(fork, name):
            sentence = "A fork keeps its validation pictures: of others it may have learnt some."
            raise WrongChoice(f"dataset_options.{name}", sentence)
    if fork.epochs <= begun:
        sentence = f"The checkpoint stands at epoch {begun:g}; choose more epochs than that."
        raise WrongChoice("epochs", sentence)
    return fork


def held_out(spec: TrainingSpec, name: str) -> Any:
    return getattr(Options.of(spec.dataset_options), name)


def weight_shapes(spec: TrainingSpec, datasets: Known) -> dict[str, Any]:
    check(spec, datasets)
    classes = len(datasets[spec.dataset].classes)
    network = sketch(spec.network, spec.hyperparameters, input_shape(spec, datasets), classes)
    return {name: value.shape for name, value in network.state_dict().items()}


def varied(spec: TrainingSpec, chosen: Mapping[str, Any]) -> TrainingSpec:
    """A variant, which is trained beside others on the same pictures and as long."""
    if common := set(chosen) & COMMON:
        raise WrongChoice(min(common), f"Variants cannot differ in {', '.join(sorted(COMMON))}.")
    return changed(spec, chosen)


def changed(spec: TrainingSpec, chosen: Mapping[str, Any]) -> TrainingSpec:
    """The same with other fields and hyperparameters; their values are not checked here."""
    inner = {parameter.name for parameter in hyperparameters_of(spec.network)}
    own = set(OWN) - set(NAMES)
    if unknown := set(chosen) - own - inner:
        known = ", ".join(sorted(own | inner))
        raise WrongChoice(min(unknown), f"There is no such choice; its name is one of {known}.")
    hyperparameters = {name: chosen[name] for name in chosen if name in inner}
    others = {name: chosen[name] for name in chosen if name in own - {"hyperparameters"}}
    given = chosen.get("hyperparameters", spec.hyperparameters)
    if not isinstance(given, Mapping):
        raise WrongChoice("hyperparameters", "hyperparameters must be a table.")
    return replace(spec, hyperparameters={**given, **hyperparameters}, **others)


def check(spec: TrainingSpec, datasets: Known = DATASETS) -> list[Layer]:
    """The network's layers; WrongChoice for a value out of its range or what cannot be built."""
    entry = datasets[one_of("dataset", spec.dataset, tuple(datasets))]
    if entry.is_another(spec.dataset_version):
        raise WrongChoice("dataset", entry.replaced)
    check_all(TRAINING, {parameter.name: getattr(spec, parameter.name) for parameter in TRAINING})
    try:
        resolve_device(spec.device)
    except ValueError as error:
        raise WrongChoice("device", f"{error}.") from error
    check_table("augmentation", STRENGTHS, spec.augmentation)
    check_table("dataset_options", OPTIONS, spec.dataset_options)
    return layers(spec, datasets)


def check_table(field: str, table: tuple[Hyperparameter, ...], values: Any) -> None:
    """WrongChoice names one of the table's own choices as `augmentation.rotate`."""
    names = [parameter.name for parameter in table]
    if not isinstance(values, Mapping) or set(values) - set(names):
        raise WrongChoice(field, f"{field} is a table of {', '.join(names)}.")
    try:
        check_all(table, values)
    except WrongChoice as wrong:
        raise WrongChoice(f"{field}.{wrong.field}", str(wrong)) from wrong


def input_shape(spec: TrainingSpec, datasets: Known = DATASETS) -> tuple[int, int, int]:
    """(channels, height, width) of what the network will see."""
    options = Options.of(spec.dataset_options)
    entry = prepared(datasets[spec.dataset], options, spec.preprocessing)
    preprocessing = entry.preprocessing
    return preprocessing.channels, preprocessing.size, preprocessing.size


def layers(spec: TrainingSpec, datasets: Known) -> list[Layer]:
    table = hyperparameters_of(spec.network)
    check_all(table, spec.hyperparameters)
    try:
        shape, classes = input_shape(spec, datasets), len(datasets[spec.dataset].classes)
        if spec.start_from:
            check_body(spec, shape, classes)
        return layers_of(spec.network, spec.hyperparameters, shape, classes)
    except WrongChoice as wrong:
        raise WrongChoice(wrong.field, f"{wrong}.") from wrong
    except ValueError as error:
        shaping = {"cnn": "blocks", "mlp": "hidden"}
        field = shaping.get(spec.network, "start_from" if spec.start_from else "network")
        raise WrongChoice(field, f"{error}.") from error


def check_all(table: tuple[Hyperparameter, ...], values: Mapping[str, Any]) -> None:
    for parameter in table:
        if parameter.name in values:
            try:
                parameter.check(values[parameter.name])
            except ValueError as error:
                raise WrongChoice(parameter.name, f"{error}.") from error


def one_of(field: str, value: Any, choices: tuple[str, ...]) -> str:
    if not isinstance(value, str) or value not in choices:
        raise WrongChoice(field, f"There is no such {field}; choose one of {', '.join(choices)}.")
    return value


def command(spec: TrainingSpec, name: str, recipe: str | None = None) -> str:
    """The command that makes this model again: what differs from the recipe is spelled out."""
    base = RECIPES[recipe] if recipe else TrainingSpec(spec.dataset, spec.network)
    start = recipe or f"--dataset {spec.dataset} --network {spec.network}"
    if recipe and spec.dataset != base.dataset:
        start += f" --dataset {spec.dataset}"
    base = replace(base, dataset=spec.dataset, dataset_version=spec.dataset_version)
    if spec.start_from:
        start = f"--dataset {spec.dataset} --start-from {spec.start_from}"
        size = (spec.start.get("preprocessing") or {}).get("size", 0)
        told = {"hyperparameters": spec.start["hyperparameters"], "start": spec.start}
        base = replace(base, start_from=spec.start_from, **told, **usual(size))
    now, before = spec.to_json(), base.to_json()
    differing = [key for key in now if now[key] != before[key]]
    sets = [f"--set '{key}={json.dumps(now[key])}'" for key in differing]
    names = [] if name == recipe else [f"--name {name}"]  # a shipped name is reserved
    return " ".join(["./run train", start, *sets, *names])


def takes_photographs(entry: Entry) -> bool:
    """Whether its pictures come in any size: the option `size` is for them."""
    return entry.preprocessing.pipeline == "photo"


def describe(datasets: Known = DATASETS, library: ModelLibrary | None = None) -> dict[str, Any]:
    """All there is to choose, for a form: datasets, networks, models to start from, the training,
    recipes."""
    return {
        "datasets": [
            {"name": entry.name, "title": entry.title, "photographs": takes_photographs(entry)}
            for entry in datasets.values()
        ],
        "networks": [
            {"name": name, "hyperparameters": [p.to_json() for p in network.HYPERPARAMETERS]}
            for name, network in NETWORKS.items()
        ],
        "training": [p.to_json() for p in TRAINING if p.name != "report_every"],  # a run's own
        "start_from": startable(library.entries() if library else []),
        "augmentation": [p.to_json() for p in STRENGTHS],
        "dataset_options": [p.to_json() for p in OPTIONS],
        "recipes": [{"name": name, **spec.to_json()} for name, spec in RECIPES.items()],
    }
