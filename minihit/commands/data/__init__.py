"""minihit data: pictures become a store that training reads, and a store shows what it holds. One file per action."""

from minihit.commands.data import check, prepare, show, stand_in
from minihit.errors import UserError

ACTIONS = {"prepare": prepare, "show": show, "check": check, "stand-in": stand_in}
HELP = """\
usage: minihit data ACTION [OPTIONS]

A store is a folder that training reads its images from: one file with all of them and a manifest.

actions:
  prepare SOURCE STORE   make a store of a folder of pictures, a zip such as CelebA's, or Parquet files
  show STORE             a picture of some of its images, statistics, attributes
  check STORE            whether it is whole and unchanged
  stand-in FOLDER        drawn faces, packed as CelebA is, for trying it out

options:
  -h, --help             show this text; after an action, its options

Examples:
  minihit data prepare img_align_celeba.zip celeba-64 --size 64
  minihit train --preset celeba-64 --data celeba-64
"""


def main(argv):
    action = argv[0] if argv else "--help"
    if action in ("-h", "--help"):
        print(HELP, end="")
        return 0
    if action not in ACTIONS:
        raise UserError(f"{action!r} is no action of minihit data: choose one of {', '.join(ACTIONS)}")
    return ACTIONS[action].main(argv[1:])
