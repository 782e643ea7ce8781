"""`results/README.md`: the tables from their CSV files, the paper's beside them."""

import csv
import functools
import json
from pathlib import Path

import numpy as np

from documents.marked import markdown
from reproduction import published
from reproduction.claims import answer, errors_of
from reproduction.datasets import AFLW, DATASETS, W300
from reproduction.experiments import LOSSES
from reproduction.long_trainings import draw_validation, tabulate, tabulate_shapes
from reproduction.markdown import change, describe
from reproduction.results import (
    EXPERIMENTS,
    SUBSETS,
    Result,
    datasets_of,
    read_table,
    select,
    spread,
)
from reproduction.single_changes import tabulate_causes, tabulate_mining
from reproduction.tables import TABLES
from wingkeras import plots
from wingkeras.storage.files import atomic_write

_PROTOCOL = """\
Errors are NME in percent. On 300-W (`300w`, 68 points), NME is divided by the distance
between the outer eye corners, unless noted. Where no subset is named, the test faces
are the 554 of the common subset; `ibug` has 134 challenging ones. On AFLW-5 (`aflw`,
2,995 faces, five points), NME is divided by the distance between the eyes.

Cells with several seeds give mean ± standard deviation over the seeds. A difference of
at most twice the larger of the two deviations counts as no difference. With one seed
there is no verdict. Differences face by face come with their 95 % confidence interval
over the test faces. It leaves out the spread between trainings, which is often larger.

"Held out" are a tenth of the training faces, kept back; they choose the learning rate
and the epoch. Machine and commit of a table are those of its last new experiment. In
the files of the experiments, `minutes` counts from when a training was last resumed.

In our copy of AFLW-5, the labels lie about 1.4 px to the right of and 0.9 px below
where those of LFW would be. This is 6 and 4 % of the distance between the eyes
(`mean_offset_percent` of `wingkeras evaluate cnn6_aflw5 --data aflw.csv`). No method
can learn this shift. It adds to the errors of all methods, and blurs the differences
between them.

| | paper | here |
|---|---|---|
| AFLW | 20,000 training and 4,386 test faces, 19 points, error over the face's size | \
4,151 training faces of LFW and 2,995 test faces of AFLW, whole pictures of 80 px as \
crops, 5 points, error over the distance between the eyes: the figures cannot be \
compared, differences between methods may be |
| 300-W | 3,148 training faces | 2,012 of them |
| training | 960,000 faces in batches of 8, SGD | at full length 90,000 for CNN-6, \
60,000 for CNN-7, in batches of 32, AdamW, cosine, bfloat16 |
| perturbation | rotation, mirroring, box, blur | the same, and scale, shift, colour, \
occlusion |
| learning rate | one for L2, one for the others | the best of four per loss, by the \
error of CNN-6 on a tenth of the training faces, without hard sample mining, for wing \
at the paper's w and epsilon; CNN-7 has the learning rate of CNN-6 |
| network | the paper's | the same, with the output bias at the mean shape |
"""


_LONG = "at the paper's length: 960,000 faces shown"


def write_report(folder: Path) -> None:
    """Write `README.md` and the pictures of the tables that are there.

    Args:
        folder: with a folder per table, as `records.write` fills them.
    """
    tables = {name: read_table(folder / name) for name in TABLES}
    parts = [
        "# The paper's tables, run again\n",
        "Made by `python tools/reproduce.py report` from the CSV files beside it.\n",
        _PROTOCOL,
        "## The claims\n",
        _claims(tables),
    ]
    sections = {
        "table1": ("Table 1: losses, CNN-6", _table1),
        "table1_long": (
            f"Table 1 {_LONG}",
            functools.partial(tabulate, short=tables["table1"]),
        ),
        "table2": ("Table 2: w and epsilon, CNN-6", _table2),
        "table2_long": (
            f"Table 2 {_LONG}",
            functools.partial(tabulate_shapes, short=tables["table2"]),
        ),
        "table3": ("Table 3: hard sample mining and two stages", _table3),
        "table4": ("Table 4: 300-W, CNN-6/7 with hard sample mining", _table4),
        "table5": ("Table 5: networks, wing loss", _table5),
        "causes": (
            "Why: one thing changed at a time",
            functools.partial(tabulate_causes, folder=folder),
        ),
        "mining": (
            "Hard sample mining: one thing changed at a time",
            functools.partial(tabulate_mining, before=tables["table3"]),
        ),
    }
    for name, (title, make) in sections.items():
        parts.append(f"## {title}\n")
        if not tables[name]:
            parts.append(
                f"Not run yet: `python tools/reproduce.py {name} --data FOLDER`.\n"
            )
            continue
        parts += [_about(folder / name), make(tables[name])]
        parts += _curves(folder / name, tables[name])
    parts += ["## Table 6: size and speed\n", _table6(folder / "table6")]
    pictures = sorted(p.name for p in (folder / "figures").glob("*.png"))
    parts.append("## Figures\n")
    parts += [f"![{name}](figures/{name})\n" for name in pictures]
    with atomic_write(folder / "README.md") as scratch:
        scratch.write_text("\n".join(parts))


def _claims(tables) -> str:
    lines = []
    for number, (claim, phrases) in enumerate(answer(tables), start=1):
        lines.append(f"{number}. {claim}.")
        lines += [f"   - {phrase}" for phrase in phrases or ["not run yet"]]
    return "\n".join(lines) + "\n"


def _about(folder: Path) -> str:
    lines = []
    for path in sorted(folder.glob(f"*{EXPERIMENTS}")):
        dataset = path.name.removesuffix(EXPERIMENTS)
        run = json.loads((folder / f"{dataset}_run.json").read_text())
        machine = run["machine"]
        lines.append(
            f"{dataset}: at {run['length']:.3g} times the full length, on "
            f"{describe(machine)}, Keras {machine['keras']}, commit "
            f"{machine['commit']}. [Experiments](./{folder.name}/{path.name}).\n"
        )
    return "\n".join(lines)


def _table1(results: list[Result]) -> str:
    paper = published.TABLE1
    datasets = datasets_of(results)
    header = ["loss", "paper, AFLW", "against L2"]
    for dataset in datasets:
        header += [dataset, "against L2", "learning rate"]
    rows = []
    for loss in LOSSES:
        row = [loss, f"{paper[loss]:.2f}", change(paper[loss], paper["L2"])]
        for dataset in datasets:
            error, l2 = (
                errors_of(results, dataset=dataset, loss=name) for name in (loss, "L2")
            )
            rates = {
                r.learning_rate for r in select(results, dataset=dataset, loss=loss)
            }
            row += [
                error,
                change(error.mean, l2.mean),
                ", ".join(f"{rate:g}" for rate in rates) or "-",
            ]
        rows.append(row)
    text = markdown(header, rows) + "\n"
    if AFLW.name in datasets:
        others = ", ".join(f"{n} {e} %" for n, e in published.AFLW5.items())
        text += f"\nPublished on the same 2,995 faces: {others}.\n"
    return text


def _table2(results: list[Result]) -> str:
    ws = sorted({r.w for r in results})
    rows = []
    for epsilon in sorted({r.epsilon for r in results}):
        row = [f"{epsilon:g}"]
        for w in ws:
            error = errors_of(results, w=w, epsilon=epsilon)
            row.append(f"{error} ({published.TABLE2[epsilon][w]:.2f})")
        rows.append(row)
    header = ["epsilon \\ w", *(f"{w:g}" for w in ws)]
    note = f"On {W300.name}; in brackets the paper's, on AFLW.\n\n"
    return note + markdown(header, rows) + "\n"


def _table3(results: list[Result]) -> str:
    rows = []
    for (method, hsm), paper in published.TABLE3.items():
        for dataset in datasets_of(results):
            chosen = select(results, dataset=dataset, method=method, hsm=hsm)
            if chosen:
                title = f"{method}{' + HSM' if hsm else ''}"
                cells = [
                    f"{errors_of(chosen, loss=loss)} ({paper[loss]:.2f})"
                    for loss in LOSSES
                ]
                rows.append([title, dataset, *cells])
    note = "In brackets the paper's, on AFLW.\n\n"
    return note + markdown(["method", "faces", *LOSSES], rows) + "\n"


def _table4(results: list[Result]) -> str:
    rows = []
    for subset in SUBSETS:
        for normalizer in ("inter_pupil", "inter_ocular"):
            cells = []
            for loss in LOSSES:
                chosen = select(results, loss=loss)
                error = spread([r.error(normalizer, subset) for r in chosen])
                if np.isnan(error.mean):
                    cells.append("not measured")
                elif normalizer == "inter_pupil":
                    paper = published.TABLE4[subset][loss]
                    difference = error.mean - paper
                    cells.append(f"{error} (paper {paper:.2f}, {difference:+.2f})")
                else:
                    cells.append(error)
            rows.append([subset, normalizer, *cells])
    # Without `ibug`, the full subset would be the common one.
    if rows[2][2] == "not measured":
        rows = rows[:4]
    return markdown(["subset", "normalizer", *LOSSES], rows) + "\n"


def _table5(results: list[Result]) -> str:
    rows = []
    for title, paper in published.TABLE5.items():
        method = title.split(" + ")[0]
        row = [title]
        for dataset in (AFLW.name, W300.name):
            chosen = select(results, method=method, dataset=dataset)
            error = spread([r.error("inter_pupil", "common") for r in chosen])
            theirs = f"{paper[dataset]:.2f}" if dataset in paper else "-"
            row += [error if chosen else "not trained", theirs]
        rows.append(row)
    header = ["method", "AFLW-5", "paper, AFLW", "300-W common, inter-pupil", "paper"]
    note = "ResNet-50 starts from ImageNet's weights in the paper.\n\n"
    return note + markdown(header, rows) + "\n"


def _table6(folder: Path) -> str:
    path = folder / "speed.csv"
    if not path.exists():
        return "Not run yet: `python tools/reproduce.py table6`.\n"
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    shown = []
    for row in rows:
        paper = published.TABLE6[row["network"]]
        shown.append(
            [
                row["network"],
                f"{int(row['parameters']) / 1e6:.1f} M",
                f"{paper['parameters'] / 1e6:.1f} M",
                f"{float(row['mebibytes']):.0f}",
                paper["megabytes"],
                row["runtime"],
                row["fps_1_thread"],
                row["fps_2_threads"],
                paper["cpu"],
            ]
        )
    header = ["network", "parameters", "paper", "MiB (float32)", "paper", "runtime"]
    header += ["frames/s, 1 thread", "2 threads", "paper, CPU"]
    machine = json.loads((folder / "run.json").read_text())["machine"]
    gpu = ", ".join(f"{n} {v['gpu']}" for n, v in published.TABLE6.items())
    note = (
        f"Networks alone, one face, on {machine['cpu']}, {machine['cores']} cores. The "
        "paper's CPUs are two Xeon E5-2637 v3; frames a second on its GPU, a Titan X: "
        f"{gpu}.\n\n"
    )
    return note + markdown(header, shown) + "\n"


def _curves(folder: Path, results: list[Result]) -> list[str]:
    """Cumulative error curves of a table's first seed, a picture per dataset."""
    if folder.name in ("table2", "table2_long", "causes", "mining"):
        return []
    if folder.name == "table1_long":
        return [draw_validation(folder, results)]
    lines = []
    for dataset in datasets_of(results):
        normalizer = DATASETS[dataset].normalizer
        chosen = select(results, dataset=dataset, seed=0)
        if folder.name == "table3":
            chosen = select(chosen, loss="wing")
        curves = {
            f"{r.method}{' + HSM' if r.hsm else ''}, {r.loss}": r.errors[normalizer]
            for r in chosen
        }
        picture = folder / f"ced_{dataset}.png"
        plots.save_figure(plots.cumulative_errors(curves, 0.15), picture)
        lines.append(f"![{dataset}]({folder.name}/{picture.name})\n")
    return lines
