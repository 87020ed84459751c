"""What a GAN's recipe would take on a GPU that is not at hand, going by one step that was measured on one.

Measured: celeba-64, its batch of 64 in one micro-batch, R1 and bCR, float32, recorded, on an H200 with CuPy 14.2: a
step takes 81 ms, CuPy's pool 5.6 GB. From that

    seconds  in proportion to the multiply-adds of a step
    memory   in proportion to what minihit/cost counts

Small micro-batches keep a GPU less busy: read it as the least.
"""

from dataclasses import replace

from minihit import cost
from minihit.bench import phases
from minihit.presets import PRESETS
from minihit.training import parts
from minihit.training.estimate import Estimate

_CELEBA = PRESETS["celeba-64"]
MEASURED = replace(_CELEBA, recipe=replace(_CELEBA.recipe, batch=64, micro_batch=0))
SECONDS, POOL = 0.081, 5_631_901_696                                      # of a step; bytes


def forecast(preset):
    """The Estimate of a GanPreset on such a GPU; its limit is unknown."""
    seconds = SECONDS * phases.flops(preset)[phases.STEP] / phases.flops(MEASURED)[phases.STEP]
    return Estimate(seconds, round(POOL * _counted(preset) / _counted(MEASURED)), None)


def _counted(preset):
    return sum(cost.training_memory(preset).values()) + cost.step_memory(preset, _plan(preset))


def _plan(preset):
    """As a GPU cuts a batch: into micro-batches of one lane."""
    return parts.plan(preset.recipe.batch, preset.recipe.micro_batch, lanes=1)
