"""The one table of vendors' providers, and who of them listens, speaks and judges by an operator's settings.

Each line imports its vendor's library only when it is made. The embedded providers are always there, and in
no line.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import msgspec

from server.providers.direct import is_nearby
from server.providers.languages import FLASH_LANGUAGES, FLUX_LANGUAGES, any_of, anything
from server.providers.witness import Role
from server.settings import Settings, SettingsError, VendorAccess

EMBEDDED: Final = "embedded"
ROLES: Final[tuple[Role, ...]] = ("speech_to_text", "text_to_speech", "language_model")
WORK: Final[Mapping[Role, str]] = {
    "speech_to_text": "recogniser",
    "text_to_speech": "voice",
    "language_model": "interviewer",
}
"""What a role is called in sentences for people."""
DOES: Final[Mapping[Role, str]] = {
    "speech_to_text": "listens",
    "text_to_speech": "speaks",
    "language_model": "judges answers and words what is asked next",
}
"""What is said there of whoever has a role."""
CONSOLES: Final[Mapping[str, str]] = {
    "deepgram": "https://console.deepgram.com",
    "elevenlabs": "https://elevenlabs.io/app/settings/api-keys",
    "anthropic": "https://console.anthropic.com/settings/keys",
    "openai": "https://platform.openai.com/api-keys",
}
"""Where a vendor's keys are made and its bill is seen; of one that isn't here, people know it themselves."""


class Line(msgspec.Struct, frozen=True):
    """One provider of a vendor."""

    name: str
    """As settings and blueprints call it; also the adapter's `name`."""
    role: Role
    vendor: str
    """One of settings.VENDORS, whose key and address it uses."""
    company: str
    """The vendor as people write it."""
    make: Callable[[VendorAccess], Any]
    """The adapter: its role's Protocol and `Service`, or a models.vendor.Vendor in the role of a language
    model. Imports what it needs."""
    knows: Callable[[str], bool] = anything
    """Whether it can be used for a language (BCP 47)."""

    @property
    def key_name(self) -> str:
        """What its key is called in the environment."""
        return f"{self.vendor.upper()}_API_KEY"


def _deepgram(model: Literal["flux", "nova-3"]) -> Callable[[VendorAccess], Any]:
    def make(access: VendorAccess) -> Any:
        from server.providers.deepgram.recogniser import DeepgramRecogniser

        return DeepgramRecogniser(access.key, model=model, address=access.url or None)

    return make


def _elevenlabs(access: VendorAccess) -> Any:
    from server.providers.elevenlabs.account import BASE_URL, Account
    from server.providers.elevenlabs.speech_synthesis import ElevenLabsVoice

    return ElevenLabsVoice(Account(access.key, access.url or BASE_URL))


def _anthropic(access: VendorAccess) -> Any:
    from server.providers.models.anthropic import AnthropicModels

    return AnthropicModels(access.key, access.url)


def _openai(access: VendorAccess) -> Any:
    from server.providers.models.openai import OpenAIModels

    return OpenAIModels(access.key, access.url)


LINES: Final = (
    Line(
        "deepgram-flux", "speech_to_text", "deepgram", "Deepgram", _deepgram("flux"), any_of(FLUX_LANGUAGES)
    ),
    Line("deepgram-nova-3", "speech_to_text", "deepgram", "Deepgram", _deepgram("nova-3")),
    Line("elevenlabs", "text_to_speech", "elevenlabs", "ElevenLabs", _elevenlabs, any_of(FLASH_LANGUAGES)),
    Line("anthropic", "language_model", "anthropic", "Anthropic", _anthropic),
    Line("openai", "language_model", "openai", "OpenAI", _openai),
)
"""In each role the first whose key is set is the default."""


class Chosen(msgspec.Struct, frozen=True):
    """A line, and how its vendor is reached."""

    line: Line
    access: VendorAccess


class Choice(msgspec.Struct, frozen=True):
    """Which vendors' providers are opened, the first of each role by default; none = the embedded one."""

    speech_to_text: tuple[Chosen, ...] = ()
    text_to_speech: tuple[Chosen, ...] = ()
    language_model: tuple[Chosen, ...] = ()

    @property
    def all(self) -> tuple[Chosen, ...]:
        """Of every role."""
        return self.speech_to_text + self.text_to_speech + self.language_model

    @property
    def told(self) -> str:
        """Who does which work, all being well."""
        who = {role: [*(one.line.name for one in getattr(self, role)), EMBEDDED][0] for role in ROLES}
        return ", ".join(f"{who[role]} {DOES[role]}" for role in ROLES)


def choose(settings: Settings, lines: tuple[Line, ...] = LINES) -> Choice:
    """Who is opened: the one that a role's setting names; where it names none, one of each vendor whose key
    is set, so that blueprints can choose among them. Raises SettingsError."""
    faults: list[str] = []
    chosen = {role: _chosen(settings, role, lines, faults) for role in ROLES}
    if faults:
        raise SettingsError(faults)
    return Choice(**chosen)


def cautions(settings: Settings, lines: tuple[Line, ...] = LINES) -> tuple[str, ...]:
    """One sentence for each vendor's address that does nothing, or that sends in clear what is said."""
    found = []
    for line in {line.vendor: line for line in reversed(lines)}.values():
        access = settings.vendor(line.vendor)
        name = f"VIVAVOCE_{line.vendor.upper()}_URL"
        if access.url and not access.key:
            found.append(
                f"{name} is set, but {line.key_name} isn't, so {line.company} isn't used: set it too (to"
                " anything, where a server of your own asks for none)."
            )
        elif urlsplit(access.url).scheme == "http" and not is_nearby(access.url):
            found.append(
                f"{name} leads to another machine over plain HTTP: the key and what is said can be read on"
                " the way. Use https."
            )
    return tuple(sorted(found))


def _chosen(settings: Settings, role: Role, lines: tuple[Line, ...], faults: list[str]) -> tuple[Chosen, ...]:
    wanted: str = getattr(settings, role)
    offered = [line for line in lines if line.role == role]
    if not wanted:
        each_vendors_first = {line.vendor: line for line in reversed(offered)}
        found = [line for line in offered if each_vendors_first[line.vendor] is line]
        return tuple(Chosen(line, access) for line in found if (access := settings.vendor(line.vendor)).key)
    if wanted == EMBEDDED:
        return ()
    setting = f"VIVAVOCE_{role.upper()}"
    line = next((line for line in offered if line.name == wanted), None)
    if line is None:
        names = ", ".join([EMBEDDED, *(line.name for line in offered)])
        faults.append(f"{setting} is {wanted!r}, but it must be one of {names}: correct it.")
        return ()
    access = settings.vendor(line.vendor)
    if not access.key:
        faults.append(
            f"{setting} is {wanted}, but {line.key_name} isn't set: set it, or choose {EMBEDDED} instead."
        )
        return ()
    return (Chosen(line, access),)
