import json
import subprocess
from pathlib import Path

import pytest

import release
from releasing.mirror import lay_out
from releasing.version import with_version
from served_folder import served
from wingkeras import zoo
from wingkeras.storage import hub, locating

ROOT = Path(__file__).parents[2]
MODEL = "cnn6_aflw5"


@pytest.fixture(scope="module")
def mirror(tmp_path_factory):
    folder = tmp_path_factory.mktemp("release") / "mirror"
    assert release.main(["--mirror", str(folder)]) == 0
    return folder


@pytest.fixture
def without_package(tmp_path, monkeypatch):
    """A package without weights, and an empty cache."""
    monkeypatch.setattr(locating, "packaged_folder", lambda: tmp_path / "none")
    monkeypatch.setenv("WINGKERAS_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("WINGKERAS_ZOO", raising=False)


def test_mirror_holds_what_the_registry_names(mirror):
    entries = json.loads((mirror / "registry.json").read_text())
    assert {entry["name"] for entry in entries} == set(zoo.list_models())
    for entry in entries:
        own = mirror / entry["name"]
        for name in (entry["card"], *(stage["file"] for stage in entry["stages"])):
            assert (mirror / name).is_file()
        assert {"README.md", "model.json", "LICENSE-WEIGHTS.md"} <= {
            path.name for path in own.iterdir()
        }
        assert (own / "README.md").read_text().startswith("---\nlicense: other\n")


def test_a_model_is_loaded_from_the_mirror_over_http(
    mirror, without_package, monkeypatch
):
    with served(mirror) as address:
        monkeypatch.setenv("WINGKERAS_ZOO", address)
        assert len(zoo.load(MODEL).scheme) == 5
    monkeypatch.setenv("WINGKERAS_ZOO", str(mirror))
    assert len(zoo.load(MODEL).scheme) == 5


def test_a_model_is_loaded_as_a_repository_of_the_hub(
    mirror, without_package, monkeypatch
):
    """With a stand-in for the Hub's client, which needs the network."""
    monkeypatch.setattr(hub, "fetch_repository", lambda address: mirror / MODEL)
    assert len(zoo.load(f"hf://someone/{MODEL}").scheme) == 5
    assert len(zoo.load(mirror / MODEL).scheme) == 5


def test_a_folder_with_files_is_left_alone(tmp_path, capsys):
    (tmp_path / "file").write_text("mine")
    assert release.main(["--mirror", str(tmp_path)]) == 1
    assert "expected an empty folder" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_file_that_is_missing_leaves_no_mirror(tmp_path):
    zoo_folder = tmp_path / "zoo"
    zoo_folder.mkdir()
    for name in ("registry.json", "LICENSE-WEIGHTS.md"):
        (zoo_folder / name).write_bytes((ROOT / "zoo" / name).read_bytes())
    with pytest.raises(FileNotFoundError):
        lay_out(zoo_folder, tmp_path / "mirror")
    assert [path.name for path in tmp_path.iterdir()] == ["zoo"]


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A checkout with what a release changes, and one model's zoo."""
    root = tmp_path / "project"
    (root / "wingkeras").mkdir(parents=True)
    (root / "wingkeras/__init__.py").write_text('__version__ = "0.1.0"\n')
    (root / "CITATION.cff").write_text("title: x\nversion: 0.1.0\n")
    changes = "# Changelog\n\n## [Unreleased]\n\n- New.\n\n## [0.1.0]\n\n- Old.\n"
    (root / "CHANGELOG.md").write_text(changes)
    (root / "zoo").symlink_to(ROOT / "zoo")
    git = ["git", "-C", root, "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "First"]):
        subprocess.run([*git, *command], check=True)
    monkeypatch.setattr(release, "ROOT", root)
    for name, value in (("NAME", "a"), ("EMAIL", "a@example.org")):
        monkeypatch.setenv(f"GIT_AUTHOR_{name}", value)
        monkeypatch.setenv(f"GIT_COMMITTER_{name}", value)
    monkeypatch.setattr("releasing.building._run", lambda command: None)
    return root


def _git(root, *arguments):
    return subprocess.check_output(["git", "-C", root, *arguments], text=True).strip()


def test_a_dry_run_changes_nothing(project, tmp_path):
    arguments = ["0.2.0", "--output", str(tmp_path / "out")]
    assert release.main([*arguments, "--dry-run"]) == 0
    assert not _git(project, "status", "--porcelain") and not _git(project, "tag")
    assert (tmp_path / "out/mirror/registry.json").is_file()


def test_a_release_is_committed_and_tagged(project, tmp_path, capsys):
    assert release.main(["0.2.0", "--output", str(tmp_path / "out")]) == 0
    assert not _git(project, "status", "--porcelain")
    assert _git(project, "describe") == "v0.2.0"
    assert '"0.2.0"' in (project / "wingkeras/__init__.py").read_text()
    text = (project / "CHANGELOG.md").read_text()
    assert "## [Unreleased]\n\n## [0.2.0] - 2" in text
    assert release.main(["0.2.0", "--output", str(tmp_path / "other")]) == 1
    assert "there is a tag v0.2.0 already" in capsys.readouterr().err


def test_a_changed_checkout_is_not_released(project, tmp_path, capsys):
    (project / "CITATION.cff").write_text("version: 0.1.0\n")
    assert release.main(["0.2.0", "--output", str(tmp_path / "out")]) == 1
    assert "without changes" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("version", ["0.2", "v0.2.0", "0.1.0"])
def test_versions_that_cannot_be_released(project, version):
    with pytest.raises(ValueError, match=r"a version such as|section for 0\.1\.0"):
        with_version(project, version, "2026-01-01")


def test_the_project_itself_can_be_released():
    changed = with_version(ROOT, "99.0.0", "2026-01-01")
    assert set(changed) == {"wingkeras/__init__.py", "CITATION.cff", "CHANGELOG.md"}
