"""Whatever bytes a weight file holds, all of it is loaded or nothing."""

from faults import weights
from faults.kinds import attempt_all


def test_damaged_files_are_loaded_whole_or_refused(tmp_path):
    attempt_all(weights.LOADING, tmp_path, range(100))


def test_another_file_than_the_registry_s_is_refused(tmp_path):
    attempt_all(weights.CHECKING, tmp_path, range(100))
