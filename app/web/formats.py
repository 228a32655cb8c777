"""What a picture's first bytes say: its format and its size, read without decoding anything."""

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from struct import unpack_from
from typing import Protocol

Content = bytes | bytearray  # of a file; what arrives in pieces grows in a bytearray


class PictureLimits(Protocol):
    """The lines of settings.Limits that pictures obey."""

    @property
    def picture_side(self) -> int: ...
    @property
    def picture_pixels(self) -> int: ...
    @property
    def jpeg_pixels(self) -> int: ...
    @property
    def jpeg_side(self) -> int: ...
    @property
    def jpeg_scans(self) -> int: ...
    @property
    def inline_side(self) -> int: ...
    @property
    def inline_bytes(self) -> int: ...


class BadPicture(Exception):
    """A picture that cannot be read: a code of BAD_PICTURES and a sentence for a person."""

    def __init__(self, code: str, message: str | None = None) -> None:
        self.code = code
        self.status, sentence = BAD_PICTURES[code]
        self.message = message or sentence
        super().__init__(self.message)


EXPORT = "Export it as PNG, JPEG, WebP, GIF or BMP."

BAD_PICTURES = {
    "invalid_image": (422, f"This picture is damaged or incomplete. {EXPORT}"),
    "invalid_base64": (422, "`image` must be a picture in base64, or a data URL with base64."),
    "unsupported_format": (415, f"This is no picture in a format that is read here. {EXPORT}"),
    "image_too_large": (413, "This picture has too many pixels. Make it smaller."),
    "too_large": (413, "This picture's file is too large. Make it smaller."),
    "too_many_scans": (422, "This JPEG has too many scans. Export it again, not progressive."),
    "decode_timeout": (504, f"Reading this picture took too long. {EXPORT}"),
    "busy": (503, "Many pictures are being read just now. Try again in a moment."),
}


@dataclass(frozen=True, slots=True)
class Header:
    """format: a name of Pillow's; width and height in pixels; plain: quick to decode by design."""

    format: str
    width: int
    height: int
    plain: bool = True


def read_header(content: Content) -> Header:
    """Format and size by the content alone; BadPicture when it is no picture that is read here."""
    for magic, format, read in FORMATS:
        if content.startswith(magic) and (format != "WEBP" or content[8:12] == b"WEBP"):
            try:
                return read(content)
            except (IndexError, ValueError, struct.error) as error:  # too short for its own header
                raise BadPicture("invalid_image") from error
    raise refusal(content)


def check_size(header: Header, limits: PictureLimits) -> None:
    """BadPicture when the header announces more pixels than the limits allow, or none."""
    width, height = header.width, header.height
    if width < 1 or height < 1:
        raise BadPicture("invalid_image")
    if header.format == "JPEG":  # decoded at an eighth of its size where it is large
        pixels, side = limits.jpeg_pixels, limits.jpeg_side
    else:
        pixels, side = limits.picture_pixels, limits.picture_side
    if width * height > pixels or max(width, height) > side:
        megapixels = pixels // 1_000_000
        sentence = f"This picture has more than {megapixels} million pixels, or {side} on a side."
        raise BadPicture("image_too_large", f"{sentence} Make it smaller.")


def decodes_in_place(content: Content, header: Header, limits: PictureLimits) -> bool:
    """True for small pictures without anything in them that could take long to decode."""
    small = len(content) <= limits.inline_bytes
    if not (small and header.plain and max(header.width, header.height) <= limits.inline_side):
        return False
    if header.format == "PNG":
        return has_light_chunks(content)
    return header.format != "JPEG" or count_scans(content, INLINE_SCANS) <= INLINE_SCANS


# --- the five formats ----------------------------------------------------------------------------

BLOCKS = 4096  # so many segments before the first pixel, and no more, are looked at
INLINE_SCANS = 4  # a JPEG that is not progressive has at most one for each of its components
PROGRESSIVE = b"\xc2\xc6\xca\xce"
FRAMES = bytes(code for code in range(0xC0, 0xD0) if code not in (0xC4, 0xC8, 0xCC))  # SOF0..15
START_OF_SCAN, END_OF_IMAGE = 0xDA, 0xD9


def read_png(content: Content) -> Header:
    if content[8:16] != b"\0\0\0\x0dIHDR" or len(content) < 29:
        raise ValueError("a PNG begins with its header chunk")
    width, height = unpack_from(">II", content, 16)
    return Header("PNG", width, height)


def read_jpeg(content: Content) -> Header:
    position = 2
    for _ in range(BLOCKS):
        position = content.index(b"\xff", position)
        while content[position] == 0xFF:  # any number of fill bytes may stand before a marker
            position += 1
        marker = content[position]
        if marker in FRAMES:
            height, width = (
                content[position + 4 : position + 6],
                content[position + 6 : position + 8],
            )
            if len(width) < 2:
                break
            size = int.from_bytes(width, "big"), int.from_bytes(height, "big")
            return Header("JPEG", *size, plain=marker not in PROGRESSIVE)
        if marker in (START_OF_SCAN, END_OF_IMAGE):
            break
        if marker not in WITHOUT_LENGTH:
            position += 1 + int.from_bytes(content[position + 1 : position + 3], "big")
    raise ValueError("no frame header")


WITHOUT_LENGTH = bytes([0x00, 0x01, *range(0xD0, 0xD9)])


def read_gif(content: Content) -> Header:
    """The screen or the first frame, whichever is larger: decoders stretch one to the other."""
    width, height = int_at(content, 6, 2), int_at(content, 8, 2)
    position = 13 + colours(content[10])
    for _ in range(BLOCKS):
        kind = content[position]
        if kind == 0x2C:
            right = int_at(content, position + 1, 2) + int_at(content, position + 5, 2)
            bottom = int_at(content, position + 3, 2) + int_at(content, position + 7, 2)
            return Header("GIF", max(width, right), max(height, bottom))
        position = skip_blocks(content, position + 2) if kind == 0x21 else position + 1
    raise ValueError("no frame")


def colours(flags: int) -> int:
    """Bytes of a GIF's colour table."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def skip_blocks(content: Content, position: int) -> int:
    for _ in range(BLOCKS):
        length = content[position]
        position += 1 + length
        if length == 0:
            return position
    raise ValueError("too many blocks before the first frame")


def read_webp(content: Content) -> Header:
    kind = content[12:16]
    if kind == b"VP8 " and content[23:26] == b"\x9d\x01\x2a":
        return Header("WEBP", int_at(content, 26, 2) & 0x3FFF, int_at(content, 28, 2) & 0x3FFF)
    if kind == b"VP8L" and content[20] == 0x2F:
        bits = int_at(content, 21, 4)
        return Header("WEBP", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if kind == b"VP8X":
        return Header("WEBP", int_at(content, 24, 3) + 1, int_at(content, 27, 3) + 1)
    raise ValueError("no picture chunk")


def read_bmp(content: Content) -> Header:
    if int_at(content, 14, 4) == 12:  # the oldest header has short numbers
        return Header("BMP", int_at(content, 18, 2), int_at(content, 20, 2))
    width, height = int_at(content, 18, 4, signed=True), int_at(content, 22, 4, signed=True)
    compressed = int_at(content, 30, 4) not in (0, 3)  # run lengths are decoded in slow Python
    return Header("BMP", abs(width), abs(height), plain=not compressed)


def int_at(content: Content, position: int, size: int, signed: bool = False) -> int:
    """A little-endian number; IndexError where the content ends before it."""
    piece = content[position : position + size]
    if len(piece) < size:
        raise IndexError(position)
    return int.from_bytes(piece, "little", signed=signed)


FORMATS: tuple[tuple[bytes, str, Callable[[Content], Header]], ...] = (
    (b"\x89PNG\r\n\x1a\n", "PNG", read_png),
    (b"\xff\xd8\xff", "JPEG", read_jpeg),
    (b"RIFF", "WEBP", read_webp),
    (b"GIF87a", "GIF", read_gif),
    (b"GIF89a", "GIF", read_gif),
    (b"BM", "BMP", read_bmp),
)

# --- what takes long -----------------------------------------------------------------------------

LIGHT_CHUNKS = frozenset(
    b"IHDR PLTE tRNS IDAT IEND gAMA cHRM sRGB pHYs bKGD sBIT tIME tEXt eXIf".split()
)
MANY_CHUNKS = 40


def has_light_chunks(content: Content) -> bool:
    """False for a PNG with compressed texts or profiles, or with very many chunks."""
    position = 8
    for _ in range(MANY_CHUNKS):
        if bytes(content[position + 4 : position + 8]) not in LIGHT_CHUNKS:
            return position >= len(content)
        position += 12 + int.from_bytes(content[position : position + 4], "big")
    return False


MARKER = re.compile(rb"\xff[^\x00\x01\xd0-\xd8\xff]")  # in pixels 255 is followed by 0 or a restart


def count_scans(content: Content, most: int) -> int:
    """How often a JPEG goes over its pixels, counted up to one more than `most`."""
    position, scans = 2, 0
    while scans <= most and (found := MARKER.search(content, position)):
        marker, position = content[found.end() - 1], found.end()
        if marker == END_OF_IMAGE:
            break
        scans += marker == START_OF_SCAN
        position += max(2, int.from_bytes(content[position : position + 2], "big"))
    return scans


# --- what is refused -----------------------------------------------------------------------------

REFUSED = (
    (re.compile(rb"....ftyp(hei|hev|mif1|msf1)", re.DOTALL), "HEIC"),
    (re.compile(rb"....ftypavi[fs]", re.DOTALL), "AVIF"),
    (re.compile(rb"....ftyp", re.DOTALL), "a film"),
    (re.compile(rb"II[\x2a\x2b]\0|MM\0[\x2a\x2b]"), "TIFF"),
    (re.compile(rb"%PDF"), "PDF"),
    (re.compile(rb"\s*(<\?xml|<!--|<svg)", re.IGNORECASE), "SVG"),
    (re.compile(rb"%!PS|\xc5\xd0\xd3\xc6"), "PostScript"),
    (re.compile(rb"8BPS"), "Photoshop's PSD"),
    (re.compile(rb"\0\0\0\x0cjP|\xff\x4f\xff\x51"), "JPEG 2000"),
    (re.compile(rb"\0\0\0\x0cJXL|\xff\x0a"), "JPEG XL"),
    (re.compile(rb"\0\0[\1\2]\0"), "ICO"),
)


def refusal(content: Content) -> BadPicture:
    """The reason why content that is none of the formats is not read."""
    for pattern, name in REFUSED:
        if pattern.match(content):
            return BadPicture(
                "unsupported_format", f"This is {name}, which is not read here. {EXPORT}"
            )
    if any(resembles(content, magic) for magic, _, _ in FORMATS):
        return BadPicture("invalid_image")
    return BadPicture("unsupported_format")


def resembles(content: Content, magic: bytes) -> bool:
    """True for a beginning that is cut short or has one bit wrong: damaged, not another format."""
    beginning = content[: len(magic)]
    pairs = zip(beginning, magic, strict=False)
    return sum((ours ^ theirs).bit_count() for ours, theirs in pairs) <= 1
