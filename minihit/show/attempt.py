"""Pictures beside a result: one that cannot be drawn is a line to its user, never the end of what it was to show."""

from tqdm import tqdm

from minihit.errors import UserError


def attempt(draw, *args):
    """draw(*args), whose failure is said. Raises UserError where its user can put it right, such as on a full disk."""
    try:
        draw(*args)
    except UserError:
        raise
    except Exception as error:  # whatever the installed libraries raise
        words = " ".join(f"{type(error).__name__}: {error}".split())
        tqdm.write(f"{draw.__name__.removeprefix('write_')} could not be drawn and all else goes on ({words:.200})")
