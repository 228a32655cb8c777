"""Whatever way a picture is written, its pixels come out; whatever is broken is BadPicture."""

import io

import numpy as np
import pytest
from PIL import Image, ImageOps

from app.settings import LIMITS
from app.web.formats import BadPicture, read_header
from app.web.images import decode, encode_png, exif_orientation, read_picture
from tests.web.hostile import (
    SEEDS,
    exif,
    gif_of_frames,
    jpeg_with_many_scans,
    png_header,
    saved,
    seven,
)

COLOURED = np.random.default_rng(0).integers(0, 256, (7, 5, 3), dtype=np.uint8)
ORIENTATION = 0x0112


def as_grey(picture: np.ndarray) -> np.ndarray:
    return picture if picture.ndim == 2 else picture[:, :, 0]


LOSSLESS = {
    "L": saved(seven()),
    "LA": saved(Image.fromarray(seven()).convert("LA")),
    "P": saved(Image.fromarray(seven()).convert("P")),
    "RGB": saved(Image.fromarray(seven()).convert("RGB")),
    "RGBA": saved(Image.fromarray(seven()).convert("RGBA")),
    "16 bits": saved(Image.fromarray(seven().astype(np.uint16) * 257)),
    "GIF": SEEDS["GIF"],
    "WebP": SEEDS["WEBP"],
    "BMP": SEEDS["BMP"],
    "BMP, 24 bits": saved(Image.fromarray(seven()).convert("RGB"), "BMP"),
}


@pytest.mark.parametrize("mode", LOSSLESS)
def test_every_lossless_form_has_the_same_pixels(mode: str) -> None:
    picture = read_picture(LOSSLESS[mode], LIMITS)
    assert picture.dtype == np.uint8 and picture.ndim in (2, 3)
    assert (as_grey(picture) == seven()).all()


def test_black_and_white_of_one_bit_is_0_and_255() -> None:
    picture = read_picture(saved(Image.fromarray(seven()).convert("1")), LIMITS)
    assert set(np.unique(picture)) == {0, 255}


def test_the_transparent_colour_of_a_palette_becomes_alpha() -> None:
    image = Image.fromarray(seven()).convert("P")
    picture = read_picture(saved(image, transparency=0), LIMITS)
    assert picture.shape == (28, 28, 4)
    assert (picture[seven() == 0, 3] == 0).all() and (picture[seven() > 0, 3] == 255).all()


def test_a_cmyk_jpeg_shows_the_same_shape() -> None:
    content = saved(Image.fromarray(seven()).convert("CMYK"), "JPEG", quality=95)
    picture = read_picture(content, LIMITS)
    assert picture.shape == (28, 28, 3)
    assert np.abs(as_grey(picture).astype(int) - seven()).mean() < 8


@pytest.mark.parametrize("format", ["PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_turned_upright_as_their_exif_says(orientation: int, format: str) -> None:
    tags = Image.Exif()
    tags[ORIENTATION] = orientation
    content = saved(COLOURED, format, lossless=True, exif=tags)
    expected = ImageOps.exif_transpose(opened(content))
    assert (read_picture(content, LIMITS) == np.asarray(expected)).all()


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def test_the_sender_may_overrule_the_orientation() -> None:
    tags = Image.Exif()
    tags[ORIENTATION] = 6
    content = saved(COLOURED, exif=tags)
    assert (read_picture(content, LIMITS, orientation=1) == COLOURED).all()
    assert (read_picture(content, LIMITS, orientation=3) == COLOURED[::-1, ::-1]).all()


@pytest.mark.parametrize(
    "block",
    [
        b"",
        b"Exif\0\0",
        b"Exif\0\0II*\0\xff\xff\xff\xff",
        exif([(ORIENTATION, 3, 1, 9)]),
        exif([(ORIENTATION, 3, 1, 0)]),
        exif([(n, 3, 1, 1) for n in range(65_535)]),
        exif([(0x8769, 4, 1, 8)], next_directory=8),
        exif([(1, 3, 1, 1)])[:-9],
    ],
    ids=["none", "empty", "nowhere", "9", "0", "65,535 tags", "a loop", "cut short"],
)
def test_exif_that_says_nothing_readable_leaves_the_picture_as_it_is(block: bytes) -> None:
    assert exif_orientation(block) == 1


def test_only_the_first_frame_of_a_film_is_read() -> None:
    assert (as_grey(read_picture(gif_of_frames(50), LIMITS)) == seven(56)).all()
    frames = [Image.fromarray(seven()), Image.fromarray(255 - seven())]
    for format in ("PNG", "WEBP"):
        film = saved(frames[0], format, save_all=True, append_images=frames[1:], lossless=True)
        assert (as_grey(read_picture(film, LIMITS)) == seven()).all()


def test_large_pictures_shrink_by_averaging() -> None:
    stripes = np.zeros((512, 4096), np.uint8)
    stripes[:, ::2] = 200
    picture = read_picture(saved(stripes), LIMITS)
    assert picture.shape == (128, 1024)
    assert (picture == 100).all()


def test_a_thin_line_keeps_its_length_and_a_pixel_of_width() -> None:
    assert read_picture(saved(np.zeros((4096, 1), np.uint8)), LIMITS).shape == (1024, 1)


def test_a_large_jpeg_is_decoded_small() -> None:
    picture = read_picture(saved(np.full((4000, 6000), 99, np.uint8), "JPEG"), LIMITS)
    assert max(picture.shape) <= 1024 and np.abs(picture.astype(int) - 99).max() <= 2


def test_too_many_scans_are_refused_before_decoding() -> None:
    with pytest.raises(BadPicture) as refused:
        read_picture(jpeg_with_many_scans(64, 1000), LIMITS)
    assert (refused.value.code, refused.value.status) == ("too_many_scans", 422)


def test_a_picture_that_disagrees_with_its_header_is_refused() -> None:
    content, other = saved(seven()), saved(seven(56))
    with pytest.raises(BadPicture) as refused:
        decode(content, read_header(other), LIMITS)
    assert refused.value.code == "invalid_image"


def test_a_header_without_pixels_is_refused() -> None:
    with pytest.raises(BadPicture):
        read_picture(png_header(28, 28, 8), LIMITS)


@pytest.mark.parametrize("shape", [(28, 28), (1, 1), (5, 9, 3), (300, 2)])
def test_our_own_png_is_read_back_by_pillow(shape: tuple[int, ...]) -> None:
    picture = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    assert (np.asarray(opened(encode_png(picture))) == picture).all()
