"""One hyperparameter: its range, default and a hint that a student can read."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


class WrongChoice(ValueError):
    """A choice that cannot work: `field` names it, as `blocks.2.kernel` does, blocks from 0."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Hyperparameter:
    """kind: integer, number, boolean, choice, integers (a list) or blocks (a list of tables)."""

    name: str
    kind: str
    default: Any
    hint: str
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def check(self, value: Any) -> Any:
        """The value, as the network takes it. ValueError with a sentence when it cannot work."""
        if self.kind == "choice":
            return self._check_choice(value)
        if self.kind == "boolean":
            return self._check_boolean(value)
        if self.kind == "integers":
            if not isinstance(value, list | tuple) or len(value) > 16:
                raise ValueError(f"{self.name} must be a list of at most 16 whole numbers")
            return [self._check_number(item, int) for item in value]
        if self.kind == "blocks":
            return value  # the network checks its own blocks
        return self._check_number(value, int if self.kind == "integer" else float)

    def _check_choice(self, value: Any) -> str:
        if value not in self.choices:
            raise ValueError(f"{self.name} must be one of {', '.join(self.choices)}")
        return str(value)

    def _check_boolean(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise ValueError(f"{self.name} must be true or false")
        return value

    def _check_number(self, value: Any, kind: type[int] | type[float]) -> int | float:
        whole = isinstance(value, int) and not isinstance(value, bool)
        if not whole and not (kind is float and isinstance(value, float)):
            what = "a whole number" if kind is int else "a number"
            raise ValueError(f"{self.name} must be {what}")
        low, high = self.minimum, self.maximum
        if (low is not None and not value >= low) or (high is not None and not value <= high):
            raise ValueError(f"{self.name} must be between {low:g} and {high:g}")
        return kind(value)


def complete(table: tuple[Hyperparameter, ...], given: Mapping[str, Any]) -> dict[str, Any]:
    """Defaults filled in, every value checked. ValueError names an unknown one."""
    known = [parameter.name for parameter in table]
    if unknown := set(given) - set(known):
        raise ValueError(f"no hyperparameter called {min(unknown)!r}; there are {', '.join(known)}")
    return {p.name: p.check(given.get(p.name, p.default)) for p in table}


# --- those of more than one network ---

ACTIVATION = Hyperparameter(
    "activation", "choice", "relu",
    "The bend after each layer; without it, many layers are no more than one.",
    choices=("relu", "sigmoid", "tanh", "leaky_relu", "gelu"),
)  # fmt: skip
GAMMA = Hyperparameter(
    "gamma", "number", 0.01, "The slope of leaky ReLU below zero.", minimum=0.0001, maximum=0.9999
)
DROPOUT = Hyperparameter(
    "dropout", "number", 0.0,
    "The share of hidden units switched off at random in each training step.",
    minimum=0.0, maximum=0.9,
)  # fmt: skip
