"""`wingkeras demo | predict | train | evaluate | convert | zoo`."""

import argparse
import logging
import sys

from wingkeras.cli import convert, demo, evaluate, predict, train, zoo


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; the exit code is 0 only if everything was done."""
    parser = argparse.ArgumentParser(prog="wingkeras", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in (demo, predict, train, evaluate, convert, zoo):
        command.add_parser(commands)
    options = parser.parse_args(arguments)
    logging.basicConfig(format="%(message)s", stream=sys.stderr)
    logging.getLogger("wingkeras").setLevel(logging.INFO)
    try:
        return options.run(options)
    except (ValueError, OSError, ImportError, FloatingPointError) as error:
        print(f"wingkeras: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("wingkeras: interrupted", file=sys.stderr)
        return 130
