"""Declaring commands: the same layout for all, with examples and defaults in the help.

Neither this module nor the declarations import a library, so that help and errors of
usage appear at once.
"""

import argparse
from collections.abc import Callable
from typing import Any, NamedTuple


class Formatter(argparse.RawDescriptionHelpFormatter):
    """Help that names defaults, and keeps the line breaks of an example."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        silent = any(action.default is x for x in (None, False, argparse.SUPPRESS))
        if silent or not action.help or "%(default)" in action.help:
            return action.help
        return f"{action.help} (default: %(default)s)"


class Rule(NamedTuple):
    """A restriction on an option that is not valid with all others.

    Attributes:
        option: as it is written, such as "--yunet".
        relation: the restriction in words, naming the other option.
        holds: whether the options obey it.
    """

    option: str
    relation: str
    holds: Callable[[argparse.Namespace], bool]


def add_command(
    commands, name: str, summary: str, example: str, run: Callable[[Any], int]
) -> argparse.ArgumentParser:
    """Declare a command.

    Args:
        commands: what `add_subparsers` returned.
        name: of the command.
        summary: one line, for the list of commands and the top of its own help.
        example: command lines, for the end of its help.
        run: takes the options and returns the exit code.

    Returns:
        The parser, to declare options with.
    """
    indented = "\n".join(f"  {line}" for line in example.strip().splitlines())
    parser = commands.add_parser(
        name,
        help=summary,
        description=summary[0].upper() + summary[1:] + ".",
        epilog=f"example:\n{indented}",
        formatter_class=Formatter,
    )
    parser.add_argument(
        "-v", "--verbose", action="store_true", help="say more about what is done"
    )
    parser.set_defaults(run=run, command=parser, rules=())
    return parser


def add_rule(
    parser: argparse.ArgumentParser,
    option: str,
    relation: str,
    holds: Callable[[argparse.Namespace], bool],
) -> None:
    """Declare a restriction on an option, next to the option.

    Args:
        parser: of the command.
        option, relation, holds: see `Rule`.
    """
    rules = parser.get_default("rules")
    parser.set_defaults(rules=(*rules, Rule(option, relation, holds)))


def check_rules(options: argparse.Namespace) -> None:
    """End the program as argparse does, if an option that was given breaks its rule.

    An option counts as given if its value is not the default.
    """
    for rule in options.rules:
        name = rule.option.removeprefix("--").replace("-", "_")
        given = getattr(options, name) != options.command.get_default(name)
        if given and not rule.holds(options):
            options.command.error(f"argument {rule.option}: {rule.relation}")
