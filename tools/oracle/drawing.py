"""What the pictures show, and what is known of a picture beside its bytes."""

import dataclasses

import numpy


@dataclasses.dataclass
class Picture:
    """A picture file."""

    group: str
    content: bytes
    #: The pixels [height, width, 3] that follow from the values written, where Pillow does not give these.
    rule: numpy.ndarray | None = None
    #: The row of the table of differences.
    why: str = ""
    #: Levels by which Pillow may differ for that reason, where no rule gives the pixels.
    within: int = 0
    #: Whether the package refuses it by name.
    refused: bool = False


def shares(width=37, height=23, channels=3):
    """Values from 0 to 1 [height, width, channels]: slopes and waves, different in every channel and nowhere symmetric."""
    y, x = numpy.mgrid[0:height, 0:width]
    x, y = x / (width - 1), y / (height - 1)
    waves = [
        0.6 * x + 0.4 * y,
        0.5 + 0.5 * numpy.sin(5 * x + 2 * y),
        1 - 0.7 * y - 0.3 * x * x,
        0.25 + 0.75 * numpy.abs(numpy.cos(3 * x - 4 * y)),
    ]
    return numpy.stack(waves[:channels], axis=-1)


def levels(bits=8, **size):
    """`shares` as whole numbers of so many bits."""
    kind = numpy.uint8 if bits <= 8 else numpy.uint16 if bits <= 16 else numpy.uint32
    return numpy.rint(shares(**size) * (2**bits - 1)).astype(kind)


def grey(bits=8, **size):
    return levels(bits, channels=1, **size)[..., 0]


def as_rgb(values):
    """Grey levels [height, width] as [height, width, 3]."""
    return numpy.repeat(values[..., None], 3, axis=-1)


def on_white(colours, alpha):
    """8-bit colours [height, width, 3] on white, by shares of cover [height, width]."""
    cover = alpha[..., None].astype(float)
    return numpy.rint(colours * cover + 255 * (1 - cover)).astype(numpy.uint8)
