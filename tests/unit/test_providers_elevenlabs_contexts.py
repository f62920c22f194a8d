"""One utterance on a line that carries several, and what it takes of it."""

from server.providers.elevenlabs.contexts import MOST_MESSAGES, Context
from server.providers.elevenlabs.messages import Reported

EMPTY = Reported("u1", b"", None, final=False, refused=None)


def test_messages_without_sound_are_not_gathered_for_ever() -> None:
    context = Context("u1", lambda _: None, 1_000, lambda: None)

    taken = sum(context.receive(EMPTY) for _ in range(2 * MOST_MESSAGES))

    assert MOST_MESSAGES == taken
