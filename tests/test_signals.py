import os
import signal
import threading

import pytest

from minihit import signals


def ask(number):
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number, kind, code", [
    (signal.SIGINT, KeyboardInterrupt, 130), (signal.SIGTERM, signals.Terminated, 143),
    (signal.SIGHUP, signals.Terminated, 143)])
def test_a_signal_raises_and_has_a_code(number, kind, code):
    with pytest.raises(KeyboardInterrupt) as raised, signals.handled(signals.stop):
        ask(number)
    assert type(raised.value) is kind
    assert signals.exit_code(number) == code


def test_handlers_are_put_back():
    before = [signal.getsignal(number) for number in signals.STOPS]
    with pytest.raises(ZeroDivisionError), signals.handled(signals.stop):
        raise ZeroDivisionError
    assert [signal.getsignal(number) for number in signals.STOPS] == before


def test_under_nohup_a_closed_terminal_stays_unanswered():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with signals.handled(signals.stop):
            ask(signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_in_a_thread_nothing_changes():
    done = []

    def work():
        with signals.handled(signals.stop):
            done.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [signal.getsignal(signal.SIGTERM)]
