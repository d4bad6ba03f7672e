"""Runs a network that left the lab as an ONNX file.

    python3 onnx_network.py NETWORK.onnx IMAGES.npy LOGITS.npy

The file comes from `ktg export --as onnx`, or from the button of a network in the app.
IMAGES: float32 [batch, 3, side, side], pixel values / 255. Needs onnxruntime and numpy.
"""

import sys

import numpy as np
import onnxruntime


def main(network_file, images_file, logits_file):
    session = onnxruntime.InferenceSession(network_file, providers=["CPUExecutionProvider"])
    (logits,) = session.run(["logits"], {"images": np.load(images_file)})
    np.save(logits_file, logits)
    print(f"{len(logits)} images; classes: {logits.argmax(1).tolist()}")


if __name__ == "__main__":
    main(*sys.argv[1:])
