"""Writes a folder of parity cases: what PyTorch, SciPy and Pillow give on inputs generated from a salt.

    python make_cases.py FOLDER SALT [--settings CASES_JSON]

Needs torch, scipy, pillow, numpy and safetensors, and for cases of EfficientNet-Lite efficientnet-lite-pytorch 0.1.0. Which cases there are and how large they are is taken from a
cases.json, that of `public` unless told; everything expected is computed anew. With the salt `public` this gives back
the folder `public` to the bit, but for its pictures.
"""

import argparse
import json
import math
import re
from collections import OrderedDict
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import save_file
from scipy import stats
from torch import nn

SPREAD_OF_BATCH_NORM = {"weight": (0.5, 1), "bias": (0.2, 0), "running_mean": (0.1, 0), "running_var": (0.5, 1)}


class Generator:
    """Tensors that are a function of the salt and their names."""

    def __init__(self, salt):
        self.salt = salt

    def values(self, name, count, scale=1.0, shift=0.0):
        seed = 0x811C9DC5
        for byte in f"{self.salt}/{name}".encode():
            seed = (seed ^ byte) * 0x01000193 & 0xFFFFFFFF
        values = np.empty(count)
        for index in range(count):
            seed = (1664525 * seed + 1013904223) & 0xFFFFFFFF
            values[index] = seed
        return ((values / 2**32 * 2 - 1) * scale + shift).astype(np.float32)

    def tensor(self, name, shape, scale=1.0, shift=0.0):
        return torch.from_numpy(self.values(name, math.prod(shape), scale, shift)).reshape(shape)

    def fill(self, encoder, gain=6):
        """Gives an encoder its generated weights and statistics; of convolutions' they are within sqrt(gain / fan-in)."""
        state = encoder.state_dict()
        for name, value in state.items():
            if name.endswith("num_batches_tracked"):
                continue
            if value.dim() == 4:
                scale, shift = math.sqrt(gain / math.prod(value.shape[1:])), 0
            else:
                scale, shift = SPREAD_OF_BATCH_NORM[name.rsplit(".", 1)[1]]
            state[name] = self.tensor(f"encoder.{name}", tuple(value.shape), scale, shift)
        encoder.load_state_dict(state)
        return encoder


def conv64_block(channels, pooled):
    layers = [nn.Conv2d(channels, 64, 3, padding=1, bias=False), nn.BatchNorm2d(64), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, *([nn.MaxPool2d(2)] if pooled else []))


class Conv64(nn.Module):
    def __init__(self, four_pools):
        super().__init__()
        self.layer1 = conv64_block(3, True)
        self.layer2 = conv64_block(64, True)
        self.layer3 = conv64_block(64, four_pools)
        self.layer4 = conv64_block(64, True) if four_pools else nn.Sequential(nn.Conv2d(64, 64, 3, bias=False))

    def forward(self, x):
        return self.layer4(self.layer3(self.layer2(self.layer1(x))))


class Residual(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        for position in (1, 2, 3):
            channels = inputs if position == 1 else outputs
            setattr(self, f"conv{position}", nn.Conv2d(channels, outputs, 3, padding=1, bias=False))
            setattr(self, f"bn{position}", nn.BatchNorm2d(outputs))
        self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = F.leaky_relu(self.bn1(self.conv1(x)), 0.1)
        y = F.leaky_relu(self.bn2(self.conv2(y)), 0.1)
        y = F.leaky_relu(self.bn3(self.conv3(y)) + self.downsample(x), 0.1)
        return F.max_pool2d(y, 2)


class ResNet12(nn.Module):
    def __init__(self):
        super().__init__()
        widths = [3, 64, 160, 320, 640]
        for stage in range(4):
            setattr(self, f"layer{stage + 1}", nn.Sequential(Residual(widths[stage], widths[stage + 1])))

    def forward(self, x):
        return self.layer4(self.layer3(self.layer2(self.layer1(x))))


PICTURE_SIZES = {"wide": (320, 240), "tall": (150, 200), "native84": (84, 84)}
ENCODERS = {"FourLayer_64F": lambda: Conv64(False), "FourLayer_64F_4x": lambda: Conv64(True), "R12": ResNet12}


def encoder_case(generate, folder, case):
    encoder = generate.fill(ENCODERS[case["encoder"]]())
    name, scale = case["x"]
    x = generate.tensor(name, (2, 3, case["size"], case["size"]), scale).requires_grad_()
    encoder.eval()
    with torch.no_grad():
        evaluated = encoder(x)
    encoder.train()
    trained = encoder(x)
    (trained * generate.tensor("probe", tuple(trained.shape))).sum().backward()
    first = encoder.layer1[0]
    conv, norm = (first.conv1, first.bn1) if isinstance(first, Residual) else (first, encoder.layer1[1])
    save_file(
        {
            "eval": evaluated,
            "train": trained.detach().clone(),
            "grad_x": x.grad,
            "grad_first_conv": conv.weight.grad,
            "grad_first_bn_weight": norm.weight.grad,
            "running_mean_first_bn": norm.running_mean,
            "running_var_first_bn": norm.running_var,
        },
        folder / f"{case['case']}.safetensors",
    )


def lite_case(generate, folder, case):
    from efficientnet_lite_pytorch import EfficientNet

    network = EfficientNet.from_name(f"efficientnet-lite{case['variant']}", drop_connect_rate=0)
    network._fc = nn.Identity()
    generate.fill(network, gain=3)
    name, scale = case["x"]
    x = generate.tensor(name, (2, 3, case["size"], case["size"]), scale)
    network.eval()
    with torch.no_grad():
        maps = [network._swish(network._bn0(network._conv_stem(x)))]
        for block in network._blocks:
            maps.append(block(maps[-1]))
        head = network.extract_features(x)
    last_of_stage = [
        index
        for index, block in enumerate(network._blocks)
        if index + 1 == len(network._blocks) or starts_stage(network._blocks[index + 1])
    ]
    stages = {"stem": maps[0], **{f"stage{i + 1}": maps[last + 1] for i, last in enumerate(last_of_stage)}}
    (pooled(network.extract_features(x)) * generate.tensor("probe", (2, 1280))).sum().backward()
    network.train()
    with torch.no_grad():
        trained = pooled(network.extract_features(x))
    save_file(
        {
            **{name: y[0, :8, y.shape[2] // 2].contiguous() for name, y in (stages | {"head": head}).items()},
            "pooled": pooled(head),
            "train": trained,
            "grad_stem": network._conv_stem.weight.grad,
            "grad_depthwise": network._blocks[-2]._depthwise_conv.weight.grad,
            "running_mean_stem": network._bn0.running_mean,
            "running_var_stem": network._bn0.running_var,
        },
        folder / f"{case['case']}.safetensors",
    )


def starts_stage(block):
    """The other blocks of a stage keep the shape of their map."""
    arguments = block._block_args
    stride = arguments.stride if isinstance(arguments.stride, int) else arguments.stride[0]
    return stride > 1 or arguments.input_filters != arguments.output_filters


class Graph(nn.Module):
    """x + A(relu(A(x W1) + b1) W2) + b2; the adjacency is one per episode."""

    def __init__(self, generate, channels):
        super().__init__()
        hidden = 4 * channels
        for name, shape, width in (
            ("gc1.weight", (channels, hidden), hidden),
            ("gc1.bias", (hidden,), hidden),
            ("gc2.weight", (hidden, channels), channels),
            ("gc2.bias", (channels,), channels),
        ):
            parameter = nn.Parameter(generate.tensor(f"graph.{name}", shape, width**-0.5))
            self.register_parameter(name.replace(".", "_"), parameter)

    def forward(self, parts, labels, graph):
        images, count, channels = parts.shape
        x = parts.reshape(-1, channels)
        nodes = labels.repeat_interleave(count)
        if graph == "identity":
            linked = torch.eye(len(nodes))
        elif graph == "class":
            linked = (nodes[:, None] == nodes[None, :]).float()
        else:
            linked = torch.ones(len(nodes), len(nodes))
        adjacency = linked / linked.sum(1, keepdim=True)
        hidden = F.relu(adjacency @ (x @ self.gc1_weight) + self.gc1_bias)
        change = adjacency @ (hidden @ self.gc2_weight) + self.gc2_bias
        return (x + change).reshape(images, count, channels)


def l2(x):
    return x / (1e-16 + x.norm(dim=-1, keepdim=True))


def image_to_class(query, support, way, k):
    """[q, n, c] against [s, n, c], sorted by class."""
    query, support = l2(query), l2(support)
    per_class = support.reshape(way, -1, support.shape[-1])
    similarity = torch.einsum("qnc,wmc->qwnm", query, per_class)
    return similarity.topk(k, dim=-1).values.mean(-1).sum(-1)


def descriptors(maps):
    return maps.flatten(2).transpose(1, 2)


def pixel_scores(query, support, way, k=1):
    return image_to_class(descriptors(query), descriptors(support), way, k)


def pooled(maps):
    return maps.mean((2, 3))


def class_means(support, way):
    features = pooled(support)
    return features.reshape(way, -1, features.shape[-1]).mean(1)


def global_scores(query, support, way):
    return -(pooled(query)[:, None] - class_means(support, way)[None]).square().sum(-1)


def cosine_scores(query, support, way):
    return l2(pooled(query)) @ l2(class_means(support, way)).T


def relation_scores(generate, query, support, way, channels):
    first, second = nn.Linear(2 * channels, channels // 2), nn.Linear(channels // 2, 1)
    for name, layer in (("fc1", first), ("fc2", second)):
        scale = 0.05 if name == "fc1" else 0.1
        for kind in ("weight", "bias"):
            shape = tuple(getattr(layer, kind).shape)
            getattr(layer, kind).data = generate.tensor(f"relation.{name}.{kind}", shape, scale)
    means, queries = class_means(support, way), pooled(query)
    pairs = torch.cat(
        [means[None].expand(len(queries), -1, -1), queries[:, None].expand(-1, way, -1)], -1
    )
    return second(F.relu(first(pairs))).squeeze(-1)


def m2l_loss(part, pixel, glob, labels):
    part_loss, pixel_loss = F.cross_entropy(part, labels), F.cross_entropy(pixel, labels)
    return part_loss + 0.5 * pixel_loss + 0.5 * F.cross_entropy(glob / 64, labels)


def levels_case(generate, folder, case):
    way, shot, channels, side, tag = (case[key] for key in ("way", "shot", "channels", "side", "tag"))
    supports, queries, parts = way * shot, way * case["query"], case["parts"]
    support = generate.tensor(f"{tag}.support", (supports, channels, side, side)).requires_grad_()
    query = generate.tensor(f"{tag}.query", (queries, channels, side, side)).requires_grad_()
    support_parts = generate.tensor(f"{tag}.support_parts", (supports, parts, channels)).requires_grad_()
    query_parts = generate.tensor(f"{tag}.query_parts", (queries, parts, channels)).requires_grad_()
    graph = Graph(generate, channels)
    classes = torch.arange(way).repeat_interleave(shot)
    labels = torch.arange(way).repeat(case["query"])
    part = {
        kind: image_to_class(query_parts, graph(support_parts, classes, kind), way, 1)
        for kind in ("identity", "class", "full")
    }
    pixel, glob = pixel_scores(query, support, way), global_scores(query, support, way)
    loss = m2l_loss(part["identity"], pixel, glob, labels)
    fused = part["identity"].softmax(1) + 0.5 * pixel.softmax(1) + 0.5 * glob.softmax(1)
    grads = torch.autograd.grad(loss, [support, query, support_parts, query_parts])
    tensors = {
        "pixel_k1": pixel,
        "pixel_k3": pixel_scores(query, support, way, 3),
        "global": glob,
        "global_cosine": cosine_scores(query, support, way),
        "relation": relation_scores(generate, query, support, way, channels),
        **{f"part_{kind}": scores for kind, scores in part.items()},
        "m2l_loss": loss.reshape(1),
        "m2l_fused": fused,
        **dict(zip(("grad_support", "grad_query", "grad_support_parts", "grad_query_parts"), grads)),
    }
    save_file({n: t.detach().contiguous().clone() for n, t in tensors.items()}, folder / f"{case['case']}.safetensors")


def optimiser_case(generate, folder, case):
    w = nn.Parameter(generate.tensor("optimiser.w", (16,)))
    target = generate.tensor("optimiser.target", (16,))
    curvature = generate.tensor("optimiser.curvature", (16,), 0.5, 1)
    if case["optimiser"] == "sgd":
        optimiser = torch.optim.SGD([w], lr=0.1, momentum=0.9, nesterov=True, weight_decay=5e-4)
    else:
        optimiser = torch.optim.Adam([w], lr=0.05, betas=(0.5, 0.9))
    path = []
    for _ in range(10):
        optimiser.zero_grad()
        (curvature * (w - target) ** 2).sum().backward()
        optimiser.step()
        path.append(w.detach().clone())
    save_file({"path": torch.stack(path)}, folder / f"{case['case']}.safetensors")


def interval_case(generate, folder, case):
    description = r"(\S+): uniform scale (\S+) shift (\S+), (\d+) values"
    name, scale, shift, count = re.fullmatch(description, case["values"]).groups()
    values = generate.values(name, int(count), float(scale), float(shift)).astype(np.float64)
    mean, error = values.mean(), stats.sem(values)
    case["mean"] = float(mean)
    case["half_width_95"] = float(error * stats.t.ppf(0.975, len(values) - 1))


def grid_spans(length, cells, ratio):
    step, span = int(length / cells), int(length / cells * ratio)
    centres = [step // 2 + index * step for index in range(cells)]
    return [[max(0, centre - span // 2), min(length, centre + span // 2)] for centre in centres]


def grid_case(generate, folder, case):
    for row in case["rows"]:
        row["spans"] = grid_spans(row["size"], row["num"], row["ratio"])


def run_case(generate, folder, case):
    way, shot, size, parts = (case[key] for key in ("way", "shot", "size", "parts"))
    encoder = generate.fill(ENCODERS[case["encoder"]]())
    encoder.train()
    channels = 640 if case["encoder"] == "R12" else 64
    graph = Graph(generate, channels)
    weights = [*encoder.parameters(), *graph.parameters()]
    optimiser = torch.optim.SGD(weights, lr=case["lr"], momentum=0.9, nesterov=True, weight_decay=5e-4)
    counts = {"support": way * shot, "query": way * case["query"]}
    classes = torch.arange(way).repeat_interleave(shot)
    labels = torch.arange(way).repeat(case["query"])
    case["losses"] = []
    for step in range(case["steps"]):
        features = {}
        for name in case["forward_order"]:
            count = counts[name.removesuffix("_parts")]
            images = count * parts if name.endswith("_parts") else count
            maps = encoder(generate.tensor(f"run{step}.{name}", (images, 3, size, size), 2))
            features[name] = pooled(maps).reshape(count, parts, channels) if name.endswith("_parts") else maps
        part = image_to_class(
            features["query_parts"], graph(features["support_parts"], classes, case["graph"]), way, 1
        )
        pixel = pixel_scores(features["query"], features["support"], way)
        loss = m2l_loss(part, pixel, global_scores(features["query"], features["support"], way), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        case["losses"].append(loss.item())
    final = {
        f"encoder.{name}": value.clone()
        for name, value in encoder.state_dict().items()
        if not name.endswith(("bias", "num_batches_tracked"))
    }
    save_file(final, folder / f"{case['case']}.safetensors")


def checkpoint_case(generate, folder, case):
    encoder = generate.fill(ENCODERS[case["encoder"]]())
    fsl = OrderedDict((f"encoder.{name}", value) for name, value in encoder.state_dict().items())
    content = {"summary_dir": "2022-01-01-00:00", "episode": "best", "fsl": fsl, "epoch": case["epoch"]}
    legacy, modern = case["files"]
    torch.save(content, folder / legacy, _use_new_zipfile_serialization=False)
    torch.save(content, folder / modern)


def transforms_case(generate, folder, case):
    for name in case["images"]:
        width, height = PICTURE_SIZES.get(name, (127, 90))
        rough = generate.values(f"picture.{name}.rough", 8 * 8 * 3, 100, 128).reshape(8, 8, 3)
        smooth = Image.fromarray(rough.clip(0, 255).astype(np.uint8)).resize((width, height), Image.BICUBIC)
        grain = generate.values(f"picture.{name}.grain", width * height * 3, 60).reshape(height, width, 3)
        pixels = np.asarray(smooth, np.float32) + grain
        picture = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
        picture.save(folder / f"{name}.png")
        for output in case["outputs"]:
            transformed(picture, output, case["grid_ratio"]).save(folder / f"{name}.{output}.png")


def transformed(picture, output, ratio):
    if output.startswith("square"):
        side = int(output.removeprefix("square"))
        return picture.resize((side, side), Image.BILINEAR)
    if output.startswith("resize"):
        resized, side = map(int, output.removeprefix("resize").split("crop"))
        margin = int(round((resized - side) / 2.0))
        return picture.resize((resized, resized), Image.BILINEAR).crop((margin, margin, margin + side, margin + side))
    grid, row, column = output.split("_")
    cells, row, column = (int(text.lstrip("gridrowcol")) for text in (grid, row, column))
    left, right = grid_spans(picture.width, cells, ratio)[column]
    top, bottom = grid_spans(picture.height, cells, ratio)[row]
    return picture.crop((left, top, right, bottom)).resize((84, 84), Image.BILINEAR)


KINDS = {
    "encoder": encoder_case,
    "efficientnet-lite": lite_case,
    "levels": levels_case,
    "optimiser": optimiser_case,
    "interval": interval_case,
    "grid": grid_case,
    "run": run_case,
    "checkpoint": checkpoint_case,
    "transforms": transforms_case,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("salt")
    parser.add_argument("--settings", type=Path, default=Path(__file__).parent / "public" / "cases.json")
    options = parser.parse_args()
    generate = Generator(options.salt)
    cases = json.loads(options.settings.read_text())["cases"]
    options.folder.mkdir(parents=True, exist_ok=True)
    for case in cases:
        print(case["case"], flush=True)
        KINDS[case["kind"]](generate, options.folder, case)
    (options.folder / "cases.json").write_text(json.dumps({"salt": options.salt, "cases": cases}, indent=1))


main()
