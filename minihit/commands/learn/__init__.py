"""minihit learn: the way through the chapters, and where you are on it. One file per action."""

from minihit.commands.learn import check, pages, train, way
from minihit.errors import UserError

ACTIONS = {"check": check, "train": train, "pages": pages}
HELP = """\
usage: minihit learn [ACTION] [OPTIONS]

Chapters derive every gradient of minihit, one after the other, and exercises ask you to write them. Without an action:
the chapters, and how far your exercises are. They are looked for here, in exercises/ and in tutorials/exercises/.

actions:
  check NUMBER [FILE]    grade an exercise: what is wrong, where, and which mistake it looks like
  train [FOLDER]         train on faces with your own layers in the place of the library's
  pages                  the chapters as a site: formulas, outputs, pictures, notebooks

options:
  -h, --help             show this text; after an action, its options

Examples:
  minihit learn
  minihit learn check 4
  minihit learn train tutorials/exercises
  minihit learn pages --out site
"""


def main(argv):
    action = argv[0] if argv else None
    if action in ("-h", "--help"):
        print(HELP, end="")
        return 0
    if action is None:
        return way.show()
    if action not in ACTIONS:
        raise UserError(f"{action!r} is no action of minihit learn: choose one of {', '.join(ACTIONS)}")
    return ACTIONS[action].main(argv[1:])
