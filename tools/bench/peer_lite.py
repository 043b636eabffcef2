"""The peer's side of `lite0-embed` and `lite0-embed-decode`: EfficientNet-Lite0 in PyTorch, or in ONNX Runtime.

    python peer_lite.py --work lite0-embed --repeats 5 --threads 2 [--compile | --onnxruntime]
    python peer_lite.py --work lite0-embed-decode --data FOLDER ...

Needs torch; numpy and pillow for lite0-embed-decode; onnx and onnxruntime for --onnxruntime. FOLDER holds JPEG files.
Prints one JSON line: work, precision, all (seconds of each repetition), images_per_second, peak_mib.
"""

import argparse
import glob
import json
import os
import resource
import statistics
import tempfile
import time

import torch
import torch.nn.functional as F
from torch import nn

SIDE, AT_ONCE = 224, 32
# blocks, kernel, stride, expansion, channels
STAGES = [
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
]


class Same(nn.Module):
    """Convolution with TensorFlow's padding, batch norm, and ReLU6 where asked."""

    def __init__(self, inputs, outputs, kernel, stride=1, groups=1, bounded=True):
        super().__init__()
        # Sides are even where the stride is 2.
        total = kernel - stride
        self.pad = (total // 2, total - total // 2) * 2
        even = total % 2 == 0
        padding = total // 2 if even else 0
        self.explicit = not even
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, groups=groups, bias=False)
        # PyTorch's own start lets maps fade until processors slow down.
        nn.init.kaiming_normal_(self.conv.weight, mode="fan_in")
        self.norm = nn.BatchNorm2d(outputs, eps=1e-3)
        self.bounded = bounded

    def forward(self, x):
        y = self.norm(self.conv(F.pad(x, self.pad) if self.explicit else x))
        return F.relu6(y) if self.bounded else y


class Block(nn.Module):
    def __init__(self, inputs, outputs, kernel, stride, expansion):
        super().__init__()
        inside = inputs * expansion
        self.layers = nn.Sequential(
            *([Same(inputs, inside, 1)] if expansion > 1 else []),
            Same(inside, inside, kernel, stride, groups=inside),
            Same(inside, outputs, 1, bounded=False),
        )
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x):
        return x + self.layers(x) if self.residual else self.layers(x)


class Lite0(nn.Module):
    """Pictures to the averages of the last map, [n, 1280]."""

    def __init__(self):
        super().__init__()
        layers, channels = [Same(3, 32, 3, 2)], 32
        for blocks, kernel, stride, expansion, outputs in STAGES:
            for block in range(blocks):
                layers.append(Block(channels, outputs, kernel, stride if block == 0 else 1, expansion))
                channels = outputs
        self.layers = nn.Sequential(*layers, Same(channels, 1280, 1))

    def forward(self, x):
        return self.layers(x).mean((2, 3))


def feature_function(options):
    """A function of pictures [n, 3, 224, 224], by the way that is asked for."""
    torch.manual_seed(1)
    network = Lite0().eval()
    if options.onnxruntime:
        return in_onnxruntime(network, options.threads)
    network = network.to(memory_format=torch.channels_last)
    call = torch.compile(network) if options.compile else network

    def features(x):
        with torch.inference_mode():
            return call(x.contiguous(memory_format=torch.channels_last))

    return features


def in_onnxruntime(network, threads):
    import onnxruntime

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "lite0.onnx")
        example = torch.randn(AT_ONCE, 3, SIDE, SIDE)
        names = dict(input_names=["x"], output_names=["y"], dynamic_axes={"x": {0: "n"}, "y": {0: "n"}})
        torch.onnx.export(network, (example,), path, dynamo=False, **names)
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = threads
        session = onnxruntime.InferenceSession(path, settings, providers=["CPUExecutionProvider"])
    return lambda x: session.run(None, {"x": x.numpy()})[0]


class Pictures(torch.utils.data.Dataset):
    def __init__(self, files):
        self.files = files

    def __len__(self):
        return len(self.files)

    def __getitem__(self, index):
        import numpy as np
        from PIL import Image

        picture = Image.open(self.files[index]).convert("RGB").resize((SIDE, SIDE), Image.BILINEAR)
        return torch.from_numpy((np.asarray(picture, np.float32) - 127) / 128).permute(2, 0, 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--work", choices=["lite0-embed", "lite0-embed-decode"])
    parser.add_argument("--data")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--onnxruntime", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    features = feature_function(options)
    if options.work == "lite0-embed":
        count, pictures = AT_ONCE, torch.randn(AT_ONCE, 3, SIDE, SIDE)
        run = lambda: features(pictures)
    else:
        files = sorted(glob.glob(os.path.join(options.data, "**", "*.jpg"), recursive=True))
        count = len(files)
        loader = torch.utils.data.DataLoader(
            Pictures(files), batch_size=AT_ONCE, num_workers=options.threads, persistent_workers=True
        )
        run = lambda: [features(batch) for batch in loader]
    for _ in range(2):
        run()
    seconds = []
    for _ in range(options.repeats):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    measured = dict(
        work=options.work,
        precision="f32",
        all=[round(one, 4) for one in seconds],
        images_per_second=round(count / statistics.median(seconds), 1),
        peak_mib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    )
    print(json.dumps(measured), flush=True)


if __name__ == "__main__":
    main()
