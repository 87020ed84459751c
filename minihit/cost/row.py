"""A row of a table of costs: one part of a network."""

from dataclasses import dataclass

from minihit import tree

FLOAT = 4                                                                 # bytes


@dataclass(frozen=True)
class Row:
    """The cost of one part of a network."""

    part: str
    side: int | None                         # height and width of its map; None where there is no map
    channels: int
    parameters: int
    multiply_adds: int                       # forward, per image
    activations: int                         # bytes per image
    heads: int | None = None
    window: tuple[int, int] | None = None
    attention: tuple[str, ...] = ()          # axes of self-attention
    blocks: int | None = None                # besides the cross-attention block


def row(part, side, channels, params, products, values, masks=0, **others):
    return Row(part, side, channels, tree.size(params), products, FLOAT * values + masks, **others)


def products_of(params):
    """Multiply-adds of all linear maps and convolutions of a tree at one place."""
    return sum(leaf.size for path, leaf in tree.items(params) if path.endswith("weight"))


def total(parts, part="total"):
    """The sum of Rows."""
    parameters, products, kept = (sum(getattr(row, name) for row in parts)
                                  for name in ("parameters", "multiply_adds", "activations"))
    return Row(part, None, 0, parameters, products, kept)
