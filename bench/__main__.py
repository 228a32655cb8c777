"""`./run bench [part]`: all, or one of PARTS."""

import sys
from importlib import import_module

from bench.machine import describe_machine

PARTS = (
    "training", "datasets", "serving", "glass", "accuracy", "strangers", "imports", "page",
    "lessons", "runs",
)  # fmt: skip


def main(chosen: list[str]) -> int:
    if unknown := set(chosen) - set(PARTS):
        print(
            f"there is no bench {min(unknown)!r}; choose from {', '.join(PARTS)}", file=sys.stderr
        )
        return 2
    print(describe_machine())
    for name in chosen or PARTS:
        print(f"\n{name}")
        import_module(f"bench.{name}").run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
