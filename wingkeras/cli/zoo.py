"""`wingkeras zoo`: list the models, describe one, or empty the cache."""

import json

from wingkeras.cli import arguments
from wingkeras.cli.output import shown, shown_lines
from wingkeras.cli.parsers import add_command, add_rule

_EXAMPLE = """
wingkeras zoo
wingkeras zoo cnn67_300w
wingkeras zoo cnn67_300w --json
wingkeras zoo --clear-cache
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
    parser.add_argument(
        "--clear-cache",
        action="store_true",
        help="remove the weights that were downloaded and the networks that were "
        "converted for other runtimes; they are kept in the folder that WINGKERAS_HOME "
        "names, else in wingkeras in the user's cache, on Linux ~/.cache/wingkeras",
    )
    add_rule(
        parser,
        "--clear-cache",
        "goes without a MODEL only",
        lambda options: not options.model,
    )


def run(options) -> int:
    """Run the command and return its exit code."""
    if options.clear_cache:
        return _clear_cache()
    from wingkeras.cli.card import render_card
    from wingkeras.storage.entries import entry_values
    from wingkeras.storage.registry import find_entry, list_models, model_info

    if not options.model:
        for name in list_models():
            print(f"{name}: {model_info(name).description}")
        return 0
    entry, _ = find_entry(options.model)
    if options.json:
        print(json.dumps(entry_values(entry), indent=1, allow_nan=False))
    else:
        print(shown_lines(render_card(entry, options.model)))
    return 0


def _clear_cache() -> int:
    from wingkeras.storage.cache import clear_cache
    from wingkeras.storage.download import cache_home

    count = total = 0
    for path, size in clear_cache():
        print(f"removed {shown(path)}, {size / 1e6:.1f} MB")
        count, total = count + 1, total + size
    noun = "file" if count == 1 else "files"
    print(f"{cache_home()}: {count} {noun} removed, {total / 1e6:.1f} MB")
    return 0
