"""Squares of arrays, each a list, row by row: what one kernel reads and writes where it works on squares of pixels."""

from math import isqrt


def squares(x):
    """The four pixels of every 2 x 2 square of x (B, 2H, 2W, C): each (B, H, W, C)."""
    return [x[:, row::2, column::2] for row in range(2) for column in range(2)]


def windows(x, side, height, width, step):
    """The side x side pixels of the height x width windows of x that are `step` apart: each (B, height, width, C)."""
    return [x[:, i:i + step * height:step, j:j + step * width:step] for i in range(side) for j in range(side)]


def along_both_axes(mix, square):
    """mix, which makes m arrays of n, applied to every column of an n x n square and then to every row: m x m."""
    n = isqrt(len(square))
    columns = [mix(*square[j::n]) for j in range(n)]
    return [mixed for row in zip(*columns, strict=True) for mixed in mix(*row)]


def store(values, targets):
    for value, target in zip(values, targets, strict=True):
        target[...] = value
