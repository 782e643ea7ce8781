import pytest

from wingkeras.data.annotated_size import find_difference, turned_size

STORED = (640, 480)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_quarter_turn_exchanges_width_and_height(orientation):
    expected = STORED if orientation < 5 else (480, 640)
    assert turned_size(STORED, orientation) == expected


@pytest.mark.parametrize(
    ("annotated", "stored", "orientation", "reason"),
    [
        (STORED, STORED, 1, ""),
        (STORED, STORED, 6, ""),
        ((480, 640), STORED, 6, "annotated as its EXIF"),
        ((320, 240), STORED, 1, "rescaled"),
        (STORED, STORED, 3, "EXIF orientation 3 turns it without"),
        ((99, 99), (99, 99), 6, "EXIF orientation 6 turns it without"),
        ((99, 99), (99, 99), 1, ""),
    ],
)
def test_what_the_size_tells(annotated, stored, orientation, reason):
    found = find_difference(annotated, stored, orientation)
    assert reason in found and bool(found) == bool(reason)
