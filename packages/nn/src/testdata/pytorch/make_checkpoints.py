"""Writes checkpoints with PyTorch, each in both containers, and expected.json: what PyTorch finds in them.

Usage: python make_checkpoints.py
"""

import collections
import json
import pathlib

import torch

folder = pathlib.Path(__file__).parent
numbers = torch.arange(24, dtype=torch.float32).reshape(4, 6) / 8 - 1

floats = (torch.float32, torch.float64, torch.float16, torch.bfloat16)
integers = (torch.int64, torch.int32, torch.int16, torch.int8)
name_of = lambda kind: str(kind).split(".")[1]
types = {name_of(kind): (numbers.double() / 3).to(kind) for kind in floats}
types |= {name_of(kind): (numbers * 8).to(kind) for kind in integers}
types["small"] = torch.tensor([2**-24, 65504, -0.0, 2**-14]).half()
types["uint8"] = (numbers * 8 + 8).to(torch.uint8)
types["bool"] = numbers > 0

views = {
    "whole": numbers,
    "transposed": numbers.t(),
    "rows": numbers[1:3],
    "column": numbers[:, 2],
    "every_other": numbers[::2, 1::3],
    "expanded": numbers[0, :2].expand(3, 2),
    "scalar": numbers[3, 5],
    "empty": numbers[:0],
    "longs": torch.tensor([[2**62, -1], [3, -(2**62)]]).t(),
    "channels_last": numbers.reshape(1, 2, 3, 4).contiguous(memory_format=torch.channels_last),
}

net = torch.nn.Sequential(
    torch.nn.Conv2d(3, 2, 3, bias=False),
    torch.nn.BatchNorm2d(2),
    torch.nn.Flatten(),
    torch.nn.Linear(2, 2),
)
for index, value in enumerate(net.state_dict().values()):
    value.copy_(torch.arange(value.numel(), dtype=torch.float32).reshape(value.shape) + index)
optimiser = torch.optim.Adam(net.parameters())
net(torch.ones(4, 3, 3, 3)).sum().backward()
optimiser.step()
scheduler = torch.optim.lr_scheduler.MultiStepLR(optimiser, [2, 5])

training = {
    "epoch": 3,
    "best_accuracy": 0.5,
    "name": "tiny",
    "finished": False,
    "note": None,
    "optimizer": optimiser.state_dict(),
    "scheduler": scheduler.state_dict(),
    "rng": torch.arange(3, dtype=torch.uint8),
    "state_dict": torch.nn.DataParallel(net).state_dict(),
}

checkpoints = {
    "types": types,
    "views": views,
    "module": net.state_dict(prefix="module."),
    "training": training,
    "parameters": collections.OrderedDict(net.named_parameters()),
}
checkpoints["untyped"] = {"uint16": torch.tensor([1, 65535], dtype=torch.uint16)}


def described(tensor):
    values = tensor.detach().contiguous()
    if values.is_floating_point():
        values = values.float()
    flat = [str(value) if tensor.dtype == torch.int64 else value for value in values.flatten().tolist()]
    return {"dtype": name_of(tensor.dtype), "shape": list(tensor.shape), "values": flat}


def tensors_of(checkpoint):
    state = checkpoint.get("state_dict", checkpoint)
    return {name.removeprefix("module."): described(tensor) for name, tensor in state.items()}


expected = {"checkpoints": {name: tensors_of(checkpoint) for name, checkpoint in checkpoints.items()}}
(folder / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
for name, checkpoint in checkpoints.items():
    torch.save(checkpoint, folder / f"{name}_zip.pth")
    torch.save(checkpoint, folder / f"{name}_legacy.pth", _use_new_zipfile_serialization=False)
