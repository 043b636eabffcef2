"""GIF files, and formats that only Pillow reads."""

import io

import numpy
from PIL import Image

from drawing import Picture, grey, levels


def saved(image, format, **options):
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def paletted(count, values=None):
    return Image.fromarray(levels() if values is None else values).quantize(count, dither=Image.Dither.NONE)


def pictures():
    for count in (2, 4, 16, 100, 256):
        for interlace in (0, 1):
            yield f"gif-{count}-{interlace}.gif", lambda c=count, i=interlace: Picture("gif", saved(paletted(c), "gif", interlace=i))
    yield "gif-grey.gif", lambda: Picture("gif", saved(Image.fromarray(grey()), "gif"))
    yield "gif-1bit.gif", lambda: Picture("gif", saved(Image.fromarray(grey() > 120), "gif"))
    for transparent in (0, 7):
        yield f"gif-transparent{transparent}.gif", lambda t=transparent: Picture("gif", saved(paletted(16), "gif", transparency=t))
    for disposal in (0, 1, 2, 3):
        yield f"gif-animated{disposal}.gif", lambda d=disposal: animated(d)
    yield "gif-animated-transparent.gif", animated_transparent
    yield "gif-offset.gif", offset
    yield "gif-1x1.gif", lambda: Picture("gif", saved(paletted(4, levels(width=2, height=2)[:1, :1].copy()), "gif"))
    for format in ("bmp", "ico", "tga", "ppm", "jpeg2000", "sgi", "pcx", "dds", "icns", "pdf"):
        yield f"other-{format}.png", lambda f=format: Picture("other", saved(Image.fromarray(levels(width=64, height=64)), f), refused=True)


def animated(disposal):
    frames = [paletted(16, levels()[:, ::step].copy()) for step in (1, -1)]
    return Picture("gif", saved(frames[0], "gif", save_all=True, append_images=frames[1:], disposal=disposal, duration=50))


def animated_transparent():
    frames = [paletted(16, levels()[:, ::step].copy()) for step in (1, -1)]
    return Picture("gif", saved(frames[0], "gif", save_all=True, append_images=frames[1:], transparency=3, disposal=2))


def offset():
    """A first frame that covers a part of the screen only; what lies beside it nobody has written."""
    content = bytearray(saved(paletted(16), "gif"))
    width, height = int.from_bytes(content[6:8], "little"), int.from_bytes(content[8:10], "little")
    content[6:8], content[8:10] = (width + 9).to_bytes(2, "little"), (height + 5).to_bytes(2, "little")
    start = content.index(b",", 13)
    content[start + 1 : start + 3], content[start + 3 : start + 5] = (4).to_bytes(2, "little"), (2).to_bytes(2, "little")
    rule = numpy.zeros((height + 5, width + 9, 3), numpy.uint8)
    rule[2 : 2 + height, 4 : 4 + width] = numpy.asarray(paletted(16).convert("RGB"))
    return Picture("gif", bytes(content), rule=rule, why="GIF beside its frame")
