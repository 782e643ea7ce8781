"""`wingkeras demo`: landmarks on a portrait that is at hand."""

from pathlib import Path

from wingkeras.cli import arguments


def add_parser(commands) -> None:
    """Declare the command and its options."""
    parser = commands.add_parser("demo", help="landmarks on a portrait that is at hand")
    parser.add_argument("--output", type=Path, default=Path("wingkeras-demo"))
    arguments.add_model(parser)
    parser.set_defaults(run=run)


def run(options) -> int:
    """Do it; the exit code."""
    from matplotlib.cbook import get_sample_data

    from wingkeras.inference import prediction

    portrait = Path(get_sample_data("grace_hopper.jpg", asfileobj=False))
    localizer = arguments.load_localizer(options)
    faces, picture = prediction.predict_file(
        localizer, portrait, options.output, portrait.stem
    )
    print(f"{options.model}: {len(localizer.scheme)} landmarks on {faces} face")
    print(f"Picture: {picture.resolve()}")
    return 0
