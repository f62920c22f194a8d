"""What every talk is equipped with."""

from collections.abc import Sequence
from typing import Any

from server.live.keeping import Kit
from server.providers.embedded.interviewer import EmbeddedInterviewer
from server.providers.protocols import PreparedClip, Voice
from server.providers.witness import Told, Usage, tell


class BilledWords:
    """Known words of a vendor that counts them."""

    def lookup(self, text: str, voice: Voice) -> PreparedClip | None:
        return None

    async def prepare(self, texts: Sequence[str], voice: Voice) -> Sequence[str]:
        tell(Usage("voice", characters=sum(map(len, texts))))
        return ()


async def test_words_made_ahead_of_any_sitting_are_counted() -> None:
    told: list[Told] = []
    nothing: Any = None
    kit = Kit(nothing, nothing, BilledWords(), EmbeddedInterviewer(), nothing, nothing, told=told.append)
    await kit.make_ahead(["One?", "Two?"], Voice())

    assert [Usage("voice", characters=8)] == told
