"""All that training changes, in flat buffers with trees of views on them.

The generator's buffer holds its parameters and, behind them, the running averages of batch norm: the moving average
(EMA) covers both, Adam the parameters only.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from minihit import optim, tree
from minihit.backend import array_module, device_module, to_device
from minihit.models import discriminator, generator


@dataclass(frozen=True)
class State:
    """buffers: {"generator", "ema", "discriminator"} flat arrays; moments: Adam's, {network: {"first", "second"}}
    flat arrays; trees: views of all of them, with the names that checkpoints use."""

    buffers: dict[str, Any]
    moments: dict[str, Any]
    trees: dict[str, Any]

    @property
    def networks(self):
        """What training/step.py reads: {"generator", "discriminator": params, "state": running averages}."""
        here = self.trees["generator"]
        return {"generator": here["params"], "state": here["averages"], "discriminator": self.trees["discriminator"]}


def generator_tree(rng, config):
    """Host arrays: {"params", "averages"} of a new generator."""
    return {"params": generator.init(rng, config), "averages": generator.init_state(config)}


def create(seed, preset, device="cpu"):
    """A new State on the device; the seed decides the first parameters."""
    rng, xp = np.random.default_rng(seed), device_module(device)
    first = to_device(generator_tree(rng, preset.generator), device)
    params = to_device(discriminator.init(rng, preset.discriminator), device)
    g_buffer, g_tree = tree.pack(first, xp)
    d_buffer, d_tree = tree.pack(params, xp)
    ema_buffer = g_buffer.copy()
    g_params = g_buffer[:tree.size(g_tree["params"])]
    moments = {"generator": optim.init_moments(g_params), "discriminator": optim.init_moments(d_buffer)}
    likes = {"generator": g_tree["params"], "discriminator": d_tree}
    trees = {
        "generator": g_tree,
        "ema": tree.views(ema_buffer, g_tree),
        "discriminator": d_tree,
        "adam": {name: {moment: tree.views(flat, likes[name]) for moment, flat in pair.items()}
                 for name, pair in moments.items()},
    }
    return State({"generator": g_buffer, "ema": ema_buffer, "discriminator": d_buffer}, moments, trees)


def apply(state, grads, averages, step, recipe, copied=optim.EMA_START):
    """Update the state in place after step (from 1); returns the gradients' norms, scalar arrays on the device.

    copied: the last step until which the moving average is a copy, as first values are not worth remembering.
    """
    xp, norms, networks = array_module(state.buffers["ema"]), {}, state.networks
    rates = {"generator": recipe.generator_rate, "discriminator": recipe.discriminator_rate}
    for name, rate in rates.items():
        moments = state.moments[name]
        flat = tree.gather(grads[name], networks[name], xp.empty_like(moments["first"]))
        norms[name] = xp.sqrt(flat @ flat)
        flat = optim.clip(flat, recipe.clip) if recipe.clip else flat
        params = state.buffers[name][:flat.size]
        optim.adam(params, flat, moments, step, rate * recipe.decay(step), recipe.beta1, recipe.beta2)
    tree.map(tree.copy_into, networks["state"], averages)
    optim.ema(state.buffers["ema"], state.buffers["generator"], step, recipe.ema_decay, copied)
    return norms
