"""The same training steps in PyTorch on a card, for `npm run bench -- gpu`: eager and as a CUDA graph, batch 64, 100 classes.

pytorch_gpu.py cpu|gpu ARCH[+ARCH...] float32|tf32|bfloat16 STEPS
Prints one JSON object of milliseconds a step: {"eager": ..., "graph": ...}, each of the faster memory format. Nothing but the
step itself is timed; weights and batch norms are float32, bfloat16 is autocast's.
"""
import contextlib
import json
import sys
import time

import torch
from torch.nn import functional as F

import pytorch_step

BATCH, CLASSES, WARM = 64, 100, 11
device = "cuda" if sys.argv[1] == "gpu" else "cpu"
names, precision, count = sys.argv[2].split("+"), sys.argv[3], int(sys.argv[4])
tf32 = precision == "tf32"
torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = tf32
torch.backends.cudnn.benchmark = True


def make_step(layout):
    nets = [pytorch_step.Network(name, CLASSES).to(device, memory_format=layout) for name in names]
    optimisers = [
        torch.optim.SGD(net.parameters(), 0.1, momentum=0.9, nesterov=True, weight_decay=5e-4, fused=True)
        for net in nets
    ]
    images = torch.rand(BATCH, 3, 32, 32, device=device).to(memory_format=layout)
    labels = torch.arange(BATCH, device=device) % CLASSES
    short = precision == "bfloat16"

    def step():
        with torch.autocast(device, torch.bfloat16) if short else contextlib.nullcontext():
            outputs = [net(images) for net in nets]
        logs = [F.log_softmax(output.float(), 1) for output in outputs]
        loss = sum(F.nll_loss(log, labels) for log in logs)
        for t, target in enumerate(logs):
            for s, source in enumerate(logs):
                if s != t:
                    loss = loss + F.kl_div(target, source.detach(), reduction="batchmean", log_target=True)
        for optimiser in optimisers:
            optimiser.zero_grad(set_to_none=True)
        loss.backward()
        for optimiser in optimisers:
            optimiser.step()

    return step


def wait():
    if device == "cuda":
        torch.cuda.synchronize()


def milliseconds(run):
    for _ in range(WARM if device == "cuda" else 1):
        run()
    wait()
    began = time.perf_counter()
    for _ in range(count):
        run()
    wait()
    return (time.perf_counter() - began) / count * 1e3


def as_graph(step):
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(WARM):
            step()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return graph.replay


def main():
    if device == "cuda" and not torch.cuda.is_available():
        sys.exit("PyTorch sees no card")
    # the faster of the layouts, as somebody who tunes PyTorch would take it
    layouts = [torch.contiguous_format, torch.channels_last]
    result = {"eager": min(milliseconds(make_step(layout)) for layout in layouts)}
    if device == "cuda":
        result["graph"] = min(milliseconds(as_graph(make_step(layout))) for layout in layouts)
    print(json.dumps(result), flush=True)


main()
