"""The code in a notebook that Jupyter wrote: only its JSON is read."""

import ast
import json
import re

from minihit.errors import UserError

TIMED = ("%%time", "%%timeit", "%%capture", "%%prun")                     # cell magics whose cell is Python
_MAGIC = re.compile(r"\s*[%!?]|[\w\s,]+=\s*[%!]|.*\?\s*$")                # %time f(x), !ls, files = !ls, f?


def code_cells(content, path):
    """The sources of the code cells in the bytes of a notebook, without what only IPython understands.

    Raises UserError where it is none.
    """
    try:
        cells = [cell for cell in json.loads(content)["cells"] if cell["cell_type"] == "code"]
        return [python("".join(cell["source"])) for cell in cells]
    except (ValueError, LookupError, TypeError, RecursionError):
        raise UserError(f"{path} is no notebook in Jupyter's format 4: save it from Jupyter again, or as a Python "
                        f"file") from None


def python(source):
    """The source of a cell as Python with the same number of lines: magics and shell lines do nothing.

    Such a line is found by its being no Python: a line that starts with % may go on with the one above.
    """
    lines = source.splitlines()
    first = next((i for i, line in enumerate(lines) if line.strip()), 0)
    if lines and lines[first].startswith("%%"):
        if lines[first].split()[0] not in TIMED:
            return ""
        lines[first] = ""
    while (at := _line_that_is_no_python(lines)) is not None and _MAGIC.match(lines[at]):
        _skip(lines, at)
    return "\n".join(lines)


def _line_that_is_no_python(lines):
    """The index of the line that Python stumbles over, if any."""
    try:
        ast.parse("\n".join(lines))
    except SyntaxError as error:
        return min(error.lineno or 1, len(lines)) - 1
    return None


def _skip(lines, at):
    """Put pass in the place of a line, and nothing in that of the lines that it goes on with."""
    goes_on = lines[at].endswith("\\")
    lines[at] = re.match(r"\s*", lines[at])[0] + "pass"
    while goes_on and at + 1 < len(lines):
        at += 1
        goes_on, lines[at] = lines[at].endswith("\\"), ""
