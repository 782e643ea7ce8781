"""What the report makes of the results: spreads, verdicts, claims."""

import re

import numpy as np
import pytest

from made_results import made_result
from reproduction.claims import answer, face_by_face, verdict
from reproduction.results import Spread, spread


def test_spread():
    assert str(spread([])) == "-"
    assert str(spread([2.0])) == "2.00"
    assert spread([1.0, 2.0, 3.0]) == Spread(2.0, 1.0, 3)
    assert str(spread([1.0, 2.0, 3.0])) == "2.00 ± 1.00"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (Spread(5.0, 0.1, 3), Spread(4.5, 0.2, 3), "**lower**"),
        (Spread(5.0, 0.1, 3), Spread(5.5, 0.2, 3), "**higher**"),
        (Spread(5.0, 0.1, 3), Spread(4.65, 0.2, 3), "**no difference**"),
        (Spread(5.0, 0.1, 3), Spread(4.0, np.nan, 1), "no verdict"),
    ],
)
def test_verdicts(before, after, expected):
    assert expected in verdict(before, after)


def test_subsets():
    result = made_result(4.0)
    assert result.error("inter_ocular", "common") == pytest.approx(4)
    assert result.error("inter_ocular", "challenge") == pytest.approx(50)
    assert result.error("inter_ocular", "full") == pytest.approx(27)
    common = made_result(4.0, images=("a/1.jpg", "a/2.jpg"))
    assert np.isnan(common.error("inter_ocular", "challenge"))


def test_claims():
    def seeds(values, **changes):
        images = ("a/1.jpg", "a/2.jpg")
        return [
            made_result(v, seed=i, images=images, **changes)
            for i, v in enumerate(values)
        ]

    images = ("a/1.jpg", "a/2.jpg", "ibug/1.jpg", "ibug/2.jpg")
    steps, curve = np.array([1, 1, 2, 2]), (np.array([1e5, 958_240.0]), np.zeros(2))
    long = {"images": images, "curve": curve, "training": "paper"}
    poses = {c: {"poses": dict.fromkeys(range(1, 6), c)} for c in (0.1, 0.08)}
    plain = seeds((4.0, 4.2, 4.4), **poses[0.1])
    found = dict(
        answer(
            {
                "table1": [
                    *seeds((6, 6.2), loss="L2"),
                    *seeds((5, 5.2), loss="L1"),
                    *plain,
                ],
                "table1_long": [
                    made_result(
                        e, loss=loss, **long, errors={"inter_ocular": e * steps}
                    )
                    for loss, e in (("L2", 0.06), ("L1", 0.05))
                ],
                "table2": [
                    *seeds((4.0,), w=10, epsilon=2),
                    *seeds((4.2,), w=4, epsilon=2),
                    *seeds((9.0,), w=4, epsilon=0.5),
                ],
                "table2_long": [made_result(3.0), made_result(3.4, w=4, epsilon=3)],
                "table3": [
                    *plain,
                    *seeds((3.0, 3.2, 3.4), hsm=True, **poses[0.08]),
                    *seeds((2.0,), method="CNN-6/7"),
                    *seeds((1.6,), method="CNN-6/7", hsm=True),
                ],
            }
        )
    )
    l1, wing, plateau, mining, stages = found.values()
    assert len(found) == 5
    assert "lower" in l1[0] and "28.05 ± 0.07 -> 27.55 ± 0.07 %" in l1[0]
    title = "CNN-6, 960,000 faces shown in the paper's training"
    assert l1[1].startswith(f"300w common, {title}: 6.00 -> 5.00 %, -1.00 points (one")
    assert "-1.00 points (one seed: no verdict); face by face -1.00 ± 0.00" in l1[1]
    assert l1[2].startswith(f"300w challenge, {title}: 12.00 -> 10.00 %, -2.00 points")
    assert "lower" in wing[0] and len(wing) == 1
    assert "27.00 % at w = 10, epsilon = 2 to 29.50 % at 4, 0.5; 27.00 %" in plateau[0]
    assert plateau[1].startswith("2 of 3 settings") and "27.10 %" in plateau[1]
    assert plateau[2].endswith(
        "2 settings: 3.00 % at w = 10, epsilon = 2 to 3.40 % at 4, 3; 3.00 % at the "
        "paper's 10, 2"
    )
    assert "lower" in mining[0] and "yaw -60 degrees: 10.00" in mining[2]
    assert mining[0].startswith("300w, CNN-6, wing") and "face" not in mining[0]
    assert mining[1].startswith("300w, CNN-6/7, wing: 26.00 -> 25.80 %, -0.20 points")
    assert mining[1].endswith("face by face -0.20 ± 0.39")
    assert "27.00 -> 26.00 %, -1.00 points (one seed: no verdict)" in stages[0]
    assert stages[0].endswith("face by face -1.00 ± 1.96")
    assert dict(answer({}))["Two stages help"] == []


def test_mining_is_judged_on_profiles_too():
    mined = {"hsm": True, "views": {"profile": 0.07, "frontal": 0.03}}
    tables = {
        "mining": [
            made_result(5.0, views={"profile": 0.11, "frontal": 0.02}),
            made_result(5.0, **mined),
            made_result(5.0, variation="3 bins", **mined),
        ]
    }
    profile, frontal = dict(answer(tables))[
        "Hard sample mining helps, most at large poses"
    ]
    assert "profile faces of CFP" in profile
    assert "11.00 -> 7.00 %, -4.00 points (one seed: no verdict)" in profile
    assert "2.00 -> 3.00 %, +1.00 points" in frontal
    del tables["mining"][1]
    assert not dict(answer(tables))["Hard sample mining helps, most at large poses"]


def test_face_by_face_is_as_certain_as_resampled_faces():
    rng = np.random.default_rng(0)
    before, after = rng.normal(0.05, 0.01, (2, 200))

    def results_of(errors):
        images = tuple(f"a/{i}.jpg" for i in range(len(errors)))
        return [made_result(5.0, errors={"inter_ocular": errors}, images=images)]

    resampled = rng.choice(100 * (after - before), (20_000, 200)).mean(axis=1)
    low, high = np.quantile(resampled, (0.025, 0.975))
    text = face_by_face(results_of(before), results_of(after))
    difference, half = map(float, re.findall(r"[+-]?\d+\.\d+", text))
    assert difference == pytest.approx(100 * np.mean(after - before), abs=0.006)
    assert half == pytest.approx((high - low) / 2, abs=0.01)
