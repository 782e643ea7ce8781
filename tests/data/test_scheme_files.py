import json

import pytest

from wingkeras.data.scheme_files import load_scheme, save_scheme
from wingkeras.imaging.images import BrokenFileError
from wingkeras.schemes import AFLW19, FIVE, IBUG68, LandmarkScheme

TEAPOT = {
    "points": ["spout", "lid", "left_foot", "right_foot"],
    "mirror": [["left_foot", "right_foot"]],
    "edges": [["spout", "lid"], [2, 3]],
    "groups": {"feet": ["left_foot", 3]},
}


def write(tmp_path, values):
    path = tmp_path / "teapot.json"
    path.write_text(values if isinstance(values, str) else json.dumps(values))
    return path


def test_points_are_named_or_counted_from_0(tmp_path):
    scheme = load_scheme(write(tmp_path, TEAPOT))
    assert scheme == LandmarkScheme(
        "teapot",
        ("spout", "lid", "left_foot", "right_foot"),
        mirror=(0, 1, 3, 2),
        edges=((0, 1), (2, 3)),
        groups={"feet": (2, 3)},
    )


@pytest.mark.parametrize(
    ("change", "mirror"),
    [({}, (0, 1, 3, 2)), ({"mirror": []}, (0, 1, 2, 3)), ({"mirror": None}, None)],
)
def test_without_pairs_nothing_is_known_of_the_mirror(tmp_path, change, mirror):
    assert load_scheme(write(tmp_path, TEAPOT | change)).mirror == mirror
    assert load_scheme(write(tmp_path, {"points": ["a"]})).mirror is None


@pytest.mark.parametrize("scheme", [IBUG68, AFLW19, FIVE], ids=lambda s: s.name)
def test_what_is_written_is_read_back(tmp_path, scheme):
    save_scheme(scheme, tmp_path / "file.json")
    assert load_scheme(tmp_path / "file.json") == scheme


def test_a_scheme_without_mirror_is_read_back(tmp_path):
    scheme = LandmarkScheme("arrow", ("tail", "tip"), None, edges=((0, 1),))
    save_scheme(scheme, tmp_path / "file.json")
    assert load_scheme(tmp_path / "file.json") == scheme


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ("{", "not a JSON file"),
        ([1], r"expected an object with the names of `points`, found \[1\]"),
        ({}, "`points`: expected a list of their names, found None"),
        ({"points": []}, r"`points`: expected a list of their names, found \[\]"),
        ({"points": ["a", 3]}, r"`points\[1\]`: expected a name, found 3"),
        ({"points": ["a", "b", "a"]}, r"`points\[2\]`: the name 'a' is that of points"),
        (TEAPOT | {"colour": 1}, "expected the fields name, .* found 'colour'"),
        (TEAPOT | {"name": ""}, "`name`: expected a text, found ''"),
        (
            TEAPOT | {"mirror": [["spout", "foot"]]},
            r"`mirror\[0\]`: expected a name of `points` or a number from 0 to 3, found"
            " 'foot'",
        ),
        (TEAPOT | {"mirror": [[0, 1, 2]]}, r"`mirror\[0\]`: expected 2 points"),
        (TEAPOT | {"mirror": [[0, 1], [1, 2]]}, "`mirror`: .* points 1 and 2"),
        (TEAPOT | {"mirror": [[1, 1]]}, "`mirror`: .* points 1 and 1"),
        (TEAPOT | {"mirror": 3}, "`mirror`: expected pairs, found 3"),
        (TEAPOT | {"edges": [[0, 4]]}, r"`edges\[0\]`: .* from 0 to 3, found 4"),
        (TEAPOT | {"edges": [[0, True]]}, r"`edges\[0\]`: .* found True"),
        (TEAPOT | {"groups": {"feet": "foot"}}, "`groups.feet`: .* found 'foot'"),
        (TEAPOT | {"groups": ["a"]}, "`groups`: expected lists of points by name"),
        (TEAPOT | {"left_eye": ["eye"]}, "`left_eye`: .* found 'eye'"),
        (TEAPOT | {"outer_eye_corners": [0]}, "`outer_eye_corners`: expected 2 points"),
    ],
)
def test_what_is_wrong_is_named_with_file_and_field(tmp_path, values, reason):
    path = write(tmp_path, values)
    with pytest.raises(BrokenFileError, match=reason) as caught:
        load_scheme(path)
    assert str(path) in str(caught.value)
