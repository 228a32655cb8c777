"""Pictures that mean harm, and honest ones in every form: all drawn here, small."""

import io
import struct
import zlib
from typing import Any

import numpy as np
from PIL import Image

from app.web.images import PNG, chunk
from app.web.images import encode_png as png_of

END = chunk(b"IEND", b"")


def seven(side: int = 28) -> Any:
    """A 7, ink bright on black: uint8 (side, side)."""
    picture = np.zeros((28, 28), np.uint8)
    picture[5:8, 7:21] = 255
    for row in range(8, 24):
        column = 19 - (row - 8) // 2
        picture[row, column - 1 : column + 2] = 230
    return picture.repeat(side // 28, 0).repeat(side // 28, 1)


def saved(picture: Any, format: str = "PNG", **options: Any) -> bytes:
    """A picture (an array or an Image) as a file of Pillow's making."""
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def png_header(width: int, height: int, depth: int = 1, colour: int = 0) -> bytes:
    return PNG + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))


def png_of_zeros(width: int, height: int, depth: int = 1, colour: int = 0) -> bytes:
    """Any size in a few hundred bytes: as much black as fits there."""
    return (
        png_header(width, height, depth, colour)
        + chunk(b"IDAT", zlib.compress(bytes(200_000)))
        + END
    )


def png_with(*chunks: bytes) -> bytes:
    """The 7 with chunks put in after its header."""
    content = png_of(seven())
    return content[:33] + b"".join(chunks) + content[33:]


def black_webp(width: int, height: int) -> bytes:
    """A whole lossless WebP of up to 16383 x 16383 in 28 bytes."""
    size = (width - 1) | (height - 1) << 14
    body = b"\x2f" + struct.pack("<I", size) + b"\x88\x88\x08"  # five codes of one symbol, 0
    return (
        b"RIFF"
        + struct.pack("<I", 12 + len(body))
        + b"WEBPVP8L"
        + struct.pack("<I", len(body))
        + body
    )


def jpeg_with_many_scans(side: int, scans: int) -> bytes:
    """A progressive JPEG whose last scan is repeated."""
    content = saved(np.full((side, side), 77, np.uint8), "JPEG", progressive=True, quality=50)
    last = content.rindex(b"\xff\xda")
    return content[:last] + content[last:-2] * scans + content[-2:]


def jpeg_with(*segments: bytes) -> bytes:
    content = saved(seven(), "JPEG", quality=95)
    return content[:2] + b"".join(segments) + content[2:]


def jpeg_segment(marker: int, content: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", 2 + len(content)) + content


def exif(entries: list[tuple[int, int, int, int]], next_directory: int = 0) -> bytes:
    """An EXIF block: (tag, type, count, value) of one directory, then where the next one lies."""
    packed = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    head = b"Exif\0\0II*\0" + struct.pack("<IH", 8, len(entries) & 0xFFFF)
    return head + packed + struct.pack("<I", next_directory)


def gif_of_frames(count: int, side: int = 56) -> bytes:
    frames = [Image.fromarray(np.full((side, side), 5 * n % 256, np.uint8)) for n in range(count)]
    file = io.BytesIO()
    first = Image.fromarray(seven(side))
    first.save(file, "GIF", save_all=True, append_images=frames, duration=20)
    return file.getvalue()


def slow_bmp(side: int = 2048) -> bytes:
    """A BMP of runs of one pixel: allowed in every number, and seconds of Pillow's Python."""
    colours = bytes(4 * 256)
    runs = (b"\1\7" * side + b"\0\0") * side
    header = struct.pack("<IiiHHIIiiII", 40, side, side, 1, 8, 1, len(runs), 0, 0, 256, 0)
    start = 14 + len(header) + len(colours)
    file = struct.pack("<2sIHHI", b"BM", start + len(runs), 0, 0, start)
    return file + header + colours + runs


SEEDS = {
    "PNG": saved(seven()),
    "JPEG": saved(seven(), "JPEG", quality=90),
    "WEBP": saved(seven(), "WEBP", lossless=True),
    "GIF": saved(seven(), "GIF"),
    "BMP": saved(seven(), "BMP"),
}

SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
OTHER_FORMATS = {  # what each begins with
    "TIFF": b"II*\0\x08\0\0\0" + bytes(200),
    "TIFF, big-endian": b"MM\0*\0\0\0\x08" + bytes(200),
    "AVIF": b"\0\0\0\x20ftypavif" + bytes(200),
    "HEIC": b"\0\0\0\x18ftypheic" + bytes(200),
    "MP4": b"\0\0\0\x18ftypisom" + bytes(200),
    "EPS": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9999 9999\n",
    "PSD": b"8BPS\0\x01" + bytes(200),
    "FITS": b"SIMPLE  =                    T" + b" " * 200,
    "JPEG 2000": b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(200),
    "JPEG XL": b"\xff\x0a" + bytes(200),
    "ICO": b"\0\0\1\0\1\0" + bytes(200),
    "PDF": b"%PDF-1.7\n" + bytes(200),
    "DDS": b"DDS \x7c\0\0\0" + bytes(200),
    "GD": b"\xff\xff\0\x1c\0\x1c" + bytes(200),
    "McIdas": b"\0\0\0\0\0\0\0\x04" + bytes(300),
    "SVG": SVG,
    "HTML": b"<!doctype html><script>alert(1)</script>",
    "ZIP": b"PK\x03\x04" + bytes(200),
    "gzip": b"\x1f\x8b\x08" + bytes(200),
    "text": b"just a letter to you",
}
