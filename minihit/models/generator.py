"""HiT's generator (paper, figure 1): latent z to image, self-attention at low resolutions, no convolution anywhere.

Shapes: z (B, latent); x (B, H, W, C); tokens (B, T, C0); image (B, size, size, 3), not clipped.
"""

from minihit.backend import array_module
from minihit.layers import batch_norm, latent_tokens, linear
from minihit.models import stage
from minihit.models.config import START
from minihit.tree import child


def init(rng, config):
    """Host arrays, float32: truncated normal of std 0.02 for kernels and positions, zero biases."""
    c = config.channels[0]
    params = {"start": linear.init(rng, config.latent, (START, START, c))}
    if config.cross_attention:
        params["tokens"] = latent_tokens.init(rng, config.latent, config.tokens, c)
    params["stages"] = [stage.init(rng, plan, config) for plan in config.stages]
    return params


def init_state(config):
    """The running averages of batch norm, a tree with the keys of the norms; empty leaves with layer norm."""
    state = {"stages": [stage.init_state(plan, config) for plan in config.stages]}
    if config.cross_attention:
        state["tokens"] = latent_tokens.init_state(config.channels[0], config.norm)
    return state


def forward(params, z, config, state=None):
    """Images and cache. Batch norm uses the statistics of this batch, or the running averages in state."""
    cache, image = {"stages": []}, None
    tokens, cache["tokens"] = _tokens(params, z, config, state)
    x, cache["start"] = linear.forward(params["start"], z)
    for plan, stage_params in zip(config.stages, params["stages"], strict=True):
        stage_state = child(child(state, "stages"), plan.index)
        x, image, stage_cache = stage.forward(stage_params, x, tokens, image, plan, config.norm, stage_state)
        cache["stages"].append(stage_cache)
    return image, cache


def backward(dimage, cache):
    """Returns dz, grads. The gradients of the tokens add up over the stages that read them."""
    grads, dx, dtokens = {"stages": []}, None, None
    for stage_cache in reversed(cache["stages"]):
        dx, dtokens_here, dimage, stage_grads = stage.backward(dx, dimage, stage_cache)
        grads["stages"].insert(0, stage_grads)
        dtokens = dtokens_here if dtokens is None else dtokens + dtokens_here
    dz, grads["start"] = linear.backward(dx, cache["start"])
    if dtokens is not None:
        dz_tokens, grads["tokens"] = latent_tokens.backward(dtokens, cache["tokens"])
        dz = dz + dz_tokens
    return dz, grads


def update_state(state, cache):
    """The running averages after a training batch."""
    return batch_norm.fold(state, cache)


def generate(params, z, config, state, pixels=1 << 16):
    """Images in evaluation, without a cache: stages without self-attention, being pointwise, run in strips of rows.

    pixels bounds the size of a strip over the whole batch; memory stays near that of the stage with the largest map.
    """
    image = None
    tokens, _ = _tokens(params, z, config, state)
    x, _ = linear.forward(params["start"], z)
    for plan, stage_params in zip(config.stages, params["stages"], strict=True):
        stage_state = child(child(state, "stages"), plan.index)
        rows = plan.side if plan.window else max(2, pixels // (plan.side * len(z)) // 2 * 2)
        strips = []
        for top in range(0, plan.side, rows):
            part, half = slice(top, top + rows), slice(top // 2, (top + rows) // 2)
            here = {**stage_params, "position": stage_params["position"][:, part]}
            above = None if image is None else image[:, half]
            strips.append(stage.forward(here, x[:, part], tokens, above, plan, config.norm, stage_state)[:2])
        x, image = (_stack(parts) for parts in zip(*strips, strict=True))
    return image


def _tokens(params, z, config, state):
    if not config.cross_attention:
        return None, {}
    return latent_tokens.forward(params["tokens"], z, config.norm, child(state, "tokens"))


def _stack(parts):
    """Strips of rows, one below the other; None where the stage made none."""
    if parts[0] is None or len(parts) == 1:
        return parts[0]
    return array_module(parts[0]).concatenate(parts, axis=1)
