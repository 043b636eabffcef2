"""Writes pickles.json: each value in every protocol, as CPython and numpy pickle it. Usage: python make_pickles.py"""

import base64
import collections
import json
import pathlib
import pickle

import numpy

shared = [1, 2]
values = {
    "plain": {
        "none": None,
        "truths": (True, False),
        "integers": [0, -1, 255, 65536, -(2**31), 2**40, 2**63, -(2**70)],
        "floats": [0.5, -1e300, float("inf")],
        "text": "grüße \u2603 \U0001f40d\n\\u0041'",
        "bytes": bytes(range(256)),
        "shared": [shared, shared],
        "many": list(range(1100)),
    },
    "containers": [
        collections.OrderedDict([("b", 1), ("a", 2)]),
        collections.Counter("aab"),
        {1, 2},
        frozenset([3]),
        bytearray(b"\x00\xff"),
        b"",
    ],
    "numpy": {
        "bytes": numpy.arange(6, dtype="u1").reshape(2, 3),
        "floats": numpy.array([[1.5, -2.0]], dtype=">f4"),
        "columns": numpy.asfortranarray(numpy.arange(6, dtype="i8").reshape(2, 3)),
        "truths": numpy.array([True, False]),
        "empty": numpy.zeros((0, 4), dtype="f8"),
        "scalar": numpy.float64(2.5),
        "truth": numpy.bool_(True),
        "count": numpy.int64(2**60),
    },
}

pickles = {
    name: [base64.b64encode(pickle.dumps(value, protocol)).decode() for protocol in range(6)]
    for name, value in values.items()
}
place = pathlib.Path(__file__).with_name("pickles.json")
place.write_text(json.dumps(pickles, indent=2) + "\n")
