"""The pickles that CIFAR comes in, read as a text: nothing in them is ever called or imported.

A pickle is a program for a small machine that may call any function of Python's. Here its
instructions are only taken apart (by pickletools), and this machine knows dictionaries, lists,
tuples, words, numbers and numpy's arrays of bytes; whatever else one asks for is refused.
"""

import math
import pickletools
from typing import Any

import numpy as np

CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
EMPTY = {"EMPTY_DICT": dict, "EMPTY_LIST": list, "EMPTY_TUPLE": tuple}
VALUES = {
    "BINSTRING", "SHORT_BINSTRING", "BINUNICODE", "SHORT_BINUNICODE", "BINBYTES",
    "SHORT_BINBYTES", "BINBYTES8", "BININT", "BININT1", "BININT2", "LONG1",
}  # fmt: skip
TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
RECONSTRUCT, NDARRAY, DTYPE, ENCODE = "reconstruct", "ndarray", "dtype", "encode"
KNOWN = {  # what a pickle calls by these names we do ourselves
    "numpy.core.multiarray _reconstruct": RECONSTRUCT,
    "numpy._core.multiarray _reconstruct": RECONSTRUCT,
    "numpy ndarray": NDARRAY,
    "numpy dtype": DTYPE,
    "_codecs encode": ENCODE,  # bytes, as Python 3 writes them for Python 2
}
BYTES = ("u1", "|u1")


class BadPickle(ValueError):
    """Not the pickle of a dictionary of words, numbers and bytes."""


class Name(str):
    """One of KNOWN's values on the stack; no word in a pickle can be one."""


class Kind:
    """numpy's dtype."""

    def __init__(self, name: Any) -> None:
        if name not in BYTES:
            raise BadPickle("its arrays are not of bytes")


class Array:
    """numpy's array, empty until the pickle fills it."""

    def __init__(self) -> None:
        self.values = np.zeros(0, np.uint8)

    def fill(self, state: Any) -> None:
        _, shape, kind, by_columns, content = state
        content = content.encode("latin-1") if isinstance(content, str) else content
        whole = all(isinstance(size, int) and size >= 0 for size in shape)
        if not (isinstance(kind, Kind) and whole and math.prod(shape) == len(content)):
            raise BadPickle("an array has another size than its bytes")
        self.values = np.frombuffer(content, np.uint8).reshape(
            shape, order="F" if by_columns else "C"
        )


def read_pickle(content: bytes) -> dict[str, Any]:
    """Its dictionary, by words; arrays are uint8. BadPickle for anything else."""
    try:
        found = Machine().run(content)
    except BadPickle:
        raise
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError) as error:
        raise BadPickle("it is damaged") from error
    if not isinstance(found, dict):
        raise BadPickle("it is no dictionary")
    return {
        key if isinstance(key, str) else key.decode("latin-1"): value
        for key, value in found.items()
        if isinstance(key, str | bytes)
    }


class Machine:
    """Stack, marks and memo, as the pickle's instructions expect them."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[Any, Any] = {}

    def run(self, content: bytes) -> Any:
        for opcode, argument, _ in pickletools.genops(content):
            if opcode.name == "STOP":
                return self.plain(self.stack.pop())
            self.step(opcode.name, argument)
        raise BadPickle("it has no end")

    def step(self, name: str, argument: Any) -> None:
        stack = self.stack
        if name in VALUES:
            stack.append(argument)
        elif name in CONSTANTS:
            stack.append(CONSTANTS[name])
        elif name in EMPTY:
            stack.append(EMPTY[name]())
        elif name == "MARK":
            self.marks.append(len(stack))
        elif name in ("SETITEM", "SETITEMS"):
            values = self.since_mark() if name == "SETITEMS" else self.last(2)
            stack[-1].update(zip(values[::2], values[1::2], strict=True))
        elif name in ("APPEND", "APPENDS"):
            values = self.since_mark() if name == "APPENDS" else self.last(1)
            stack[-1].extend(values)
        elif name == "TUPLE" or name in TUPLES:
            stack.append(tuple(self.last(TUPLES[name]) if name in TUPLES else self.since_mark()))
        else:
            self.remember_or_call(name, argument)

    def remember_or_call(self, name: str, argument: Any) -> None:
        stack = self.stack
        match name:
            case "PROTO" | "FRAME":
                pass
            case "BINPUT" | "LONG_BINPUT":
                self.memo[argument] = stack[-1]
            case "MEMOIZE":
                self.memo[len(self.memo)] = stack[-1]
            case "BINGET" | "LONG_BINGET":
                stack.append(self.memo[argument])
            case "GLOBAL":
                stack.append(known(argument))
            case "STACK_GLOBAL":
                stack.append(known(" ".join(self.last(2))))
            case "REDUCE":
                stack.append(called(*self.last(2)))
            case "BUILD":
                (state,) = self.last(1)
                if isinstance(stack[-1], Array):
                    stack[-1].fill(state)
                elif not isinstance(stack[-1], Kind):
                    raise BadPickle("it holds other things than words, numbers and bytes")
            case _:
                raise BadPickle(f"its instruction {name} is not one of a picture file's")

    def last(self, count: int) -> list[Any]:
        return self.since(len(self.stack) - count)

    def since_mark(self) -> list[Any]:
        return self.since(self.marks.pop())

    def since(self, place: int) -> list[Any]:
        if not 0 <= place <= len(self.stack):
            raise BadPickle("it is damaged")
        values = self.stack[place:]
        del self.stack[place:]
        return values

    def plain(self, found: Any) -> Any:
        """A dictionary with numpy's arrays in place of ours."""
        if not isinstance(found, dict):
            return found
        return {k: v.values if isinstance(v, Array) else v for k, v in found.items()}


def known(name: str) -> Name:
    if name not in KNOWN:
        raise BadPickle("it asks for a function that a picture file does not need")
    return Name(KNOWN[name])


def called(function: Any, given: Any) -> Any:
    if not isinstance(function, Name):
        raise BadPickle("it calls what is no function")
    if function == RECONSTRUCT:
        return Array()
    if function == DTYPE:
        return Kind(given[0])
    if function == ENCODE and given[1] == "latin1":
        return given[0].encode("latin-1")
    raise BadPickle("it calls a function that a picture file does not need")
