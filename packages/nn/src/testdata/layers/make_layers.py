"""Writes cases.json and layers.safetensors: what PyTorch's layers give, and their gradients.

Usage: python make_layers.py

Of every case the file holds x, the parameters, a probe of y's shape, y, and the gradients of sum(y * probe). Images are
[n, channels, height, width]. Inputs are drawn uniformly by torch.rand from seed 7, in the order in which they are made.
"""

import json
import math
import pathlib

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

folder = pathlib.Path(__file__).parent
torch.manual_seed(7)
tensors, cases = {}, []


def uniform(*shape, scale=1.0):
    return (torch.rand(shape) * 2 - 1) * scale


def add(name, kind, settings, inputs, function):
    leaves = {key: value.requires_grad_() for key, value in inputs.items()}
    y = function(**leaves)
    probe = uniform(*y.shape)
    (y * probe).sum().backward()
    tensors.update({f"{name}/{key}": value.detach() for key, value in leaves.items()})
    tensors.update({f"{name}/grad_{key}": value.grad for key, value in leaves.items()})
    tensors.update({f"{name}/y": y.detach(), f"{name}/probe": probe})
    cases.append({"case": name, "kind": kind, **settings})


def same(x, kernel, stride, dilation):
    """TensorFlow's padding, as zeros around x."""
    pads = []
    for side in (x.shape[3], x.shape[2]):
        total = max(0, (math.ceil(side / stride) - 1) * stride + (kernel - 1) * dilation + 1 - side)
        pads += [total // 2, total - total // 2]
    return F.pad(x, pads)


def convolution(name, size, inputs, outputs, kernel, padding, stride=1, dilation=1, groups=1, bias=False):
    def function(x, weight, bias=None):
        zeros = {"same": None, "valid": 0}.get(padding, padding)
        padded = same(x, kernel, stride, dilation) if zeros is None else F.pad(x, [zeros] * 4)
        return F.conv2d(padded, weight, bias, stride, 0, dilation, groups)

    drawn = {"x": uniform(2, inputs, *size), "weight": uniform(outputs, inputs // groups, kernel, kernel)}
    if bias:
        drawn["bias"] = uniform(outputs)
    settings = dict(
        inputChannels=inputs, outputChannels=outputs, kernelSize=kernel, padding=padding,
        stride=stride, dilation=dilation, groups=groups, bias=bias,
    )  # fmt: skip
    add(name, "convolution", settings, drawn, function)


convolution("plain with bias", (5, 6), 3, 4, 3, 1, bias=True)
convolution("same, stride 2, even side", (6, 8), 3, 4, 3, "same", stride=2)
convolution("same, stride 2, odd side", (7, 5), 3, 4, 3, "same", stride=2)
convolution("zeros of PyTorch, stride 2", (6, 8), 3, 4, 3, 1, stride=2)
convolution("wide zeros, stride 3", (6, 7), 2, 3, 3, 2, stride=3)
convolution("patches", (8, 8), 3, 5, 4, 0, stride=4, bias=True)
convolution("even kernel", (6, 5), 2, 3, 2, 1)
convolution("dilation", (9, 8), 2, 3, 3, 2, dilation=2)
convolution("dilation, stride 2, same", (9, 8), 2, 3, 3, "same", stride=2, dilation=2)
convolution("groups", (5, 6), 6, 4, 3, "same", groups=2)
convolution("groups, stride 2, bias", (6, 6), 6, 9, 3, 1, stride=2, groups=3, bias=True)
convolution("depthwise", (5, 6), 4, 4, 3, 1, groups=4)
convolution("depthwise, stride 2, same", (6, 7), 4, 4, 5, "same", stride=2, groups=4)
convolution("depthwise, stride 2, zeros", (6, 8), 3, 3, 3, 1, stride=2, groups=3, bias=True)
convolution("depthwise, dilation", (8, 9), 3, 3, 3, "same", dilation=2, groups=3)
convolution("depthwise, two maps each", (5, 6), 3, 6, 3, "same", groups=3)
convolution("depthwise, two maps each, stride 2", (7, 6), 3, 6, 3, "valid", stride=2, groups=3)


def batch_norm(name, epsilon, momentum):
    mean, variance = torch.zeros(3), torch.ones(3)
    drawn = {"x": uniform(2, 3, 4, 5, scale=2), "weight": uniform(3), "bias": uniform(3)}
    train = lambda x, weight, bias: F.batch_norm(x, mean, variance, weight, bias, True, momentum, epsilon)
    add(name, "batch norm", dict(epsilon=epsilon, momentum=momentum), drawn, train)
    tensors.update({f"{name}/running_mean": mean, f"{name}/running_var": variance})
    evaluated = F.batch_norm(drawn["x"], mean, variance, drawn["weight"], drawn["bias"], False, 0, epsilon)
    tensors[f"{name}/evaluated"] = evaluated.detach()


batch_norm("batch norm", 1e-5, 0.1)
batch_norm("batch norm of EfficientNet", 1e-3, 0.01)

for epsilon in (1e-5, 1e-2):
    drawn = {"x": uniform(2, 3, 5, scale=2), "weight": uniform(5), "bias": uniform(5)}
    norm = lambda x, weight, bias: F.layer_norm(x, (5,), weight, bias, epsilon)
    add(f"layer norm, epsilon {epsilon}", "layer norm", dict(epsilon=epsilon), drawn, norm)

line = torch.cat([torch.linspace(-9, 9, 37), torch.tensor([0.0, 6.0])])
activations = {
    "relu6": lambda x: F.relu6(x),
    "silu": lambda x: F.silu(x),
    "gelu": lambda x: F.gelu(x),
    "gelu tanh": lambda x: F.gelu(x, approximate="tanh"),
}
for name, function in activations.items():
    add(name, "activation", {}, {"x": line.clone()}, function)

save_file({name: value.contiguous() for name, value in tensors.items()}, folder / "layers.safetensors")
(folder / "cases.json").write_text("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")
