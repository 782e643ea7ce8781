"""`wingkeras predict`: landmarks for pictures, videos and cameras."""

import itertools
import sys
from collections.abc import Iterator
from pathlib import Path

from wingkeras.cli import arguments
from wingkeras.cli.parsers import add_command, add_rule
from wingkeras.cli.predict_sources import predict_pictures, predict_video
from wingkeras.cli.tally import Tally
from wingkeras.imaging.endings import VIDEO_ENDINGS

_EXAMPLE = """
wingkeras predict photo.jpg holiday/ --output out
wingkeras predict photos/ --recursive --format json --skip-existing
wingkeras predict photo.jpg --format pts --format picture
wingkeras predict group.jpg --min-face 20 --min-score 0.6
wingkeras predict clip.mp4 --model cnn6_300w --draw-head-pose
wingkeras predict teapot.jpg --model runs/teapots --box 40,30,240,230
wingkeras predict 0                         # a camera, until Ctrl-C
"""


def add_parser(commands) -> None:
    """Declare the command and its options."""
    summary = "landmarks for pictures, videos and cameras"
    parser = add_command(commands, "predict", summary, _EXAMPLE, run)
    parser.add_argument(
        "inputs",
        nargs="+",
        metavar="INPUT",
        help="picture or video file, folder of them, or index of a camera",
    )
    # MODEL is an option in this command only, as INPUTs are its positional arguments.
    parser.add_argument(
        "--model", default=arguments.DEFAULT_MODEL, help=arguments.MODEL_HELP
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FOLDER",
        default=Path("landmarks"),
        help="receives the results of x/photo.jpg as x/photo.jpg.landmarks.json, and "
        "so on; of files outside the current folder it receives the whole path",
    )
    parser.add_argument(
        "-r",
        "--recursive",
        action="store_true",
        help="take the folders inside folders as well",
    )
    parser.add_argument(
        "--skip-existing",
        action="store_true",
        help="skip inputs that have results already, as after an interruption",
    )
    parser.add_argument(
        "--format",
        choices=("json", "pts", "picture"),
        action="append",
        help="what to write for a picture: the landmarks as JSON or as .pts files, or "
        "the picture with them drawn in; may be given several times; by default json "
        "and picture. Videos give a video and a .jsonl file",
    )
    add_rule(
        parser,
        "--format",
        "goes with pictures only; every INPUT is a video or camera",
        lambda options: not all(map(_is_video, options.inputs)),
    )
    parser.add_argument(
        "--flip-error",
        action="store_true",
        help="add each face's flip error to the JSON, which tells faces from other "
        "things; the networks run about twice as long",
    )
    add_rule(
        parser,
        "--flip-error",
        "goes with --format json only",
        lambda options: options.format is None or "json" in options.format,
    )
    parser.add_argument(
        "--max-pixels",
        type=int,
        metavar="NUMBER",
        help="refuse pictures with more pixels, before they are decoded; by default "
        "100 million, which take 300 MB",
    )
    add_rule(
        parser,
        "--max-pixels",
        "goes with pictures only, and is 1 or more",
        lambda options: (
            options.max_pixels > 0 and not all(map(_is_video, options.inputs))
        ),
    )
    parser.add_argument(
        "--draw-head-pose",
        action="store_true",
        help="draw the axes of every head into pictures and videos, for models of 68 "
        "landmarks: where it looks in blue",
    )
    parser.add_argument(
        "--no-smoothing",
        action="store_true",
        help="leave out the One-Euro filter that steadies the landmarks of videos",
    )
    add_rule(
        parser,
        "--no-smoothing",
        "goes with videos only; no INPUT is a video or camera",
        lambda options: any(map(_is_video, options.inputs)),
    )
    parser.add_argument(
        "--box",
        action="append",
        metavar="LEFT,TOP,RIGHT,BOTTOM",
        help="the square around the points, in pixels, instead of a detector; the same "
        "in every INPUT; may be given several times; `picture` for the whole picture; "
        "--box=-5,... if it begins with a minus sign",
    )
    arguments.add_runtime(parser, "fastest")
    arguments.add_detector(parser, "yunet")


def _is_video(given: str) -> bool:
    return given.isdecimal() or Path(given).suffix.lower() in VIDEO_ENDINGS


def run(options) -> int:
    """Run the command and return its exit code."""
    localizer = arguments.load_localizer(options)

    from wingkeras.inference import sources

    detector = _detector(options, localizer)
    localizer = localizer.replace(detector=detector)
    tally = Tally()
    listed = _list_all(options, sources.list_sources)
    for is_video, group in itertools.groupby(listed, _is_video_source):
        if is_video:
            for source in group:
                predict_video(localizer, source, options, tally)
        else:
            predict_pictures(localizer, group, options, tally)
    print(f"wingkeras: {tally}", file=sys.stderr)
    return 1 if tally.counts["failed"] else 0


def _list_all(options, list_sources) -> Iterator:
    """Sources and, in their turn, errors, which must not end the other sources."""
    errors: list[Exception] = []
    origins: dict[Path, Path | int] = {}
    for given in options.inputs:
        for source in list_sources(given, options.recursive, errors.append):
            yield from errors
            errors.clear()
            before = origins.setdefault(source.place, source.origin)
            if before is source.origin:
                yield source
            elif not _is_same_file(before, source.origin):
                reason = f"its results would take the place of those of {before}"
                yield OSError(f"{source.origin}: {reason}")
        yield from errors
        errors.clear()


def _is_video_source(source) -> bool:
    return not isinstance(source, Exception) and source.is_video


def _detector(options, localizer):
    """The detector, or its substitute, of `--box` or `--detector`."""
    if options.box:
        return _given_boxes(options.box, localizer.box_scale)
    return arguments.load_detector(options, localizer)


def _given_boxes(texts: list[str], box_scale: float):
    from wingkeras.inference import given_boxes

    if texts == ["picture"]:
        return given_boxes.WholePicture(box_scale)
    try:
        boxes = [tuple(map(float, text.split(","))) for text in texts]
    except ValueError:
        boxes = [()]
    if any(len(box) != 4 for box in boxes):
        raise ValueError(
            "Expected --box as LEFT,TOP,RIGHT,BOTTOM in pixels or as `picture`, "
            f"received {' and '.join(texts)}."
        )
    return given_boxes.GivenBoxes(boxes)


def _is_same_file(before: Path | int, origin: Path | int) -> bool:
    try:
        return Path(before).samefile(origin)  # type: ignore[arg-type]
    except (OSError, TypeError):
        return before == origin
