"""Headers are read right, or refused, without decoding anything."""

import numpy as np
import pytest

from app.settings import LIMITS
from app.web.formats import (
    BadPicture,
    check_size,
    count_scans,
    decodes_in_place,
    read_header,
)
from tests.web.hostile import (
    OTHER_FORMATS,
    SEEDS,
    black_webp,
    chunk,
    exif,
    gif_of_frames,
    jpeg_segment,
    jpeg_with,
    jpeg_with_many_scans,
    png_header,
    png_with,
    saved,
    seven,
)


@pytest.mark.parametrize("format", SEEDS)
def test_format_and_size_are_read_from_the_header(format: str) -> None:
    header = read_header(saved(np.zeros((30, 47, 3), np.uint8), format))
    assert (header.format, header.width, header.height) == (format, 47, 30)


def test_each_kind_of_webp_tells_its_size() -> None:
    picture = np.zeros((30, 47, 4), np.uint8)
    for content in (
        saved(picture[:, :, :3], "WEBP", lossless=False),
        saved(picture, "WEBP", lossless=True),
        saved(picture, "WEBP", lossless=False, exif=exif([])),
    ):
        header = read_header(content)
        assert (header.width, header.height) == (47, 30)


def test_a_gif_frame_larger_than_its_screen_counts() -> None:
    content = bytearray(saved(seven(), "GIF"))
    content[6:10] = b"\1\0\1\0"  # a screen of one pixel; Pillow stretches it to the frame
    header = read_header(bytes(content))
    assert (header.width, header.height) == (28, 28)


@pytest.mark.parametrize("name", OTHER_FORMATS)
def test_another_format_is_named_or_refused(name: str) -> None:
    with pytest.raises(BadPicture) as refused:
        read_header(OTHER_FORMATS[name])
    assert (refused.value.code, refused.value.status) == ("unsupported_format", 415)
    assert "Export it as PNG" in refused.value.message


def test_heic_is_called_by_its_name() -> None:
    with pytest.raises(BadPicture, match="HEIC"):
        read_header(OTHER_FORMATS["HEIC"])


@pytest.mark.parametrize(
    "content", [b"", b"\x89", b"\x89PNG", b"\xff\xd8", b"BM", b"RIFF\0\0\0\0WEB"]
)
def test_a_beginning_alone_is_an_invalid_picture(content: bytes) -> None:
    with pytest.raises(BadPicture) as refused:
        read_header(content)
    assert refused.value.code == "invalid_image"


@pytest.mark.parametrize(
    "content",
    [
        png_header(50_000, 50_000),
        png_header(13_376, 13_376),
        png_header(13_376, 13_376, 8, 6),
        png_header(1, 89_000_000),
        png_header(89_000_000, 1),
        png_header(2**31 - 1, 1),
        png_header(8193, 1),
        black_webp(13_000, 13_000),
        black_webp(9_400, 9_400),
        black_webp(16_383, 16_383),
        b"GIF89a\xff\xff\xff\xff\0\0\0,\0\0\0\0\1\0\1\0\0",
    ],
)
def test_more_pixels_than_the_limit_are_too_many(content: bytes) -> None:
    with pytest.raises(BadPicture) as refused:
        check_size(read_header(content), LIMITS)
    assert (refused.value.code, refused.value.status) == ("image_too_large", 413)


def test_a_jpeg_may_be_larger_than_others() -> None:
    frame = jpeg_segment(0xC0, b"\x08" + (6048).to_bytes(2) + (8064).to_bytes(2) + b"\1\1\x11\0")
    check_size(read_header(b"\xff\xd8" + frame), LIMITS)


def test_no_pixels_are_an_invalid_picture() -> None:
    for content in (png_header(0, 0), png_header(0, 5)):
        with pytest.raises(BadPicture) as refused:
            check_size(read_header(content), LIMITS)
        assert refused.value.code == "invalid_image"


def test_many_segments_before_a_jpeg_frame_are_not_walked_to_the_end() -> None:
    content = jpeg_with(*[jpeg_segment(0xE1, b"x")] * 60_000)
    with pytest.raises(BadPicture) as refused:
        read_header(content)
    assert refused.value.code == "invalid_image"


def test_scans_are_counted_up_to_the_bound() -> None:
    content = jpeg_with_many_scans(64, 30)
    assert count_scans(content, 1000) == count_scans(jpeg_with_many_scans(64, 1), 1000) + 29
    assert count_scans(content, 8) == 9
    assert count_scans(saved(seven(), "JPEG"), 8) == 1


def test_a_thumbnail_inside_a_jpeg_is_not_a_scan() -> None:
    thumbnail = jpeg_segment(0xE1, saved(seven(), "JPEG", quality=10))
    assert count_scans(jpeg_with(thumbnail), 8) == 1


@pytest.mark.parametrize("format", SEEDS)
def test_small_pictures_decode_in_place(format: str) -> None:
    for content in (SEEDS[format], bytearray(SEEDS[format])):
        assert decodes_in_place(content, read_header(content), LIMITS)


@pytest.mark.parametrize(
    "content",
    [
        saved(seven(280)),
        saved(seven(), "JPEG", progressive=True),
        png_with(chunk(b"zTXt", b"x\0\0")),
        png_with(*[chunk(b"tEXt", b"a\0b")] * 100),
        saved(seven().repeat(9, 0)[:256].repeat(9, 1)[:, :256], "BMP") + bytes(64 * 1024),
        gif_of_frames(0, 28 * 10),
    ],
    ids=["large", "progressive", "compressed text", "many chunks", "many bytes", "large gif"],
)
def test_what_may_take_long_does_not_decode_in_place(content: bytes) -> None:
    assert not decodes_in_place(content, read_header(content), LIMITS)
