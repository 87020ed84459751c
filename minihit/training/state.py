"""All that training changes, in flat buffers with trees of views on them.

A network's buffer holds its parameters and, behind them, its running averages: the moving average (EMA) covers both,
Adam the parameters only.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from minihit import models, objectives, optim, tree
from minihit.backend import array_module, device_module, to_device


@dataclass(frozen=True)
class State:
    """buffers: {network: flat array}; averaged: the same of the moving averages, for the networks that have one;
    moments: Adam's, {network: {"first", "second"}} flat arrays; trees: {"networks", "ema", "adam"}, views of all of
    them with the names that checkpoints use, a network's being {"params", "averages"}."""

    buffers: dict[str, Any]
    averaged: dict[str, Any]
    moments: dict[str, Any]
    trees: dict[str, Any]

    @property
    def networks(self):
        """{name: {"params", "averages"}}."""
        return self.trees["networks"]


def create(seed, preset, device="cpu"):
    """A new State on the device; the seed decides the first parameters."""
    rng, xp = np.random.default_rng(seed), device_module(device)
    first = {name: to_device(models.first_values(rng, config), device) for name, config in preset.networks.items()}
    packed = {name: tree.pack(network, xp) for name, network in first.items()}
    buffers, networks = ({name: pair[i] for name, pair in packed.items()} for i in range(2))
    averaged = {name: buffers[name].copy() for name in objectives.of(preset).AVERAGED if name in buffers}
    moments = {name: optim.init_moments(_params(buffers[name], networks[name])) for name in networks}
    trees = {
        "networks": networks,
        "ema": {name: tree.views(buffer, networks[name]) for name, buffer in averaged.items()},
        "adam": {name: {moment: tree.views(flat, networks[name]["params"]) for moment, flat in pair.items()}
                 for name, pair in moments.items()},
    }
    return State(buffers, averaged, moments, trees)


def rates(preset, step):
    """{network: Adam's learning rate} of a step (from 1)."""
    recipe = preset.recipe
    return {name: optim.rate(rate * recipe.decay(step), step, recipe.beta1, recipe.beta2)
            for name, rate in objectives.of(preset).rates(preset).items()}


def apply(state, grads, averages, step, preset, copied=optim.EMA_START, given=None):
    """Update the state in place after step (from 1); returns the gradients' norms, scalar arrays on the device.

    copied: the last step until which the moving average is a copy, as first values are not worth remembering; given:
    in the place of rates(preset, step), numbers or arrays () on the device.
    """
    recipe, norms = preset.recipe, {}
    for name, rate in (given or rates(preset, step)).items():
        params, moments = _params(state.buffers[name], state.networks[name]), state.moments[name]
        xp = array_module(params)
        flat = tree.gather(grads[name], state.networks[name]["params"], xp.empty_like(params))
        norms[name] = optim.norm(flat)
        flat = optim.clip(flat, recipe.clip) if recipe.clip else flat
        optim.update(params, flat, moments, rate, recipe.beta1, recipe.beta2)
    for name, new in averages.items():
        tree.gather(new, state.networks[name]["averages"], _averages(state.buffers[name], state.networks[name]))
    for name, average in state.averaged.items():
        optim.ema(average, state.buffers[name], step, recipe.ema_decay, copied)
    return norms


def _params(buffer, network):
    """The part of a network's flat buffer that holds its parameters."""
    return buffer[:tree.size(network["params"])]


def _averages(buffer, network):
    """The part behind it, that holds its running averages."""
    return buffer[tree.size(network["params"]):]
