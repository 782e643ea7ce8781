import contextlib
import signal
import threading
import time
import types
from typing import Any, cast

import pytest

from wingkeras.export import conversion
from wingkeras.storage.signals import interrupts_repeated, terminated_like_interrupted


@pytest.fixture(autouse=True)
def handlers():
    """Those of a command in the foreground, whatever the tests were started by."""
    before = {n: signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def _swallow(number):
    """As converters do, which have handlers for every exception."""
    with contextlib.suppress(BaseException):
        signal.raise_signal(number)
        raise AssertionError("it was not heard")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_swallowed_interrupt_comes_again(number):
    start, alarm = time.monotonic(), signal.getsignal(signal.SIGALRM)
    with (
        terminated_like_interrupted() as terminated,
        pytest.raises(KeyboardInterrupt),
        interrupts_repeated(),
    ):
        _swallow(number)
        time.sleep(30)
    assert 0.3 < time.monotonic() - start < 20
    assert terminated() == (number == signal.SIGTERM)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert signal.getsignal(signal.SIGALRM) == alarm
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_an_alarm_while_the_handlers_are_put_back(monkeypatch):
    set_timer, put_back = signal.setitimer, []

    def alarm_after(which, seconds):
        set_timer(which, seconds)
        if seconds == 0:
            put_back.append(True)
            signal.raise_signal(signal.SIGALRM)

    monkeypatch.setattr(signal, "setitimer", alarm_after)
    alarm = signal.getsignal(signal.SIGALRM)
    with pytest.raises(KeyboardInterrupt), interrupts_repeated():
        signal.raise_signal(signal.SIGINT)
    assert put_back
    assert signal.getsignal(signal.SIGALRM) == alarm
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGALRM])
def test_a_signal_when_the_block_is_about_to_be_left(monkeypatch, number):
    """Before any handler is put back."""
    leave = contextlib.ExitStack.__exit__

    def signalled(*arguments):
        monkeypatch.undo()
        signal.raise_signal(number)
        return leave(*arguments)

    alarm = signal.getsignal(signal.SIGALRM)
    with terminated_like_interrupted() as terminated:
        interrupt, end = map(signal.getsignal, (signal.SIGINT, signal.SIGTERM))
        monkeypatch.setattr(contextlib.ExitStack, "__exit__", signalled)
        with pytest.raises(KeyboardInterrupt), interrupts_repeated():
            pass
        assert terminated() == (number == signal.SIGTERM)
        assert signal.getsignal(signal.SIGINT) is interrupt
        assert signal.getsignal(signal.SIGTERM) is end
    assert signal.getsignal(signal.SIGALRM) == alarm
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_a_swallowed_interrupt_ends_the_block():
    with pytest.raises(KeyboardInterrupt), interrupts_repeated():
        _swallow(signal.SIGINT)


def test_an_interrupt_that_a_library_turned_into_an_error():
    with pytest.raises(KeyboardInterrupt), interrupts_repeated():
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt as error:
            raise RuntimeError("the library could not go on") from error


def test_other_errors_are_as_they_were():
    with pytest.raises(RuntimeError, match="else"), interrupts_repeated():
        raise RuntimeError("something else")


def test_blocks_in_blocks():
    with pytest.raises(KeyboardInterrupt), interrupts_repeated():
        with interrupts_repeated():
            _swallow(signal.SIGINT)
        raise AssertionError("it went on")


def test_other_threads_leave_signals_alone():
    found = []

    def run():
        with interrupts_repeated():
            found.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert found == [signal.default_int_handler]


def test_a_conversion_is_interrupted_although_its_converter_goes_on(
    tmp_path, monkeypatch
):
    def serialize(*_):
        _swallow(signal.SIGINT)
        return b"content"

    converter = types.SimpleNamespace(serialize=serialize)
    monkeypatch.setitem(conversion._FORMATS, ".onnx", converter)
    with pytest.raises(KeyboardInterrupt):
        conversion.convert(cast(Any, None), tmp_path / "a.onnx")
    assert not list(tmp_path.iterdir())
