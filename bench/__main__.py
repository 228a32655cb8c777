"""`./run bench [part]`: all, or one of PARTS."""

import sys
from collections.abc import Callable

from bench.machine import describe_machine


def training() -> None:
    from bench import training

    training.run()


def datasets() -> None:
    from bench import datasets

    datasets.run()


def serving() -> None:
    from bench import serving

    serving.run()


def glass() -> None:
    from bench import glass

    glass.run()


def accuracy() -> None:
    from bench import accuracy

    accuracy.run()


def imports() -> None:
    from bench import imports

    imports.run()


def page() -> None:
    from bench import page

    page.run()


def lessons() -> None:
    from bench import lessons

    lessons.run()


def runs() -> None:
    from bench import runs

    runs.run()


PARTS: dict[str, Callable[[], None]] = {
    "training": training,
    "datasets": datasets,
    "serving": serving,
    "glass": glass,
    "accuracy": accuracy,
    "imports": imports,
    "page": page,
    "lessons": lessons,
    "runs": runs,
}


def main(chosen: list[str]) -> int:
    if unknown := set(chosen) - set(PARTS):
        print(
            f"there is no bench {min(unknown)!r}; choose from {', '.join(PARTS)}", file=sys.stderr
        )
        return 2
    print(describe_machine())
    for name in chosen or PARTS:
        print(f"\n{name}")
        PARTS[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
