"""The same training steps in PyTorch, for `npm run bench -- step`.

Reads lines `MODE COUNT` from standard input and answers each with one line: the milliseconds of
COUNT steps as a JSON list; at the end it says its peak memory. MODE is a key of MODES. Only the step itself is timed: one batch stays
in memory, no metrics are kept. A mode is built, and compiled, when it is first asked for.
"""
import json
import resource
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F


def conv(inputs, outputs, stride=1, size=3):
    return nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False)


class Residual(nn.Module):
    """Post-activation block; option-A shortcut: every second pixel, zero channels appended."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1, self.bn1 = conv(inputs, outputs, stride), nn.BatchNorm2d(outputs)
        self.conv2, self.bn2 = conv(outputs, outputs), nn.BatchNorm2d(outputs)
        self.stride, self.added = stride, outputs - inputs

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if self.stride > 1 or self.added:
            x = F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.added))
        return F.relu(y + x)


class Preactivated(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.bn1, self.conv1 = nn.BatchNorm2d(inputs), conv(inputs, outputs, stride)
        self.bn2, self.conv2 = nn.BatchNorm2d(outputs), conv(outputs, outputs)
        self.short = conv(inputs, outputs, stride, 1) if inputs != outputs else None

    def forward(self, x):
        active = F.relu(self.bn1(x))
        y = self.conv2(F.relu(self.bn2(self.conv1(active))))
        return y + (x if self.short is None else self.short(active))


class Network(nn.Module):
    def __init__(self, name, classes):
        super().__init__()
        self.wide = name.startswith("wrn-")
        if self.wide:
            depth, k = map(int, name.split("-")[1:])
            n, widths, block = (depth - 4) // 6, [16 * k, 32 * k, 64 * k], Preactivated
        else:
            n, widths, block = (int(name[len("resnet"):]) - 2) // 6, [16, 32, 64], Residual
        blocks, inputs = [], 16
        for stage, outputs in enumerate(widths):
            for i in range(n):
                blocks.append(block(inputs, outputs, 2 if stage and not i else 1))
                inputs = outputs
        self.stem, self.blocks = conv(3, 16), nn.Sequential(*blocks)
        self.bn, self.fc = nn.BatchNorm2d(inputs if self.wide else 16), nn.Linear(inputs, classes)

    def forward(self, x):
        x = self.stem(x)
        x = F.relu(self.bn(self.blocks(x))) if self.wide else self.blocks(F.relu(self.bn(x)))
        return self.fc(x.mean((2, 3)))


# How each mode computes: memory layout, torch.compile, autocast to bfloat16.
MODES = {
    "eager": (torch.contiguous_format, False, False),
    "channels_last": (torch.channels_last, False, False),
    "compile": (torch.channels_last, True, False),
    "bfloat16": (torch.channels_last, False, True),
    "compile_bfloat16": (torch.channels_last, True, True),
}


def make_step(names, batch, classes, mode):
    layout, compiled, half = MODES[mode]
    nets = [Network(name, classes).to(memory_format=layout) for name in names]
    forward = [torch.compile(net) if compiled else net for net in nets]
    optimisers = [
        torch.optim.SGD(net.parameters(), 0.1, momentum=0.9, nesterov=True, weight_decay=5e-4, foreach=True)
        for net in nets
    ]
    images = torch.rand(batch, 3, 32, 32).to(memory_format=layout)
    labels = torch.arange(batch) % classes

    def step():
        """All edges Through: the label's cross-entropy, and KL from every other node, its logits detached."""
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=half):
            logits = [net(images) for net in forward]
        logs = [F.log_softmax(each.float(), 1) for each in logits]
        loss = sum(F.nll_loss(log, labels) for log in logs)
        for t, target in enumerate(logs):
            for s, source in enumerate(logs):
                if s != t:
                    loss = loss + F.kl_div(target, source.detach(), reduction="batchmean", log_target=True)
        for optimiser in optimisers:
            optimiser.zero_grad()
        loss.backward()
        for optimiser in optimisers:
            optimiser.step()
        return loss.item()

    return step


def own_now():
    """Memory without pages of files, which processes share, MiB; None outside Linux."""
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) / 1024 for line in status if line.startswith("RssAnon:"))
    except OSError:
        return None


def main():
    names, batch, classes, threads = sys.argv[1].split("+"), *map(int, sys.argv[2:5])
    clock = time.process_time if sys.argv[5:] == ["processor"] else time.perf_counter
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    steps = {}
    print(json.dumps({"version": torch.__version__}), flush=True)
    for line in sys.stdin:
        mode, count = line.split()
        if mode not in steps:
            steps[mode] = make_step(names, batch, classes, mode)
        times = []
        for _ in range(int(count)):
            start = clock()
            steps[mode]()
            times.append((clock() - start) * 1e3)
        print(json.dumps(times), flush=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"peak_mib": peak, "own_mib": own_now()}), flush=True)


if __name__ == "__main__":
    main()
