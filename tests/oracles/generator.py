"""The generator once more, from HiT's description alone, with einsum and autograd.numpy."""

import autograd.numpy as np
from autograd.scipy.special import erf


def images(params, z, config, state=None):
    """(B, size, size, 3) from z (B, latent) or (B, G, G, latent); params, config and state as in minihit.models.hit.

    Where a place of batch norm in state is empty, the statistics of this batch are used and written there.
    """
    tokens, image = None, 0.0
    if config.cross_attention:
        part = params["tokens"]
        one = "btz,zc->btc" if config.spatial else "bz,ztc->btc"
        tokens = np.einsum(one, averaged(z, config.tokens) if config.spatial else z, part["linear"]["weight"])
        tokens = tokens + part["linear"]["bias"] + part["position"][0, 0]
        tokens = norm(part["norm"], tokens, config, at(state, "tokens", "norm"))
    one = "bhwz,zc->bhwc" if config.spatial else "bz,zhwc->bhwc"
    x = np.einsum(one, z, params["start"]["weight"]) + params["start"]["bias"]
    for index, stage in enumerate(params["stages"]):
        here = at(state, "stages", index)
        x = x + stage["position"]
        if tokens is not None:
            h = norm(stage["cross_norm"], x, config, at(here, "cross_norm"))
            x = x + cross_attention(stage["cross_attention"], h, tokens)
            x = mlp(stage["cross_mlp"], x, config, at(here, "cross_mlp"))
        has_window = config.windows[index] is not None
        attends = has_window and config.attention != "none"
        for place, block in enumerate(stage["blocks"]):
            averages = at(here, "blocks", place)
            if attends:
                h = norm(block["norm"], x, config, at(averages, "norm"))
                x = x + self_attention(block["attention"], h, config.windows[index], config)
            x = mlp(block["mlp"], x, config, at(averages, "mlp")) if attends else mlp(block, x, config, averages)
        last = index + 1 == len(config.channels)
        if last or not has_window:
            head = stage["to_rgb"]
            h = norm(head["norm"], x, config, at(here, "to_rgb", "norm"))
            rgb = np.einsum("bhwc,cr->bhwr", h, head["linear"]["weight"])
            image = upsample(image) + rgb + head["linear"]["bias"]
        if not last:
            x = depth_to_space(x)
            if x.shape[-1] != config.channels[index + 1]:
                x = np.einsum("bhwc,cd->bhwd", x, stage["widen"]["weight"]) + stage["widen"]["bias"]
    return image


def averaged(z, count):
    """(B, count, latent): the means of so many squares that tile the grid."""
    side = round(count**0.5)
    square = z.shape[1] // side
    z = np.reshape(z, (len(z), side, square, side, square, z.shape[-1]))
    return np.reshape(np.mean(z, (2, 4)), (len(z), count, z.shape[-1]))


def at(state, *path):
    """What lies at the end of the path; None where there is no state, as in training."""
    for key in path if state else ():
        state = state[key]
    return state


def norm(params, x, config, state):
    axes = tuple(range(x.ndim - 1)) if config.norm == "batch" else (-1,)
    eps = 1e-3 if config.norm == "batch" else 1e-6
    mean, variance = np.mean(x, axes, keepdims=True), np.var(x, axes, keepdims=True)
    if state:
        mean, variance = state["mean"], state["variance"]
    elif state is not None and config.norm == "batch":
        state.update(mean=mean.reshape(-1), variance=variance.reshape(-1), count=x.size // x.shape[-1])
    x_hat = (x - mean) / np.sqrt(variance + eps)
    return params["scale"] * x_hat + params["bias"]


def mlp(params, x, config, state):
    h = norm(params["norm"], x, config, at(state, "norm"))
    h = np.einsum("...c,cd->...d", h, params["expand"]["weight"]) + params["expand"]["bias"]
    h = 0.5 * h * (1 + erf(h / np.sqrt(2.0)))
    return x + np.einsum("...c,cd->...d", h, params["contract"]["weight"]) + params["contract"]["bias"]


def heads(params, name, x, count):
    """(B, L, C) to (B, L, count, D); a single head is repeated."""
    projected = np.einsum("blc,cnd->blnd", x, params[name]["weight"]) + params[name]["bias"]
    return np.repeat(projected, count // projected.shape[2], axis=2)


def attend(params, x, source, allowed):
    """Every pixel of x (B, L, C) asks those of source (B, K, C0) that allowed (N, L, K) permits."""
    count, width = params["query"]["bias"].shape
    query, key, value = (heads(params, name, x if name == "query" else source, count)
                         for name in ("query", "key", "value"))
    scores = np.einsum("blnd,bknd->bnlk", query, key) / np.sqrt(width)
    weights = np.exp(scores) * allowed
    out = np.einsum("bnlk,bknd->blnd", weights / np.sum(weights, axis=-1, keepdims=True), value)
    return np.einsum("blnd,ndc->blc", out, params["out"]["weight"]) + params["out"]["bias"]


def cross_attention(params, x, tokens):
    flat = np.reshape(x, (x.shape[0], -1, x.shape[-1]))
    return np.reshape(attend(params, flat, tokens, np.ones((1, 1, 1))), x.shape)


def self_attention(params, x, window, config):
    flat = np.reshape(x, (x.shape[0], -1, x.shape[-1]))
    allowed = masks(x.shape[1], window, config.attention, params["query"]["bias"].shape[0])
    return np.reshape(attend(params, flat, flat, allowed), x.shape)


def masks(side, window, attention, count):
    """(N, pixels, pixels): which pixels a head sees, found from their places in the image."""
    row, column = np.divmod(np.arange(side * side), side)

    def same(*places):
        return np.all(np.array([place[:, None] == place[None] for place in places]), axis=0)

    block = same(row // window, column // window)
    grid = same(row % window, column % window)
    halves = {"multi_axis": (block, grid), "block": (block, block), "grid": (grid, grid),
              "axial": (same(row), same(column)), "full": (same(0 * row), same(0 * row))}[attention]
    return np.array([halves[0]] * (count // 2) + [halves[1]] * (count - count // 2), float)


def upsample(image):
    if isinstance(image, float):
        return image
    return np.repeat(np.repeat(image, 2, axis=1), 2, axis=2)


def depth_to_space(x):
    """Channel (dy * 2 + dx) * C/4 + c becomes channel c of pixel (2 h + dy, 2 w + dx)."""
    b, height, width, c = x.shape
    x = np.reshape(x, (b, height, width, 2, 2, c // 4))
    return np.reshape(np.transpose(x, (0, 1, 3, 2, 4, 5)), (b, 2 * height, 2 * width, c // 4))
