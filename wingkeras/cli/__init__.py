"""The command line: `wingkeras demo | predict | train | evaluate | convert | zoo`."""

import argparse
import signal
import sys

import wingkeras
from wingkeras.cli import convert, demo, evaluate, output, predict, train, zoo
from wingkeras.cli.completion import SHELLS, PrintCompletion
from wingkeras.cli.parsers import Formatter, check_rules
from wingkeras.storage.signals import terminated_like_interrupted

_EXAMPLE = """\
examples:
  wingkeras demo                        landmarks on a sample photograph
  wingkeras predict photo.jpg           landmarks on your own photograph
  wingkeras zoo                         the models there are
  wingkeras COMMAND --help              everything about a command
"""


def build_parser() -> argparse.ArgumentParser:
    """The whole command line; declaring it imports nothing that takes long."""
    parser = argparse.ArgumentParser(
        prog="wingkeras",
        description="Facial landmark localisation with the Wing loss.",
        epilog=_EXAMPLE,
        formatter_class=Formatter,
    )
    parser.add_argument(
        "--version", action="version", version=f"wingkeras {wingkeras.__version__}"
    )
    parser.add_argument(
        "--print-completion",
        action=PrintCompletion,
        choices=SHELLS,
        metavar="SHELL",
        help=f"print completion for {', '.join(SHELLS)}, to be read by the shell: "
        'eval "$(wingkeras --print-completion bash)"',
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for command in (demo, predict, train, evaluate, convert, zoo):
        command.add_parser(commands)
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: instead of those of the process.

    Returns:
        The exit code: 0 only if everything was done, 1 if something could not be, and
        130 after Ctrl-C, 143 after SIGTERM, which ends a command as cleanly.

    Raises:
        SystemExit: with code 2 for wrong arguments, as argparse has it, and with 0
            after help.
    """
    with terminated_like_interrupted() as terminated:
        try:
            return _run(arguments)
        except KeyboardInterrupt:
            print("wingkeras: interrupted", file=sys.stderr)
            return 128 + (signal.SIGTERM if terminated() else signal.SIGINT)


def _run(arguments: list[str] | None) -> int:
    parser = build_parser()
    try:
        try:
            options = parser.parse_args(arguments)
            if "run" not in options:
                parser.print_help(sys.stderr)
                return 2
            check_rules(options)
            output.prepare(options.verbose)
            return options.run(options)
        finally:
            output.flush()
    except BrokenPipeError:
        # The reader of the output, such as `head`, has closed the pipe.
        return 1
    except (ValueError, OSError, ImportError, FloatingPointError) as error:
        print(f"wingkeras: {output.shown_lines(error)}", file=sys.stderr)
        return 1
