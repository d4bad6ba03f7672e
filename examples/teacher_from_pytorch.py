"""Saves a network of PyTorch so that the lab imports it as a teacher.

    python3 teacher_from_pytorch.py WEIGHTS.pth
    npx ktg teacher import WEIGHTS.pth --network resnet18 --data DATA

The lab reads tensors alone: save the state dict, not the model. This example takes ResNet18 of
torchvision with the stem for small images; train it before you save it. Pixels go in as RGB from
0 to 1, without a mean subtracted, as in the lab. Needs torch and torchvision.
"""

import sys

import torch
from torch import nn
from torchvision.models import resnet18


def small_resnet18(classes):
    network = resnet18(num_classes=classes)
    network.conv1 = nn.Conv2d(3, 64, 3, stride=1, padding=1, bias=False)
    network.maxpool = nn.Identity()
    return network


if __name__ == "__main__":
    torch.save(small_resnet18(classes=100).state_dict(), sys.argv[1])
