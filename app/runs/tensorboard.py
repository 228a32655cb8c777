"""A run's points as a TensorBoard event file, without TensorBoard.

A file is records (TFRecord): length, its checksum, an Event message of protocol buffers, its
checksum. A message is fields of a key (number and wire type) and a value; of Event we need
wall_time = 1, step = 2, file_version = 3, summary = 5; of Summary value = 1; of its Value tag = 1
and simple_value = 2.
"""

import struct
from collections.abc import Iterator, Sequence

from app.runs.store import RunEvent

TAGS = {  # kind of event -> its fields -> what TensorBoard calls them
    "step": {
        "loss": "loss/training", "learning_rate": "learning_rate",
        "gradient_norm": "gradient_norm", "pictures_per_second": "pictures_per_second",
    },
    "evaluated": {"loss": "loss/validation", "accuracy": "accuracy/validation"},
    "finished": {"test_accuracy": "accuracy/test"},
    "ended": {"test_accuracy": "accuracy/test"},
}  # fmt: skip
VARINT, EIGHT_BYTES, BYTES, FOUR_BYTES = 0, 1, 2, 5  # wire types
CASTAGNOLI = 0x82F63B78  # the polynomial of CRC-32C, lowest bit first
MASK = 0xA282EAD8  # so that the checksum of data with checksums in it stays one


def event_file(events: Sequence[RunEvent]) -> bytes:
    """Every number of the curves; what is not a number is left out."""
    begun = events[0].time if events else 0.0
    version = key(1, EIGHT_BYTES) + struct.pack("<d", begun) + text(3, "brain.Event:2")
    messages = (message(event) for event in events if event.kind in TAGS)
    return b"".join([record(version), *map(record, messages)])


def message(event: RunEvent) -> bytes:
    values = b"".join(
        field(1, text(1, tag) + key(2, FOUR_BYTES) + struct.pack("<f", number))
        for tag, number in tagged(event)
    )
    time = key(1, EIGHT_BYTES) + struct.pack("<d", event.time)
    return time + key(2, VARINT) + varint(event.step) + field(5, values)


def tagged(event: RunEvent) -> Iterator[tuple[str, float]]:
    for name, tag in TAGS[event.kind].items():
        if (number := event.fields.get(name)) is not None:
            yield tag, number


def text(number: int, value: str) -> bytes:
    return field(number, value.encode())


def field(number: int, value: bytes) -> bytes:
    return key(number, BYTES) + varint(len(value)) + value


def key(number: int, wire_type: int) -> bytes:
    return varint(number << 3 | wire_type)


def varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first; the top bit says that more follow."""
    parts = []
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])


def record(content: bytes) -> bytes:
    length = struct.pack("<Q", len(content))
    return length + masked(length) + content + masked(content)


def masked(content: bytes) -> bytes:
    found = crc32c(content)
    return struct.pack("<I", ((found >> 15 | found << 17) + MASK) & 0xFFFFFFFF)


def crc32c(content: bytes) -> int:
    found = 0xFFFFFFFF
    for byte in content:
        found = found >> 8 ^ TABLE[(found ^ byte) & 0xFF]
    return found ^ 0xFFFFFFFF


def table() -> Iterator[int]:
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (CASTAGNOLI if byte & 1 else 0)
        yield byte


TABLE = tuple(table())
