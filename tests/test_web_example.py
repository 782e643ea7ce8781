"""The page in `examples/web`, in a real browser."""

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from matplotlib.cbook import get_sample_data

from wingkeras import zoo
from wingkeras.imaging.images import read_image

pytest.importorskip("selenium", reason="needs the extra `dev`")
pytest.importorskip("tf2onnx", reason="needs the extra `onnx`")

from benchmarks import browser as page

MODEL, OTHER = "mobilenetv3_300w", "cnn6_aflw5"
PIXELS = 0.5
"""Between the landmarks of the page and those of Python, in the page's boxes."""

SIDES = 0.005
"""Between the boxes of the page and those of Python, in their sides."""

DOT = (60, 220, 60)

_SLOW_LISTING = """
const list = CacheStorage.prototype.keys;
let delay = 3000;
CacheStorage.prototype.keys = async function () {
  const names = await list.call(this);
  await new Promise((done) => setTimeout(done, delay));
  delay = 0;
  return names;
};
"""
"""Script: the page takes three seconds to list its caches for the first time."""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def path():
    return get_sample_data("grace_hopper.jpg", asfileobj=False)


@pytest.fixture(scope="module")
def film(path, tmp_path_factory):
    film = tmp_path_factory.mktemp("film") / "portrait.mjpeg"
    page.film_portrait(read_image(path), film)
    return film


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    if missing := page.what_is_missing():
        pytest.skip(missing)
    folder = tmp_path_factory.mktemp("site") / "site"
    page.build(folder, [MODEL, OTHER])
    return folder


@pytest.fixture(scope="module")
def address(site):
    with page.served(site) as address:
        yield address


@pytest.fixture(scope="module")
def browser(site, film, tmp_path_factory):
    with page.opened(tmp_path_factory.mktemp("profile"), film) as browser:
        yield browser


@pytest.fixture(scope="module")
def localizer():
    return zoo.load(MODEL)


def _open(browser, address):
    browser.get(address)
    page.wait_for(browser, "Choose a picture")


def _choose(browser, picture):
    browser.find_element("id", "file").send_keys(str(picture))
    page.wait_for(browser, " ms")


def _compare(localizer, image, found):
    """The page's faces with Python's: boxes, and landmarks in the same boxes."""
    boxes = np.array([face["box"] for face in found["faces"]])
    expected = localizer.find_faces(image)
    assert boxes.shape == expected.boxes.shape
    sides = expected.boxes[:, 2:3] - expected.boxes[:, :1]
    assert (np.abs(boxes - expected.boxes) < SIDES * sides).all()
    scores = [face["score"] for face in found["faces"]]
    np.testing.assert_allclose(scores, expected.scores, atol=0.02)
    landmarks = np.array([face["landmarks"] for face in found["faces"]])
    assert np.abs(landmarks - localizer(image, boxes)).max() < PIXELS


def test_finds_the_faces_and_landmarks_that_python_finds(
    address, browser, localizer, path
):
    image = read_image(path)
    _open(browser, address)
    _choose(browser, path)
    shown, found = page.found_in(browser)
    np.testing.assert_array_equal(shown, image)
    assert len(found["faces"]) == 1
    _compare(localizer, image, found)

    view = browser.find_element("id", "view").screenshot_as_png
    drawn = cv2.imdecode(np.frombuffer(view, np.uint8), 1)[..., ::-1]
    scale = drawn.shape[1] / image.shape[1]
    landmarks = np.array(found["faces"][0]["landmarks"])
    columns, rows = np.rint((landmarks + 0.5) * scale - 0.5).astype(int).T
    off = np.abs(drawn[rows, columns].astype(int) - DOT).max(axis=1)
    assert (off < 90).sum() >= 66


def test_finds_small_faces_beside_large_ones(
    address, browser, localizer, path, tmp_path
):
    """The two smaller ones need the closer look."""
    portrait = read_image(path)
    image = np.full((900, 1200, 3), 120, np.uint8)
    for left, top, height in ((20, 150, 700), (680, 20, 400), (1080, 20, 120)):
        size = (round(height * 512 / 600), height)
        small = cv2.resize(portrait, size, interpolation=cv2.INTER_AREA)
        image[top : top + height, left : left + size[0]] = small
    cv2.imwrite(str(tmp_path / "three.png"), image[..., ::-1])
    _open(browser, address)
    _choose(browser, tmp_path / "three.png")
    _, found = page.found_in(browser)
    assert len(found["faces"]) == 3
    _compare(localizer, image, found)


def test_says_that_there_is_no_face(address, browser, tmp_path):
    cv2.imwrite(str(tmp_path / "grey.png"), np.full((300, 400, 3), 120, np.uint8))
    _open(browser, address)
    _choose(browser, tmp_path / "grey.png")
    assert "No face found" in browser.find_element("id", "status").text
    assert not browser.find_element("id", "save").is_displayed()


def test_another_model_can_be_chosen(address, browser, path):
    _open(browser, address)
    _choose(browser, path)
    options = browser.find_elements("css selector", "#model option")
    assert [option.text for option in options] == [
        f"{MODEL}: 2.2 MB, error 3.72 %",
        f"{OTHER}: 7.4 MB, error 10.52 %",
    ]
    options[1].click()
    page.wait_for(browser, "1 face, 5 points in")
    _, found = page.found_in(browser)
    _compare(zoo.load(OTHER), read_image(path), found)


def test_follows_a_face_in_the_camera(address, browser, localizer):
    _open(browser, address)
    browser.find_element("id", "camera").click()
    page.wait_for(browser, "1 face, 68 points; ")
    places = []
    for _ in range(4):
        time.sleep(0.4)
        frame, found = page.found_in(browser)
        assert frame.shape[1::-1] == page.FILM_SIZE
        (face,) = found["faces"]
        landmarks = np.array(face["landmarks"])
        assert np.abs(landmarks - localizer(frame, face["box"])).max() < PIXELS
        (expected,) = localizer.detect(frame).landmarks
        eyes = np.linalg.norm(expected[36] - expected[45])
        errors = np.linalg.norm(landmarks - expected, axis=1)
        assert errors.mean() < 0.05 * eyes
        places.append(landmarks.mean(axis=0))
    assert np.ptp(places, axis=0).max() > 3
    said = browser.find_element("id", "status").text
    rate = re.fullmatch(r"1 face, 68 points; ([\d.]+) frames/s", said)
    assert rate and float(rate[1]) > 0


def test_a_picture_never_gets_the_cameras_landmarks(address, browser, path):
    _open(browser, address)
    browser.find_element("id", "camera").click()
    page.wait_for(browser, "frames/s")
    _choose(browser, path)
    time.sleep(1)  # for the answer that was on its way
    shown, _ = page.found_in(browser)
    np.testing.assert_array_equal(shown, read_image(path))
    assert "1 face, 68 points in" in browser.find_element("id", "status").text


def test_works_offline_and_takes_a_newer_site(site, film, path, tmp_path):
    newer = _copy(site, tmp_path / "newer")
    _replace(newer / "index.html", "<title>Face", "<title>Newer face")
    _replace(newer / "service_worker.js", 'VERSION = "', 'VERSION = "newer')
    keys = "return caches.keys()"
    with page.opened(tmp_path / "profile", film) as browser:
        with page.served(site) as address:
            _open(browser, address)
            said = page.wait_for(browser, "Works offline", "offline")
            assert MODEL in said and OTHER not in said
            (before,) = browser.execute_script(keys)

        _open(browser, address)
        _choose(browser, path)
        assert len(page.found_in(browser)[1]["faces"]) == 1
        browser.find_element("css selector", "#model option:last-child").click()
        page.wait_for(browser, f"models/{OTHER}.onnx cannot be reached")

        # The page is still listing what is kept when the newer worker takes over.
        browser.execute_cdp_cmd(
            "Page.addScriptToEvaluateOnNewDocument", {"source": _SLOW_LISTING}
        )
        with page.served(newer, int(address.rpartition(":")[2])):
            _open(browser, address)
            page.wait_for(browser, "A newer version", "offline")
            time.sleep(5)
            assert "A newer" in browser.find_element("id", "offline").text
            _open(browser, address)
            assert browser.title == "Newer face landmarks"
            (after,) = browser.execute_script(keys)
            assert after != before


@pytest.mark.parametrize(
    "name",
    [f"models/{MODEL}.onnx", "face_detection_yunet_2026may.onnx", "models.json"],
)
def test_says_what_is_missing(site, browser, tmp_path, name):
    incomplete = _copy(site, tmp_path / "site")
    (incomplete / name).unlink()
    with page.served(incomplete) as address:
        browser.get(address)
        page.wait_for(browser, f"{name} is missing from this site (404).")


def test_says_what_hinders_use_offline(site, browser, tmp_path):
    incomplete = _copy(site, tmp_path / "site")
    (incomplete / "licences.txt").unlink()
    with page.served(incomplete) as address:
        _open(browser, address)
        page.wait_for(browser, "Not kept for offline use: a file", "offline")


def _copy(site, folder):
    return Path(shutil.copytree(site, folder, copy_function=os.link))


def _replace(path, old, new):
    text = path.read_text()
    assert old in text
    path.unlink()  # a link to the site's own
    path.write_text(text.replace(old, new))
    # The server compares times in whole seconds.
    os.utime(path, (time.time() + 10,) * 2)


def test_build_refuses_to_replace_other_folders(site, tmp_path):
    (tmp_path / "thesis.txt").write_text("text")
    program = [sys.executable, page.EXAMPLE / "build.py", "--output", tmp_path]
    done = subprocess.run(program, capture_output=True, text=True)
    assert done.returncode == 1
    assert "a new or empty folder" in done.stderr and str(tmp_path) in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_build_names_an_unknown_model_and_keeps_the_old_site(site):
    before = (site / "models.json").read_bytes()
    program = [sys.executable, page.EXAMPLE / "build.py", "--output", site]
    program += ["--models", "cnn6_300v"]
    done = subprocess.run(program, capture_output=True, text=True)
    assert done.returncode == 1 and "Did you mean 'cnn6_300w'?" in done.stderr
    assert (site / "models.json").read_bytes() == before
    assert [path.name for path in site.parent.iterdir()] == [site.name]
