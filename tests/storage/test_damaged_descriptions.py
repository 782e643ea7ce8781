"""Whatever a description of models holds, it fits or is refused by name."""

from faults import descriptions
from faults.kinds import attempt_all
from wingkeras.storage import registry


def test_damaged_models(tmp_path):
    attempt_all(descriptions.MODEL, tmp_path, range(300))


def test_damaged_registries(tmp_path, monkeypatch):
    # To be put back, as the attempts set it.
    monkeypatch.setattr(registry, "packaged_folder", registry.packaged_folder)
    attempt_all(descriptions.REGISTRY, tmp_path, range(300))
