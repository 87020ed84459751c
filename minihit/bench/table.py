"""Rows of text as an aligned table."""


def aligned(head, rows):
    """Lines with the first column to the left, all others to the right, and a rule below the head."""
    rows = [head, *rows]
    first, *others = columns(rows)
    return "\n".join([first, "-" * (sum(_widths(rows)) + 2 * len(head) - 2), *others])


def columns(rows, words=1):
    """Lines with so many columns to the left and all others, which are numbers, to the right."""
    widths = _widths(rows)
    return ["  ".join(cell.ljust(width) if index < words else cell.rjust(width)
                      for index, (cell, width) in enumerate(zip(cells, widths, strict=True))).rstrip()
            for cells in rows]


def _widths(rows):
    return [max(map(len, column)) for column in zip(*rows, strict=True)]
