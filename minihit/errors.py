"""The one exception that stands for a mistake its user can put right."""


class UserError(Exception):
    """A sentence that names what is wrong and the cure; the command line prints it and exits with code 2."""


def require_seed(name, seed):
    """Raise UserError unless the seed is one: what NumPy's generators take, with room to count from there."""
    if not 0 <= seed < 2**64:
        raise UserError(f"{name} is {seed}: it must lie between 0 and {2**64 - 1}")
