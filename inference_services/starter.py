"""The pact between a server and the process that started it: neither outlives the other unnoticed.

The starter holds the server's standard input open. It closes when the starter ends, however it ends.
"""

import os
import signal
import threading

EXIT_WITH_STARTER_VARIABLE = "METRIFY_EXIT_WITH_STARTER"


def watch_starter() -> None:
    """Ends this process once its standard input is closed, where its starter asked for that."""
    if os.environ.get(EXIT_WITH_STARTER_VARIABLE):
        threading.Thread(target=_end_with_starter, name="starter-watch", daemon=True).start()


def _end_with_starter() -> None:
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
