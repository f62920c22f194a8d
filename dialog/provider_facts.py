"""Facts about those who listen, speak and judge for a talk: who did whose work, and what they used. They
change nothing in the interview."""

from typing import Literal

from dialog.fact import Fact


class ProviderNoted(Fact, frozen=True):
    """Another way was gone than the straight one to a provider."""

    role: Literal["speech_to_text", "text_to_speech", "language_model"]
    provider: str
    decision: Literal["replaced", "skipped", "hedged", "opened", "closed"]
    """`replaced`: it failed, or was too late, and another does its work. `skipped`: it wasn't asked, as it
    had failed before. `hedged`: it was asked a second time. `opened`, `closed`: from now on it isn't asked
    for a while; it is again."""
    why: str = ""


class ProviderUsed(Fact, frozen=True):
    """What a provider has been used for since the sitting last noted it. A run's usage is the sum."""

    provider: str
    model: str = ""
    """Of a language model, which."""
    audio_seconds: float = 0.0
    """Of sound that was recognised, silence included."""
    characters: int = 0
    """Spoken."""
    input_tokens: int = 0
    """Read, those from a cache left out."""
    cached_tokens: int = 0
    output_tokens: int = 0
