import contextlib
import functools
import os
import signal
import stat
import subprocess
import sys
import threading

import pytest

from wingkeras.storage import processes
from wingkeras.storage.files import atomic_write, remove_abandoned
from wingkeras.storage.signals import terminated_like_interrupted

WRITER = """
import sys
from wingkeras.storage.files import atomic_write
from wingkeras.storage.signals import terminated_like_interrupted
with terminated_like_interrupted() as terminated:
    try:
        with atomic_write(sys.argv[1]) as scratch:
            scratch.write_text("half")
            print("writing", flush=True)
            sys.stdin.read()
    except KeyboardInterrupt:
        sys.exit(143 if terminated() else 130)
"""


@contextlib.contextmanager
def _writer(path):
    """A process in the middle of writing a file."""
    program = [sys.executable, "-P", "-c", WRITER, path]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    # A test run in the background has Ctrl-C ignored; its children would too.
    default = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen(program, **pipes, text=True, preexec_fn=default) as process:
        try:
            assert process.stdout.readline() == "writing\n"
            yield process
        finally:
            process.kill()


def test_file_appears_when_complete(tmp_path):
    path = tmp_path / "new" / "file.txt"
    with atomic_write(path) as scratch:
        scratch.write_text("half")
        assert scratch.suffix == ".txt" and not path.exists()
    assert path.read_text() == "half"
    assert os.listdir(path.parent) == ["file.txt"]


def test_a_failure_leaves_the_old_file(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError), atomic_write(path) as scratch:
        scratch.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["file.txt"]


def test_a_full_disk_names_the_file(tmp_path):
    with (
        pytest.raises(OSError, match=r"No space left.*file\.txt'") as failure,
        atomic_write(tmp_path / "file.txt"),
        open("/dev/full", "wb", buffering=0) as full,
    ):
        full.write(b"content")
    assert failure.value.filename == str(tmp_path / "file.txt")
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
def test_permissions_are_those_of_any_new_file(tmp_path, mask):
    before = os.umask(mask)
    try:
        with atomic_write(tmp_path / "file") as scratch:
            scratch.touch()
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o666 & ~mask


def test_the_content_is_on_the_disk_before_the_name(tmp_path, monkeypatch):
    steps, sync, replace = [], os.fsync, os.replace

    def note_sync(handle):
        steps.append(os.fstat(handle).st_size)
        sync(handle)

    def note_replace(*paths):
        steps.append("replace")
        replace(*paths)

    monkeypatch.setattr(os, "fsync", note_sync)
    monkeypatch.setattr(os, "replace", note_replace)
    with atomic_write(tmp_path / "file") as scratch:
        scratch.write_text("whole")
    assert steps == [len("whole"), "replace"]


def test_name_as_long_as_a_name_can_be(tmp_path):
    path = tmp_path / ("ü" * 122 + ".weights.h5")
    with atomic_write(path) as scratch:
        assert scratch.name.endswith(".weights.h5")
    assert path.exists()


def test_threads_write_the_same_file(tmp_path):
    def write(text):
        for _ in range(20):
            with atomic_write(tmp_path / "file") as scratch:
                scratch.write_text(text * 1000)

    threads = [threading.Thread(target=write, args=(text,)) for text in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set((tmp_path / "file").read_text())) == 1
    assert os.listdir(tmp_path) == ["file"]


def test_scratch_files_of_the_dead_go_and_of_the_living_stay(tmp_path):
    with _writer(tmp_path / "alive") as alive, _writer(tmp_path / "dead") as dead:
        dead.kill()
        dead.wait()
        left = set(os.listdir(tmp_path))
        assert len(left) == 2
        (tmp_path / ".incomplete-ffffffff-1-1_00-elsewhere").touch()
        (tmp_path / ".incomplete-nobody").touch()
        with _writer(tmp_path / "next"):
            (_,) = {n for n in os.listdir(tmp_path) if n.endswith("-alive")}
            assert not [n for n in os.listdir(tmp_path) if n.endswith("-dead")]
        alive.communicate("")
        assert alive.returncode == 0 and (tmp_path / "alive").read_text() == "half"
    remove_abandoned(tmp_path)
    assert sorted(os.listdir(tmp_path)) == [
        ".incomplete-ffffffff-1-1_00-elsewhere",
        ".incomplete-nobody",
        "alive",
    ]


def test_a_process_with_the_number_of_a_dead_one_is_another():
    mine = processes.identity()
    kernel, number, start = mine.split("-")
    assert not processes.has_ended(mine)
    assert processes.has_ended(f"{kernel}-{number}-{int(start) - 1}")
    for unknown in ("", "-", f"{kernel}-{number}", f"{kernel}-{number}-0", "a-b-c"):
        assert not processes.has_ended(unknown)


@pytest.mark.parametrize(
    ("sent", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)]
)
def test_a_command_that_is_ended_cleans_up(tmp_path, sent, code):
    with _writer(tmp_path / "file") as process:
        process.send_signal(sent)
        assert process.wait(60) == code
    assert not os.listdir(tmp_path)


INTERRUPTED = """
import os, sys
from pathlib import Path
from wingkeras.storage.files import atomic_write
place, name = {"open": (os, "open"), "unlink": (Path, "unlink")}[sys.argv[2]]
before = getattr(place, name)
def interrupt(*arguments, **settings):
    setattr(place, name, before)
    if name == "open":
        before(*arguments, **settings)
    raise KeyboardInterrupt
try:
    with atomic_write(sys.argv[1]) as warm:
        warm.write_text("old")
    setattr(place, name, interrupt)
    with atomic_write(sys.argv[1]) as scratch:
        raise OSError("the disk is gone")
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.parametrize("moment", ["open", "unlink"])
def test_ctrl_c_beside_a_file_that_is_made_or_removed_leaves_nothing(tmp_path, moment):
    """Just after the file was made, and just before it is removed."""
    program = [sys.executable, "-P", "-c", INTERRUPTED, tmp_path / "file", moment]
    done = subprocess.run(program, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "interrupted\n"), done.stderr
    assert os.listdir(tmp_path) == ["file"]


ENDED = """
import signal
from wingkeras.storage.signals import terminated_like_interrupted
for ctrl_c in (signal.default_int_handler, signal.SIG_IGN):
    signal.signal(signal.SIGINT, ctrl_c)
    before = signal.getsignal(signal.SIGTERM)
    with terminated_like_interrupted() as terminated:
        try:
            signal.raise_signal(signal.SIGTERM)
            raise AssertionError("it went on")
        except KeyboardInterrupt:
            assert terminated()
    assert signal.getsignal(signal.SIGTERM) == before
"""


def test_sigterm_is_as_before_after_the_command():
    """In a process of its own: where it fails, the signal ends the process."""
    done = subprocess.run([sys.executable, "-P", "-c", ENDED], timeout=60)
    assert done.returncode == 0


def test_commands_in_another_thread_leave_signals_alone():
    found = []

    def run():
        with terminated_like_interrupted() as terminated:
            found.append((signal.getsignal(signal.SIGTERM), terminated()))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert found == [(signal.getsignal(signal.SIGTERM), False)]
