"""What a GAN's recipe would take on a GPU that is not at hand, going by one step that was measured on one.

Measured: celeba-64, its batch of 64 in one micro-batch, R1 and bCR, float32, on an H100 80GB with CuPy 14.2: the GPU is
busy for 115 ms, the host needs 238 ms to queue the kernels (234 to 242), CuPy's pool takes 5.8 GiB. From that

    busy     in proportion to the multiply-adds of a step
    queueing in proportion to its micro-batches, and to their operations: the parameter arrays of each network, once for
             every pass through it, which a count of kernels confirms to a quarter
    memory   in proportion to what minihit/cost counts

and a step takes the longer of the first two. Small micro-batches keep a GPU less busy: read it as the least.
"""

from dataclasses import replace

from minihit import cost, tree
from minihit.bench import phases, phases_of_gan
from minihit.models import first_values
from minihit.presets import PRESETS
from minihit.training import parts
from minihit.training.estimate import Estimate

_CELEBA = PRESETS["celeba-64"]
MEASURED = replace(_CELEBA, recipe=replace(_CELEBA.recipe, batch=64, micro_batch=0))
BUSY, QUEUEING, POOL = 0.115, 0.238, int(5.8 * 2**30)                     # seconds, seconds, bytes
NETWORKS = {"G": "generator", "D": "discriminator"}                       # by the first letter of a phase


def forecast(preset):
    """The Estimate of a GanPreset on such a GPU; its limit is unknown."""
    busy = BUSY * phases.flops(preset)[phases.STEP] / phases.flops(MEASURED)[phases.STEP]
    queueing = QUEUEING * len(_plan(preset).groups) * operations(preset) / operations(MEASURED)
    return Estimate(max(busy, queueing), round(POOL * _counted(preset) / _counted(MEASURED)), None)


def operations(preset):
    """Of a micro-batch, in units that every network has alike."""
    arrays = {name: sum(1 for _ in tree.items(first_values(None, config)["params"]))
              for name, config in preset.networks.items()}
    return sum(times * arrays[NETWORKS[phase[0]]] for phase, times in phases_of_gan.passes(preset).items())


def _counted(preset):
    return sum(cost.training_memory(preset).values()) + cost.step_memory(preset, _plan(preset))


def _plan(preset):
    """As a GPU cuts a batch: into micro-batches of one lane."""
    return parts.plan(preset.recipe.batch, preset.recipe.micro_batch, lanes=1)
