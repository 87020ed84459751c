"""Right layers as different people write them: {name: (what it is the same as, source)}. Caches hold what their authors
liked: inputs in place of masks, tuples, dataclasses, other names."""

LINEAR = ("linear", """\
import numpy as np

def forward(p, X):
    return np.einsum("...i,io->...o", X, p["weight"]) + p["bias"], (p["weight"], X)

def backward(dY, saved):
    W, X = saved
    dW = np.einsum("abci,abco->io", X, dY)
    return [np.einsum("...o,io->...i", dY, W), {"bias": np.einsum("abco->o", dY), "weight": dW}]
""")

LINEAR_WITH_A_DATACLASS = ("linear", """\
from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

sys.path.append(os.path.dirname(__file__))

@dataclass
class Cache:
    made: ClassVar[int] = 0
    x: np.ndarray
    params: dict[str, np.ndarray] = field(default_factory=dict)

def forward(params: dict, x: np.ndarray) -> tuple[np.ndarray, Cache]:
    return x @ params["weight"] + params["bias"], Cache(x, params)

def backward(dy, cache: Cache):
    rows, drows = cache.x.reshape(-1, cache.x.shape[-1]), dy.reshape(-1, dy.shape[-1])
    return dy @ cache.params["weight"].T, dict(weight=rows.T @ drows, bias=drows.sum(0))

if __name__ == "__main__":
    raise SystemExit("not reached")
""")

LAYER_NORM = ("layer_norm", """\
def forward(params, x):
    mu = x.mean(-1, keepdims=True)
    var = ((x - mu) ** 2).mean(-1, keepdims=True)
    return params["scale"] * (x - mu) / (var + 1e-6) ** 0.5 + params["bias"], (x, mu, var, params)

def backward(dout, cache):
    x, mu, var, params = cache
    n, std = x.shape[-1], (var + 1e-6) ** 0.5
    dxhat = dout * params["scale"]
    dvar = (dxhat * (x - mu) * -0.5 * std ** -3).sum(-1, keepdims=True)
    dmu = -(dxhat / std).sum(-1, keepdims=True) - 2 * dvar * (x - mu).mean(-1, keepdims=True)
    dx = dxhat / std + dvar * 2 * (x - mu) / n + dmu / n
    return dx, {"scale": (dout * (x - mu) / std).sum((0, 1, 2)), "bias": dout.sum((0, 1, 2))}
""")

BATCH_NORM = ("batch_norm", """\
EPS = 1e-3

def forward(params, x):
    flat = x.reshape(-1, x.shape[-1])
    mean, var = flat.mean(0), flat.var(0)
    xhat = (flat - mean) / (var + EPS) ** 0.5
    return (xhat * params["scale"] + params["bias"]).reshape(x.shape), [xhat, mean, var, params["scale"]]

def backward(dy, cache):
    xhat, mean, var, scale = cache
    d = dy.reshape(xhat.shape)
    dscale, dbias, n = (d * xhat).sum(0), d.sum(0), len(d)
    dx = scale / (var + EPS) ** 0.5 / n * (n * d - dbias - xhat * dscale)
    return dx.reshape(dy.shape), {"scale": dscale, "bias": dbias}

def fold(state, cache):
    _, mean, var, _ = cache
    n = cache[0].shape[0]
    new = {"mean": mean, "variance": var * n / (n - 1)}
    return {k: 0.99 * state[k] + (1 - 0.99) * new[k] for k in state}
""")

SOFTMAX_BY_ITS_JACOBIAN = ("softmax", """\
import numpy as np

def forward(scores):
    e = np.exp(scores)
    return e / e.sum(axis=-1, keepdims=True), scores

def backward(dprobs, scores):
    p, _ = forward(scores)
    jacobian = np.einsum("...i,ij->...ij", p, np.eye(p.shape[-1])) - np.einsum("...i,...j->...ij", p, p)
    return np.einsum("...i,...ij->...j", dprobs, jacobian)
""")

ATTEND = ("attend", """\
import numpy as np

def forward(q, k, v):
    s = np.einsum("bqnd,bknd->bnqk", q, k) / np.sqrt(q.shape[-1])
    p = np.exp(s - s.max(-1, keepdims=True))
    p /= p.sum(-1, keepdims=True)
    return np.einsum("bnqk,bknd->bqnd", p, v), dict(q=q, k=k, v=v, attention=p)

def backward(dout, c):
    p = c["attention"]
    dp = np.einsum("bqnd,bknd->bnqk", dout, c["v"])
    ds = p * (dp - (dp * p).sum(-1, keepdims=True)) / np.sqrt(c["q"].shape[-1])
    return (np.einsum("bnqk,bknd->bqnd", ds, c["k"]), np.einsum("bnqk,bqnd->bknd", ds, c["q"]),
            np.einsum("bnqk,bqnd->bknd", p, dout))
""")

GELU = ("gelu", """\
import math
import numpy as np

erf = np.vectorize(math.erf)

def forward(x):
    return x * (1 + erf(x / 2 ** 0.5)) / 2, x

def backward(dy, x):
    return dy * ((1 + erf(x / 2 ** 0.5)) / 2 + x * np.exp(-x ** 2 / 2) / (2 * np.pi) ** 0.5)
""")

LEAKY_RELU = ("leaky_relu", """\
import numpy as np

class Saved:
    def __init__(self, x):
        self.x = x

def forward(x):
    return np.where(x > 0, x, 0.2 * x), Saved(x)

def backward(dy, saved):
    dx = dy.copy()
    dx[saved.x < 0] *= 0.2
    return dx
""")

CONVOLUTION = ("conv2d", """\
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

def forward(params, x):
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    patches = sliding_window_view(padded, (3, 3), axis=(1, 2))            # (B, H, W, C, 3, 3)
    return np.einsum("bhwcij,ijco->bhwo", patches, params["weight"]) + params["bias"], (params, patches)

def backward(dy, cache):
    params, patches = cache
    dw = np.einsum("bhwcij,bhwo->ijco", patches, dy)
    b, h, w, c = patches.shape[:4]
    dx = np.zeros((b, h + 2, w + 2, c))
    for i in range(3):
        for j in range(3):
            dx[:, i:i + h, j:j + w] += dy @ params["weight"][i, j].T
    return dx[:, 1:-1, 1:-1], {"weight": dw, "bias": dy.sum(axis=(0, 1, 2))}
""")

PIXEL_SHUFFLE = ("pixel_shuffle", """\
import numpy as np

def forward(x):
    b, h, w, c = x.shape
    y = np.zeros((b, 2 * h, 2 * w, c // 4), x.dtype)
    for i in range(4):
        y[:, i // 2::2, i % 2::2] = x[..., i * c // 4:(i + 1) * c // 4]
    return y, None

def backward(dy, _):
    return np.concatenate([dy[:, i // 2::2, i % 2::2] for i in range(4)], axis=-1)
""")

STDDEV = ("minibatch_stddev", """\
import numpy as np

def forward(x):
    std = np.sqrt(x.var(axis=0) + 1e-8)
    return np.concatenate([x, np.full(x.shape[:3] + (1,), std.mean())], axis=-1), (x, std)

def backward(dy, cache):
    x, std = cache
    return dy[..., :-1] + dy[..., -1].sum() / std.size * (x - x.mean(0)) / std / len(x)
""")

HINGE = ("real_loss, hinge", """\
def forward(logits, kind):
    return float((1 - logits).clip(0).mean()), logits

def backward(dloss, logits):
    return -dloss * (logits < 1) / logits.size
""")

RESIDUAL = ("residual_downsample", """\
from minihit.layers import conv2d
from minihit.ops import blur_downsample as blur

def leaky(x):
    return x * (0.6 + 0.4 * (2 * (x > 0) - 1))

def slope(x):
    return 0.6 + 0.4 * (2.0 * (x > 0) - 1)

def forward(params, x):
    a, conv1 = conv2d.forward(params["conv1"], x)
    down, blur1 = blur.forward(leaky(a))
    b, conv2 = conv2d.forward(params["conv2"], down)
    small, blur2 = blur.forward(x)
    skip, conv3 = conv2d.forward(params["skip"], small)
    return (leaky(b) + skip) / 2 ** 0.5, (a, b, conv1, conv2, conv3, blur1, blur2)

def backward(dy, cache):
    a, b, conv1, conv2, conv3, blur1, blur2 = cache
    dy = dy / 2 ** 0.5
    dsmall, dskip = conv2d.backward(dy, conv3)
    ddown, dconv2 = conv2d.backward(dy * slope(b), conv2)
    dx, dconv1 = conv2d.backward(blur.backward(ddown, blur1) * slope(a), conv1)
    return dx + blur.backward(dsmall, blur2), {"conv1": dconv1, "conv2": dconv2, "skip": dskip}
""")

DISCRIMINATOR = ("discriminator", RESIDUAL[1].replace("def forward", "def block").replace("def backward", "def unblock")
                 + """
from minihit.layers import linear

def forward(params, images, config):
    stem, conv1 = conv2d.forward(params["stem"], images)
    x, caches = leaky(stem), []
    for p in params["blocks"]:
        x, c = block(p, x)
        caches.append(c)
    last, conv2 = conv2d.forward(params["conv"], x)
    hidden, dense = linear.forward(params["dense"], leaky(last))
    logits, logit = linear.forward(params["logit"], leaky(hidden))
    return logits[:, 0], (stem, conv1, caches, last, conv2, hidden, dense, logit)

def backward(dlogits, cache):
    stem, conv1, caches, last, conv2, hidden, dense, logit = cache
    grads = {"blocks": []}
    dx, grads["logit"] = linear.backward(dlogits[:, None], logit)
    dx, grads["dense"] = linear.backward(dx * slope(hidden), dense)
    dx, grads["conv"] = conv2d.backward(dx * slope(last), conv2)
    for c in caches[::-1]:
        dx, g = unblock(dx, c)
        grads["blocks"] = [g] + grads["blocks"]
    dx, grads["stem"] = conv2d.backward(dx * slope(stem), conv1)
    return dx, grads
""")

LEARNERS = {name.lower().replace("_", " "): value for name, value in list(globals().items()) if name.isupper()}
