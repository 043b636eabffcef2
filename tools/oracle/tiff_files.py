"""TIFF files: sample formats, depths, photometric interpretations, layouts, compressions, predictors, orientations, alpha."""

import io
import itertools
import struct

import numpy
import tifffile
from PIL import Image

from drawing import Picture, as_rgb, grey, levels, on_white, shares
from png_files import icc

def tiff(values, photometric="rgb", **options):
    """A TIFF file that tifffile writes."""
    file = io.BytesIO()
    bigtiff, byteorder = options.pop("bigtiff", False), options.pop("byteorder", "<")
    with tifffile.TiffWriter(file, bigtiff=bigtiff, byteorder=byteorder) as writer:
        pages = values if isinstance(values, list) else [values]
        for page in pages:
            writer.write(page, photometric=photometric, metadata=None, **options)
    return file.getvalue()


def pillow_tiff(image, **options):
    file = io.BytesIO()
    image.save(file, "tiff", **options)
    return file.getvalue()


def raw_tiff(width, height, tags, strip, byteorder="<"):
    """A TIFF file of one strip, by the specification; tags are {number: (type, values)}."""
    sizes = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h"}
    tags = {
        256: (4, [width]),
        257: (4, [height]),
        259: (3, [1]),
        273: (4, [0]),
        278: (4, [height]),
        279: (4, [len(strip)]),
        **tags,
    }
    directory = 8 + 2 + 12 * len(tags) + 4
    extra, entries, at_offset = b"", [], 0
    for number in sorted(tags):
        type, values = tags[number]
        packed = struct.pack(byteorder + sizes[type] * len(values), *values)
        if number == 273:
            at_offset = len(entries)
        if len(packed) > 4:
            where = struct.pack(byteorder + "I", directory + len(extra))
            extra += packed + b"\0" * (len(packed) % 2)
            packed = where
        entries.append(struct.pack(byteorder + "HHI", number, type, len(values)) + packed.ljust(4, b"\0"))
    entries[at_offset] = struct.pack(byteorder + "HHII", 273, 4, 1, directory + len(extra))
    order = b"II*\0" if byteorder == "<" else b"MM\0*"
    return b"".join(
        [order, struct.pack(byteorder + "IH", 8, len(entries)), *entries, struct.pack(byteorder + "I", 0), extra, strip]
    )


def eight_bits(values):
    """What the values of a sample format stand for in 8 bits: of whole numbers the upper 8, of shares 255 times as much."""
    if values.dtype.kind == "f":
        return numpy.rint(values.astype(float) * 255).astype(numpy.uint8)
    return (values >> (8 * values.dtype.itemsize - 8)).astype(numpy.uint8)


def samples(kind, channels):
    """The drawing in a NumPy type."""
    if kind.startswith("float"):
        return shares(channels=channels).astype(kind)
    if kind.startswith("int"):
        return numpy.rint(shares(channels=channels) * 200 - 100).astype(kind)
    bits = 8 * numpy.dtype(kind).itemsize
    return numpy.minimum(numpy.rint(shares(channels=channels) * (2.0**bits - 1)), 2.0**bits - 1).astype(kind)


def pictures():
    yield from sample_formats()
    yield from compressions()
    yield from photometrics()
    yield from alphas()
    yield from odd_values()
    for turn in range(1, 9):
        yield f"tiff-orientation{turn}.tif", lambda t=turn: Picture("tiff", tiff(levels(), extratags=[(274, 3, 1, t, True)]))
    yield "tiff-pages.tif", lambda: Picture("tiff", tiff([levels(), levels()[::-1].copy()]))
    yield "tiff-pages-grey.tif", lambda: Picture("tiff", tiff([grey(), grey()[::-1].copy()], "minisblack"))
    yield "tiff-reduced-first.tif", lambda: Picture("tiff", tiff([levels(), levels(width=9, height=9)], subfiletype=0))
    for profile in ("srgb", "p3"):
        yield f"tiff-icc-{profile}.tif", lambda p=profile: Picture("tiff", tiff(levels(), iccprofile=icc(p)))
    yield "tiff-inks-icc.tif", lambda: Picture("tiff", tiff(levels(channels=4), "separated", iccprofile=icc("p3")))
    for share in (0.5, 0.95):
        yield f"tiff-cut-{share}.tif", lambda s=share: cut(s)


def cut(share):
    content = tiff(levels(width=200, height=150), compression="zlib", rowsperstrip=10)
    return Picture("tiff", content[: int(len(content) * share)], refused=True)


def sample_formats():
    """Every sample format in grey and RGB, in both byte orders, as strips, planes and tiles, as BigTIFF."""
    layouts = {
        "strips": {"rowsperstrip": 5},
        "big-endian": {"byteorder": ">"},
        "bigtiff": {"bigtiff": True},
        "tiles": {"tile": (16, 16)},
        "planes": {"planarconfig": "separate"},
        "tiled-planes": {"planarconfig": "separate", "tile": (16, 32)},
        "bigtiff-big-endian": {"bigtiff": True, "byteorder": ">"},
    }
    kinds = ("uint8", "uint16", "uint32", "int8", "int16", "int32", "float16", "float32", "float64")
    for kind, photometric, (layout, options) in itertools.product(
        kinds, ("minisblack", "miniswhite", "rgb"), layouts.items()
    ):
        if photometric != "rgb" and "planes" in layout or kind[0] == "f" and photometric == "miniswhite" and layout != "strips":
            continue
        yield f"tiff-{kind}-{photometric}-{layout}.tif", lambda k=kind, p=photometric, o=options: of_format(k, p, o)
    for kind, predictor in itertools.product(("uint8", "uint16", "float32", "float64"), (2, 3)):
        if (predictor == 3) != kind.startswith("float"):
            continue
        for photometric in ("minisblack", "rgb"):
            for compression in ("zlib", "lzw"):
                options = {"compression": compression, "predictor": predictor}
                yield f"tiff-{kind}-{photometric}-predictor{predictor}-{compression}.tif", lambda k=kind, p=photometric, o=options: of_format(
                    k, p, o
                )
    for bits in (1, 2, 4):
        for photometric in (0, 1):
            yield f"tiff-{bits}bit-photometric{photometric}.tif", lambda b=bits, p=photometric: few_bits(b, p)
    for bits in (6, 10, 12, 14):
        yield f"tiff-{bits}bit.tif", lambda b=bits: few_bits(b, 1)
    yield "tiff-12bit-rgb.tif", deep_rgb
    yield "tiff-24bit.tif", lambda: Picture(
        "tiff", raw_tiff(37, 23, {258: (3, [24]), 262: (3, [1]), 277: (3, [1])}, bytes(37 * 23 * 3)), refused=True
    )


def of_format(kind, photometric, options):
    values = samples(kind, 3 if photometric == "rgb" else 1)
    if photometric != "rgb":
        values = values[..., 0]
    written = numpy.moveaxis(values, -1, 0) if "planarconfig" in options else values
    content = tiff(written, photometric, **options)
    if kind.startswith("int") or kind == "uint32":
        return Picture("tiff", content, refused=True)
    shown = eight_bits(values)
    if photometric == "miniswhite":
        shown = 255 - shown
    why = "float TIFF" if kind.startswith("float") else "deep TIFF"
    return Picture("tiff", content, rule=shown if photometric == "rgb" else as_rgb(shown), why=why)


def few_bits(bits, photometric):
    values = grey(bits)
    each = (values[..., None] >> numpy.arange(bits - 1, -1, -1)) & 1
    strip = numpy.packbits(each.reshape(values.shape[0], -1).astype(numpy.uint8), axis=1).tobytes()
    tags = {258: (3, [bits]), 262: (3, [photometric]), 277: (3, [1])}
    content = raw_tiff(values.shape[1], values.shape[0], tags, strip)
    shown = values >> (bits - 8) if bits > 8 else numpy.rint(values * (255 / (2**bits - 1)))
    shown = shown.astype(numpy.uint8)
    return Picture("tiff", content, rule=as_rgb(shown if photometric == 1 else 255 - shown), why="TIFF of few bits")


def deep_rgb():
    values = levels(12)
    each = (values[..., None] >> numpy.arange(11, -1, -1)) & 1
    strip = numpy.packbits(each.reshape(values.shape[0], -1).astype(numpy.uint8), axis=1).tobytes()
    tags = {258: (3, [12, 12, 12]), 262: (3, [2]), 277: (3, [3])}
    return Picture("tiff", raw_tiff(37, 23, tags, strip), refused=True)


def compressions():
    for compression in ("lzw", "zlib", "packbits"):
        for kind in ("uint8", "uint16", "float32"):
            for photometric in ("minisblack", "rgb"):
                yield f"tiff-{kind}-{photometric}-{compression}.tif", lambda k=kind, p=photometric, c=compression: of_format(
                    k, p, {"compression": c}
                )
    yield "tiff-rgb-jpeg.tif", lambda: Picture("tiff", pillow_tiff(Image.fromarray(levels()), compression="jpeg"))
    yield "tiff-grey-jpeg.tif", lambda: Picture("tiff", pillow_tiff(Image.fromarray(grey()), compression="jpeg"))
    for compression in ("group3", "group4", "tiff_ccitt", "packbits", "tiff_lzw", "tiff_adobe_deflate"):
        yield f"tiff-1bit-{compression}.tif", lambda c=compression: Picture(
            "tiff", pillow_tiff(Image.fromarray(grey() > 120), compression=c)
        )
    for compression in ("zstd",):
        for kind in ("uint8", "uint16", "float32", "float64"):
            for photometric in ("minisblack", "rgb"):
                yield f"tiff-{kind}-{photometric}-{compression}.tif", lambda k=kind, p=photometric, c=compression: of_format(
                    k, p, {"compression": c}
                )
    for compression in ("lzma", "lerc", "jpegxl", "jpeg2000", "png", "webp", "jpegxr"):
        for kind in ("uint8",):
            yield f"tiff-{kind}-{compression}.tif", lambda c=compression, k=kind: Picture(
                "tiff", tiff(samples(k, 3), compression=c), refused=True
            )
    yield "tiff-jpeg-tiles.tif", lambda: Picture("tiff", tiff(levels(width=64, height=48), compression="jpeg", tile=(16, 16)))


def photometrics():
    for bits in (1, 2, 4, 8):
        yield f"tiff-palette{bits}.tif", lambda b=bits: paletted(b)
    for bits in (8, 16):
        for compression in (None, "zlib"):
            yield f"tiff-inks{bits}-{compression}.tif", lambda b=bits, c=compression: inks(b, c)
    yield "tiff-inks-planes.tif", lambda: inks(8, None, planarconfig="separate")
    yield "tiff-inks-float.tif", float_inks
    yield "tiff-five-inks.tif", lambda: Picture(
        "tiff", tiff(numpy.concatenate([levels(channels=4), levels(channels=1)], -1), "separated")
    )
    for name, photometric in (("lab", 8), ("icclab", 9), ("itulab", 10)):
        tags = {258: (3, [8, 8, 8]), 262: (3, [photometric]), 277: (3, [3])}
        yield f"tiff-{name}.tif", lambda t=tags: Picture("tiff", raw_tiff(37, 23, t, levels().tobytes()), refused=True)
    for name, photometric in (("cfa", 32803), ("linear-raw", 34892), ("logl", 32844), ("depth", 51177), ("mask", 4)):
        tags = {258: (3, [8]), 262: (3, [photometric]), 277: (3, [1])}
        yield f"tiff-{name}.tif", lambda t=tags: Picture("tiff", raw_tiff(37, 23, t, grey().tobytes()), refused=True)
    yield "tiff-ycbcr444.tif", lambda: ycbcr(1, 1)
    yield "tiff-ycbcr420.tif", lambda: ycbcr(2, 2)
    yield "tiff-no-photometric.tif", lambda: Picture(
        "tiff", raw_tiff(37, 23, {258: (3, [8]), 277: (3, [1])}, grey().tobytes()), refused=True
    )
    yield "tiff-two-channels.tif", lambda: Picture(
        "tiff", raw_tiff(37, 23, {258: (3, [8, 8]), 262: (3, [1]), 277: (3, [2])}, levels(channels=2).tobytes()), refused=True
    )
    yield "tiff-complex.tif", lambda: Picture("tiff", tiff(grey().astype("complex64"), "minisblack"), refused=True)


def paletted(bits):
    colours = levels(16, width=2**bits, height=2)[0]
    values = grey(bits)
    each = (values[..., None] >> numpy.arange(bits - 1, -1, -1)) & 1
    strip = numpy.packbits(each.reshape(values.shape[0], -1).astype(numpy.uint8), axis=1).tobytes()
    tags = {258: (3, [bits]), 262: (3, [3]), 277: (3, [1]), 320: (3, [int(v) for v in colours.T.ravel()])}
    return Picture("tiff", raw_tiff(values.shape[1], values.shape[0], tags, strip))


def inks(bits, compression, **options):
    values = levels(bits, channels=4)
    written = numpy.moveaxis(values, -1, 0) if "planarconfig" in options else values
    eight = (values >> (bits - 8)).astype(float)
    paper = 255 - eight[..., 3:]
    rule = numpy.rint(paper - eight[..., :3] * paper / 255).astype(numpy.uint8)
    return Picture("tiff", tiff(written, "separated", compression=compression, **options), rule=rule, why="deep TIFF")


def float_inks():
    inks = numpy.rint(shares(channels=4) * 255)
    rule = numpy.rint((255 - inks[..., :3]) * (255 - inks[..., 3:]) / 255).astype(numpy.uint8)
    return Picture("tiff", tiff(shares(channels=4).astype("float32"), "separated"), rule=rule, why="float TIFF")


def ycbcr(across, down):
    """Luma and colour differences without compression, in units of across x down pixels (TIFF 6.0, section 21)."""
    width, height = 36, 24
    values = numpy.asarray(Image.fromarray(levels(width=width, height=height)).convert("YCbCr")).astype(int)
    units = values.reshape(height // down, down, width // across, across, 3).transpose(0, 2, 1, 3, 4)
    luma = units[..., 0].reshape(*units.shape[:2], -1)
    chroma = numpy.rint(units[..., 1:].mean(axis=(2, 3)))
    strip = numpy.concatenate([luma, chroma], axis=-1).astype(numpy.uint8).tobytes()
    tags = {258: (3, [8, 8, 8]), 262: (3, [6]), 277: (3, [3]), 530: (3, [across, down])}
    return Picture("tiff", raw_tiff(width, height, tags, strip), refused=True)


def alphas():
    """Extra samples: nothing said (0), premultiplied alpha (1), alpha (2)."""
    for kind, extra, is_grey in itertools.product(("uint8", "uint16", "float32"), ("unspecified", "assocalpha", "unassalpha"), (False, True)):
        name = f"tiff-{kind}-{'grey' if is_grey else 'rgb'}-{extra}.tif"
        yield name, lambda k=kind, e=extra, g=is_grey: with_alpha(k, e, g)


def with_alpha(kind, extra, is_grey):
    colours = shares(channels=1 if is_grey else 3)
    cover = shares(channels=4)[..., 3:]
    if extra == "assocalpha":
        colours = colours * cover
    shares_of = numpy.concatenate([colours, cover], axis=-1)
    scale = 1 if kind == "float32" else 2 ** (8 * numpy.dtype(kind).itemsize) - 1
    values = (shares_of * scale if scale == 1 else numpy.rint(shares_of * scale)).astype(kind)
    content = tiff(values, "minisblack" if is_grey else "rgb", extrasamples=[extra], planarconfig="contig")
    shown, alpha = colours * 255, cover[..., 0]
    if extra == "unspecified":
        rule = shown
    elif extra == "assocalpha":
        rule = shown + 255 * (1 - alpha[..., None])
    else:
        rule = shown * alpha[..., None] + 255 * (1 - alpha[..., None])
    rule = numpy.clip(numpy.rint(rule), 0, 255).astype(numpy.uint8)
    return Picture("tiff", content, rule=as_rgb(rule[..., 0]) if is_grey else rule, why="alpha in TIFF")


def odd_values():
    """Floats that are no shares, and whole numbers that fill a part of their range."""
    for name, change in {
        "nan": lambda v: numpy.where(v > 0.9, numpy.nan, v),
        "inf": lambda v: numpy.where(v > 0.9, numpy.inf, v),
        "to255": lambda v: v * 255,
        "to65535": lambda v: v * 65535,
        "hdr": lambda v: v * 4,
        "negative": lambda v: v * 2 - 1,
    }.items():
        for photometric in ("minisblack", "rgb"):
            yield f"tiff-float-{name}-{photometric}.tif", lambda c=change, p=photometric: Picture(
                "tiff", tiff(c(samples("float32", 3 if p == "rgb" else 1)).astype("float32").squeeze(), p), refused=True
            )
    yield "tiff-12of16bit.tif", lambda: Picture(
        "tiff", tiff(grey(12), "minisblack"), rule=as_rgb((grey(12) >> 8).astype(numpy.uint8)), why="deep TIFF"
    )
