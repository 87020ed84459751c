"""One file per command of the command line: its options as a dataclass, and main(argv), which returns the exit code."""
