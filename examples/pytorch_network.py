"""Runs a network that left the lab as a PyTorch module.

    python3 pytorch_network.py NETWORK.py WEIGHTS.safetensors IMAGES.npy LOGITS.npy

Both files come from `ktg export --as pytorch`, or from the button of a network in the app.
IMAGES: float32 [batch, 3, side, side], pixel values / 255. Needs torch and numpy.
"""

import importlib.util
import sys

import numpy as np
import torch


def load(module_file, weights_file):
    spec = importlib.util.spec_from_file_location("network", module_file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.load(weights_file)


def main(module_file, weights_file, images_file, logits_file):
    network = load(module_file, weights_file)
    with torch.no_grad():
        logits = network(torch.from_numpy(np.load(images_file)))
    np.save(logits_file, logits.numpy())
    print(f"{len(logits)} images; classes: {logits.argmax(1).tolist()}")


if __name__ == "__main__":
    main(*sys.argv[1:])
