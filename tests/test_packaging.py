"""What is in the source distribution, in the wheel, and in the environment."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from email import message_from_bytes
from importlib.metadata import distribution, distributions
from importlib.util import find_spec
from pathlib import Path

import pytest

import wingkeras

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def tracked() -> set[str]:
    """Every file of the project, by its path from the root."""
    if not (ROOT / ".git").exists():
        pytest.skip("needs a checkout: git tells which files belong to the project")
    git = ["git", "-c", "safe.directory=*", "-C", ROOT, "ls-files", "-z"]
    listed = subprocess.check_output(
        [*git, "--cached", "--others", "--exclude-standard"], text=True
    )
    return {name for name in listed.split("\0") if (ROOT / name).is_file()}


@pytest.fixture(scope="module")
def built(request, tmp_path_factory) -> Path:
    """A folder with both distributions: that in `WINGKERAS_DIST`, else built here."""
    if os.environ.get("WINGKERAS_DIST"):
        return Path(os.environ["WINGKERAS_DIST"])
    if not find_spec("build"):
        pytest.skip("needs the extra `dev`, or both distributions in WINGKERAS_DIST")
    # A copy: building leaves files behind, and reads what it left there before.
    source, out = (tmp_path_factory.mktemp(name) for name in ("source", "dist"))
    for name in request.getfixturevalue("tracked"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, source / name)
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", out, source]
    result = subprocess.run(command, capture_output=True, text=True, cwd=out)
    assert result.returncode == 0, result.stdout + result.stderr
    return out


@pytest.fixture(scope="module")
def wheel(built) -> dict[str, bytes]:
    """The content of the wheel's files."""
    (path,) = built.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.slow
def test_source_distribution_holds_every_file(built, tracked):
    (path,) = built.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        files = [member.name for member in archive if member.isfile()]
    names = {name.split("/", 1)[1] for name in files}
    generated = {name for name in names if name.startswith("wingkeras.egg-info/")}
    assert names - generated - {"PKG-INFO"} == tracked


def _expected_wheel() -> set[str]:
    """Modules, type marker, head pose model, registry, weights, detector, cards,
    licences."""
    package = ROOT / "wingkeras"
    names = {path.relative_to(ROOT).as_posix() for path in package.rglob("*.py")}
    registry = json.loads((ROOT / "zoo/registry.json").read_text())
    weights = {stage["file"] for entry in registry for stage in entry["stages"]}
    cards = {entry["card"] for entry in registry}
    yunet = "face_detection_yunet_2026may"
    others = {"__init__.py", "registry.json", "LICENSE-WEIGHTS.md"}
    others |= {f"{yunet}.onnx", f"{yunet}.LICENSE"}
    names |= {f"wingkeras/pretrained/{name}" for name in others | weights | cards}
    described = ("METADATA", "RECORD", "WHEEL", "entry_points.txt", "top_level.txt")
    licences = (
        "licenses/LICENSE",
        "licenses/zoo/LICENSE-WEIGHTS.md",
        f"licenses/zoo/{yunet}.LICENSE",
    )
    info = f"wingkeras-{wingkeras.__version__}.dist-info"
    names |= {f"{info}/{name}" for name in (*described, *licences)}
    return names | {"wingkeras/py.typed", "wingkeras/head_pose.npz"}


@pytest.mark.slow
def test_wheel_holds_the_package_and_nothing_else(wheel):
    assert set(wheel) == _expected_wheel()


@pytest.mark.slow
def test_wheel_has_the_version_that_the_program_prints(wheel):
    (metadata,) = (wheel[name] for name in wheel if name.endswith("/METADATA"))
    # -P: the installed package, not the folder the tests are run in.
    command = [sys.executable, "-P", "-m", "wingkeras", "--version"]
    printed = subprocess.check_output(command, text=True)
    assert printed == f"wingkeras {message_from_bytes(metadata)['Version']}\n"


@pytest.mark.slow
def test_licences_of_code_and_weights_are_in_the_wheel(wheel):
    info = f"wingkeras-{wingkeras.__version__}.dist-info"
    described = message_from_bytes(wheel[f"{info}/METADATA"])
    assert described["License-Expression"] == (
        "Apache-2.0 AND LicenseRef-Research-Only-Weights AND MIT"
    )
    code = wheel[f"{info}/licenses/LICENSE"]
    assert code == (ROOT / "LICENSE").read_bytes() and b"Apache License" in code
    weights = wheel["wingkeras/pretrained/LICENSE-WEIGHTS.md"]
    assert weights == wheel[f"{info}/licenses/zoo/LICENSE-WEIGHTS.md"]


def test_licence_of_the_weights_names_every_model():
    text = (ROOT / "zoo/LICENSE-WEIGHTS.md").read_text()
    registry = json.loads((ROOT / "zoo/registry.json").read_text())
    assert registry and all(f"| `{entry['name']}` |" in text for entry in registry)


def _editable() -> bool:
    # A checkout on the path has metadata as well, without the origin.
    origins = [d.read_text("direct_url.json") for d in distributions(name="wingkeras")]
    directories = [json.loads(text).get("dir_info", {}) for text in origins if text]
    return any(directory.get("editable") for directory in directories)


def test_the_installed_package_is_what_the_tests_import():
    if _editable():
        pytest.skip("the package is installed as a link to the checkout")
    assert Path(wingkeras.__file__).parent == _installed("wingkeras")
    assert ROOT not in Path(wingkeras.__file__).parents


def test_the_installed_package_is_the_wheel(request):
    if not os.environ.get("WINGKERAS_DIST"):
        pytest.skip("needs the distributions that were installed, in WINGKERAS_DIST")
    different = [
        name
        for name, content in request.getfixturevalue("wheel").items()
        if not name.endswith(".dist-info/RECORD")  # pip adds what it installs
        and _installed(name).read_bytes() != content
    ]
    assert not different


def _installed(name: str) -> Path:
    return Path(str(distribution("wingkeras").locate_file(name)))
