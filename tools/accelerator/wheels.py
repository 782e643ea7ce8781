"""Packages that a machine without network lacks: wheels, and this one itself."""

import importlib.util
import subprocess
import sys
import zipfile
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path

PACKAGES = ("keras", "namex", "optree", "simplejpeg", "typing_extensions")
"""What machines with JAX, PyTorch and OpenCV usually lack of what training needs."""

_PLATFORMS = ("manylinux_2_28", "manylinux_2_27", "manylinux_2_17", "manylinux2014")


def download(folder: Path, python: str) -> None:
    """Fetch the wheels in the versions that are installed here.

    Args:
        folder: to fill.
        python: version of the other machine's Python, such as "3.12"; it runs Linux
            on x86-64.

    Raises:
        subprocess.CalledProcessError: if pip finds none.
    """
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--only-binary=:all:", "--implementation", "cp"]
    command += ["--python-version", python, "--dest", str(folder)]
    for platform in _PLATFORMS:
        command += ["--platform", f"{platform}_x86_64"]
    command += [f"{package}=={version(package)}" for package in PACKAGES]
    subprocess.run(command, check=True)


def make_importable(wheels: Path, site: Path) -> list[str]:
    """Unpack those wheels whose package is not installed, and put them on the path.

    Args:
        wheels: folder of wheels.
        site: folder to unpack them into.

    Returns:
        The packages that came from wheels.
    """
    sys.path.insert(0, str(site))
    found = []
    for wheel in sorted(wheels.glob("*.whl")):
        package = wheel.name.split("-")[0]
        try:
            distribution(package)
        except PackageNotFoundError:
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(site)
            found.append(package)
    return found


def use_clone(repository: Path) -> None:
    """Make the package importable from a clone, with the zoo, if it is not installed.

    Args:
        repository: the clone.
    """
    sys.path.insert(1, str(repository))
    name, folder = "wingkeras.pretrained", repository / "zoo"
    if importlib.util.find_spec(name) is None:
        spec = importlib.util.spec_from_file_location(
            name, folder / "__init__.py", submodule_search_locations=[str(folder)]
        )
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        sys.modules[name] = module
