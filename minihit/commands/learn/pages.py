"""minihit learn pages: the chapters as a site of plain files."""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from minihit.commands.options import parse, parse_seeds
from minihit.errors import UserError
from minihit.learn.syllabus import CHAPTERS


@dataclass(frozen=True)
class Pages:
    """Run the chapters and write them as a site: prose and formulas beside code, what it printed and drew, notebooks.

    It is a folder of plain files; open its index.html. It needs no server and no network.

    Examples:
      minihit learn pages
      minihit learn pages --out site --chapters 4-6
    """

    out: Annotated[Path, tyro.conf.arg(help="folder to write; one of an earlier site is written over")] = Path("site")
    chapters: Annotated[str | None, tyro.conf.arg(
        metavar="NUMBERS", help_behavior_hint="(default: all)",
        help="which are run, such as 0,4-6; of the others the page has no outputs")] = None
    tutorials: Annotated[Path, tyro.conf.arg(help="folder of the chapters")] = Path("tutorials")
    address: Annotated[str | None, tyro.conf.arg(
        metavar="ADDRESS", help_behavior_hint="(default: that of the repository's origin, where it is on the web)",
        help="what the notebooks install minihit from on Colab, such as git+https://github.com/NAME/minihit")] = None


def main(argv):
    options = parse(Pages, argv, "learn pages")
    try:
        from minihit.pages.build import build
    except ModuleNotFoundError as error:
        if error.name.split(".")[0] == "minihit":
            raise
        raise UserError(f'pages need {error.name}: pip install "minihit[pages]" brings all that they need') from error
    numbers = None if options.chapters is None else chosen(options.chapters)
    address = options.address or origin(options.tutorials)
    files, links = build(options.out, options.tutorials, numbers, address,
                         lambda path: print(f"{path} has run", flush=True))
    print(f"{files:,} files, {links:,} links that all lead somewhere: open {options.out / 'index.html'}")
    return 0


def chosen(text):
    """The numbers of chapters. Raises UserError where there is no such chapter."""
    numbers = set(parse_seeds(text, "chapters"))
    unknown = sorted(numbers - {chapter.number for chapter in CHAPTERS})
    if unknown:
        raise UserError(f"there is no chapter {unknown[0]}: choose from 0-{CHAPTERS[-1].number}")
    return numbers


def origin(folder):
    """What pip installs from, where the folder is in a repository that was cloned from the web; else None."""
    try:
        asked = subprocess.run(["git", "-C", str(folder), "remote", "get-url", "origin"],
                               capture_output=True, text=True)
    except OSError:
        return None
    found = asked.stdout.strip()
    return f"git+{found}" if found.startswith("https://") and "@" not in found else None
