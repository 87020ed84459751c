"""The one exception that stands for a mistake that its user can put right."""


class UserError(Exception):
    """A sentence that names what is wrong and the cure; the command line prints it and exits with code 2."""


def require_choice(name, value, choices):
    """Raise UserError unless the value is one of the choices."""
    if value not in choices:
        raise UserError(f"{name} {value!r} is unknown: choose one of {', '.join(choices)}")
