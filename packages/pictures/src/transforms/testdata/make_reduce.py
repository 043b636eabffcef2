"""Makes reduce.json beside this file: pictures reduced by Pillow's `reduce`. Made with Pillow 13.0.0."""

import base64
import json
import pathlib

from PIL import Image


def levels(height, width):
    """What `generatedPicture` of the test gives: noise, and white at the end."""
    count = height * width * 3
    return bytes((i * i * 7 + i * 31 >> 2) % 256 if i < count // 2 else 255 for i in range(count))


def case(height, width, factor):
    reduced = Image.frombytes("RGB", (width, height), levels(height, width)).reduce(factor)
    size = {"height": height, "width": width, "factor": factor}
    return size | {"levels": base64.b64encode(reduced.tobytes()).decode()}


sizes = [(8, 6, 2), (23, 37, 2), (47, 61, 5), (70, 100, 7), (99, 130, 33), (300, 256, 150), (260, 270, 256)]
file = pathlib.Path(__file__).with_name("reduce.json")
file.write_text("[\n" + ",\n".join("  " + json.dumps(case(*one)) for one in sizes) + "\n]\n")
