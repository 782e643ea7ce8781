"""`wingkeras zoo`: list the models, or describe one."""

import json

from wingkeras.cli import arguments
from wingkeras.cli.parsers import add_command, add_rule

_EXAMPLE = """
wingkeras zoo
wingkeras zoo cnn67_300w
wingkeras zoo cnn67_300w --json
"""


def add_parser(commands) -> None:
    """Declare the command and its options."""
    summary = "list the models there are, or describe one"
    parser = add_command(commands, "zoo", summary, _EXAMPLE, run)
    parser.add_argument(
        "model",
        metavar="MODEL",
        nargs="?",
        help=f"{arguments.MODEL_HELP}; by default all of the zoo",
    )
    parser.add_argument(
        "--json", action="store_true", help="everything known of MODEL, as JSON"
    )
    add_rule(parser, "--json", "goes with a MODEL only", lambda options: options.model)


def run(options) -> int:
    """Do it; the exit code."""
    from wingkeras.cli.card import render_card
    from wingkeras.storage.entries import entry_values
    from wingkeras.storage.registry import find_entry, list_models, model_info

    if not options.model:
        for name in list_models():
            print(f"{name}: {model_info(name).description}")
        return 0
    entry, _ = find_entry(options.model)
    if options.json:
        print(json.dumps(entry_values(entry), indent=1))
    else:
        print(render_card(entry, options.model))
    return 0
