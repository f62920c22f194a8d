"""What a page's message means to the interview. Refuses, in plain words, what can't be taken."""

from typing import Final

from dialog import signals
from dialog.blueprint import Blueprint
from dialog.forms import validate_data
from server.live import wire

MOST_CHARACTERS: Final = 5_000
_LONGEST_ID: Final = 100

CONSENT_FIRST: Final = "Please answer the question about taking part first."
NOT_STARTED: Final = "The interview has not begun yet."


class NotTaken(Exception):
    """A message that has no place in the talk. `code` is for the page, the text for people."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


def signal_of(message: wire.AnyFromPage, blueprint: Blueprint) -> signals.AnySignal:
    """Translate one message of a page that is in the talk. Raises NotTaken."""
    match message:
        case wire.Done():
            return signals.DonePressed()
        case wire.Hold():
            return signals.HoldToTalk(message.pressed)
        case wire.Typing():
            return signals.TypingNoticed()
        case wire.TypedText():
            return _typed(message)
        case wire.Claim():
            return signals.RightClaimed(message.right)
        case wire.Respond():
            return _filled(message, blueprint)
        case _:
            raise NotTaken("unexpected", "This can't be done at this point.")


def _typed(message: wire.TypedText) -> signals.TextTyped:
    text = message.text.strip()
    if not text:
        raise NotTaken("empty_text", "There is no text to send.")
    if len(text) > MOST_CHARACTERS:
        raise NotTaken("text_too_long", f"Please send at most {MOST_CHARACTERS:,} characters at a time.")
    return signals.TextTyped(text, message.id[:_LONGEST_ID])


def _filled(message: wire.Respond, blueprint: Blueprint) -> signals.FormFilled:
    node = blueprint.graph.nodes.get(message.node_key)
    if node is None or node.type not in ("form", "custom"):
        raise NotTaken("unknown_node", "There is no form to fill in here.")
    faults = validate_data(node, message.data)
    if faults:
        raise NotTaken("invalid_data", faults[0].message)
    return signals.FormFilled(message.node_key, message.data)
