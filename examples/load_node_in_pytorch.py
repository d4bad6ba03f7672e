"""Loads a trained ResNet of the lab (resnet8, resnet32, resnet110, ...) into PyTorch.

In the app: a trial, Weights, Node 1. Then

    python3 examples/load_node_in_pytorch.py weights.safetensors

Needs: pip install torch safetensors numpy. `ktg export --as pytorch` writes a module for every other network.
The file says its conventions in its metadata: convolution kernels are HWIO, dense kernels [inputs, outputs],
images are RGB in 0..1 without a mean subtracted.
"""

import json
import sys

import torch
from safetensors import safe_open
from torch import nn
from torch.nn import functional as F


class Block(nn.Module):
    """Two 3x3 convolutions; the shortcut takes every second pixel and appends zero channels (option A)."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.stride, self.more = stride, outputs - inputs
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)

    def forward(self, x):
        body = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        shortcut = x[:, :, :: self.stride, :: self.stride]
        return F.relu(body + F.pad(shortcut, (0, 0, 0, 0, 0, self.more)))


class ResNet(nn.Module):
    """A ResNet for CIFAR with 6n + 2 layers; logits for images [batch, 3, side, side]."""

    def __init__(self, depth, classes):
        super().__init__()
        self.conv, self.bn = nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16)
        sizes = [(16, 16, 1), (16, 32, 2), (32, 64, 2)]
        self.stages = nn.ModuleList(
            nn.ModuleList(
                Block(inputs if at == 0 else outputs, outputs, stride if at == 0 else 1)
                for at in range((depth - 2) // 6)
            )
            for inputs, outputs, stride in sizes
        )
        self.dense = nn.Linear(64, classes)

    def forward(self, x):
        x = F.relu(self.bn(self.conv(x)))
        for stage in self.stages:
            for block in stage:
                x = block(x)
        return self.dense(x.mean((2, 3)))


def load(path):
    """Returns the network of a file with one node, ready to evaluate."""
    with safe_open(path, "pt") as file:
        model = json.loads(file.metadata()["ktg"])["nodes"]["1"]
        tensors = {name: file.get_tensor(name) for name in file.keys()}
    if not model.startswith("resnet") or "stem/conv" not in tensors:
        sys.exit(f"{path} holds {model}; this example builds ResNets for CIFAR only.")
    network = ResNet(int(model.removeprefix("resnet")), tensors["head/fc/bias"].shape[0])

    def convolution(layer, name):
        layer.weight.data = tensors[name].permute(3, 2, 0, 1).contiguous()

    def norm(layer, name):
        layer.weight.data, layer.bias.data = tensors[f"{name}/gamma"], tensors[f"{name}/beta"]
        layer.running_mean, layer.running_var = tensors[f"{name}/mean"], tensors[f"{name}/var"]

    convolution(network.conv, "stem/conv")
    norm(network.bn, "stem/bn")
    for s, stage in enumerate(network.stages, 1):
        for b, block in enumerate(stage, 1):
            for part in ("1", "2"):
                convolution(getattr(block, f"conv{part}"), f"s{s}/b{b}/conv{part}")
                norm(getattr(block, f"bn{part}"), f"s{s}/b{b}/bn{part}")
    network.dense.weight.data = tensors["head/fc/kernel"].T.contiguous()
    network.dense.bias.data = tensors["head/fc/bias"]
    return network.eval()


def main(path):
    network = load(path)
    count = sum(parameter.numel() for parameter in network.parameters())
    print(f"{path}: {count} parameters, {network.dense.out_features} classes")
    with torch.no_grad():
        print("logits of a grey image:", network(torch.full((1, 3, 32, 32), 0.5))[0, :5].tolist(), "...")


if __name__ == "__main__":
    main(sys.argv[1])
