"""The one exception that stands for a mistake that its user can put right."""


WIDEST, DEEPEST = 2**16, 1_000                                            # of networks: beyond all that fits anywhere


class UserError(Exception):
    """A sentence that names what is wrong and the cure; the command line prints it and exits with code 2."""


def require_choice(name, value, choices):
    """Raise UserError unless the value is one of the choices."""
    if value not in choices:
        raise UserError(f"{name} {value!r} is unknown: choose one of {', '.join(choices)}")


def require_at_most(largest, **numbers):
    """Raise UserError where a number is larger."""
    for name, value in numbers.items():
        if value > largest:
            raise UserError(f"{name} is {value}: it must be at most {largest:,}")


def require_seed(name, seed):
    """Raise UserError unless the seed is one: what NumPy's generators take, with room to count from there."""
    if not 0 <= seed < 2**64:
        raise UserError(f"{name} is {seed}: it must lie between 0 and {2**64 - 1}")
