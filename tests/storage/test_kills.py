"""Processes that are killed, or find the disk full, while they write results."""

from faults import disks, kills
from faults.kinds import attempt_all


def test_killed_processes_leave_whole_files_and_go_on(tmp_path):
    attempt_all(kills.RESULTS, tmp_path, range(10))


def test_full_disks_cost_no_file(tmp_path):
    """In memory where this is root, and limits on the size of files."""
    attempt_all(disks.RESULTS, tmp_path, range(4))
