"""Features of pictures, the numbers that the measures of metrics/ compare: by a fixed random network, by Inception, or
from a table that somebody brings."""

from minihit.errors import require_choice
from minihit.features import inception, random_network
from minihit.features.extractor import Extractor

__all__ = ["Extractor", "open"]

CHOICES = ("random", "inception")


def open(choice, weights=None, device="cpu"):
    """The Extractor of that name, "random" or "inception".

    weights: the file of Inception's; device: "cpu" or "gpu".
    Raises UserError for another name, and where Inception cannot be had: see inception.extractor.
    """
    require_choice("features", choice, CHOICES)
    return random_network.extractor(device) if choice == "random" else inception.extractor(weights, device)
