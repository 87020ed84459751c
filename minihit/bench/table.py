"""Rows of text as an aligned table."""


def aligned(head, rows):
    """Lines with the first column to the left, all others to the right, and a rule below the head."""
    lines = [head, *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    text = [_line(cells, widths) for cells in lines]
    return "\n".join([text[0], "-" * (sum(widths) + 2 * len(widths) - 2), *text[1:]])


def _line(cells, widths):
    first, *others = (cell.ljust(width) if index == 0 else cell.rjust(width)
                      for index, (cell, width) in enumerate(zip(cells, widths, strict=True)))
    return "  ".join([first, *others]).rstrip()
