"""What a run holds, and what a step takes besides, in bytes."""

from minihit import objectives, tree
from minihit.cost.network import rows
from minihit.cost.row import FLOAT, total
from minihit.models import first_values

PASSES = 4                                                                # of D: forward, gradients, tangent, augmented


def training_memory(preset):
    """{what: bytes} of all that a run keeps between steps."""
    networks = {name: first_values(None, config) for name, config in preset.networks.items()}
    trained = sum(tree.size(network["params"]) for network in networks.values())
    averages = sum(tree.size(network["averages"]) for network in networks.values())
    averaged = sum(tree.size(networks[name]) for name in objectives.of(preset).AVERAGED if name in networks)
    sizes = {"parameters": trained, "running averages": averages, "EMA": averaged, "Adam": 2 * trained}
    return {what: FLOAT * size for what, size in sizes.items()}


def step_memory(preset, plan):
    """Bytes that a step takes at its peak besides training_memory, its batch cut as plan (training/parts.py) says.

    The images of the batch are there as float32. One that is being computed takes what each network keeps, the
    discriminator PASSES times. Each part that is being computed has one and a half sets of gradients, and so many sums
    of sets wait as the tree of sums has levels.
    """
    totals = {name: total(parts) for name, parts in rows(preset).items()}
    per_image = sum(row.activations * (PASSES if name == "discriminator" else 1) for name, row in totals.items())
    batch = FLOAT * 3 * preset.size**2 * plan.parts[-1].stop
    gradients = FLOAT * sum(row.parameters for row in totals.values())
    side_by_side = plan.groups[:plan.at_once]
    images = side_by_side[-1][-1].stop - side_by_side[0][0].start
    sets = 1.5 * sum(map(len, side_by_side)) + 1 + len(plan.groups).bit_length() - 1
    return batch + images * per_image + sets * gradients
