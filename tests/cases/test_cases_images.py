"""Images whose meaning changed on the way into a training: rows 101 and following of docs/cases.md."""

import io

import numpy as np
import pytest
from doors import BLUE, RED, WHITE, assert_plain, line, opened, plain, save, seen, two_classes
from PIL import Image


@pytest.fixture
def root(tmp_path):
    return two_classes(tmp_path / "images")


def test_101_sixteen_bit_grey_is_scaled_not_clipped(root):
    """Pillow's own conversion makes every level above 255 white."""
    levels = np.linspace(0, 65535, 256).astype(np.uint16).reshape(16, 16)
    save(root / "cat" / "deep.png", Image.fromarray(levels))
    for channel in seen(root, "cat/deep.png").transpose(2, 0, 1):
        assert np.array_equal(channel, np.arange(256).reshape(16, 16))


def test_105_a_photo_turned_by_exif_is_upright(root):
    image = plain((0, 0, 0))
    image.paste(RED, (0, 0, 16, 4))
    exif = Image.Exif()
    exif[0x0112] = 6  # Shown turned by 90 degrees clockwise: the stored top is the right side.
    save(root / "cat" / "phone.png", image, exif=exif)
    got = seen(root, "cat/phone.png")
    assert_plain(got[:, 12:], RED)
    assert_plain(got[:, :12], (0, 0, 0))


def test_106_the_hidden_colours_under_full_transparency_are_not_shown(root):
    noise = np.random.default_rng(0).integers(0, 256, (16, 16, 4), np.uint8)
    noise[..., 3] = 0
    noise[4:8, 4:8] = (*BLUE, 255)
    save(root / "cat" / "cutout.png", Image.fromarray(noise))
    got = seen(root, "cat/cutout.png")
    assert_plain(got[4:8, 4:8], BLUE)
    got[4:8, 4:8] = WHITE
    assert_plain(got, WHITE)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_107_a_transparent_background_becomes_white(root, mode):
    save(root / "cat" / "icon.png", plain((0,) * len(mode), mode))
    assert_plain(seen(root, "cat/icon.png"), WHITE)


def test_108_a_palette_image_with_a_transparent_colour(root):
    image = Image.new("P", (16, 16), 1)
    image.putpalette([*RED, *BLUE] + [0] * 762)
    image.paste(0, (0, 0, 8, 16))
    save(root / "cat" / "palette.png", image, transparency=0)
    got = seen(root, "cat/palette.png")
    assert_plain(got[:, :8], WHITE)
    assert_plain(got[:, 8:], BLUE)


def test_109_a_cmyk_jpeg_keeps_its_colours(root):
    # Ink of 0 %, 100 %, 100 %, 0 % is red; read as its negative it would be cyan.
    save(root / "cat" / "print.jpg", plain((0, 255, 255, 0), "CMYK"), quality=100)
    assert_plain(seen(root, "cat/print.jpg"), RED, tolerance=4)


def test_110_grey_images_among_coloured_ones(root):
    save(root / "cat" / "grey.jpg", plain(128, "L"), quality=100)
    assert_plain(seen(root, "cat/grey.jpg"), (128, 128, 128), tolerance=1)
    assert opened(root).train.images(range(7)).shape == (7, 16, 16, 3)
    assert opened(root, channels=1).train.images(range(7)).shape == (7, 16, 16, 1)


def test_111_a_webp_image_called_jpg(root):
    save(root / "cat" / "shop.jpg", plain((40, 90, 160)), format="WEBP", lossless=True)
    assert_plain(seen(root, "cat/shop.jpg"), (40, 90, 160))


def jpeg():
    noise = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    stream = io.BytesIO()
    Image.fromarray(noise).save(stream, "JPEG")
    return stream.getvalue()


def test_112_a_truncated_file_is_named_before_any_training(root, refused):
    path = root / "dog" / "cut.jpg"
    path.write_bytes(jpeg()[:900])
    said = refused(f"--config.source=folder:{root}")
    assert said.startswith(f"{path} does not decode (") and "1 such file(s) in all" in said


def test_113_damaged_files_can_be_left_out_and_are_listed(root):
    for name in ("cat/bad.jpg", "dog/worse.jpg"):
        (root / name).write_bytes(jpeg()[:700])
    assert "2 such file(s) in all" in line(root) and "--skip_unreadable" in line(root)
    source = opened(root, skip_unreadable=True)
    assert source.skipped == ("cat/bad.jpg", "dog/worse.jpg") and len(source.train) == 6


def test_114_git_lfs_pointers_in_place_of_images(root):
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 12345\n"
    (root / "dog" / "1.png").write_text(pointer)
    assert line(root).startswith(f"{root / 'dog' / '1.png'} does not decode (not an image)")


def test_115_extensions_in_capitals(root):
    save(root / "cat" / "IMG_6003.JPG", plain(RED), format="JPEG", quality=100)
    assert_plain(seen(root, "cat/IMG_6003.JPG"), RED, tolerance=4)


def test_116_an_image_of_more_pixels_than_memory(root, monkeypatch):
    save(root / "cat" / "scan.png", plain(RED, size=(40, 40)))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 20 * 20)
    said = line(root)
    assert said.startswith(f"{root / 'cat' / 'scan.png'} does not decode (") and "decompression bomb" in said


def test_117_shrinking_averages_instead_of_picking_pixels(root):
    """Stripes of one pixel, shrunk by half: grey, where a resize without antialiasing sees one colour or the other."""
    stripes = np.tile(np.array([0, 255], np.uint8), (32, 16))
    save(root / "cat" / "stripes.png", Image.fromarray(stripes))
    inner = seen(root, "cat/stripes.png")[:, 3:-3]  # At the edge the kernel is cut off.
    assert np.abs(inner.astype(int) - 127).max() <= 10
