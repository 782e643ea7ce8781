"""`wingkeras zoo`: list the models, or describe one."""

import json


def add_parser(commands) -> None:
    """Declare the command and its options."""
    parser = commands.add_parser("zoo", help="list the models, or describe one")
    parser.add_argument("model", nargs="?", metavar="NAME")
    parser.set_defaults(run=run)


def run(options) -> int:
    """Do it; the exit code."""
    from wingkeras import zoo
    from wingkeras.storage.entries import entry_values

    if options.model:
        print(json.dumps(entry_values(zoo.model_info(options.model)), indent=1))
        return 0
    for name in zoo.list_models():
        print(f"{name}: {zoo.model_info(name).description}")
    return 0
