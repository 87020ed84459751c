"""One resolution of the generator: position, cross-attention block, blocks, colours, and the way up to the next.

Shapes: x (B, H, W, C); tokens (B, T, C0) or None without cross-attention; image (B, H/2, W/2, 3) from the stages
before, or None; the new x (B, 2H, 2W, C') or None after the last stage; the new image (B, H, W, 3).
"""

from minihit import initializers
from minihit.layers import attention_block, cross_attention, linear, mlp, norm, to_rgb
from minihit.ops import pixel_shuffle, upsample, window_merge, window_split


def init(rng, plan, config):
    c = plan.channels
    params = {"position": initializers.truncated_normal(rng, (1, plan.side, plan.side, c))}
    if config.cross_attention:
        params["cross_norm"] = norm.init(c)
        params["cross_attention"] = cross_attention.init(rng, c, plan.heads, config.channels[0], config.multi_query)
        params["cross_mlp"] = mlp.init(rng, c)
    params["blocks"] = [
        attention_block.init(rng, c, plan.heads, config.multi_query) if plan.window else mlp.init(rng, c)
        for _ in range(plan.layers)
    ]
    if plan.rgb:
        params["to_rgb"] = to_rgb.init(rng, c)
    if plan.next_channels not in (None, c // 4):
        params["widen"] = linear.init(rng, c // 4, plan.next_channels)
    return params


def init_averages(plan, config):
    c, kind = plan.channels, config.norm
    averages = {}
    if config.cross_attention:
        averages = {"cross_norm": norm.init_averages(c, kind), "cross_mlp": mlp.init_averages(c, kind)}
    block = attention_block if plan.window else mlp
    averages["blocks"] = [block.init_averages(c, kind) for _ in range(plan.layers)]
    if plan.rgb:
        averages["to_rgb"] = to_rgb.init_averages(c, kind)
    return averages


def forward(params, x, tokens, image, plan, how):
    """Returns x, image, cache."""
    cache = {"plan": plan}
    x = x + params["position"]
    if tokens is not None:
        h, cache["cross_norm"] = norm.forward(params["cross_norm"], x, how.at("cross_norm"))
        x, cache["cross_attention"] = cross_attention.forward(params["cross_attention"], h, tokens, skip=x)
        x, cache["cross_mlp"] = mlp.forward(params["cross_mlp"], x, how.at("cross_mlp"))
    if plan.window:
        x, cache["split"] = window_split.forward(x, plan.window)
    x, cache["blocks"] = _blocks_forward(params["blocks"], x, plan, how.at("blocks"))
    if plan.window:
        x, cache["merge"] = window_merge.forward(x, plan.window, plan.side)
    if plan.rgb:
        rgb, cache["to_rgb"] = to_rgb.forward(params["to_rgb"], x, how.at("to_rgb"))
        if image is not None:
            image, cache["upsample"] = upsample.forward(image)
        image = rgb if image is None else image + rgb
    if plan.next_channels is None:
        return None, image, cache
    x, cache["pixel_shuffle"] = pixel_shuffle.forward(x)
    if "widen" in params:
        x, cache["widen"] = linear.forward(params["widen"], x)
    return x, image, cache


def backward(dx, dimage, cache):
    """Returns dx, dtokens, dimage, grads; dx is None after the last stage, dtokens None without cross-attention."""
    plan, grads, dtokens = cache["plan"], {}, None
    if "widen" in cache:
        dx, grads["widen"] = linear.backward(dx, cache["widen"])
    if "pixel_shuffle" in cache:
        dx = pixel_shuffle.backward(dx, cache["pixel_shuffle"])
    if plan.rgb:
        drgb, grads["to_rgb"] = to_rgb.backward(dimage, cache["to_rgb"])
        dx = drgb if dx is None else dx + drgb
        dimage = upsample.backward(dimage, cache["upsample"]) if "upsample" in cache else None
    if plan.window:
        dx = window_merge.backward(dx, cache["merge"])
    dx, grads["blocks"] = _blocks_backward(dx, plan, cache["blocks"])
    if plan.window:
        dx = window_split.backward(dx, cache["split"])
    if "cross_attention" in cache:
        dx, grads["cross_mlp"] = mlp.backward(dx, cache["cross_mlp"])
        dh, dtokens, grads["cross_attention"] = cross_attention.backward(dx, cache["cross_attention"])
        dx, grads["cross_norm"] = norm.backward(dh, cache["cross_norm"], skip=dx)
    grads["position"] = dx.sum(axis=0, keepdims=True)
    return dx, dtokens, dimage, grads


def _blocks_forward(params, x, plan, how):
    caches = []
    for index, block in enumerate(params):
        if plan.window:
            x, cache = attention_block.forward(block, x, plan.axes, how.at(index))
        else:
            x, cache = mlp.forward(block, x, how.at(index))
        caches.append(cache)
    return x, caches


def _blocks_backward(dx, plan, caches):
    grads = []
    for cache in reversed(caches):
        dx, block = (attention_block if plan.window else mlp).backward(dx, cache)
        grads.insert(0, block)
    return dx, grads
