"""Errors in boxes that are off, on tilted faces and turned heads."""

import argparse
from pathlib import Path

HELP = "errors in bad boxes, on tilted faces and turned heads"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("model", metavar="NAME", help="of the zoo, or a folder")
    parser.add_argument("--data", type=Path, required=True, help="300-W folder")
    parser.add_argument("--split", default="common")
    parser.add_argument(
        "--beside", nargs="*", default=[], metavar="NAME", help="further models"
    )


def run(options: argparse.Namespace, results: Path) -> dict:
    """A model, its networks alone and others, on the same disturbed faces."""
    import keras

    from benchmarks import robustness
    from wingkeras import models, plots, zoo
    from wingkeras.data.datasets import load_faces
    from wingkeras.inference.localizer import Localizer
    from wingkeras.metrics import usual_normalizers

    localizer = zoo.load(options.model)
    name = Path(options.model).name
    localizers = {name: localizer}
    if len(localizer.stages) > 1:
        for stage in localizer.stages:
            label = f"its {models.network_name(stage.network)} alone"
            alone = Localizer([stage], localizer.scheme, robustness.box_scale(stage))
            localizers[label] = alone
    localizers |= {other: zoo.load(other) for other in options.beside}
    faces = load_faces(options.data, options.split, localizer.scheme)
    progress = keras.utils.Progbar(len(faces), unit_name="face").update
    normalizer = usual_normalizers(localizer.scheme)[0]
    errors = robustness.robustness(localizers, faces, normalizer, progress)
    table = robustness.summarise(errors, faces)
    robustness.write_csv(table, results / f"robustness_{name}.csv")
    panels: dict = {}
    for row in table:
        curves = panels.setdefault(row.condition, {})
        x, y = curves.setdefault(row.model, ([], []))
        x.append(row.amount)
        y.append(row.nme)
    plots.save_figure(plots.error_curves(panels), results / f"robustness_{name}.png")
    return {
        "benchmark": f"robustness_{name}",
        "faces": len(faces),
        "nme_percent": {
            model: {
                f"{row.condition} {row.amount:g}": round(100 * row.nme, 2)
                for row in table
                if row.model == model and row.condition in robustness.CONDITIONS
            }
            for model in localizers
        },
    }
