"""The page in `examples/web`, in a real browser."""

import json
import shutil
import time
import urllib.parse
from pathlib import Path

import cv2
import numpy as np
import pytest
from matplotlib.cbook import get_sample_data

from served_folder import served
from wingkeras import export, zoo
from wingkeras.imaging.images import read_image

EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "web"
MODEL = "cnn6_300w"
DOT = (0, 255, 0)

pytestmark = pytest.mark.slow
selenium = pytest.importorskip("selenium", reason="needs the extra `dev`")
pytest.importorskip("tf2onnx", reason="needs the extra `onnx`")


@pytest.fixture(scope="module")
def portrait():
    return read_image(get_sample_data("grace_hopper.jpg", asfileobj=False))


@pytest.fixture(scope="module")
def site(portrait, tmp_path_factory):
    """The page with a model and a picture, served on this machine."""
    if not (EXAMPLE / "node_modules").is_dir():
        pytest.skip(f"needs `npm ci` in {EXAMPLE}")
    folder = tmp_path_factory.mktemp("site")
    for name in ("index.html", "main.js", "localizer.js"):
        shutil.copy(EXAMPLE / name, folder)
    (folder / "node_modules").symlink_to(EXAMPLE / "node_modules")
    graph = export.build_graph(zoo.load(MODEL))
    export.convert(graph, folder / "model.onnx", quantize="fp16")
    cv2.imwrite(str(folder / "portrait.png"), portrait[..., ::-1])

    with served(folder) as address:
        yield address


@pytest.fixture
def browser(tmp_path):
    from selenium import webdriver

    programs = [shutil.which(name) for name in ("chromium", "chromedriver")]
    if not all(programs):
        pytest.skip("needs chromium and chromedriver")
    options = webdriver.ChromeOptions()
    options.binary_location = programs[0]
    for flag in (
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        "--window-size=1000,900",
        f"--user-data-dir={tmp_path / 'profile'}",
    ):
        options.add_argument(flag)
    service = webdriver.ChromeService(programs[1])
    driver = webdriver.Chrome(options, service)
    yield driver
    driver.quit()
    service.stop()


def _wait_for(browser, text):
    from selenium.webdriver.support.ui import WebDriverWait

    status = browser.find_element("id", "status")
    WebDriverWait(browser, 120).until(
        lambda _: text in status.text, f"the page says {status.text!r}"
    )


def _landmarks(browser):
    link = browser.find_element("id", "save").get_attribute("href")
    return np.array(
        json.loads(urllib.parse.unquote(link.split(",", 1)[1]))["landmarks"]
    )


def _draw(browser, box):
    """Draw a box, in widths of the picture, with the mouse."""
    from selenium.webdriver import ActionChains

    canvas = browser.find_element("id", "picture")
    width, height = canvas.size["width"], canvas.size["height"]
    start, end = np.reshape(box, (2, 2)) * width - np.array([width, height]) / 2
    actions = ActionChains(browser)
    actions.move_to_element_with_offset(canvas, *map(int, start)).click_and_hold()
    actions.move_to_element_with_offset(canvas, *map(int, end)).release().perform()


def test_finds_the_landmarks_that_python_finds(site, browser, portrait, tmp_path):
    localizer = zoo.load(MODEL)
    faces = localizer.detect(portrait)
    expected, boxes = faces.landmarks, faces.boxes
    box = ",".join(f"{value:.3f}" for value in boxes[0])
    browser.get(f"{site}/index.html?image=portrait.png&box={box}")
    _wait_for(browser, "68 points in")
    received = _landmarks(browser)
    assert np.abs(received - expected[0]).max() < 0.5

    canvas = browser.find_element("id", "picture")
    drawn = cv2.imdecode(np.frombuffer(canvas.screenshot_as_png, np.uint8), 1)
    scale = drawn.shape[1] / portrait.shape[1]
    columns, rows = np.rint((received + 0.5) * scale - 0.5).astype(int).T
    dots = np.abs(drawn[rows, columns, ::-1].astype(int) - DOT).max(axis=1) < 60
    assert dots.sum() >= 66


def test_box_can_be_drawn_by_hand(site, browser, portrait):
    faces = zoo.load(MODEL).detect(portrait)
    expected, boxes = faces.landmarks, faces.boxes
    browser.get(f"{site}/index.html?image=portrait.png")
    _wait_for(browser, "Draw a box")
    _draw(browser, boxes[0] / portrait.shape[1])
    _wait_for(browser, "68 points in")
    eyes = np.linalg.norm(expected[0, 36] - expected[0, 45])
    error = np.linalg.norm(_landmarks(browser) - expected[0], axis=1).mean()
    assert error / eyes < 0.06


def test_a_picture_never_gets_the_cameras_landmarks(site, browser, portrait, tmp_path):
    picture = tmp_path / "still.png"
    cv2.imwrite(str(picture), portrait[..., ::-1])
    browser.get(f"{site}/index.html")
    _wait_for(browser, "Choose a picture")
    browser.find_element("id", "camera").click()
    _wait_for(browser, "Draw a box")
    _draw(browser, [0.3, 0.1, 0.7, 0.5])
    _wait_for(browser, "frames per second")
    browser.find_element("id", "file").send_keys(str(picture))
    _wait_for(browser, "Draw a box")
    time.sleep(2)  # for the answer that was on its way
    assert "Draw a box" in browser.find_element("id", "status").text
    assert not browser.find_element("id", "save").is_displayed()


def test_says_what_is_missing(site, browser):
    browser.get(f"{site}/index.html?model=none.onnx")
    _wait_for(browser, "The model could not be loaded")
