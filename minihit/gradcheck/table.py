"""The table of all that is checked: every op, layer, loss, penalty and network, small enough to be checked at once."""

from minihit.errors import UserError
from minihit.gradcheck import adapters
from minihit.gradcheck.checks import Check
from minihit.gradcheck.networks import DISCRIMINATORS, GENERATORS
from minihit.layers import (
    attention_block,
    batch_norm,
    conv2d,
    cross_attention,
    latent_tokens,
    layer_norm,
    linear,
    mlp,
    multi_axis_attention,
    norm,
    residual_downsample,
    to_rgb,
)
from minihit.layers.norm import How
from minihit.models import discriminator, hit, of
from minihit.objectives import losses, penalties
from minihit.ops import (
    attend,
    augment,
    average_downsample,
    blur_downsample,
    feed_forward,
    gelu,
    leaky_relu,
    minibatch_stddev,
    pixel_shuffle,
    softmax,
    upsample,
)


def named(name):
    """{name: Check} of one name, or of all the variants of a layer: linear is "linear" and "linear, heads".

    Raises UserError for a name that the table does not hold.
    """
    found = {key: check for key, check in CHECKS.items() if name in (key, key.split(",")[0])}
    if not found:
        names = dict.fromkeys(key.split(",")[0] for key in CHECKS)
        raise UserError(f"{name!r} is not in the table of gradcheck: choose one of {', '.join(names)}")
    return found


def one_named(name):
    """The Check of that name, or else its first variant. Raises UserError as named does."""
    found = named(name)
    return found.get(name, next(iter(found.values())))


def _check(layer, *shapes, init=None, **options):
    return Check(layer, shapes, init, options)


def _network(layer, config, *shapes, **options):
    return Check(layer, shapes, lambda rng: of(config).init(rng, config),
                 {"config": config, **options}, network=True)


def _averages(rng):
    return {"mean": rng.standard_normal(8), "variance": 0.5 + rng.random(8)}


def _feed_forward(rng):
    params = mlp.init(rng, 8)
    return {name: params[name] for name in ("expand", "contract")}


def _images(rng):
    return rng.standard_normal(PHOTOS)


IMAGE, WINDOWS, TOKENS, PHOTOS = (4, 4, 6, 8), (2, 3, 4, 8), (2, 3, 5), (4, 16, 16, 3)
_OPS = {
    "attend": _check(attend, (2, 3, 4, 5), (2, 6, 4, 5), (2, 6, 4, 5)),
    "attend, shared": _check(attend, (2, 3, 4, 5), (2, 6, 1, 5), (2, 6, 1, 5)),
    "augment": _check(augment, (4, 8, 8, 3), draws=lambda rng: augment.draw(rng, 4, 8)),
    "average_downsample": _check(average_downsample, IMAGE),
    "blur_downsample": _check(blur_downsample, IMAGE),
    "blur_downsample, odd": _check(blur_downsample, (2, 5, 7, 3)),
    "conv2d, op": _check(adapters.convolution(), IMAGE, (5, 5, 8, 3)),
    "feed_forward": _check(feed_forward, IMAGE, init=_feed_forward),
    "gelu": _check(gelu, IMAGE),
    "leaky_relu": _check(leaky_relu, IMAGE),
    "minibatch_stddev": _check(minibatch_stddev, IMAGE),
    "minibatch_stddev, twice": _check(adapters.stddev_tangent(), IMAGE, t_x=lambda rng: rng.standard_normal(IMAGE)),
    "pixel_shuffle": _check(pixel_shuffle, IMAGE),
    "softmax": _check(softmax, IMAGE),
    "upsample": _check(upsample, IMAGE),
    "windows, split": _check(adapters.split(), (2, 6, 6, 3), window=(2, 3)),
    "windows, merge": _check(adapters.merge(), (2, 6, 6, 3), window=(2, 3), side=6),
}
_LAYERS = {
    "linear": _check(linear, WINDOWS, init=lambda rng: linear.init(rng, 8, 8)),
    "linear, heads": _check(linear, WINDOWS, init=lambda rng: linear.init(rng, (4, 8), (2, 3))),
    "conv2d": _check(conv2d, IMAGE, init=lambda rng: conv2d.init(rng, 8, 5)),
    "conv2d, 1 x 1": _check(conv2d, IMAGE, init=lambda rng: conv2d.init(rng, 8, 5, k=1, bias=False)),
    "conv2d, Winograd": _check(conv2d, (4, 16, 16, 64), init=lambda rng: conv2d.init(rng, 64, 64)),
    "batch_norm": _check(batch_norm, IMAGE, init=lambda rng: batch_norm.init(8)),
    "batch_norm, evaluation": _check(batch_norm, IMAGE, init=lambda rng: batch_norm.init(8), averages=_averages),
    "layer_norm": _check(layer_norm, IMAGE, init=lambda rng: layer_norm.init(8)),
    "norm": _check(norm, IMAGE, init=lambda rng: norm.init(8), how=How("batch")),
    "norm, layer": _check(norm, IMAGE, init=lambda rng: norm.init(8), how=How("layer")),
    "mlp": _check(mlp, IMAGE, init=lambda rng: mlp.init(rng, 8), how=How("batch")),
    "mlp, evaluation": _check(mlp, IMAGE, init=lambda rng: mlp.init(rng, 8),
                              how=lambda rng: How("batch", {"norm": _averages(rng)})),
    "multi_axis_attention":
        _check(multi_axis_attention, WINDOWS, init=lambda rng: multi_axis_attention.init(rng, 8, 2)),
    "multi_axis_attention, multi-head":
        _check(multi_axis_attention, WINDOWS, init=lambda rng: multi_axis_attention.init(rng, 8, 2, multi_query=False)),
    "attention_block": _check(attention_block, WINDOWS, init=lambda rng: attention_block.init(rng, 8, 2),
                              axes=("block",), how=How("batch")),
    "cross_attention": _check(cross_attention, WINDOWS, TOKENS, init=lambda rng: cross_attention.init(rng, 8, 2, 5)),
    "latent_tokens": _check(latent_tokens, (4, 6), init=lambda rng: latent_tokens.init(rng, 6, 3, 5), how=How("batch")),
    "to_rgb": _check(to_rgb, IMAGE, init=lambda rng: to_rgb.init(rng, 8), how=How("batch")),
    "residual_downsample": _check(residual_downsample, IMAGE, init=lambda rng: residual_downsample.init(rng, 8, 5)),
    "residual_downsample, average": _check(residual_downsample, IMAGE, kind="average",
                                           init=lambda rng: residual_downsample.init(rng, 8, 5)),
}
_LOSSES = {
    **{f"{function.__name__}, {kind}": _check(adapters.loss(function), (6,), kind=kind)
       for function in (losses.generator_loss, losses.real_loss, losses.fake_loss) for kind in losses.KINDS},
    "consistency": _check(adapters.loss(losses.consistency), (6,), (6,), cost=10.0),
    "r1": _check(adapters.loss(penalties.r1), (4, 3, 3, 3), cost=10.0),
    "wgan_gp": _check(adapters.loss(penalties.wgan_gp), (4, 3, 3, 3), cost=10.0),
}
_MODELS = {
    **{f"generator, {name}": _network(hit, config, (2, 3)) for name, config in GENERATORS.items()},
    **{f"discriminator, {name}": _network(discriminator, config, PHOTOS) for name, config in DISCRIMINATORS.items()},
    **{f"r1, through D, {name}": _network(adapters.penalty(penalties.r1), config, images=_images)
       for name, config in DISCRIMINATORS.items()},
    **{f"wgan_gp, through D, {name}": _network(adapters.penalty(penalties.wgan_gp), config, images=_images)
       for name, config in DISCRIMINATORS.items()},
}
CHECKS = {**_OPS, **_LAYERS, **_LOSSES, **_MODELS}
