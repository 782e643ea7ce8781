import threading
import time

import numpy as np
import pytest

from made_localizers import MEAN, make_boxes, make_image
from wingkeras.inference import pipelined
from wingkeras.inference.detectors import YuNetDetector
from wingkeras.inference.localizer import Localizer
from wingkeras.inference.runtimes import FileStage
from wingkeras.schemes import FIVE


def mean_shapes(crops):
    return np.repeat(MEAN.T.reshape(1, -1), len(crops), axis=0)


@pytest.mark.parametrize("threads", [1, 4])
def test_results_come_in_order_and_few_items_are_taken_ahead(threads):
    taken, running, most = [], [], []

    def items():
        for i in range(30):
            taken.append(i)
            yield i

    def double(i):
        running.append(i)
        most.append(len(running))
        time.sleep(0.002 * (i % 4))
        running.remove(i)
        return 2 * i

    results = pipelined.in_order(double, items(), threads, ahead=6)
    for i in range(30):
        assert next(results) == 2 * i
        assert len(taken) <= i + 6
    assert next(results, None) is None and max(most) == threads


def test_an_error_comes_in_its_turn_and_ends_the_threads():
    done = []

    def function(i):
        if i == 3:
            raise RuntimeError("the third")
        done.append(i)
        return i

    before = threading.active_count()
    results = pipelined.in_order(function, range(1000), 2, ahead=4)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(RuntimeError, match="the third"):
        next(results)
    assert len(done) < 12 and threading.active_count() == before


def test_groups_are_of_so_many_faces_or_pictures():
    counts = [1, 1, 5, 0, 0, 0, 0, 3, 1]
    groups = pipelined.grouped(counts, lambda count: count, 4)
    assert list(groups) == [[1, 1, 5], [0, 0, 0, 0], [3, 1]]


def test_pictures_are_searched_while_the_networks_run(monkeypatch):
    """On two cores: the second group is ready before the first one is through."""
    monkeypatch.setattr(pipelined, "available_cores", lambda: 2)
    searched = threading.Semaphore(0)

    class Detector(YuNetDetector):
        def raw(self, image):
            searched.release()
            return super().raw(image)

    def run(crops):
        for _ in range(4):
            assert searched.acquire(timeout=20), "nothing is searched meanwhile"
        return mean_shapes(crops)

    localizer = Localizer([FileStage(run, MEAN, 64)], FIVE, 1.1, Detector())
    localizer.detect_batch([make_image()] * 8, batch_size=2)


def test_a_detector_of_one_s_own_is_called_by_one_thread_in_order(monkeypatch):
    monkeypatch.setattr(pipelined, "available_cores", lambda: 4)
    callers, seen = set(), []

    def detector(image):
        callers.add(threading.get_ident())
        seen.append(int(image[0, 0, 0]))
        return make_boxes(2)

    images = [np.full((200, 240, 3), i, np.uint8) for i in range(20)]
    localizer = Localizer([FileStage(mean_shapes, MEAN, 64)], FIVE, 1.1, detector)
    assert len(localizer.detect_batch(iter(images), batch_size=6)) == 20
    assert seen == list(range(20)) and len(callers) == 1


def test_a_picture_that_cannot_be_read_ends_the_call(tmp_path):
    localizer = Localizer([FileStage(mean_shapes, MEAN, 64)], FIVE, 1.1)
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture")
    before = threading.active_count()
    with pytest.raises(ValueError, match=r"broken\.jpg: not a picture"):
        localizer.detect_batch([make_image(), broken, make_image()])
    assert threading.active_count() == before
