"""Training steps of one ResNet in JAX in one device loop (gather, augmentation, update), for `npm run bench -- gpu`.

jax_loop.py cpu|gpu resnetN float32|tf32|bfloat16 STEPS
Prints one JSON object: {"ms": milliseconds a step}. In bfloat16 convolutions and the matrix product compute in it, all else
is float32, as ours.
"""
import json
import sys
import time

import jax
import jax.numpy as jnp
from jax import lax


BATCH, CLASSES = 64, 100
device, name, precision, count = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
depth = int(name[len("resnet"):])


def short(x):
    return x.astype(jnp.bfloat16) if precision == "bfloat16" else x


def conv(x, w, stride=1):
    y = lax.conv_general_dilated(
        short(x), short(w), (stride, stride), ((1, 1), (1, 1)), dimension_numbers=("NHWC", "HWIO", "NHWC")
    )
    return y.astype(jnp.float32)


def norm(x, p):
    mean = x.mean((0, 1, 2))
    var = ((x - mean) ** 2).mean((0, 1, 2))
    return (x - mean) * lax.rsqrt(var + 1e-5) * p[0] + p[1]


def make(key):
    """Parameters, and the stride of each block: they are no data."""
    n, blocks, strides, inputs = (depth - 2) // 6, [], [], 16

    def w(i, o):
        nonlocal key
        key, own = jax.random.split(key)
        return jax.random.normal(own, (3, 3, i, o)) * (2 / (9 * o)) ** 0.5

    def bn(c):
        return jnp.stack([jnp.ones(c), jnp.zeros(c)])

    stem = (w(3, 16), bn(16))
    for stage, o in enumerate((16, 32, 64)):
        for i in range(n):
            blocks.append((w(inputs, o), bn(o), w(o, o), bn(o)))
            strides.append(2 if stage and not i else 1)
            inputs = o
    return (stem, blocks, (jax.random.normal(key, (64, CLASSES)) * 0.1, jnp.zeros(CLASSES))), tuple(strides)


def milliseconds():
    jax.config.update("jax_default_matmul_precision", "tensorfloat32" if precision == "tf32" else "highest")
    params, strides = make(jax.random.PRNGKey(0))
    images = jax.random.randint(jax.random.PRNGKey(1), (50_000, 32, 32, 3), 0, 256, jnp.uint8)
    labels = jnp.arange(50_000) % CLASSES

    def loss(params, x, y):
        (w, b), blocks, (kernel, bias) = params
        x = jax.nn.relu(norm(conv(x, w), b))
        for (w1, b1, w2, b2), stride in zip(blocks, strides):
            z = norm(conv(jax.nn.relu(norm(conv(x, w1, stride), b1)), w2), b2)
            if stride > 1:
                x = x[:, ::2, ::2]
            x = jax.nn.relu(z + jnp.pad(x, ((0, 0),) * 3 + ((0, z.shape[3] - x.shape[3]),)))
        log = jax.nn.log_softmax((short(x.mean((1, 2))) @ short(kernel)).astype(jnp.float32) + bias)
        return -jnp.take_along_axis(log, y[:, None], 1).mean()

    def step(i, carry):
        params, momentum, order, codes = carry
        at = lax.dynamic_slice(order, (i * BATCH,), (BATCH,))
        flip, row, column = lax.dynamic_slice(codes, (i * BATCH, 0), (BATCH, 3)).T
        x = jnp.pad(images[at].astype(jnp.float32) / 255, ((0, 0), (4, 4), (4, 4), (0, 0)), mode="reflect")
        x = jnp.where(flip[:, None, None, None] == 1, x[:, :, ::-1], x)
        x = jax.vmap(lambda image, r, c: lax.dynamic_slice(image, (r, c, 0), (32, 32, 3)))(x, row, column)
        grads = jax.grad(loss)(params, x, labels[at])
        grads = jax.tree.map(lambda g, p: g + 5e-4 * p, grads, params)
        momentum = jax.tree.map(lambda v, g: 0.9 * v + g, momentum, grads)
        return jax.tree.map(lambda p, g, v: p - 0.1 * (g + 0.9 * v), params, grads, momentum), momentum, order, codes

    run = jax.jit(lambda carry: lax.fori_loop(0, count, step, carry))
    order = jax.random.randint(jax.random.PRNGKey(2), (count * BATCH,), 0, 50_000)
    codes = jax.random.randint(jax.random.PRNGKey(3), (count * BATCH, 3), 0, jnp.array([2, 9, 9]))
    carry = (params, jax.tree.map(jnp.zeros_like, params), order, codes)
    jax.block_until_ready(run(carry))
    began = time.perf_counter()
    jax.block_until_ready(run(carry))
    return (time.perf_counter() - began) / count * 1e3


# without its library for cards JAX computes on the processor, and says so only here
if device == "gpu" and jax.default_backend() != "gpu":
    sys.exit(f"JAX computes on {jax.default_backend()}, not on the card")
print(json.dumps({"ms": milliseconds()}), flush=True)
