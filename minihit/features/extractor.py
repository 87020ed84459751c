"""What turns pictures into features."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Extractor:
    """extract(images): uint8 (N, S, S, 3) on the host, S at least 8, as features, float32 (N, width) on the host.

    name: of the network, which a measure of its features is to be called by; facts: (what, value) pairs, which whoever
    compares numbers has to know. sort(images): (features, logits), float32 (N, classes) the latter, of a network that
    knows classes; None of one that knows none.
    """

    name: str
    width: int
    facts: tuple[tuple[str, str], ...]
    extract: Callable
    sort: Callable | None = None
