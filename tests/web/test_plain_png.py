"""The quick way of small PNGs: pixel for pixel what Pillow makes of them, or Pillow itself."""

import io
import random
import zlib

import numpy as np
import pytest
from PIL import Image

from app.settings import LIMITS
from app.web.formats import BadPicture, read_header
from app.web.images import Picture, decode
from app.web.plain_png import decode_here, decode_plain_png
from tests.web.hostile import END, SEEDS, chunk, exif, png_header, png_with, saved, seven

NOISE = np.random.default_rng(0).integers(0, 256, (9, 13, 4), dtype=np.uint8)
PLAIN = {
    "L": saved(NOISE[:, :, 0]),
    "RGB": saved(NOISE[:, :, :3]),
    "RGBA": saved(NOISE),
    "a digit": saved(seven()),
    "as Chrome writes": png_with(chunk(b"sBIT", b"\x08")),
}
FOR_PILLOW = {
    "1 bit": saved(Image.fromarray(seven()).convert("1")),
    "16 bits": saved(seven().astype(np.uint16) * 257),
    "LA": saved(Image.fromarray(seven()).convert("LA")),
    "palette": saved(Image.fromarray(seven()).convert("P")),
    "a transparent grey": saved(seven(), transparency=0),
    "a transparent colour": saved(NOISE[:, :, :3], transparency=(0, 0, 0)),
    "turned": saved(NOISE[:, :, 0], exif=exif([(0x0112, 3, 1, 6)])),
    "a text": png_with(chunk(b"tEXt", b"Comment\0drawn by hand")),
    "a wrong checksum": saved(seven())[:-1] + b"?",
    "something after its end": saved(seven()) + b"?",
    **{format: content for format, content in SEEDS.items() if format != "PNG"},
}


def outcome(content: bytes, quick: bool) -> Picture | str:
    """The picture, or the code of the refusal."""
    try:
        read = decode_here if quick else decode
        return read(content, read_header(content), LIMITS)
    except BadPicture as bad:
        return bad.code


@pytest.mark.parametrize("name", PLAIN)
def test_a_plain_png_needs_no_pillow(name: str) -> None:
    picture = decode_plain_png(PLAIN[name], read_header(PLAIN[name]))
    assert picture is not None and picture.dtype == np.uint8
    np.testing.assert_array_equal(picture, np.asarray(Image.open(io.BytesIO(PLAIN[name]))))


@pytest.mark.parametrize("name", FOR_PILLOW)
def test_what_is_not_plain_is_for_pillow(name: str) -> None:
    content = FOR_PILLOW[name]
    np.testing.assert_array_equal(outcome(content, quick=True), outcome(content, quick=False))


def test_it_can_be_turned() -> None:
    upright = decode_here(PLAIN["L"], read_header(PLAIN["L"]), LIMITS, 6)
    assert upright.shape == (13, 9)
    np.testing.assert_array_equal(upright, np.rot90(NOISE[:, :, 0], -1))


@pytest.mark.parametrize("checksums", ["old", "new"])
def test_a_damaged_png_is_judged_as_pillow_judges_it(checksums: str) -> None:
    dice = random.Random(0)
    for _ in range(500):
        content = damaged(PLAIN[dice.choice(list(PLAIN))], dice)
        if checksums == "new":
            content = summed(content)
        np.testing.assert_array_equal(outcome(content, quick=True), outcome(content, quick=False))


def damaged(content: bytes, dice: random.Random) -> bytes:
    """Cut, flipped in a bit, or with a few bytes too many."""
    place = dice.randrange(8, len(content))
    return dice.choice(
        (
            content[:place],
            content[:place]
            + bytes([content[place] ^ 1 << dice.randrange(8)])
            + content[place + 1 :],
            content[:place] + dice.randbytes(5) + content[place:],
        )
    )


def summed(content: bytes) -> bytes:
    """The same chunks, as far as they reach, each with the right checksum."""
    whole, rest = content[:8], content[8:]
    while len(rest) >= 12:
        length = int.from_bytes(rest[:4], "big")
        whole, rest = whole + chunk(rest[4:8], rest[8 : 8 + length]), rest[12 + length :]
    return whole


def test_a_second_header_does_not_change_its_size() -> None:
    second = png_header(200, 200, depth=8)[8:33]
    assert outcome(png_with(second), quick=True) == outcome(png_with(second), quick=False)


def test_too_many_pixels_are_cut_off() -> None:
    content = png_header(4, 4, depth=8) + chunk(b"IDAT", zlib.compress(bytes(50_000_000))) + END
    np.testing.assert_array_equal(outcome(content, quick=True), np.zeros((4, 4)))
