"""Which languages a provider can be used for. Knows no provider."""

from collections.abc import Callable
from typing import Final

FLUX_LANGUAGES: Final = frozenset("de en es fr hi it ja nl pt ru".split())
"""Of Deepgram's flux-general-en and flux-general-multi, by their documentation."""
FLASH_LANGUAGES: Final = frozenset(
    "ar bg cs da de el en es fi fil fr hi hr hu id it ja ko ms nl no pl pt ro ru sk sv ta tr uk vi zh".split()
)
"""Of ElevenLabs' eleven_flash_v2_5, by its documentation."""


def any_of(languages: frozenset[str]) -> Callable[[str], bool]:
    """Whether a BCP 47 tag begins with one of them."""
    return lambda language: language.partition("-")[0].lower() in languages


def anything(_: str) -> bool:
    """Whatever it is, the vendor is asked."""
    return True
