"""The page of `examples/web` in a real browser, with a film in place of a camera."""

import base64
import contextlib
import json
import re
import shutil
import subprocess
import sys
import urllib.parse
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from selenium import webdriver
from selenium.common.exceptions import TimeoutException
from selenium.webdriver.support.ui import WebDriverWait

from benchmarks.machine import REPOSITORY

EXAMPLE = REPOSITORY / "examples" / "web"
FILM_SIZE = (640, 480)
FILM_RATE = 30
"""Frames per second that Chromium takes from a file of JPEG pictures."""

_PROGRAMS = ("chromium", "chromedriver")
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--window-size=1000,1100",
)


def what_is_missing() -> str | None:
    """What the page and the browser need and this machine lacks, in words."""
    if not (EXAMPLE / "node_modules").is_dir():
        return f"needs `npm ci --prefix {EXAMPLE}`"
    if not all(map(shutil.which, _PROGRAMS)):
        return "needs chromium and chromedriver"
    return None


def runtime_version() -> str:
    """The version of onnxruntime-web that `npm ci` installed."""
    package = EXAMPLE / "node_modules" / "onnxruntime-web" / "package.json"
    return json.loads(package.read_text())["version"]


def build(output: Path, models: Sequence[str]) -> None:
    """Run `examples/web/build.py`.

    Raises:
        subprocess.CalledProcessError: if it fails.
    """
    program = [sys.executable, str(EXAMPLE / "build.py"), "--output", str(output)]
    subprocess.run([*program, "--models", *models], check=True)


@contextlib.contextmanager
def served(site: Path, port: int = 0) -> Iterator[str]:
    """The address at which Python's own server serves a folder; 0 is any free port."""
    program = [sys.executable, "-u", "-m", "http.server", str(port)]
    program += ["--bind", "127.0.0.1", "--directory", str(site)]
    with subprocess.Popen(
        program, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        try:
            assert server.stdout is not None
            found = re.search(r"http://[\d.:]+", server.stdout.readline())
            if found is None:
                raise OSError(f"Expected port {port} to be free.")
            yield found.group()
        finally:
            server.terminate()


@contextlib.contextmanager
def opened(profile: Path, film: Path) -> Iterator[webdriver.Chrome]:
    """A headless Chromium.

    Args:
        profile: folder of its own.
        film: what its camera shows, see `film_portrait`.
    """
    browser, driver = map(shutil.which, _PROGRAMS)
    options = webdriver.ChromeOptions()
    options.binary_location = browser or ""
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    own = (f"--user-data-dir={profile}", f"--use-file-for-fake-video-capture={film}")
    for flag in (*_FLAGS, *own):
        options.add_argument(flag)
    service = webdriver.ChromeService(driver)
    chromium = webdriver.Chrome(options, service)
    try:
        yield chromium
    finally:
        chromium.quit()
        service.stop()


def film_portrait(portrait: np.ndarray, path: Path) -> None:
    """Four seconds of a portrait that moves slowly in a circle, again and again.

    Args:
        portrait: `(H, W, 3)` uint8 RGB.
        path: ends with `.mjpeg`, JPEG pictures one after the other.
    """
    width, height = FILM_SIZE
    scale = height / portrait.shape[0]
    left = (width - scale * portrait.shape[1]) / 2
    count = 4 * FILM_RATE
    with path.open("wb") as file:
        for angle in np.linspace(0, 2 * np.pi, count, endpoint=False):
            x, y = left + 20 * np.cos(angle), 10 * np.sin(angle)
            move = np.array([[scale, 0, x], [0, scale, y]])
            frame = cv2.warpAffine(
                portrait, move, FILM_SIZE, flags=cv2.INTER_AREA, borderValue=(90,) * 3
            )
            file.write(cv2.imencode(".jpg", frame[..., ::-1])[1].tobytes())


def wait_for(browser: webdriver.Chrome, text: str, line: str = "status") -> str:
    """What the page says, once it says `text`.

    Args:
        browser: with the page.
        text: to wait for.
        line: id of the element.

    Raises:
        selenium.common.TimeoutException: after two minutes; it tells what the page says
            instead.
    """
    said = ""

    def says(_) -> bool:
        nonlocal said
        said = browser.find_element("id", line).text
        return text in said

    try:
        WebDriverWait(browser, 120, 0.1).until(says)
    except TimeoutException as error:
        message = f"Expected the page to say {text!r}, it says {said!r}."
        raise TimeoutException(message) from error
    return said


def found_in(browser: webdriver.Chrome) -> tuple[np.ndarray, dict]:
    """The picture that the page shows, and the faces that it offers to save.

    Returns:
        `(H, W, 3)` uint8 RGB, and the content of the JSON file: `faces`, each with its
        `box`, `score` and `landmarks`.
    """
    picture, link = browser.execute_script(
        "return [document.getElementById('picture').toDataURL(),"
        " document.getElementById('save').href]"
    )
    data = np.frombuffer(base64.b64decode(picture.split(",", 1)[1]), np.uint8)
    image = cv2.imdecode(data, cv2.IMREAD_COLOR)
    assert image is not None
    return image[..., ::-1].copy(), json.loads(
        urllib.parse.unquote(link.split(",", 1)[1])
    )
