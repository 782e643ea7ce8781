"""One localizer, one detector, many threads."""

from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
from matplotlib.cbook import get_sample_data

from made_localizers import make_boxes, make_image, make_localizer
from wingkeras import zoo
from wingkeras.imaging.images import read_image
from wingkeras.inference import runtimes
from wingkeras.inference.detectors import load_detector

THREADS = 8


def in_threads(function, jobs):
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(function, jobs))


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved")
    zoo.save(make_localizer(2, flip_tta=True), folder, "threads")
    return folder


@pytest.fixture(params=["haar", "yunet"])
def detector(request):
    return load_detector(request.param)


@pytest.mark.parametrize("runtime", ["keras", *runtimes.RUNTIMES])
def test_every_thread_gets_its_own_answer(saved, detector, runtime):
    """Pictures of different sizes, with and without the portrait, as one by one."""
    if runtime != "keras":
        needed = runtimes.RUNTIMES[runtime]
        for module in (needed.module, needed.converter):
            pytest.importorskip(module, reason=f"needs the extra `{needed.extra}`")
    localizer = zoo.load(saved, runtime=runtime).replace(detector=detector)
    portrait = read_image(get_sample_data("grace_hopper.jpg", asfileobj=False))
    jobs = []
    for i in range(16):
        factor = 0.3 + 0.02 * i
        small = cv2.resize(portrait, None, fx=factor, fy=factor)
        image = np.ascontiguousarray(small[: -i or None]) if i % 4 else make_image()
        jobs.append((image, make_boxes(1 + i % 5, seed=i)))

    def localize(job):
        image, boxes = job
        faces = localizer.detect(image)
        return faces.boxes, faces.landmarks, localizer(image, boxes)

    threaded = in_threads(localize, jobs)
    one_by_one = [localize(job) for job in jobs]
    assert sum(len(boxes) for boxes, _, _ in one_by_one) >= 6
    for received, expected in zip(threaded, one_by_one, strict=True):
        for values, right in zip(received, expected, strict=True):
            np.testing.assert_allclose(values, right, atol=1e-2)
