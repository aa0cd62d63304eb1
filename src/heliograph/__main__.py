"""The program: `heliograph`, and `python -m heliograph`."""

import sys


def main() -> None:
    """Run the command that the arguments name. Ctrl-C is no traceback, however early it comes."""
    try:
        from heliograph.cli.main import main as command  # loading takes long enough to be interrupted

        command()
    except KeyboardInterrupt:
        sys.exit(130)  # as a shell has it: 128 and the number of SIGINT


if __name__ == "__main__":
    main()
