"""PNG files by the specification: colour types, depths, transparency, interlacing, colour chunks, orientation, APNG."""

import io
import itertools
import struct
import zlib

import numpy
from PIL import Image, ImageCms

from drawing import Picture, as_rgb, grey, levels, on_white

CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
ADAM7 = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))


def chunk(name, content):
    body = name + content
    return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))


def lines_of(values, bits):
    """Rows of [height, width, channels], packed, each after the filter type 0."""
    height = values.shape[0]
    flat = values.reshape(height, -1)
    if bits == 16:
        packed = flat.astype(">u2").view(numpy.uint8).reshape(height, -1)
    elif bits == 8:
        packed = flat.astype(numpy.uint8)
    else:
        each = (flat[..., None] >> numpy.arange(bits - 1, -1, -1)) & 1
        packed = numpy.packbits(each.reshape(height, -1).astype(numpy.uint8), axis=1)
    return b"".join(b"\0" + line.tobytes() for line in packed)


def png(values, type, bits=8, before=(), interlaced=False, after=()):
    """A PNG file of [height, width, channels]; `before` are chunks before the pixels."""
    height, width = values.shape[:2]
    values = values.reshape(height, width, CHANNELS[type])
    if interlaced:
        passes = [values[top::down, left::right] for top, left, down, right in ADAM7]
        raw = b"".join(lines_of(part, bits) for part in passes if part.size)
    else:
        raw = lines_of(values, bits)
    header = struct.pack(">IIBBBBB", width, height, bits, type, 0, 0, int(interlaced))
    return b"".join(
        [b"\x89PNG\r\n\x1a\n", chunk(b"IHDR", header), *before, chunk(b"IDAT", zlib.compress(raw)), *after, chunk(b"IEND", b"")]
    )


def palette(count=16):
    colours = levels(width=count, height=2)[0]
    return colours, chunk(b"PLTE", colours.tobytes())


def deep_grey(values, **more):
    return Picture("png", more.pop("content"), rule=as_rgb((values >> 8).astype(numpy.uint8)), why="16-bit grey", **more)


def pictures():
    for type, bits, interlaced in itertools.product(CHANNELS, (1, 2, 4, 8, 16), (False, True)):
        if (type == 3 and bits == 16) or (type in (2, 4, 6) and bits < 8):
            continue
        for width, height in ((37, 23), (1, 1), (3, 50)):
            size = {"width": max(width, 2), "height": max(height, 2)}
            name = f"png-type{type}-{bits}bit{'-interlaced' if interlaced else ''}-{width}x{height}.png"
            yield name, lambda type=type, bits=bits, interlaced=interlaced, size=size, w=width, h=height: plain(
                type, bits, interlaced, {**size}, w, h
            )
    for bits in (1, 2, 4, 8, 16):
        yield f"png-grey{bits}-trns.png", lambda bits=bits: grey_key(bits)
    for bits in (8, 16):
        yield f"png-rgb{bits}-trns.png", lambda bits=bits: rgb_key(bits)
    for bits in (1, 2, 4, 8):
        yield f"png-palette{bits}-trns.png", lambda bits=bits: palette_alpha(bits)
    for name, chunks in colour_chunks().items():
        for type in (0, 2, 3, 6):
            if name == "icc-grey" and type != 0 or name != "icc-grey" and name.startswith("icc") and type == 0:
                continue
            yield f"png-type{type}-{name}.png", lambda type=type, chunks=chunks: coloured(type, chunks)
    for turn in range(1, 9):
        yield f"png-exif{turn}.png", lambda turn=turn: turned(turn)
    for disposal, blend in ((0, 0), (1, 0), (2, 1)):
        yield f"png-animated-{disposal}{blend}.png", lambda d=disposal, b=blend: animated(d, b)
    yield "png-palette-short.png", short_palette
    yield "png-bkgd.png", lambda: Picture("png", png(levels(channels=4), 6, before=[chunk(b"bKGD", bytes(6))]))


def plain(type, bits, interlaced, size, width, height):
    before = []
    if type == 3:
        _, plte = palette(2**bits)
        before = [plte]
    values = levels(bits, channels=CHANNELS[type], **size)[:height, :width]
    content = png(values, type, bits, before, interlaced)
    if bits == 16 and type in (0, 4):
        eight = (values >> 8).astype(numpy.uint8)
        rule = as_rgb(eight[..., 0])
        if type == 4:
            rule = on_white(rule, values[..., 1] / 65535)
        return Picture("png", content, rule=rule, why="16-bit grey")
    if bits == 16 and type == 6:
        return Picture("png", content, rule=on_white(values[..., :3] / 257, values[..., 3] / 65535), why="16-bit alpha")
    return Picture("png", content)


def grey_key(bits):
    values = grey(bits)
    key = int(values[5, 7])
    content = png(values, 0, bits, [chunk(b"tRNS", struct.pack(">H", key))])
    shown = (values >> 8 if bits == 16 else numpy.rint(values * (255 / (2**bits - 1)))).astype(numpy.uint8)
    return Picture("png", content, rule=on_white(as_rgb(shown), values != key), why="colour key")


def rgb_key(bits):
    values = levels(bits)
    key = values[5, 7]
    content = png(values, 2, bits, [chunk(b"tRNS", struct.pack(">HHH", *map(int, key)))])
    shown = (values >> (bits - 8)).astype(numpy.uint8)
    return Picture("png", content, rule=on_white(shown, (values != key).any(axis=-1)), why="colour key")


def palette_alpha(bits):
    _, plte = palette(2**bits)
    return Picture("png", png(grey(bits), 3, bits, [plte, chunk(b"tRNS", bytes([0, 128][: 2**bits]))]))


def short_palette():
    _, plte = palette(5)
    return Picture("png", png(grey(2), 3, 4, [plte]))


def icc(name):
    """A profile: sRGB as Little CMS makes it, or one of primaries that are far from it."""
    if name == "srgb":
        return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    import imagecodecs

    return imagecodecs.cms_profile({"p3": "rgb", "grey": "gray"}[name], gamma=1.8, **(
        {"whitepoint": (0.3127, 0.329, 1.0), "primaries": (0.68, 0.32, 1.0, 0.265, 0.69, 1.0, 0.15, 0.06, 1.0)} if name == "p3" else {}
    ))


def colour_chunks():
    def profile(name):
        return lambda: [chunk(b"iCCP", b"profile\0\0" + zlib.compress(icc(name)))]

    return {
        "gama-linear": lambda: [chunk(b"gAMA", struct.pack(">I", 100000))],
        "gama-dark": lambda: [chunk(b"gAMA", struct.pack(">I", 20000))],
        "chrm": lambda: [chunk(b"cHRM", struct.pack(">8I", 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000))],
        "srgb": lambda: [chunk(b"sRGB", b"\0")],
        "cicp": lambda: [chunk(b"cICP", bytes([9, 16, 0, 1]))],
        "icc-srgb": profile("srgb"),
        "icc-p3": profile("p3"),
        "icc-grey": profile("grey"),
    }


def coloured(type, chunks):
    before = list(chunks())
    if type == 3:
        before.append(palette(256)[1])
    return Picture("png", png(levels(channels=CHANNELS[type]), type, 8, before))


def turned(turn):
    exif = Image.Exif()
    exif[0x0112] = turn
    file = io.BytesIO()
    Image.fromarray(levels()).save(file, "png", exif=exif)
    return Picture("png", file.getvalue())


def animated(disposal, blend):
    frames = [Image.fromarray(levels(channels=4)[..., ::step].copy()) for step in (1, -1)]
    file = io.BytesIO()
    frames[0].save(file, "png", save_all=True, append_images=frames[1:], duration=100, disposal=disposal, blend=blend)
    return Picture("png", file.getvalue())
