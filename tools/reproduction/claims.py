"""The paper's five claims, answered with what was measured."""

import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from reproduction.datasets import DATASETS, W300
from reproduction.experiments import CASCADE, CNN6, LOSSES, TRAININGS
from reproduction.results import Result, Spread, datasets_of, select, spread
from reproduction.variations import EQUAL_PASSES, NOT_MINED

HEAD_POSES = {1: "-60", 2: "-30", 3: "0", 4: "30", 5: "60"}
"""Yaw in degrees of MTFL's head pose classes."""


def errors_of(results: Sequence[Result], subset: str = "common", **wanted) -> Spread:
    """The mean error over experiments that differ by their seed.

    The normalizer is that of their dataset.
    """
    chosen = select(results, **wanted)
    return spread([r.error(DATASETS[r.dataset].normalizer, subset) for r in chosen])


def verdict(before: Spread, after: Spread) -> str:
    """Whether an error went down, as far as the spread over seeds lets one say.

    Args:
        before, after: the errors.

    Returns:
        A phrase with both errors and their difference, in percentage points.
    """
    difference = after.mean - before.mean
    figures = f"{before} -> {after} %, {difference:+.2f} points"
    if min(before.seeds, after.seeds) < 2:
        return f"{figures} (one seed: no verdict)"
    noise = 2 * max(before.deviation, after.deviation)
    if abs(difference) <= noise:
        return f"{figures}: **no difference** beyond the spread of {noise:.2f}"
    return f"{figures}: **{'lower' if difference < 0 else 'higher'}**"


def face_by_face(
    before: Sequence[Result], after: Sequence[Result], subset: str = "common"
) -> str:
    """How far the test faces alone leave a difference open, whatever the seeds do.

    Args:
        before, after: results on the same faces; of several seeds the mean counts.
        subset: of the test faces.

    Returns:
        A phrase with the mean difference and half its 95 % confidence interval, in
        percentage points.
    """
    normalizer = DATASETS[before[0].dataset].normalizer
    means = [
        100 * np.mean([r.errors_on(normalizer, subset) for r in results], axis=0)
        for results in (before, after)
    ]
    differences = means[1] - means[0]
    half = 1.96 * differences.std(ddof=1) / len(differences) ** 0.5
    return f"face by face {differences.mean():+.2f} ± {half:.2f}"


def answer(tables: dict[str, list[Result]]) -> Iterator[tuple[str, list[str]]]:
    """Every claim that there are results for, with a phrase per comparison.

    Args:
        tables: results by table.
    """
    losses, mining = tables.get("table1", []), tables.get("table3", [])
    long = tables.get("table1_long", [])
    for claim, before, after in (
        ("L1 is better than L2", "L2", "L1"),
        ("Wing is better than L1", "L1", "wing"),
    ):
        phrases = _compare_losses(losses, before, after)
        yield claim, [*phrases, *_compare_long(long, before, after)]
    yield (
        "The error has a plateau in w and epsilon",
        [
            *_plateau(tables.get("table2", []), losses),
            *_long_plateau(tables.get("table2_long", [])),
        ],
    )
    yield (
        "Hard sample mining helps, most at large poses",
        [*_mining(mining), *_views(tables.get("mining", []))],
    )
    yield "Two stages help", _two_stages(mining)


def _compare_losses(results, before: str, after: str) -> list[str]:
    return [
        f"{dataset}, CNN-6: "
        + verdict(
            *(
                errors_of(results, dataset=dataset, loss=loss)
                for loss in (before, after)
            )
        )
        for dataset in datasets_of(results)
    ]


def _compare_long(results, before: str, after: str) -> list[str]:
    """The same after trainings of the paper's length, by training."""
    phrases = []
    for training in reversed(TRAININGS):
        pair = [
            select(results, training=training, loss=loss) for loss in (before, after)
        ]
        if all(pair):
            whose = "the paper's" if training == "paper" else "our"
            length = f"{_length(pair[0])} in {whose} training"
            phrases += [
                f"{pair[0][0].dataset} {subset}, CNN-6, {length}: "
                + _compare(*pair, subset)
                for subset in ("common", "challenge")
                if len(pair[0][0].errors_on(W300.normalizer, subset)) > 1
            ]
    return phrases


def _length(results: Sequence[Result]) -> str:
    """How many faces long trainings have shown, roughly; or how often each."""
    shown, _ = results[0].curve
    if not len(shown):
        return f"{results[0].passes} passes"
    return f"{round(shown[-1], -4):,.0f} faces shown"


def _plateau(results, losses) -> list[str]:
    if not results:
        return []
    errors = {r.shape: r.error(W300.normalizer) for r in results}
    # Of trainings as long as these.
    alike = select(losses, passes=results[0].passes)
    deviation = errors_of(alike, dataset=W300.name, loss="wing").deviation
    median = float(np.median([*errors.values()]))
    phrases = [f"{W300.name}, CNN-6: {_range(errors)}"]
    if deviation == deviation:
        near = sum(abs(e - median) <= 2 * deviation for e in errors.values())
        phrases.append(
            f"{near} of {len(errors)} settings, one seed each, lie within two "
            f"deviations over seeds ({2 * deviation:.2f} points) of their median, "
            f"{median:.2f} %"
        )
    return phrases


def _long_plateau(results) -> list[str]:
    if not results:
        return []
    errors = {r.shape: r.error(W300.normalizer) for r in results}
    return [
        f"{W300.name}, CNN-6, {_length(results)} in our training, {len(errors)} "
        f"settings: {_range(errors)}"
    ]


def _range(errors: dict[tuple[float, float], float]) -> str:
    """The lowest and the highest error, and that at the paper's w and epsilon."""
    best, worst = min(errors, key=errors.get), max(errors, key=errors.get)
    phrase = (
        f"{errors[best]:.2f} % at w = {best[0]:g}, epsilon = {best[1]:g} to "
        f"{errors[worst]:.2f} % at {worst[0]:g}, {worst[1]:g}"
    )
    if (10, 2) in errors:
        phrase += f"; {errors[10, 2]:.2f} % at the paper's 10, 2"
    return phrase


def _compare(
    before: Sequence[Result], after: Sequence[Result], subset: str = "common"
) -> str:
    """The verdict, or what can be said of one seed."""
    phrase = verdict(errors_of(before, subset), errors_of(after, subset))
    if min(len(before), len(after)) > 1:
        return phrase
    return f"{phrase}; {face_by_face(before, after, subset)}"


def _mining(results) -> list[str]:
    phrases = []
    for dataset in datasets_of(results):
        for method, loss in itertools.product((CNN6, CASCADE), LOSSES):
            pair = [
                select(results, dataset=dataset, method=method, loss=loss, hsm=hsm)
                for hsm in (False, True)
            ]
            if all(pair):
                phrases.append(f"{dataset}, {method}, {loss}: {_compare(*pair)}")
        without, with_hsm = (
            select(results, dataset=dataset, method=CNN6, hsm=m) for m in (False, True)
        )
        if without and with_hsm and without[0].poses:
            phrases += [
                f"{dataset}, CNN-6, mean of all losses, yaw {yaw} degrees: "
                + verdict(_of_pose(without, pose), _of_pose(with_hsm, pose))
                for pose, yaw in HEAD_POSES.items()
                if pose in without[0].poses
            ]
    return phrases


def _views(results) -> list[str]:
    """What hard sample mining does on profiles and frontal faces, at two lengths."""
    phrases = []
    for without, with_hsm, length in (
        ("", "", ""),
        (NOT_MINED, EQUAL_PASSES, ", a longer training"),
    ):
        before = select(results, hsm=False, variation=without)
        after = select(results, hsm=True, variation=with_hsm)
        if before and after:
            title = f"{before[0].dataset}, CNN-6, {before[0].loss}{length}"
            phrases += [
                f"{title}, {view} faces of CFP, error over the box's side: "
                + verdict(_of_view(before, view), _of_view(after, view))
                for view in before[0].views
                if all(view in r.views for r in after)
            ]
    return phrases


def _of_view(results, view: str) -> Spread:
    return spread([100 * r.views[view] for r in results])


def _of_pose(results, pose: int) -> Spread:
    """The mean error in a head pose class, of all losses together, over seeds."""
    seeds = sorted({r.seed for r in results})
    return spread(
        [
            100 * np.mean([r.poses[pose] for r in select(results, seed=seed)])
            for seed in seeds
        ]
    )


def _two_stages(results) -> list[str]:
    phrases = []
    for dataset in datasets_of(results):
        for hsm in (False, True):
            for loss in LOSSES:
                wanted = {"dataset": dataset, "loss": loss, "hsm": hsm}
                two = select(results, method=CASCADE, **wanted)
                # A cascade goes on from the CNN-6 of its own seed.
                seeds = {r.seed for r in two}
                one = [
                    r for r in select(results, method=CNN6, **wanted) if r.seed in seeds
                ]
                if one and two:
                    title = f"{dataset}, {loss}{', HSM' if hsm else ''}"
                    phrases.append(f"{title}: {_compare(one, two)}")
    return phrases
