"""Exercise 13: a stage of the generator, backwards, with four lines missing (tutorials/13_the_generator.py).

Put your lines in the place of each NotImplementedError; then ask: minihit learn check 13

Its forward is minihit/models/hit/stage.py's, and stands in for one of yours.

Shapes: dx by the map that the next stage read, (B, 2H, 2W, C'), None after the last stage; dimage by the image as it is
after this stage, (B, H, W, 3), None where no colours were made. Returned: dx (B, H, W, C); dtokens (B, T, C0), or None;
dimage by the image of the stages before, (B, H / 2, W / 2, 3), or None; grads.
"""

from minihit.layers import attention_block, cross_attention, linear, mlp, norm, to_rgb
from minihit.ops import pixel_shuffle, upsample, window_merge, window_split


def backward(dx, dimage, cache):
    plan, grads, dtokens = cache["plan"], {}, None
    if "widen" in cache:
        dx, grads["widen"] = linear.backward(dx, cache["widen"])
    if "pixel_shuffle" in cache:
        dx = pixel_shuffle.backward(dx, cache["pixel_shuffle"])
    if plan.rgb:                                                          # image = upsample(image) + to_rgb(x)
        drgb, grads["to_rgb"] = to_rgb.backward(dimage, cache["to_rgb"])
        raise NotImplementedError("dx, which is None after the last stage")
        raise NotImplementedError("dimage; cache['upsample'] is there where there was an image")
    if plan.window:
        dx = window_merge.backward(dx, cache["merge"])
    grads["blocks"] = []
    for block_cache in reversed(cache["blocks"]):
        dx, block = (attention_block if plan.window else mlp).backward(dx, block_cache)
        grads["blocks"].insert(0, block)
    if plan.window:
        dx = window_split.backward(dx, cache["split"])
    if "cross_attention" in cache:                                        # x + cross_attention(norm(x), tokens)
        dx, grads["cross_mlp"] = mlp.backward(dx, cache["cross_mlp"])
        dh, dtokens, grads["cross_attention"] = cross_attention.backward(dx, cache["cross_attention"])
        dh, grads["cross_norm"] = norm.backward(dh, cache["cross_norm"])
        raise NotImplementedError("dx")
    raise NotImplementedError("grads['position']")                         # x + position, which has no axis of images
    return dx, dtokens, dimage, grads
