"""`wingkeras --print-completion SHELL`: completion of commands, options and files."""

import argparse
from pathlib import Path
from typing import Any

from wingkeras.extras import install_hint

SHELLS = ("bash", "zsh", "tcsh")


class PrintCompletion(argparse.Action):
    """Prints the completion script of a shell and exits, like `--version`."""

    def __call__(self, parser, namespace, values: Any, option_string=None) -> None:
        """Print and exit.

        Raises:
            ImportError: if `shtab`, which writes the script, is not installed.
        """
        try:
            import shtab
        except ImportError as error:
            raise ImportError(
                f"Shell completion needs shtab: {install_hint('completion')}."
            ) from error
        for action in _actions(parser):
            if action.type is Path or action.dest == "inputs":
                vars(action)["complete"] = shtab.FILE
        print(shtab.complete(parser, values))
        parser.exit()


def _actions(parser: argparse.ArgumentParser):
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from _actions(command)
