"""One training step on a whole batch as a pure function: what the objective finds in its parts, added up."""

import numpy as np

from minihit import objectives, tree
from minihit.backend import array_module
from minihit.training import parts


def gradients(networks, images, draws, preset, lanes=1):
    """Returns grads {network: tree}, averages {network: its new running averages}, and metrics (scalar arrays).

    networks: {name: {"params", "averages"}}; images (B, S, S, 3) in [-1, 1] and draws as from the objective's draw, on
    the same device; lanes: on how many threads the batch is shared out (minihit/training/parts.py).
    """
    objective, count, xp = objectives.of(preset), len(images), array_module(images)

    def of_part(part, total):
        here = tree.map(lambda x: x[part], draws)
        return objective.gradients(networks, images[part], here, preset, len(images[part]) / count, total)

    grads, averages, metrics = parts.add_up(of_part, plan(preset, count, lanes, xp), xp)
    return grads, objective.settled(networks, averages, preset), metrics


def plan(preset, count, lanes, xp=np):
    """The parts.Plan of a step on `count` images; a GPU has one lane."""
    coupled = objectives.of(preset).couples(preset)
    return parts.plan(count, preset.recipe.micro_batch, lanes if xp is np else 1, coupled)
