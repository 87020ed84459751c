"""python -m minihit: the same as the command minihit."""

import sys

from minihit.cli import main

sys.exit(main())
