"""Frames per second of the page in examples/web."""

import argparse
import re
import statistics
import tempfile
import time
from pathlib import Path

HELP = "frames per second of the page in examples/web"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("models", nargs="+", metavar="NAME", help="of the zoo")
    parser.add_argument("--seconds", type=int, default=10, help="of every measurement")


def run(options: argparse.Namespace, results: Path) -> dict:
    """Medians of what the page shows while it follows one face of a film."""
    from matplotlib.cbook import get_sample_data

    from benchmarks import browser as page
    from wingkeras.imaging.images import read_image

    if missing := page.what_is_missing():
        raise SystemExit(f"benchmark: browser {missing}")
    portrait = read_image(get_sample_data("grace_hopper.jpg", asfileobj=False))
    with tempfile.TemporaryDirectory() as folder:
        site, film = Path(folder) / "site", Path(folder) / "film.mjpeg"
        page.film_portrait(portrait, film)
        page.build(site, options.models)
        with (
            page.served(site) as address,
            page.opened(Path(folder) / "profile", film) as browser,
        ):
            rates = {}
            for name in options.models:
                browser.get(f"{address}?model={Path(name).name}")
                page.wait_for(browser, "Choose a picture")
                browser.find_element("id", "camera").click()
                rates[name] = _median_rate(browser, options.seconds)
            version = browser.capabilities["browserVersion"]
    return {
        "benchmark": "browser",
        "browser": f"Chromium {version}",
        "onnxruntime_web": page.runtime_version(),
        "threads": 1,
        "film": {
            "picture": "matplotlib's grace_hopper.jpg, moving slowly",
            "pixels": page.FILM_SIZE,
            "frames_per_second": page.FILM_RATE,
        },
        "median_frames_per_second": rates,
    }


def _median_rate(browser, seconds: int) -> float:
    """Of the rates that the page shows, once a second, each of its last two seconds."""
    from benchmarks import browser as page

    page.wait_for(browser, "frames/s")
    time.sleep(3)  # until the rate is without the first frames
    rates = []
    for _ in range(seconds):
        time.sleep(1)
        said = page.wait_for(browser, "1 face, ")
        shown = re.search(r"([\d.]+) frames/s", said)
        assert shown is not None, said
        rates.append(float(shown[1]))
    return round(statistics.median(rates), 1)
