"""WebP and AVIF files."""

import io

from PIL import Image

from drawing import Picture, grey, levels
from png_files import icc


def saved(values, format, **options):
    file = io.BytesIO()
    image = values if isinstance(values, Image.Image) else Image.fromarray(values)
    image.save(file, format, **options)
    return file.getvalue()


def orientation(turn):
    exif = Image.Exif()
    exif[0x0112] = turn
    return exif.tobytes()


def pictures():
    for quality in (50, 80, 100):
        yield f"webp-q{quality}.webp", lambda q=quality: Picture("webp", saved(levels(), "webp", quality=q))
        yield f"webp-q{quality}-alpha.webp", lambda q=quality: Picture("webp", saved(levels(channels=4), "webp", quality=q))
    for width, height in ((1, 1), (2, 31), (300, 200)):
        size = {"width": max(2, width), "height": max(2, height)}
        yield f"webp-{width}x{height}.webp", lambda s=size, w=width, h=height: Picture("webp", saved(levels(**s)[:h, :w].copy(), "webp"))
    for channels in (3, 4):
        for exact in (False, True):
            yield f"webp-lossless{channels}{exact:d}.webp", lambda c=channels, e=exact: Picture(
                "webp", saved(levels(channels=c), "webp", lossless=True, exact=e)
            )
    yield "webp-lossless-grey.webp", lambda: Picture("webp", saved(grey(), "webp", lossless=True))
    for turn in range(1, 9):
        yield f"webp-exif{turn}.webp", lambda t=turn: Picture("webp", saved(levels(), "webp", lossless=True, exif=orientation(t)))
    yield "webp-icc.webp", lambda: Picture("webp", saved(levels(), "webp", lossless=True, icc_profile=icc("p3")))
    for channels in (3, 4):
        yield f"webp-animated{channels}.webp", lambda c=channels: animated("webp", c, lossless=True)

    for quality in (50, 80, 100):
        for subsampling in ("4:4:4", "4:2:2", "4:2:0"):
            yield f"avif-q{quality}-{subsampling.replace(':', '')}.avif", lambda q=quality, s=subsampling: avif(levels(), s, quality=q)
    for reach in ("full", "limited"):
        yield f"avif-{reach}.avif", lambda r=reach: avif(levels(), "4:4:4", quality=90, range=r)
    yield "avif-alpha.avif", lambda: avif(levels(channels=4), "4:4:4", quality=95)
    yield "avif-grey.avif", lambda: Picture("avif", saved(grey(), "avif", subsampling="4:0:0", quality=95))
    for width, height in ((1, 1), (300, 200)):
        size = {"width": max(2, width), "height": max(2, height)}
        yield f"avif-{width}x{height}.avif", lambda s=size, w=width, h=height: avif(levels(**s)[:h, :w].copy(), "4:4:4", quality=90)
    for turn in range(1, 9):
        yield f"avif-exif{turn}.avif", lambda t=turn: avif(levels(), "4:4:4", quality=90, exif=orientation(t))
    yield "avif-icc.avif", lambda: avif(levels(), "4:4:4", quality=90, icc_profile=icc("p3"))
    yield "avif-tiles.avif", lambda: avif(levels(width=256, height=256), "4:4:4", quality=90, tile_rows=1, tile_cols=1)
    yield "avif-animated.avif", lambda: animated("avif", 3, quality=90, subsampling="4:4:4")
    for bits in (10, 12):
        yield f"avif-{bits}bit.avif", lambda b=bits: deep_avif(b)
        yield f"avif-{bits}bit-grey.avif", lambda b=bits: deep_avif(b, True)


def avif(values, subsampling, **options):
    """What either library makes of chroma and of other ranges is its own choice."""
    why, within = ("AVIF rounding", 3) if subsampling == "4:4:4" else ("AVIF chroma", 24)
    content = saved(values, "avif", subsampling=subsampling, **options)
    return Picture("avif", content, why=why, within=within)


def deep_avif(bits, is_grey=False):
    import imagecodecs

    values = grey(bits) if is_grey else levels(bits)
    pixel_format = "yuv400" if is_grey else "yuv444"
    content = imagecodecs.avif_encode(values, level=95, bitspersample=bits, pixelformat=pixel_format)
    return Picture("avif", content, why="AVIF rounding", within=3)


def animated(format, channels, **options):
    frames = [Image.fromarray(levels(channels=channels)[:, ::step].copy()) for step in (1, -1)]
    return Picture(format, saved(frames[0], format, save_all=True, append_images=frames[1:], duration=100, **options))
