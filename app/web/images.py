"""Untrusted bytes -> a picture: the header is checked first, then Pillow decodes one frame."""

import struct
import zlib
from base64 import b64encode
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import BmpImagePlugin as BmpImagePlugin  # Image.open looks among what is imported
from PIL import GifImagePlugin as GifImagePlugin
from PIL import Image
from PIL import JpegImagePlugin as JpegImagePlugin
from PIL import PngImagePlugin as PngImagePlugin
from PIL import WebPImagePlugin as WebPImagePlugin

from app.web.formats import (
    BadPicture,
    Content,
    Header,
    PictureLimits,
    check_size,
    count_scans,
    read_header,
)

Picture = NDArray[np.uint8]  # (H, W) grey, (H, W, 3) RGB or (H, W, 4) RGBA

LONGEST = 1024  # pixels: a decoder's answer stays small

BROKEN = (  # all that Pillow raises on bytes that are not a picture, and its warnings when errors
    OSError,  # UnidentifiedImageError is one
    ValueError,
    SyntaxError,
    TypeError,
    LookupError,
    ArithmeticError,
    EOFError,
    struct.error,
    zlib.error,
    Warning,
)


def decode(
    content: Content, header: Header, limits: PictureLimits, orientation: int | None = None,
    most: int = LONGEST,
) -> Picture:  # fmt: skip
    """The first frame as uint8 (H, W), (H, W, 3) or (H, W, 4), upright, longest side <= most.

    header is read_header(content); orientation 1..8 (EXIF's numbers) overrules the file's own.
    BadPicture when the size is over the limits or the content cannot be decoded.
    """
    check_size(header, limits)
    scans = limits.jpeg_scans
    if header.format == "JPEG" and count_scans(content, scans) > scans:
        raise BadPicture("too_many_scans")
    try:
        image = Image.open(BytesIO(content), formats=(header.format,))
        if image.size != (header.width, header.height):
            raise BadPicture("invalid_image")  # built to be read in two ways
        if max(image.size) > most:
            image.draft(image.mode, shrunk(image.size, most))
        picture = pixels(image, most)
        return turned(picture, orientation or exif_orientation(image.info.get("exif", b"")))
    except (Image.DecompressionBombError, MemoryError) as error:
        raise BadPicture("image_too_large") from error
    except BROKEN as error:
        raise BadPicture("invalid_image") from error


def read_picture(
    content: Content, limits: PictureLimits, orientation: int | None = None, most: int = LONGEST
) -> Picture:
    """decode(), for those who have not read the header."""
    return decode(content, read_header(content), limits, orientation, most)


def pixels(image: Image.Image, most: int) -> Picture:
    if image.mode.startswith("I"):  # 16 bits of grey: the upper eight are kept
        wide = np.asarray(image).astype(np.int64).clip(0, 65_535) >> 8
        image = Image.fromarray(wide.astype(np.uint8))
    elif image.mode in ("LA", "La", "PA", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
    elif image.mode not in ("L", "RGB", "RGBA"):
        image = image.convert("L" if image.mode == "1" else "RGB")
    if max(image.size) > most:
        image = image.resize(shrunk(image.size, most), Image.Resampling.BOX)
    width, height = image.size
    shape = (height, width) if image.mode == "L" else (height, width, len(image.mode))
    return np.frombuffer(image.tobytes(), np.uint8).reshape(shape)


def shrunk(size: tuple[int, int], most: int) -> tuple[int, int]:
    (width, height), longest = size, max(size)
    return max(1, width * most // longest), max(1, height * most // longest)


# --- orientation ---------------------------------------------------------------------------------

ORIENTATION = 0x0112  # the tag's number in EXIF
MANY_TAGS = 512


def exif_orientation(exif: bytes) -> int:
    """1..8 from the first directory of an EXIF block; 1 where it says nothing readable."""
    tiff = exif.removeprefix(b"Exif\0\0")
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None:
        return 1
    try:
        (start,) = struct.unpack_from(order + "I", tiff, 4)
        (count,) = struct.unpack_from(order + "H", tiff, start)
        for entry in range(start + 2, start + 2 + 12 * min(count, MANY_TAGS), 12):
            tag, _, _, number = struct.unpack_from(order + "HHIH", tiff, entry)
            if tag == ORIENTATION:
                return number if 1 <= number <= 8 else 1
    except struct.error:  # cut short
        pass
    return 1


def turned(picture: Picture, orientation: int) -> Picture:
    """Upright from any of EXIF's eight positions; a new array unless it is upright already."""
    if orientation == 1:
        return picture
    if orientation >= 5:
        picture = picture.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        picture = picture[::-1]
    if orientation in (2, 3, 6, 7):
        picture = picture[:, ::-1]
    return np.ascontiguousarray(picture)


# --- pictures in answers -------------------------------------------------------------------------


def drawable(pixels: Picture) -> Picture:
    """A network's pixels (C, H, W) as a picture: (H, W) or (H, W, 3)."""
    return pixels[0] if len(pixels) == 1 else np.ascontiguousarray(pixels.transpose(1, 2, 0))


def data_url(picture: Picture) -> str:
    return "data:image/png;base64," + b64encode(encode_png(picture)).decode("ascii")


def encode_png(picture: Picture) -> bytes:
    """A PNG of a picture (H, W) or (H, W, 3), unfiltered: a tenth of Pillow's time at 28 x 28."""
    height, width = picture.shape[:2]
    colour = 0 if picture.ndim == 2 else 2
    rows = np.zeros((height, 1 + picture[0].size), np.uint8)  # each row begins with its filter, 0
    rows[:, 1:] = picture.reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)
    packed = zlib.compress(rows.tobytes(), 1)
    return PNG + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + END


def chunk(kind: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(kind + content)
    return len(content).to_bytes(4, "big") + kind + content + checksum.to_bytes(4, "big")


PNG = b"\x89PNG\r\n\x1a\n"
END = chunk(b"IEND", b"")
