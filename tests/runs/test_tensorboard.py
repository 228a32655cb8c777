"""The event file is, to the byte, what TensorBoard's own writer makes, and its reader reads it."""

import struct
from collections.abc import Iterator

from app.runs.store import RunEvent
from app.runs.tensorboard import crc32c, event_file, masked, message

STEP = RunEvent(
    "step", 300, 1.5, time=1_700_000_001.0,
    fields={"loss": 0.5, "learning_rate": 0.003, "gradient_norm": None, "pictures_per_second": 1e5},
)  # fmt: skip
AS_TENSORBOARD_2_21_WRITES_IT = (
    "0900004040fc54d94110ac022a480a140a0d6c6f73732f747261696e696e67150000003f0a140a0d6c6561726e"
    "696e675f7261746515a69b443b0a1a0a1370696374757265735f7065725f7365636f6e64150050c347"
)


def records(content: bytes) -> Iterator[bytes]:
    """Of a TFRecord file, each checked."""
    while content:
        (length,) = struct.unpack("<Q", content[:8])
        assert content[8:12] == masked(content[:8])
        found, content = content[12 : 12 + length], content[12 + length :]
        assert content[:4] == masked(found)
        content = content[4:]
        yield found


def test_the_checksum_is_castagnolis() -> None:
    assert crc32c(b"123456789") == 0xE3069283  # RFC 3720, B.4, and the catalogue of CRCs
    assert crc32c(bytes(32)) == 0x8A9136AA
    assert crc32c(bytes(range(32))) == 0x46DD794E


def test_a_point_is_written_as_tensorboard_writes_it() -> None:
    assert message(STEP).hex() == AS_TENSORBOARD_2_21_WRITES_IT


def test_a_file_begins_with_its_version_and_holds_the_curves_alone() -> None:
    evaluated = RunEvent("evaluated", 70_000, 2, {"loss": 0.25, "accuracy": None}, time=1.0)
    told = [RunEvent("queued", time=1.0), STEP, RunEvent("checkpoint", 300), evaluated]
    found = list(records(event_file(told)))
    assert found[0].endswith(b"brain.Event:2")
    assert found[1:] == [message(STEP), message(evaluated)]
    assert b"loss/validation" in found[2] and b"accuracy" not in found[2]
