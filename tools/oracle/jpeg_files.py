"""JPEG files: subsampling, quality, progressive, restart markers, grey, inks, orientation, profiles, rare processes."""

import io
import itertools
import struct

import numpy
from PIL import Image

from drawing import Picture, as_rgb, grey, levels
from png_files import icc


def saved(values, mode=None, **options):
    file = io.BytesIO()
    image = Image.fromarray(values) if mode is None else Image.fromarray(values, mode)
    image.save(file, "jpeg", **options)
    return file.getvalue()


def pictures():
    for quality, subsampling, progressive in itertools.product((50, 90, 100), (0, 1, 2, "4:1:1"), (False, True)):
        name = f"jpeg-q{quality}-{str(subsampling).replace(':', '')}{'-progressive' if progressive else ''}.jpg"
        options = {"quality": quality, "subsampling": subsampling, "progressive": progressive}
        yield name, lambda options=options: Picture("jpeg", saved(levels(), **options))
    for width, height in ((1, 1), (1, 40), (16, 16), (17, 9), (640, 480)):
        size = {"width": max(2, width), "height": max(2, height)}
        yield f"jpeg-{width}x{height}.jpg", lambda s=size, w=width, h=height: Picture("jpeg", saved(levels(**s)[:h, :w].copy()))
    for progressive in (False, True):
        yield f"jpeg-grey{progressive:d}.jpg", lambda p=progressive: Picture("jpeg", saved(grey(), progressive=p))
        yield f"jpeg-inks{progressive:d}.jpg", lambda p=progressive: Picture("jpeg", inks(progressive=p))
    yield "jpeg-inks-icc.jpg", lambda: Picture("jpeg", inks(icc_profile=icc("p3")))
    yield "jpeg-inks-no-adobe.jpg", lambda: Picture("jpeg", without_segment(inks(), 0xEE))
    yield "jpeg-inks-exif6.jpg", lambda: Picture("jpeg", inks(exif=orientation(6)))
    yield "jpeg-inks-ycck.jpg", ycck
    yield "jpeg-rgb-adobe.jpg", lambda: Picture("jpeg", saved(levels(), keep_rgb=True))
    for blocks in (1, 3):
        yield f"jpeg-restart{blocks}.jpg", lambda b=blocks: Picture("jpeg", saved(levels(), restart_marker_blocks=b))
    for turn in range(1, 9):
        yield f"jpeg-exif{turn}.jpg", lambda turn=turn: Picture("jpeg", saved(levels(), exif=orientation(turn), subsampling=0))
    yield "jpeg-exif-bad.jpg", lambda: Picture("jpeg", saved(levels(), exif=orientation(9)))
    yield "jpeg-exif-thumbnail.jpg", lambda: Picture("jpeg", with_thumbnail())
    for profile in ("srgb", "p3", "grey"):
        values = grey if profile == "grey" else levels
        yield f"jpeg-icc-{profile}.jpg", lambda p=profile, v=values: Picture("jpeg", saved(v(), icc_profile=icc(p)))
    yield "jpeg-comment.jpg", lambda: Picture("jpeg", saved(levels(), comment=b"a comment"))
    yield "jpeg-fill-bytes.jpg", lambda: Picture("jpeg", fill_bytes(saved(levels())))
    yield "jpeg-trailing.jpg", lambda: Picture("jpeg", saved(levels()) + b"what a telephone appends" * 50)
    yield "jpeg-mpo.jpg", mpo
    yield "jpeg-12bit.jpg", lambda: rare(levels(12), True, bitspersample=12)
    yield "jpeg-12bit-grey.jpg", lambda: rare(grey(12), True, bitspersample=12)
    yield "jpeg-lossless.jpg", lambda: rare(levels(), lossless=True, colorspace="RGB", outcolorspace="RGB")
    yield "jpeg-lossless-grey.jpg", lambda: rare(grey(), lossless=True)
    yield "jpeg-lossless-16bit.jpg", lambda: rare(grey(16), True, lossless=True, bitspersample=16)
    yield "jpeg-arithmetic.jpg", lambda: Picture("jpeg", arithmetic(), rule=as_rgb(numpy.full((8, 8), 128)), why="arithmetic JPEG")
    for share in (0.5, 0.95):
        yield f"jpeg-cut-{share}.jpg", lambda s=share: cut(s)


def orientation(turn):
    exif = Image.Exif()
    exif[0x0112] = turn
    return exif


def inks(**options):
    return saved(levels(channels=4), "CMYK", **options)


def ycck():
    import imagecodecs

    content = imagecodecs.jpeg8_encode(levels(channels=4), colorspace="CMYK", outcolorspace="YCCK")
    return Picture("jpeg", content)


def segments(content):
    """The segments before the first scan, as [marker, bytes], and the rest."""
    at, found = 2, []
    while content[at + 1] != 0xDA:
        length = struct.unpack(">H", content[at + 2 : at + 4])[0] + 2
        found.append((content[at + 1], content[at : at + length]))
        at += length
    return found, content[at:]


def without_segment(content, marker):
    found, rest = segments(content)
    return b"\xff\xd8" + b"".join(segment for kind, segment in found if kind != marker) + rest


def fill_bytes(content):
    """Any marker may be preceded by bytes of 0xFF (ITU T.81, B.1.1.2)."""
    found, rest = segments(content)
    return b"\xff\xd8" + b"".join(b"\xff\xff" + segment for _, segment in found) + rest


def with_thumbnail():
    """A picture whose EXIF holds another JPEG file."""
    thumbnail = saved(grey(width=8, height=8))
    tiff = struct.pack("<2sHIHHHIIHHIII", b"II", 42, 8, 0, 2, 0x0201, 4, 1, 0, 0, 0, 0, 0)[:8]
    directory = struct.pack("<HI", 0, 14) + struct.pack("<H", 2)
    entries = struct.pack("<HHII", 0x0201, 4, 1, 44) + struct.pack("<HHII", 0x0202, 4, 1, len(thumbnail))
    exif = b"Exif\0\0" + tiff + directory + entries + struct.pack("<I", 0) + thumbnail
    return saved(levels(), exif=exif)


def mpo():
    """Two pictures in one file, as telephones write them for depth."""
    file = io.BytesIO()
    first, second = Image.fromarray(levels()), Image.fromarray(levels()[::-1].copy())
    first.save(file, "mpo", save_all=True, append_images=[second])
    return Picture("jpeg", file.getvalue())


def rare(values, refused=False, **options):
    import imagecodecs

    return Picture("jpeg", imagecodecs.jpeg8_encode(values, **options), refused=refused)


def arithmetic():
    """Eight by eight pixels of mid grey, coded arithmetically (SOF9): every coefficient is 0, which codes to nothing."""
    segment = lambda marker, body: struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body
    return b"".join(
        [
            b"\xff\xd8",
            segment(0xDB, b"\0" + bytes([1] * 64)),
            segment(0xC9, struct.pack(">BHHB3B", 8, 8, 8, 1, 1, 0x11, 0)),
            segment(0xDA, bytes([1, 1, 0, 0, 63, 0])),
            b"\0\0",
            b"\xff\xd9",
        ]
    )


def cut(share):
    content = saved(levels(width=200, height=150), quality=95)
    return Picture("jpeg", content[: int(len(content) * share)], refused=True)
