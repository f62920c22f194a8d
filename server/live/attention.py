"""What the core wants of the ear, whichever leg it is on: how patient to be, and looks at a pause.

It outlives legs; knows no sound.
"""

from dialog.blueprint import Patience
from dialog.commands import LookForEnd
from server.live.listener import Listener
from server.live.turn_end_looks import TurnEndLooks


class Attention:
    """One session's. Nothing here waits."""

    def __init__(self, looks: TurnEndLooks) -> None:
        self._looks = looks
        self._listener: Listener | None = None
        self._patience: Patience = "narrative"

    def listen_through(self, listener: Listener) -> None:
        """From now on this is the ear."""
        self._listener = listener
        listener.attend(self._patience)

    def attend(self, patience: Patience) -> None:
        """Such an answer is awaited from now on."""
        self._patience = patience
        if self._listener is not None:
            self._listener.attend(patience)

    def look(self, command: LookForEnd) -> None:
        """Begin a look."""
        self._looks.look(command)
