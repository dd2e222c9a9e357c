"""Image files of every format, mode, depth, orientation and shape: the right pixels, or one line."""

import io
import struct
import zlib

import numpy as np
import pytest
import test_prepared
from PIL import Image, ImageCms

from tfgan_aug.core.errors import UserError
from tfgan_aug.data import colours, decoding, sources, surveys
from tfgan_aug.data.fitting import Fitting

RED, WHITE = (255, 0, 0), (255, 255, 255)


def write(path, content, **options):
    """`content` is a Pillow image, an array or the bytes of a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        image = Image.fromarray(content) if isinstance(content, np.ndarray) else content
        image.save(path, **options)
    return path


def read(path, size=16, channels=3, **fitted):
    """(what was seen of the file, its image); a file with a fault raises its words as a ValueError."""
    files = decoding.Files([path], Fitting(size, channels, "nearest", **fitted))
    if path in files.faults:
        raise ValueError(files.faults[path])
    (seen,), (image,) = files.seen([path]), files.read([path])
    return seen, image


def flat(mode, colour, size=(16, 16)):
    return Image.new(mode, size, colour)


def png(levels, depth, colour_type=0, transparent=b""):
    """A PNG of one row of bytes for each line, as Pillow cannot write it."""

    def chunk(name, content):
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    width = len(levels[0]) * 8 // depth // {0: 1, 2: 3}[colour_type]
    header = struct.pack(">IIBBBBB", width, len(levels), depth, colour_type, 0, 0, 0)
    return b"".join((
        b"\x89PNG\r\n\x1a\n", chunk(b"IHDR", header), chunk(b"tRNS", transparent) if transparent else b"",
        chunk(b"IDAT", zlib.compress(b"".join(b"\0" + line for line in levels))), chunk(b"IEND", b""),
    ))  # fmt: skip


def tiff(values, *, bits, sample_format=1, photometric=1):
    """A TIFF of one line of `values`, the bytes of its pixels, as Pillow cannot write it."""
    channels, width = len(bits), len(values) * 8 // sum(bits)
    # The third of a tag is a short; three of them stand behind the directory.
    behind = 8 + 2 + 12 * 10 + 4
    of_bits = struct.pack("<HHII", 258, 3, 3, behind) if channels == 3 else struct.pack("<HHIHH", 258, 3, 1, *bits, 0)
    formats = (339, 3, 1, sample_format)
    tags = [(256, 3, 1, width), (257, 3, 1, 1), None, (259, 3, 1, 1), (262, 3, 1, photometric), (273, 4, 1, behind + 6)]
    tags += [(277, 3, 1, channels), (278, 3, 1, 1), (279, 4, 1, len(values)), formats]
    packed = b"".join(of_bits if tag is None else struct.pack("<HHII", *tag) for tag in tags)
    return (
        b"II*\0" + struct.pack("<IH", 8, len(tags)) + packed + b"\0" * 4 + struct.pack("<3H", *(list(bits) * 3)[:3])
        + values
    )  # fmt: skip


# Formats


@pytest.mark.parametrize(
    ("name", "options", "kind"),
    [
        ("a.jpg", {"quality": 100}, "JPEG"), ("a.JPE", {"quality": 100, "format": "JPEG"}, "JPEG"),
        ("a.jfif", {"quality": 100}, "JPEG"), ("a.mpo", {"quality": 100, "save_all": True}, "JPEG"),
        ("a.png", {}, "PNG"), ("a.webp", {"lossless": True}, "WEBP"), ("a.BMP", {}, "BMP"), ("a.tif", {}, "TIFF"),
        ("a.tiff", {"compression": "tiff_lzw"}, "TIFF"), ("b.tiff", {"compression": "jpeg", "quality": 100}, "TIFF"),
        ("a.gif", {}, "GIF"), ("a.ppm", {}, "PPM"), ("a.pnm", {}, "PPM"),
        ("actually_a.jpg", {"format": "BMP"}, "BMP"), ("actually_a.bmp", {"format": "PNG"}, "PNG"),
    ],
)  # fmt: skip
def test_formats(tmp_path, name, options, kind):
    path = write(tmp_path / name, flat("RGB", RED), **options)
    assert decoding.is_image(path)
    seen, image = read(path)
    assert seen.kind.format == kind and (seen.width, seen.height) == (16, 16)
    assert np.abs(image.astype(int) - RED).max() <= 2


def test_a_class_of_jpg_and_bmp_is_read_whole_and_the_rest_is_counted(tmp_path):
    for number in range(10):
        write(tmp_path / "cat" / f"{number}.JPG", flat("RGB", RED))
        write(tmp_path / "dog" / f"{number}.png", flat("RGB", WHITE))
    for number in range(10, 30):
        write(tmp_path / "cat" / f"{number}.{'BMP' if number % 2 else 'tif'}", flat("RGB", RED))
    for name in ("a.txt", "b.TXT", "c.heic", "README", ".DS_Store", "._0.JPG", "Thumbs.db", "desktop.ini"):
        (tmp_path / "cat" / name).write_bytes(b"")
    source = sources.open_source(f"folder:{tmp_path}", image_size=16)
    assert np.bincount(source.train.labels).tolist() == [30, 10]
    (note,) = source.notes
    assert note.endswith("; 40 train images; left out: 2 .txt, 1 without an ending, 1 .heic")
    assert source.train.survey()["formats"] == {"JPEG": 10, "PNG": 10, "BMP": 10, "TIFF": 10}


@pytest.mark.parametrize("name", ["a.gif", "a.png", "a.webp", "a.tif", "a.mpo"])
def test_of_several_frames_the_first(tmp_path, name):
    frames = [flat("RGB", colour) for colour in (RED, (0, 0, 255))]
    options = {"lossless": True} if name == "a.webp" else {"quality": 100} if name == "a.mpo" else {}
    path = write(tmp_path / name, frames[0], save_all=True, append_images=frames[1:], **options)
    seen, image = read(path)
    assert np.abs(image.astype(int) - RED).max() <= 2
    # The second image of an MPO is a preview or a map of the first.
    assert ("first of several frames" in seen.kind.done) is (name != "a.mpo")


# Orientation

# By the standard: where the picture's top left, top right, bottom left and bottom right are stored.
STORED = {
    1: "abcd", 2: "badc", 3: "dcba", 4: "cdab", 5: "acbd", 6: "bdac", 7: "dbca", 8: "cadb",
}  # fmt: skip
COLOURS = {"a": (255, 0, 0), "b": (0, 255, 0), "c": (0, 0, 255), "d": (255, 255, 255)}


@pytest.mark.parametrize("orientation", [0, *STORED, 9])
@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.tif", "a.mpo"])
def test_orientation(tmp_path, name, orientation):
    corners = STORED.get(orientation, "abcd")
    stored = Image.new("RGB", (16, 16))
    for corner, place in zip(corners, [(0, 0), (8, 0), (0, 8), (8, 8)], strict=True):
        stored.paste(COLOURS[corner], (*place, place[0] + 8, place[1] + 8))
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"a.webp": {"lossless": True}, "a.mpo": {"save_all": True}}.get(name, {})
    seen, image = read(write(tmp_path / name, stored, exif=exif, quality=100, **options))
    upright = image[[2, 2, 13, 13], [2, 13, 2, 13]].astype(int)
    assert np.abs(upright - [COLOURS[corner] for corner in "abcd"]).max() <= 8
    assert seen.kind.done == (("turned upright",) if orientation in range(2, 9) else ())


def test_orientation_swaps_the_sides_that_are_said(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    for name in ("a.jpg", "a.tif"):
        seen, _ = read(write(tmp_path / name, flat("RGB", RED, (40, 20)), exif=exif))
        assert (seen.width, seen.height) == (20, 40)


# Depth

GRADIENT = np.arange(0, 65536, 257, dtype=np.uint16).reshape(16, 16)  # 257 * level: by hand, level 0 to 255.


@pytest.mark.parametrize("name", ["a.png", "a.tif", "b.tif", "a.pgm"])
def test_sixteen_bits_become_eight(tmp_path, name):
    levels = GRADIENT.astype(">u2") if name == "b.tif" else GRADIENT
    seen, image = read(write(tmp_path / name, levels), channels=1)
    assert np.array_equal(image[..., 0], np.arange(256, dtype=np.uint8).reshape(16, 16))
    assert seen.kind.depth == 16 and seen.kind.done == ("scaled to 8 bits (65535 is white)",)


def test_sixteen_bits_are_rounded(tmp_path):
    # 128 / 257 is 0.498, 129 / 257 is 0.502.
    levels = np.array([[128, 129, 65535 - 128, 65535 - 129]], np.uint16)
    _, image = read(write(tmp_path / "a.png", levels), way="stretch", channels=1)
    assert image[0, ::4, 0].tolist() == [0, 1, 255, 254]


def test_white_is_zero(tmp_path):
    """A TIFF in which 0 is white: Pillow turns 8 bits round, and not 16."""
    _, image = read(write(tmp_path / "a.tif", tiff(b"\0\xff", bits=[8], photometric=0)), way="stretch", channels=1)
    assert image[0, [0, -1], 0].tolist() == [255, 0]
    deep = tiff(struct.pack("<2H", 257 * 10, 65535), bits=[16], photometric=0)
    _, image = read(write(tmp_path / "b.tif", deep), way="stretch", channels=1)
    assert image[0, [0, -1], 0].tolist() == [245, 0]


def test_twelve_bits_in_sixteen_are_not_black(tmp_path):
    levels = np.linspace(0, 4095, 256).astype(np.uint16).reshape(16, 16)
    path = write(tmp_path / "a.png", levels)
    with pytest.raises(
        UserError, match=r"--config.white_level: the brightest value in all .*4,095 of 65,535 \(in .*a.png"
    ):
        read(path)
    with pytest.raises(UserError, match=r"expected what is white, such as 4095 \(12 bits\), or 65535 to keep them so"):
        read(path)
    _, image = read(path, channels=1, white_level=4095)
    assert np.abs(image[..., 0].astype(int) - np.arange(256).reshape(16, 16)).max() <= 1
    _, image = read(path, channels=1, white_level=65535)
    assert image.max() == 16
    with pytest.raises(ValueError, match=r"values from 0 to 4095 \(mode I;16\), expected 0 to 4000, which is white"):
        read(path, white_level=4000)


def test_colours_of_sixteen_bits(tmp_path):
    """Pillow keeps the upper 8 bits."""
    levels = [struct.pack(">6H", 0x1234, 0xFFFF, 0x00FF, 0, 0x8000, 0x0100)]
    for name, content in {"a.png": png(levels, 16, 2), "a.tif": None}.items():
        swapped = struct.pack("<6H", *struct.unpack(">6H", levels[0]))
        content = content or tiff(swapped, bits=[16] * 3, photometric=2)
        seen, image = read(write(tmp_path / name, content), way="stretch")
        assert image[0, [0, -1]].tolist() == [[0x12, 0xFF, 0], [0, 0x80, 1]]
        assert (seen.kind.mode, seen.kind.depth) == ("RGB", 16)
        with pytest.raises(ValueError, match="colours of 16 bits, .* --config.white_level=4095 is for grey ones"):
            read(tmp_path / name, white_level=4095)
    dark = write(tmp_path / "dark.png", png([struct.pack(">3H", 4095, 0, 0)], 16, 2))
    with pytest.raises(UserError, match="4,095 of 65,535 .* expected files of 8 bits, or 65535"):
        read(dark)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (tiff(struct.pack("<2h", -5, 300), bits=[16], sample_format=2), r"values from -5 to 300 \(mode I\), and which"),
        (
            tiff(struct.pack("<2I", 5, 70000), bits=[32]),
            r"values from 5 to 70000 \(mode I\), and which of them is white",
        ),
        (
            tiff(struct.pack("<2f", 0, 1), bits=[32], sample_format=3),
            r"values from 0 to 1 \(mode F\), and which .* say",
        ),
        (tiff(struct.pack("<2b", -5, 100), bits=[8], sample_format=2), "signed values of 8 bits, expected unsigned"),
        (tiff(struct.pack("<2d", 0, 1), bits=[64], sample_format=3), "not an image, or a TIFF of another kind than"),
    ],
)
def test_values_without_a_known_white_are_refused(tmp_path, content, words):
    with pytest.raises(ValueError, match=words):
        read(write(tmp_path / "a.tif", content))


def test_white_level_says_what_floats_mean(tmp_path):
    path = write(tmp_path / "a.tif", tiff(struct.pack("<4f", 0, 0.2, 0.4, 1), bits=[32], sample_format=3))
    _, image = read(path, way="stretch", channels=1, white_level=1)
    assert image[0, ::4, 0].tolist() == [0, 51, 102, 255]
    for values, white in (([float("nan"), 1], 1), ([0, float("inf")], 1), ([-0.1, 1], 1), ([0, 1.5], 1)):
        bad = write(tmp_path / "b.tif", tiff(struct.pack("<2f", *values), bits=[32], sample_format=3))
        with pytest.raises(ValueError, match="values from .*, expected 0 to 1, which is white"):
            read(bad, white_level=white)


# Modes; see also test_sources.test_modes


def palette(**info):
    image = flat("P", 1)
    image.putpalette([9, 9, 9, 40, 50, 60])
    image.info.update(info)
    return image


@pytest.mark.parametrize(
    ("name", "image", "rgb"),
    [
        ("a.gif", palette(), (40, 50, 60)),
        ("a.gif", palette(transparency=1), WHITE),
        ("a.bmp", palette(), (40, 50, 60)),
        ("a.tif", palette(), (40, 50, 60)),
        ("a.bmp", flat("1", 1), WHITE),
        ("a.pbm", flat("1", 0), (0, 0, 0)),
        ("a.tif", flat("1", 1), WHITE),
        ("a.tif", flat("LA", (0, 51)), (204, 204, 204)),
        ("a.webp", flat("RGBA", (0, 0, 0, 51)), (204, 204, 204)),
        ("a.tif", flat("CMYK", (0, 255, 255, 0)), RED),
        ("a.tif", flat("CMYK", (0, 0, 0, 155)), (100, 100, 100)),
        ("a.tif", flat("LAB", (137, 128, 128)), (128, 128, 128)),  # L* = 53.7: by the formula sRGB's level 128.
    ],
)  # fmt: skip
def test_modes(tmp_path, name, image, rgb):
    options = {"lossless": True, "exact": True} if name == "a.webp" else {}
    seen, got = read(write(tmp_path / name, image, **options))
    assert np.abs(got.astype(int) - rgb).max() <= 1
    assert seen.kind.mode in (image.mode, "P", "RGBA", "L")


@pytest.mark.parametrize(("depth", "line", "transparent"), [(2, b"\x1f", 1), (4, b"\x5f", 5), (8, b"\x05\xff", 5)])
def test_a_transparent_grey_level(tmp_path, depth, line, transparent):
    """Pillow brings pixels of 2 and 4 bits to 8, but not the level that is transparent."""
    content = png([line], depth, transparent=struct.pack(">H", transparent))
    seen, _ = read(write(tmp_path / "a.png", content), way="stretch", channels=1)
    assert "laid over white where transparent" in seen.kind.done


def test_a_transparent_colour_of_sixteen_bits(tmp_path):
    key = struct.pack(">3H", 0x1234, 0x5678, 0x9ABC)
    content = png([key + struct.pack(">3H", 0xFFFF, 0, 0)], 16, 2, key)
    _, image = read(write(tmp_path / "a.png", content), way="stretch")
    assert image[0, [0, -1]].tolist() == [[255, 255, 255], [255, 0, 0]]
    content = png([struct.pack(">2H", 0x1234, 0x8080)], 16, 0, struct.pack(">H", 0x1234))
    _, image = read(write(tmp_path / "b.png", content), way="stretch", channels=1)
    assert image[0, [0, -1], 0].tolist() == [255, 128]


# Colour profiles


def profile(space):
    return ImageCms.ImageCmsProfile(ImageCms.createProfile(space)).tobytes()


def with_primaries(*xyz):
    """sRGB's profile with other columns for red, green and blue."""
    made = bytearray(profile("sRGB"))
    for number in range(struct.unpack(">I", made[128:132])[0]):
        name, start, _ = struct.unpack(">4sII", made[132 + 12 * number : 144 + 12 * number])
        if name in (b"rXYZ", b"gXYZ", b"bXYZ"):
            column = xyz[b"rgb".index(name[:1])]
            made[start + 8 : start + 20] = struct.pack(">3i", *(round(value * 65536) for value in column))
    return bytes(made)


# The columns that Display P3 has in its published profile, for the white D50.
P3 = with_primaries((0.51512, 0.2412, -0.00105), (0.29198, 0.69225, 0.04189), (0.1571, 0.06657, 0.78407))


def to_srgb(rgb):
    """A colour of Display P3 in sRGB, by the matrices of their primaries (CSS Color 4), for white D65."""
    linear = np.array(rgb) / 255
    linear = np.where(linear <= 0.04045, linear / 12.92, ((linear + 0.055) / 1.055) ** 2.4)
    matrix = [[1.2249402, -0.2249402, 0], [-0.0420569, 1.0420569, 0], [-0.0196376, -0.0786361, 1.0982735]]
    linear = np.clip(np.array(matrix) @ linear, 0, 1)
    return 255 * np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.webp"])
@pytest.mark.parametrize("rgb", [(200, 120, 90), (90, 160, 120), (128, 128, 128)])
def test_wide_colours_become_srgb(tmp_path, name, rgb):
    options = {"lossless": True} if name == "a.webp" else {}
    seen, image = read(write(tmp_path / name, flat("RGB", rgb), icc_profile=P3, **options))
    assert np.abs(image[0, 0] - to_srgb(rgb)).max() <= 2
    assert seen.kind.done == ("from sRGB built-in to sRGB",)  # The name that the profile was given above.


def test_a_profile_that_says_nothing_new_changes_no_byte(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8)
    for number, given in enumerate((profile("sRGB"), b"no profile", b"")):
        seen, image = read(write(tmp_path / f"{number}.png", pixels, icc_profile=given))
        assert np.array_equal(image, pixels)
        assert seen.kind.done == (("colour profile left aside, unreadable",) if number == 1 else ())
    # A profile of colours in a grey picture is a common mistake of converters.
    seen, image = read(write(tmp_path / "a.png", flat("L", 77), icc_profile=profile("sRGB")))
    assert (image == 77).all() and seen.kind.done == ("colour profile left aside, made for RGB",)


def linear_grey():
    """A profile of grey in which levels are proportional to light, written by the book."""
    white = (0.9642, 1, 0.8249)
    place = struct.pack(">3i", *(round(value * 65536) for value in white))
    tags = {b"wtpt": b"XYZ \0\0\0\0" + place, b"kTRC": b"curv\0\0\0\0" + struct.pack(">IH2x", 1, 256)}
    start, index, body = 128 + 4 + 12 * len(tags), struct.pack(">I", len(tags)), b""
    for name, content in tags.items():
        index += struct.pack(">4sII", name, start + len(body), len(content))
        body += content
    sizes = struct.pack(">I4sI4s4s4s", start + len(body), b"lcms", 0x02400000, b"mntr", b"GRAY", b"XYZ ")
    head = sizes + struct.pack(">6H", 2000, 1, 1, 0, 0, 0) + b"acsp" + b"\0" * 28 + place
    return head.ljust(128, b"\0") + index + body


@pytest.mark.parametrize(("level", "expected"), [(0, 0), (10, 55.8), (55, 128), (128, 187.8), (255, 255)])
def test_a_grey_profile(tmp_path, level, expected):
    """By the curve of sRGB: 255 (1.055 (level / 255) ** (1 / 2.4) - 0.055)."""
    path = write(tmp_path / "a.png", flat("L", level), icc_profile=linear_grey())
    for channels in (1, 3):
        seen, image = read(path, channels=channels)
        assert np.abs(image - expected).max() <= 1
        assert "from an unnamed profile to sRGB" in seen.kind.done
    _, image = read(write(tmp_path / "b.png", flat("LA", (level, 51)), icc_profile=linear_grey()))
    assert np.abs(image - (0.2 * expected + 0.8 * 255)).max() <= 1


def test_a_profile_with_transparency(tmp_path):
    _, image = read(write(tmp_path / "a.png", flat("RGBA", (200, 120, 90, 51)), icc_profile=P3))
    assert np.abs(image[0, 0] - (0.2 * to_srgb((200, 120, 90)) + 0.8 * 255)).max() <= 2


def test_without_littlecms_colours_stay_and_lab_is_refused(tmp_path, monkeypatch):
    def missing(*arguments, **options):
        raise ImportError("no LittleCMS")

    colours._transform.cache_clear()
    path = write(tmp_path / "a.png", flat("RGB", (200, 120, 90)), icc_profile=P3)
    lab = write(tmp_path / "b.tif", flat("LAB", (137, 128, 128)))
    with monkeypatch.context() as patch:
        patch.setattr(ImageCms, "createProfile", missing)
        seen, image = read(path)
        assert image[0, 0].tolist() == [200, 120, 90] and seen.kind.done == ("colour profile left aside, unreadable",)
        with pytest.raises(ValueError, match="mode LAB, which cannot be converted here"):
            read(lab)
    colours._transform.cache_clear()


# Shape


def test_ways_of_fitting(tmp_path):
    """A picture 32 x 8: red, green, blue and white squares in a row, 8 x 8 each."""
    pixels = np.repeat(np.array([[RED, (0, 255, 0), (0, 0, 255), WHITE]], np.uint8), 8, axis=1).repeat(8, axis=0)
    path = write(tmp_path / "a.png", pixels)
    _, cropped = read(path, way="crop")
    assert np.array_equal(cropped, np.repeat(pixels[:1, 12:20], 2, axis=1).repeat(16, axis=0))
    _, stretched = read(path, way="stretch")
    assert np.array_equal(stretched, pixels[:1, ::2].repeat(16, axis=0))
    _, padded = read(path, way="pad")
    expected = np.zeros((16, 16, 3), np.uint8)
    expected[6:10] = pixels[:1, ::2]
    assert np.array_equal(padded, expected)
    _, tall = read(write(tmp_path / "b.png", pixels.swapaxes(0, 1)), way="pad")
    assert np.array_equal(tall, expected.swapaxes(0, 1))


@pytest.mark.parametrize("way", ["crop", "stretch", "pad"])
@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (17, 16), (16, 16)])
def test_a_flat_picture_stays_flat(tmp_path, way, size):
    path = write(tmp_path / "a.png", flat("RGB", RED, size))
    for channels, level in ((3, RED), (1, 76)):
        image = read(path, channels=channels, way=way)[1].reshape(256, channels)
        inside = image[(image > 0).any(axis=1)]
        assert len(inside) and (inside == level).all() and (way == "pad" or len(inside) == 256)


def test_a_class_that_shows_at_the_left_end(tmp_path):
    """430 x 64, the classes differ in the left 120 pixels: a crop makes them one, and says so."""
    for name, level in {"a": 0, "b": 255}.items():
        for number in range(3):
            pixels = np.full((64, 430), 100 + number, np.uint8)
            pixels[:, :120] = level
            write(tmp_path / name / f"{number}.png", pixels)

    def opened(fit):
        return sources.open_source(f"folder:{tmp_path}", image_size=32, channels=1, fit=fit).train

    same = {}
    for fit in ("crop", "stretch", "pad"):
        images = opened(fit).images(range(6))
        same[fit] = np.array_equal(images[:3], images[3:])
    assert same == {"crop": True, "stretch": False, "pad": False}
    (line,) = surveys.warnings(opened("crop").survey())
    assert line == (
        "the median image is 430 x 64; crop keeps the middle 15 % of it; --config.fit=pad or --config.fit=stretch "
        "keeps all"
    )
    assert not surveys.warnings(opened("pad").survey()) and not surveys.warnings(opened("stretch").survey())


@pytest.mark.parametrize(("sides", "warned"), [([10, 10, 9], False), ([10, 9, 9], False), ([10, 8, 8], True)])
def test_the_median_decides(sides, warned):
    kind = surveys.Kind("PNG", "L", 8)
    found = surveys.survey([surveys.Seen(kind, 10, side) for side in sides], Fitting(16, 1, "box"))
    assert bool(surveys.warnings(found)) is warned


def test_options_of_fitting():
    def fails(words, **options):
        with pytest.raises(UserError, match=words):
            sources.open_source("shapes10", image_size=16, **options)

    fails(r"--config.fit is 'padd' \(nearest: pad\), expected one of crop, stretch, pad", fit="padd")
    for level in (-1, float("nan"), float("inf")):
        fails(f"--config.white_level: found {level}, expected a finite number, 0 or more", white_level=level)


def test_defaults_leave_fingerprints_alone():
    def print_of(**options):
        return sources.open_source("shapes10", image_size=16, **options).fingerprint()

    prints = [
        print_of(fit="crop", white_level=0),
        print_of(fit="pad"),
        print_of(fit="stretch"),
        print_of(white_level=9),
    ]
    assert prints[0] == print_of() and len(set(prints)) == 4


# What is said


def test_a_survey_counts_what_was_met_and_done(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 3
    write(tmp_path / "a" / "0.jpg", flat("RGB", RED, (40, 20)), exif=exif)
    write(tmp_path / "a" / "1.png", flat("L", 7, (16, 16)))
    write(tmp_path / "b" / "0.png", flat("RGBA", (0, 0, 0, 0), (16, 16)))
    write(tmp_path / "b" / "1.png", GRADIENT)
    split = sources.open_source(f"folder:{tmp_path}", image_size=16).train
    found = split.survey()
    assert found["images"] == 4 and found["depths"] == {"8": 3, "16": 1}
    assert found["done"] == {
        "grey as RGB": 2, "turned upright": 1, "wholly transparent, so blank": 1,
        "scaled to 8 bits (65535 is white)": 1, "cropped to the middle": 1, "shrunk": 1,
    }  # fmt: skip
    line = surveys.words(found)
    assert line.startswith(
        "4 images: 3 PNG, 1 JPEG; modes 1 RGB, 1 L, 1 RGBA, 1 I;16; 3 of 8 bits, 1 of 16 bits; 2 sizes"
    )
    assert "from 16 x 16 to 40 x 20, most often 16 x 16 (3); 2 grey as RGB, 1 turned upright" in line
    assert surveys.warnings(found) == ["1 of 4 images are wholly transparent: they become blank"]
    assert split.survey([0])["images"] == 1 and split.survey([]) == {}


def test_dark_images_of_eight_bits_are_warned_of(tmp_path):
    write(tmp_path / "a" / "0.png", flat("L", 3))
    write(tmp_path / "b" / "0.png", flat("L", 9))
    found = sources.open_source(f"folder:{tmp_path}", image_size=16).train.survey()
    assert surveys.warnings(found) == ["the brightest value of all images is 9 of 255: they are nearly black"]


# Damage


def encoded(name, **options):
    stream = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8)
    Image.fromarray(noise).save(stream, name, **options)
    return stream.getvalue()


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "PPM"])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.9])
def test_cut_off_files(tmp_path, name, share):
    whole = encoded(name)
    with pytest.raises(ValueError, match=r"^[^\n]+$"):
        read(write(tmp_path / "a.png", whole[: int(share * len(whole))]))


@pytest.mark.parametrize("content", [b"P6 0 0 255\n", b"GIF89a\0\0\0\0\0\0\0;", png([b""], 8)])
def test_images_without_pixels(tmp_path, content):
    with pytest.raises(ValueError, match=r"^[^\n]+$"):
        read(write(tmp_path / "a.png", content))


@pytest.mark.parametrize("name", ["BMP", "TIFF", "GIF", "PPM"])
def test_decompression_bombs(tmp_path, monkeypatch, name):
    path = write(tmp_path / "a.png", encoded(name))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 16 * 16 - 1)
    with pytest.raises(ValueError, match="decompression bomb"):
        read(path)


# Prepared TFDS sets


def test_images_of_a_prepared_set_are_fitted_in_the_same_way(tmp_path):
    """A wide image, one with transparency and one of 4 channels, and one that says that it lies on its side."""
    wide = np.repeat(np.array([[RED, WHITE, (0, 0, 255), WHITE]], np.uint8), 8, axis=1).repeat(8, axis=0)
    clear = np.zeros((16, 16, 4), np.uint8)
    clear[..., 3] = 51
    exif = Image.Exif()
    exif[0x0112] = 6
    stored = flat("RGB", (0, 0, 0), (24, 16))
    stored.paste(WHITE, (0, 0, 24, 8))  # What is stored on top belongs to the right.
    turned = write(tmp_path / "turned.jpg", stored, exif=exif, quality=100)
    given = {
        "wide": (3, [wide, turned, np.zeros((9, 9, 3), np.uint8)]),
        "clear": (4, [clear] * 2),
        "grey": (1, [wide[..., :1]] * 2),
    }
    opened = {}
    for name, (channels, images) in given.items():
        features = {"image": test_prepared.image_feature(None, None, channels), "label": test_prepared.label_feature()}
        examples = [
            {"image": str(image) if isinstance(image, type(turned)) else image, "label": i}
            for i, image in enumerate(images)
        ]
        test_prepared.write_tfds(tmp_path, name, {"train": examples}, shards=1, **features)
        options = {"image_size": 16, "data_dir": str(tmp_path), "resize_filter": "nearest"}
        opened[name] = {
            fit: sources.open_source(name, fit=fit, **options).train for fit in ("crop", "stretch", "pad")
        }  # fmt: skip
    train = opened["wide"]["stretch"]
    assert train.survey() == {}  # Nothing was read yet.
    images = train.images([0, 1])
    assert np.array_equal(images[0], wide[:1, ::2].repeat(16, axis=0))
    assert images[1][:, 10:].min() > 240 and images[1][:, :6].max() < 15
    found = train.survey()
    assert found["images"] == 2 and found["formats"] == {"PNG": 1, "JPEG": 1}
    assert found["done"] == {"stretched": 2, "turned upright": 1, "shrunk": 2}
    assert found["sizes"]["smallest"] == [32, 8] and found["sizes"]["largest"] == [16, 24]
    assert (opened["wide"]["pad"].images([0])[0][:6] == 0).all()
    assert np.array_equal(opened["wide"]["crop"].images([0])[0][0, ::8], [WHITE, (0, 0, 255)])
    assert (opened["clear"]["crop"].images([0]) == 204).all()
    assert opened["grey"]["stretch"].images([0])[0, 0, ::4].tolist() == [[255] * 3, [255] * 3, [0] * 3, [255] * 3]
