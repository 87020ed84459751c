"""A learner's functions in the place of a module's: forward and backward as the learner wrote them, and all else that
the networks call made of these two.

A cache of the library's is a dict that others may read a little of; the learner's own, of any kind, lies in it under a
key of its own.
"""

import importlib
import importlib.util
import inspect
import math
import pkgutil
from contextlib import contextmanager

from minihit import ops, optim
from minihit.errors import UserError
from minihit.gradcheck.precision import cast
from minihit.learn import made
from minihit.models.hit import stage
from minihit.objectives import bottleneck, losses, penalties
from minihit.ops import augment
from minihit.ops.quantize import forward as nearest_codes

ELSEWHERE = {
    "stage": stage, "color": augment, "r1": penalties, **dict.fromkeys(("adam", "ema", "clip"), optim),
    **dict.fromkeys(("kl", "commitment", "codebook"), bottleneck),
    **dict.fromkeys(("generator_loss", "real_loss", "fake_loss"), losses)}
ADDED = ("skip", "other")                                                 # to y or to dx, where the library can


@contextmanager
def using(owns):
    """The library with a learner's {name: {function: callable}} in the place of its own, for the time of a block.

    An op that is made of one of them runs as its definition says, for its tuned twin would go past it.
    """
    changes = [(module_of(name), each, function) for name, own in owns.items()
               for each, function in functions_for(name, own, module_of(name)).items()]
    changes += [(module, each, function.__wrapped__) for module in _made_of({module for module, *_ in changes})
                for each, function in vars(module).items() if hasattr(function, "__wrapped__")]
    before = [(module, each, getattr(module, each)) for module, each, _ in changes]
    try:
        for module, each, function in changes:
            setattr(module, each, function)
        yield
    finally:
        for module, each, function in before:
            setattr(module, each, function)


def _made_of(modules):
    """The ops whose definitions call one of these modules, or an op that does."""
    every = [importlib.import_module(f"minihit.ops.{found.name}") for found in pkgutil.iter_modules(ops.__path__)]
    made = {module for module in every if module not in modules
            and any(value in modules for value in vars(module).values() if isinstance(value, type(ops)))}
    return made | _made_of(modules | made) if made else set()


def module_of(name):
    """Where the library has what is called so; None where training needs nothing of that name."""
    for room in ("layers", "ops"):
        if name.isidentifier() and importlib.util.find_spec(f"minihit.{room}.{name}"):
            return importlib.import_module(f"minihit.{room}.{name}")
    return ELSEWHERE.get(name)


def functions_for(name, own, module):
    """{attribute: value} for the module of that name; own {function: a learner's}."""
    if name in WHOLE:
        return WHOLE[name](own)
    if "forward" not in own:
        return {each: made.alone(each, function) for each, function in own.items()}
    found = _pair(name, own, module)
    return found | made.MADE.get(name, lambda own, found, key: {})(own, found, f"own {name}")


def _pair(name, own, module):
    key, of_forward, of_backward = f"own {name}", *map(inspect.signature, (module.forward, module.backward))

    def forward(*args, **options):
        values, added = _bound(of_forward, args, options)
        given = _taken(name, values, own["forward"], of_forward)
        *outputs, cache = own["forward"](*given)
        first, *others = cast(outputs, made.dtype_of(given))
        kept = KEPT.get(name, lambda cache, *given: {})(cache, *given)
        return (first if added is None else first + added, *others, {**kept, key: cache})

    def backward(*args, **options):
        values, added = _bound(of_backward, args, options)
        *douts, cache = values.values()
        found = cast(own["backward"](*douts, cache[key]), douts[0].dtype)
        if not isinstance(found, (tuple, list)):
            return found
        return (found[0] if added is None else found[0] + added, *found[1:])

    return {"forward": forward, "backward": backward}


def _bound(signature, args, options):
    """({parameter: value}, what is to be added to the first result, None where there is nothing)."""
    bound = signature.bind(*args, **options)
    bound.apply_defaults()
    addable = [each for each in ADDED if each in signature.parameters and signature.parameters[each].default is None]
    added = [bound.arguments.pop(each) for each in addable]
    return dict(bound.arguments), next(iter(added), None)


def _taken(name, values, own, signature):
    """Those values that a learner's forward takes: it may take fewer, where the others are as they are by default."""
    count = len(inspect.signature(own).parameters)
    for each, value in list(values.items())[count:]:
        if value is not signature.parameters[each].default:
            raise UserError(f"{name}: this training hands its forward {each}, too, and yours does not take it")
    return tuple(values.values())[:count]


def _colours(own):
    pair = tuple(made.rounded(own[name]) for name in ("color", "color_backward"))
    return {"POLICIES": {**augment.POLICIES, "color": pair}}


def _adam(own):
    """The library works the rate of a step out beforehand: it is asked for as the first step's, whose lr would give it.
    """
    def update(params, grads, moments, rate, beta1, beta2):
        own["adam"](params, grads, moments, 1, rate * (1.0 - beta1) / math.sqrt(1.0 - beta2), beta1, beta2)

    return {"update": update}


KEPT = {
    "linear": lambda cache, params, x: {"x": x, **params},
    "conv2d": lambda cache, params, x: {"x": x, **params},
    **dict.fromkeys(("residual_downsample", "attention_block", "latent_tokens", "mlp", "to_rgb"),
                    lambda cache, *given: cache if isinstance(cache, dict) else {}),
    "quantize": lambda cache, z, codes: nearest_codes(z, codes)[1],
}
"""What the networks read in a cache: inputs, and the caches of layers inside, such as norms, by their names."""
WHOLE = {
    "color": _colours, "adam": _adam,
    **dict.fromkeys(("ema", "clip", "generator_loss", "real_loss", "fake_loss", "r1", "kl", "commitment", "codebook"),
                    lambda own: {name: made.rounded(function) for name, function in own.items()}),
}
