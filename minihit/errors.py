"""The one exception that stands for a mistake its user can put right."""


class UserError(Exception):
    """A sentence that names what is wrong and the cure; the command line prints it and exits with code 2."""
