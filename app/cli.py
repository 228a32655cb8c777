"""The command line: one function add_VERB per verb; what is heavy is imported by the verb itself.

`run` builds this parser before anything is installed, to check what was typed: so this file, and
every add_VERB, imports the standard library alone.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from app import __version__

EPILOG = "and: ./run test [--quick] [pytest arguments], lint, bench [part], install [tests]"


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0 done, 1 the work failed, 2 what was typed or set cannot work."""
    chosen = parser().parse_args(arguments)
    try:
        code: int = chosen.start(chosen)
        sys.stdout.flush()
    except BrokenPipeError:  # `| head` has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130
    return code


def parser() -> argparse.ArgumentParser:
    top = SentenceParser(
        prog="./run", description="Draw a digit, watch a network think.",
        formatter_class=Columns,
    )  # fmt: skip
    top.epilog = EPILOG
    top.add_argument("--version", action="version", version=f"Inkling {__version__}")
    verbs = top.add_subparsers(metavar="VERB", required=True, title="verbs")
    for add in VERBS:
        add(verbs)
    return top


def add_serve(verbs: Any) -> None:
    verb = verbs.add_parser("serve", help="start the server and its drawing page")
    verb.add_argument("--host", help="address to listen on (INKLING_HOST, 127.0.0.1)")
    verb.add_argument(
        "--port", type=port_number, help="port to listen on (INKLING_PORT, 8000); 0: any free one"
    )
    verb.set_defaults(start=serve)


def serve(chosen: argparse.Namespace) -> int:
    from app.verbs.serve import serve

    return serve(chosen.host, chosen.port)


def add_doctor(verbs: Any) -> None:
    verb = verbs.add_parser("doctor", help="what is installed, what is missing, where data lives")
    add_json(verb)
    verb.set_defaults(start=doctor)


def doctor(chosen: argparse.Namespace) -> int:
    from app.verbs.doctor import doctor

    return doctor(as_json=chosen.json)


def add_train(verbs: Any) -> None:
    verb = verbs.add_parser("train", help="train a network and keep it as a model")
    verb.add_argument("recipe", nargs="?", metavar="RECIPE", help="a whole training by name")
    verb.add_argument("--dataset", metavar="D", help="what to learn from; a recipe has its own")
    verb.add_argument("--network", metavar="N", help="what learns: mlp, cnn, residual, resnet18…")
    verb.add_argument("--start-from", metavar="MODEL", help="learn on from a model's weights")
    verb.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", dest="changes",
        help="change a field of the training or a hyperparameter; VALUE is JSON",
    )  # fmt: skip
    verb.add_argument("--name", metavar="MODEL", help="the model's name")
    verb.add_argument("--into", type=Path, metavar="FOLDER", help=argparse.SUPPRESS)
    add_json(verb)
    verb.set_defaults(start=train)


def train(chosen: argparse.Namespace) -> int:
    from app.verbs.train import start

    return start(
        chosen.recipe, chosen.dataset, chosen.network, chosen.changes, chosen.name, chosen.into,
        chosen.json, chosen.start_from,
    )  # fmt: skip


def add_evaluate(verbs: Any) -> None:
    verb = verbs.add_parser("evaluate", help="measure a model on a dataset")
    verb.add_argument("model", metavar="MODEL")
    verb.add_argument("--dataset", metavar="D", help="by default what the model learnt from")
    verb.add_argument("--part", default="test", choices=("train", "validation", "test"))
    add_json(verb)
    verb.set_defaults(start=evaluate)


def evaluate(chosen: argparse.Namespace) -> int:
    from app.verbs.evaluate import start

    return start(chosen.model, chosen.dataset, chosen.part, chosen.json)


def add_calibrate(verbs: Any) -> None:
    verb = verbs.add_parser("calibrate", help="find anew how sure a model may be")
    verb.add_argument("model", metavar="MODEL")
    verb.add_argument(
        "--wronged", type=float, default=0.01, metavar="SHARE",
        help="of true pictures, how many may be called unfamiliar (0.01)",
    )  # fmt: skip
    verb.add_argument("--into", type=Path, metavar="FOLDER", help=argparse.SUPPRESS)
    add_json(verb)
    verb.set_defaults(start=calibrate)


def calibrate(chosen: argparse.Namespace) -> int:
    from app.verbs.calibrate import start

    return start(chosen.model, chosen.wronged, chosen.into, chosen.json)


def add_predict(verbs: Any) -> None:
    verb = verbs.add_parser("predict", help="what a model reads in picture files")
    verb.add_argument(
        "words", nargs="+", metavar="[MODEL] FILE", help="the drawing page's model by default"
    )
    add_json(verb)
    verb.set_defaults(start=predict)


def predict(chosen: argparse.Namespace) -> int:
    from app.verbs.predict import start

    return start(chosen.words, chosen.json)


def add_datasets(verbs: Any) -> None:
    verb = verbs.add_parser("datasets", help="which there are; download one, add one's own")
    verb.add_argument("action", nargs="?", choices=("download", "add", "remove"))
    verb.add_argument("name", nargs="?", metavar="NAME")
    verb.add_argument("path", nargs="?", type=Path, metavar="PATH", help="add: a folder or a zip")
    verb.add_argument("--licence", default="", metavar="TEXT", help="add: of the pictures")
    verb.add_argument("--source", default="", metavar="TEXT", help="add: where they come from")
    add_json(verb)
    verb.set_defaults(start=datasets)


def datasets(chosen: argparse.Namespace) -> int:
    if chosen.action in ("add", "remove"):
        from app.verbs.own_datasets import add, remove

        if chosen.action == "remove":
            return remove(chosen.name)
        return add(chosen.name, chosen.path, chosen.licence, chosen.source, chosen.json)
    from app.verbs.datasets import start

    return start(chosen.action, chosen.name, chosen.json)


def add_import(verbs: Any) -> None:
    verb = verbs.add_parser("import", help="make a model of weights that were trained elsewhere")
    verb.add_argument("architecture", metavar="ARCHITECTURE", help="torchvision's name: resnet18")
    verb.add_argument(
        "--weights",
        type=Path,
        metavar="FILE",
        help=".pth or .safetensors; torchvision's by default",
    )
    verb.add_argument("--name", metavar="MODEL", help="the model's name")
    verb.add_argument("--licence", default="", metavar="WORDS", help="of the weights, for the card")
    add_json(verb)
    verb.set_defaults(start=import_)


def import_(chosen: argparse.Namespace) -> int:
    from app.verbs.imports import start

    return start(chosen.architecture, chosen.weights, chosen.name, chosen.licence, chosen.json)


VERBS = (
    add_serve, add_train, add_evaluate, add_calibrate, add_predict, add_import, add_datasets,
    add_doctor,
)  # fmt: skip


def add_json(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--json", action="store_true", help="print one JSON object as the last line")


def port_number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; take a number from 0 to 65535")
    return int(text)


class Columns(argparse.HelpFormatter):
    """Room for the longest verb beside its help; argparse forgets that verbs are indented."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog)
        self._action_max_length = 13


class SentenceParser(argparse.ArgumentParser):
    """Says what is wrong in a sentence, and where help is; the verbs' parsers do the same."""

    def error(self, message: str) -> NoReturn:
        message = message.replace("argument VERB: invalid choice:", "there is no verb")
        self.exit(2, f"{self.prog}: {message}\nSee {self.prog} --help\n")


if __name__ == "__main__":
    sys.exit(main())
