"""Classic mistakes in what is no layer of the table."""

from minihit.gradcheck import hints

PLANTS = {}


def plants_of(part):
    """The Plants that may be known again in a part."""
    return hints.of_the_table(part.check) + [plant for plant in PLANTS.values() if plant.check.layer is part.check.layer]
