"""DiffAugment with few kernels on a GPU: what follows means fused, pixels found by one index.

Shapes: x, y (B, S, S, 3); factor (B,); down, right, center_h, center_w (B,), whole pixels; index, inside (B, S, S).
"""

from minihit.backend import array_module, fused
from minihit.ops.augment import per_image, side_of
from minihit.ops.fast.constants import positions


def stretch(x, factor, axis):
    return _stretch(x, x.mean(axis=axis, keepdims=True), per_image(factor, x))


def shift(x, down, right):
    images, rows, columns = _grid(x)
    side = x.shape[1]
    index, inside = _moved(images, rows, columns, down[:, None, None], right[:, None, None], side, side - 1)
    return _masked(x.reshape(-1, x.shape[3]).take(index, axis=0), inside[..., None])


def cut(x, center_h, center_w):
    _, rows, columns = (at[..., None] for at in _grid(x))
    side = side_of(x.shape[1], 0.5)
    return _cut(x, rows, columns, per_image(center_h, rows), per_image(center_w, rows), side // 2, side)


def _grid(x):
    """The numbers of images, rows and columns: (B, 1, 1), (1, S, 1), (1, 1, S)."""
    images, side = (positions(array_module(x), count) for count in x.shape[:2])
    return images[:, None, None], side[None, :, None], side[None, None, :]


@fused
def _stretch(x, mean, factor):
    return (x - mean) * factor + mean


@fused
def _moved(images, rows, columns, down, right, side, last):
    """Where each pixel comes from, counted through all images, and whether that is in its own."""
    xp, rows, columns = array_module(rows), rows + down, columns + right
    inside = ((rows >= 0) & (rows <= last)) & ((columns >= 0) & (columns <= last))
    rows, columns = (xp.minimum(xp.maximum(at, 0), last) for at in (rows, columns))
    return (images * side + rows) * side + columns, inside


@fused
def _masked(x, inside):
    return x * inside


@fused
def _cut(x, rows, columns, center_h, center_w, half, side):
    rows, columns = rows - (center_h - half), columns - (center_w - half)
    rows, columns = ((at < 0) | (at >= side) for at in (rows, columns))    # outside of the cut
    return x * (rows | columns)
