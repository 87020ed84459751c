"""Whether a run fits into memory, from minihit.cost's counts alone: its state, a step, and what is looked at."""

from minihit import batches, cost, objectives
from minihit.backend import device_module
from minihit.errors import UserError
from minihit.memory import device_memory, memory_size, peak_memory
from minihit.training import measure, pictures, step

MEASURING = 280_000, 120                                                  # bytes an image, bytes a pixel


def fitting(config, device, looks=True):
    """Bytes at the peak of a run and those of the device, None if nobody knows; looks: whether it is measured and shown
    too, or makes steps alone. Raises UserError where the device has less."""
    memory, limit = peak(config, device) if looks else of_steps(config, device), memory_size(device)
    if limit and memory > limit:
        measuring = looks and device == "cpu" and memory - limit < _measuring(config)
        raise UserError(f"this takes about {gigabytes(memory)} of memory and the {device} has {gigabytes(limit)}: "
                        f"{'choose a smaller --measure-images' if measuring else _cure(config.preset.recipe)}")
    return memory, limit


def peak(config, device):
    """Bytes at the peak of a run: what its steps take, and what is looked at, as little of the memory that a step gives
    back fits that."""
    if device == "cpu":
        return of_steps(config, device) + _measuring(config) + _drawing(config)
    networks = config.preset.networks
    shown = {*objectives.of(config.preset).AVERAGED} & {*networks} - {"quantizer"}          # which keeps nothing
    return of_steps(config, device) + max(batches.memory([networks[name]], config.preset.size, device)
                                          for name in shown)


def of_steps(config, device):
    """Bytes of what the process or the device holds already, of the state, and of a step at its peak."""
    held = peak_memory() if device == "cpu" else device_memory(device)
    return (held + sum(cost.training_memory(config.preset).values())
            + cost.step_memory(config.preset, plan(config, device)))


def plan(config, device):
    """How a step cuts its batch (training/parts.py)."""
    return step.plan(config.preset, config.preset.recipe.batch, config.lanes, device_module(device))


def _measuring(config):
    """Bytes of a measurement, all of them on the host."""
    per_image = MEASURING[0] + MEASURING[1] * config.preset.size**2
    return per_image * max(config.measure_images, measure.compared(config.preset.size))


def _drawing(config):
    """Bytes of what a run shows, all of them on the host."""
    return pictures.memory(config.preset.size, config.preset.recipe.steps // config.sample_every + 2)


def _cure(recipe):
    size = min(recipe.micro_batch or recipe.batch, recipe.batch)
    micro_batch = f"--micro-batch {size // 2}, a smaller --batch or " if size > 1 else ""
    return f"choose {micro_batch}a smaller --preset"


def gigabytes(count):
    return f"{count / 1e9:.2g} GB" if count < 10e9 else f"{count / 1e9:.0f} GB"
