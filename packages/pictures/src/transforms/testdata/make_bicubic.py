"""Makes bicubic.json beside this file: pictures resized by Pillow's bicubic filter. Made with Pillow 13.0.0."""

import base64
import json
import pathlib

from PIL import Image


def levels(height, width):
    """What `generatedPicture` of the test gives: noise between stripes of black and white."""
    return bytes((i * i * 7 + i * 31 >> 2) % 256 if i % 5 else i % 2 * 255 for i in range(height * width * 3))


def case(height, width, size, cut=None):
    picture = Image.frombytes("RGB", (width, height), levels(height, width))
    resized = picture.resize((size[1], size[0]), Image.Resampling.BICUBIC)
    if cut:
        top, left, cut_height, cut_width = cut
        resized = resized.crop((left, top, left + cut_width, top + cut_height))
    named = {"height": height, "width": width, "size": size, "cut": cut}
    return named | {"levels": base64.b64encode(resized.tobytes()).decode()}


cases = [
    case(20, 30, (8, 10)),
    case(9, 7, (16, 21)),
    case(40, 12, (5, 12)),
    case(60, 16, (6, 14)),
    case(13, 13, (13, 5)),
    case(64, 48, (4, 3)),
    case(1, 9, (4, 4)),
    case(50, 33, (24, 16), (5, 3, 12, 10)),
]
file = pathlib.Path(__file__).with_name("bicubic.json")
file.write_text("[\n" + ",\n".join("  " + json.dumps(one) for one in cases) + "\n]\n")
