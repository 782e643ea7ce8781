"""`wingkeras demo`: landmarks on a portrait that comes with the packages."""

from pathlib import Path

from wingkeras.cli import arguments
from wingkeras.cli.output import shown
from wingkeras.cli.parsers import add_command

_EXAMPLE = """
wingkeras demo
wingkeras demo cnn6_300w --output pictures
"""


def add_parser(commands) -> None:
    """Declare the command and its options."""
    summary = "landmarks on a portrait that comes with the packages"
    parser = add_command(commands, "demo", summary, _EXAMPLE, run)
    arguments.add_model(parser)
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FOLDER",
        default=Path("wingkeras-demo"),
        help="receives the picture and the landmarks",
    )
    arguments.add_runtime(parser, "fastest")


def run(options) -> int:
    """Run the command and return its exit code."""
    localizer = arguments.load_localizer(options)

    from matplotlib.cbook import get_sample_data

    from wingkeras.inference import prediction

    portrait = Path(get_sample_data("grace_hopper.jpg", asfileobj=False))
    faces, (picture, *_) = prediction.predict_file(
        localizer, portrait, options.output, portrait.stem
    )
    print(f"{options.model}: {len(localizer.scheme)} landmarks on {faces} face")
    print(f"Picture: {shown(picture.resolve())}")
    return 0
