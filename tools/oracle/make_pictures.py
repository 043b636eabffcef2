"""Makes pictures of every kind that files come in, and says what Pillow reads from each.

    python make_pictures.py FOLDER

Needs pillow, numpy and tifffile; some kinds of TIFF and JPEG need imagecodecs as well and are left out without it. FOLDER gets
the pictures, beside each the pixels that Pillow reads (NAME.pillow, 8-bit RGB), and pictures.json:

    {"versions": {...}, "leftOut": {reason: count}, "pictures": [
        {"file", "group", "pillow": [width, height] | null, "error"?, "rule"?, "why"?, "within"?, "refused"?}]}

Pillow turns a picture as EXIF says and lays it on white where it is transparent, as the package documents for itself. Where Pillow is
known not to give what the file says, NAME.rule holds the pixels that follow from the values written, or `within` is how many levels it may
be away; `why` is the row of the table in tools/README.md. `refused` marks pictures that the package refuses by name.
"""

import argparse
import collections
import io
import json
import warnings
from pathlib import Path

import numpy
import PIL
import tifffile
from PIL import Image, ImageOps

import gif_files
import jpeg_files
import newer_files
import png_files
import tiff_files

GROUPS = (png_files, jpeg_files, gif_files, newer_files, tiff_files)


def pillow_reads(content):
    """The pixels [height, width, 3] that Pillow reads, or why it reads none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = ImageOps.exif_transpose(Image.open(io.BytesIO(content)))
            if "transparency" in image.info or image.mode in ("RGBA", "LA", "PA", "RGBa", "La"):
                image = image.convert("RGBA")
                image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
            return numpy.asarray(image.convert("RGB"))
    except Exception as error:  # Pillow raises many kinds
        return f"{type(error).__name__}: {error}"


def write(folder, name, picture):
    """Writes a picture and what is expected of it; gives its entry of the list."""
    (folder / name).write_bytes(picture.content)
    entry = {"file": name, "group": picture.group, "pillow": None}
    pixels = pillow_reads(picture.content)
    if isinstance(pixels, str):
        entry["error"] = pixels
    else:
        entry["pillow"] = [pixels.shape[1], pixels.shape[0]]
        (folder / f"{name}.pillow").write_bytes(pixels.tobytes())
    if picture.rule is not None:
        entry["rule"] = [picture.rule.shape[1], picture.rule.shape[0]]
        (folder / f"{name}.rule").write_bytes(numpy.ascontiguousarray(picture.rule, numpy.uint8).tobytes())
    if picture.why:
        entry["why"] = picture.why
    if picture.within:
        entry["within"] = picture.within
    if picture.refused:
        entry["refused"] = True
    return entry


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    entries, left_out = [], collections.Counter()
    for group in GROUPS:
        for name, make in group.pictures():
            try:
                picture = make()
            except ImportError as error:
                left_out[str(error).split("\n", 1)[0]] += 1
                continue
            entries.append(write(folder, name, picture))
    versions = {"Pillow": PIL.__version__, "tifffile": tifffile.__version__}
    result = {"versions": versions, "leftOut": left_out, "pictures": entries}
    (folder / "pictures.json").write_text(json.dumps(result))


if __name__ == "__main__":
    main()
