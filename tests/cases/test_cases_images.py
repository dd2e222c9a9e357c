"""Images whose meaning changed on the way into a training: rows 101 and following of docs/cases.md."""

import io

import numpy as np
import pytest
from doors import BLUE, RED, WHITE, assert_plain, line, opened, plain, save, seen, two_classes
from PIL import Image

from tfgan_aug.data import surveys


@pytest.fixture
def root(tmp_path):
    return two_classes(tmp_path / "images")


def test_101_sixteen_bit_grey_is_scaled_not_clipped(root):
    """Pillow's own conversion makes every level above 255 white."""
    levels = np.linspace(0, 65535, 256).astype(np.uint16).reshape(16, 16)
    save(root / "cat" / "deep.png", Image.fromarray(levels))
    for channel in seen(root, "cat/deep.png").transpose(2, 0, 1):
        assert np.array_equal(channel, np.arange(256).reshape(16, 16))


def test_102_a_sixteen_bit_tiff_is_scaled_too(root):
    levels = np.linspace(0, 65535, 256).astype(np.uint16).reshape(16, 16)
    save(root / "cat" / "deep.tif", Image.fromarray(levels))
    assert np.array_equal(seen(root, "cat/deep.tif", channels=1)[..., 0], np.arange(256).reshape(16, 16))


def test_103_tiff_and_bmp_files_beside_jpegs(root):
    for name in ("3.tif", "4.TIFF", "5.bmp"):
        save(root / "cat" / name, plain(RED))
    assert np.bincount(opened(root).train.labels).tolist() == [6, 3]
    assert_plain(seen(root, "cat/3.tif"), RED)
    assert_plain(seen(root, "cat/5.bmp"), RED)


def test_104_ppm_files(root):
    save(root / "cat" / "3.ppm", plain(RED))
    assert_plain(seen(root, "cat/3.ppm"), RED)
    assert opened(root).train.survey()["formats"] == {"PNG": 6, "PPM": 1}


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


def test_118_files_that_are_no_images_are_counted(root):
    for name in ("1.heic", "2.heic", "notes.txt", ".DS_Store", "Thumbs.db"):
        (root / "cat" / name).write_bytes(b"")
    source = opened(root)
    assert len(source.train) == 6 and "left out: 2 .heic, 1 .txt" in " ".join(source.notes)


def test_119_a_class_of_phone_images_that_cannot_be_read(root, refused):
    for number in range(3):
        (root / "dog" / f"{number}.png").rename(root / "dog" / f"{number}.HEIC")
    said = refused(f"--config.source=folder:{root}")
    assert str(root / "dog") in said and "3 .heic" in said and "expected files ending in .jpg, " in said


def test_120_the_first_frame_of_an_animation(root):
    save(root / "cat" / "moving.gif", plain(RED), save_all=True, append_images=[plain(BLUE)])
    assert_plain(seen(root, "cat/moving.gif"), RED)
    assert opened(root).train.survey()["done"]["first of several frames"] == 1


def test_121_twelve_bits_in_files_of_sixteen(tmp_path):
    """All of them would be black: 4095 is a sixteenth of 65535."""
    for name, high in (("cat", 4095), ("dog", 4000)):
        save(tmp_path / name / "0.tif", Image.fromarray(np.full((16, 16), high, np.uint16)))
    said = line(tmp_path)
    assert said.startswith("--config.white_level: the brightest value in all files of 16 bits (2) is 4,095 of 65,535")
    assert "such as 4095 (12 bits)" in said
    assert_plain(seen(tmp_path, "cat/0.tif", white_level=4095), WHITE)


@pytest.mark.parametrize("fit, red", [("crop", 0), ("stretch", 64), ("pad", 16)])
def test_122_the_shape_of_an_image_that_is_no_square(root, fit, red):
    """A quarter of it, at the left, is red: lost, kept at its share of a stretched image, or of a smaller one."""
    image = plain(BLUE, size=(64, 16))
    image.paste(RED, (0, 0, 16, 16))
    save(root / "cat" / "wide.png", image)
    got = seen(root, "cat/wide.png", fit=fit, resize_filter="nearest")
    assert (got == RED).all(axis=-1).sum() == red
    assert (got == (0, 0, 0)).all(axis=-1).sum() == (192 if fit == "pad" else 0)


def test_123_what_a_crop_loses_is_said_with_numbers(root):
    for name in ("cat", "dog"):
        for number in range(4):
            save(root / name / f"wide{number}.png", plain(RED, size=(430, 64)))
    (warning,) = surveys.warnings(opened(root).train.survey())
    assert warning.startswith("the median image is 430 x 64; crop keeps the middle 15 % of it; --config.fit=pad or ")
    assert surveys.warnings(opened(root, fit="pad").train.survey()) == []


def test_124_sixteen_bits_in_the_other_byte_order(root):
    levels = np.linspace(0, 65535, 256).astype(">u2").reshape(16, 16)
    image = Image.frombytes("I;16B", (16, 16), levels.tobytes())
    save(root / "cat" / "sound.tif", image)
    assert np.array_equal(seen(root, "cat/sound.tif", channels=1)[..., 0], np.arange(256).reshape(16, 16))


def test_125_heights_and_other_floats_have_no_white_of_their_own(tmp_path):
    for name, height in (("cat", 400.0), ("dog", 800.0)):
        save(tmp_path / name / "0.tif", Image.fromarray(np.full((16, 16), height, np.float32)))
    said = line(tmp_path)
    assert "values from 400 to 400 (mode F)" in said and "--config.white_level" in said
    assert_plain(seen(tmp_path, "dog/0.tif", white_level=800), WHITE)
    assert "values from 800 to 800 (mode F), expected 0 to 500" in line(tmp_path, white_level=500)
