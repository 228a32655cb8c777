"""Ids of 26 small letters and digits that sort by time: ULIDs in lower case."""

import re
import secrets
import time
from datetime import UTC, datetime

LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"  # five bits each; no i, l, o, u
ID = re.compile(rf"[0-7][{LETTERS}]{{25}}")
RANDOM_BITS = 80  # after 48 of milliseconds


class Identities:
    """Makes ids, each greater than the one before, even when the clock goes back."""

    def __init__(self) -> None:
        self._last = 0

    def new(self) -> str:
        now = time.time_ns() // 1_000_000 << RANDOM_BITS | secrets.randbits(RANDOM_BITS)
        self._last = max(now, self._last + 1)
        return "".join(LETTERS[self._last >> shift & 31] for shift in range(125, -1, -5))


def time_of(identity: str) -> datetime:
    number = 0
    for letter in identity:
        number = number << 5 | LETTERS.index(letter)
    return datetime.fromtimestamp(min(number >> RANDOM_BITS, LATEST) / 1000, UTC)


LATEST = 253_402_300_799_000  # ms: the end of the year 9999
