"""Tables in MATLAB's files, of level 5: as much of the format as ImageNet's development kit uses.

"MAT-File Format", The MathWorks, 2024. Nothing in such a file is ever called.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np

HEADER = 128
MOST_BYTES = 256 * 1024 * 1024  # of an unpacked element
STRUCT, CHAR = 2, 4  # classes of a matrix
MATRIX, COMPRESSED = 14, 15  # kinds of an element
NUMBERS = {
    1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8",
}  # fmt: skip
TEXTS = {1: "ascii", 2: "ascii", 4: "utf-16-le", 16: "utf-8", 17: "utf-16-le", 18: "utf-32-le"}

Row = dict[str, Any]


def read_table(content: bytes, name: str) -> list[Row]:
    """Rows of the variable `name`, a struct array: texts, and numbers as lists.

    ValueError where there is none, or the file is damaged.
    """
    if content[126:128] != b"IM":
        raise ValueError("this is no MATLAB file of level 5 in little-endian order")
    try:
        for kind, data in elements(memoryview(content)[HEADER:]):
            if kind == COMPRESSED:
                unpacked = zlib.decompressobj().decompress(data, MOST_BYTES)
                ((kind, data),) = elements(memoryview(unpacked))
            if kind == MATRIX and bytes(list(elements(data))[2][1]) == name.encode():
                rows: list[Row] = matrix(data)
                return rows
    except (struct.error, zlib.error, KeyError, IndexError, TypeError, ValueError) as error:
        raise ValueError(f"this MATLAB file is damaged: {error}") from error
    raise ValueError(f"this MATLAB file holds no {name}")


def elements(data: memoryview) -> Iterator[tuple[int, memoryview]]:
    """(kind, content) of each, one after the other."""
    at = 0
    while at + 8 <= len(data):
        kind, size = struct.unpack_from("<II", data, at)
        start, gap = at + 8, 0 if kind == COMPRESSED else -size % 8
        if kind >> 16:  # of 4 bytes at most: kind and size share the first four
            kind, size = kind & 0xFFFF, kind >> 16
            start, gap = at + 4, 4 - size
        if start + size > len(data):
            raise ValueError("it ends too early")
        yield kind, data[start : start + size]
        at = start + size + gap


def matrix(data: memoryview) -> Any:
    """A struct array as rows, a text as str, anything else as a list of numbers."""
    flags, _, _, *rest = elements(data)
    of = flags[1][0]
    if of == STRUCT:
        (_, length), (_, names), *values = rest
        return rows_of(fields(bytes(names), struct.unpack("<i", length)[0]), values)
    if not rest:  # an empty one
        return "" if of == CHAR else []
    kind, content = rest[0]
    if of == CHAR:
        return bytes(content).decode(TEXTS[kind])
    return np.frombuffer(content, f"<{NUMBERS[kind]}").tolist()


def fields(names: bytes, length: int) -> list[str]:
    parts = (names[at : at + length] for at in range(0, len(names), length))
    return [part.split(b"\0")[0].decode("ascii") for part in parts]


def rows_of(names: list[str], values: list[tuple[int, memoryview]]) -> list[Row]:
    found = [matrix(content) for _, content in values]
    return [
        dict(zip(names, found[at : at + len(names)], strict=True))
        for at in range(0, len(found), len(names))
    ]
