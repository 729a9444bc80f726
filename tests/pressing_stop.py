"""Stop, as it is pressed in a notebook."""

import signal
import threading
from collections.abc import Callable

__all__ = ["press_stop_after"]


def press_stop_after(wait: Callable[[], object]) -> threading.Thread:
    """Interrupt the main thread as soon as `wait` returns; the thread that does it."""
    # As in a kernel. An event loop that a failed test has left behind would take the signal for itself.
    signal.signal(signal.SIGINT, signal.default_int_handler)

    def press() -> None:
        wait()
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    thread = threading.Thread(target=press)
    thread.start()
    return thread
