"""Tables 1 and 2 at the paper's length: what the report says of them."""

from pathlib import Path

from documents.marked import markdown
from reproduction.claims import errors_of
from reproduction.datasets import W300
from reproduction.experiments import LOSSES, TRAININGS
from reproduction.markdown import change
from reproduction.results import SUBSETS, Result, select, spread
from wingkeras import plots

TITLES = {
    "paper": "the paper's: SGD, batches of 8",
    "modern": "ours: AdamW, batches of 32",
}
"""Of the trainings, for people."""

_NOTE = """\
300-W, CNN-6, inter-ocular. The paper's training has its optimizer, schedule, batches,
weight decay and perturbation; each loss has the learning rate whose error on the faces
held out was lowest after 90,000 faces shown.

"""
_SHAPES_NOTE = """\
300-W, CNN-6, inter-ocular, our training, at the learning rate that is best for the
paper's w and epsilon.

"""


def tabulate(results: list[Result], short: list[Result]) -> str:
    """Errors by training and loss, on each subset.

    Args:
        results: of the long trainings.
        short: of table 1 itself, whose budget stands beside theirs.
    """
    rows = []
    for training in TRAININGS:
        l2 = errors_of(results, "full", training=training, loss="L2")
        for loss in LOSSES:
            chosen = select(results, training=training, loss=loss)
            if not chosen:
                continue
            errors = [
                spread([r.error(W300.normalizer, subset) for r in chosen])
                for subset in SUBSETS
            ]
            less = select(short, dataset=W300.name, training=training, loss=loss)
            before = spread([r.error(W300.normalizer, "common") for r in less])
            against = change(errors[-1].mean, l2.mean)
            rates = ", ".join(f"{rate:g}" for rate in {r.learning_rate for r in chosen})
            rows.append([TITLES[training], loss, before, *errors, against, rates])
    header = ["training", "loss", "common after 90,000", *SUBSETS]
    header += ["full, against L2", "learning rate"]
    return _NOTE + markdown(header, rows) + "\n"


def tabulate_shapes(results: list[Result], short: list[Result]) -> str:
    """Errors by w and epsilon, on each subset.

    Args:
        results: of the long trainings.
        short: of table 2, whose budget stands beside theirs.
    """
    before = {r.shape: r.error(W300.normalizer, "common") for r in short}
    rows = [
        [
            *(f"{value:g}" for value in r.shape),
            f"{before[r.shape]:.2f}" if r.shape in before else "-",
            f"{r.held_out:.2f}",
            *(f"{r.error(W300.normalizer, subset):.2f}" for subset in SUBSETS),
        ]
        for r in results
    ]
    header = ["w", "epsilon", "common after 90,000", "held out", *SUBSETS]
    return _SHAPES_NOTE + markdown(header, rows) + "\n"


def draw_validation(folder: Path, results: list[Result]) -> str:
    """Draw held-out NME against faces shown; the picture's line in the report.

    Args:
        folder: of the table; receives `validation.png`.
        results: of the first seed are drawn.
    """
    panels = {
        f"thousand faces shown, {TITLES[training]}": {
            r.loss: (r.curve[0] / 1000, r.curve[1]) for r in chosen
        }
        for training in TRAININGS
        if (chosen := select(results, training=training, seed=0))
    }
    picture = folder / "validation.png"
    plots.save_figure(plots.error_curves(panels), picture)
    return f"![held-out NME against faces shown]({folder.name}/{picture.name})\n"
