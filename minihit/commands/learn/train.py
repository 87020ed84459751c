"""minihit learn train: minihit train --with the exercises."""


def main(argv):
    raise NotImplementedError
