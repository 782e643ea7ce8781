import numpy as np
import pytest

from made_localizers import MEAN, make_boxes, make_image
from wingkeras.inference.localizer import Localizer
from wingkeras.inference.runtimes import FileStage
from wingkeras.schemes import FIVE


@pytest.mark.parametrize("batch_size", [1, 3, 100])
@pytest.mark.parametrize("counts", [(2, 0, 5, 1), (0, 0), ()])
def test_many_pictures_at_once_are_their_faces_one_by_one(
    one_stage, batch_size, counts
):
    images = [make_image(150 + i, 170 + i, seed=i) for i in range(len(counts))]
    boxes = {
        image.shape: make_boxes(count, seed=i)
        for i, (image, count) in enumerate(zip(images, counts, strict=True))
    }
    localizer = one_stage.replace(detector=lambda image: boxes[image.shape])
    alone = [localizer.detect(image) for image in images]
    together = localizer.detect_batch(iter(images), batch_size=batch_size)
    assert [len(faces) for faces in together] == list(counts)
    for received, expected in zip(together, alone, strict=True):
        np.testing.assert_array_equal(received.boxes, expected.boxes)
        np.testing.assert_allclose(received.landmarks, expected.landmarks, atol=1e-2)


def test_pictures_are_taken_one_after_the_other():
    """Never more faces in a call than asked for, nor pictures ahead of the answers."""
    calls, taken = [], []

    def run(crops):
        calls.append(len(crops))
        return np.repeat(MEAN.T.reshape(1, -1), len(crops), axis=0)

    localizer = Localizer([FileStage(run, MEAN, 64)], FIVE, 1.1)

    def pictures():
        for i in range(9):
            taken.append(i)
            yield make_image(), make_boxes(2)

    answers = localizer.localize_batch(pictures(), batch_size=4)
    next(answers)
    assert len(taken) == 2
    assert len(list(answers)) == 8 and calls == [4, 4, 4, 4, 2]
    with pytest.raises(ValueError, match="`batch_size` of at least 1, received 0"):
        localizer.localize_batch([], 0)
