"""The chapters' scripts, and the indented blocks in what they say."""

import re
from pathlib import Path

TUTORIALS = sorted((Path(__file__).parents[2] / "tutorials").glob("*.py"))
BLOCK = re.compile(r"(?:^#     .*\n)+", re.MULTILINE)


def blocks(path):
    """Formulas and commands, without the sign of a comment and the indent."""
    return [re.sub(r"^#     ", "", block, flags=re.MULTILINE) for block in BLOCK.findall(path.read_text("utf-8"))]
