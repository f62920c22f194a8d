"""Every vendor on loopback, and the settings by which a server uses them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final, Literal

from tests.emulators import anthropic, deepgram, elevenlabs, openai
from tests.emulators.anthropic import AnthropicEmulator
from tests.emulators.deepgram import DeepgramEmulator
from tests.emulators.deepgram_ears import MakeEars
from tests.emulators.elevenlabs import elevenlabs_emulator
from tests.emulators.openai import OpenAIEmulator
from tests.emulators.script import Script, about, exactly
from tests.emulators.vendor_server import VendorServer, vendor_server

VendorName = Literal["deepgram", "elevenlabs", "anthropic", "openai"]
KEYS = {
    "deepgram": deepgram.KEY,
    "elevenlabs": elevenlabs.KEY,
    "anthropic": anthropic.KEY,
    "openai": openai.KEY,
}


@asynccontextmanager
async def emulated(
    name: VendorName, ears: MakeEars, script: Script | None = None
) -> AsyncIterator[VendorServer]:
    """One vendor; `ears` are Deepgram's."""
    script = script or Script()
    match name:
        case "deepgram":
            app = DeepgramEmulator(ears, script).app
            async with vendor_server(app, script, refusal=deepgram.refusal) as vendor:
                yield vendor
        case "elevenlabs":
            async with elevenlabs_emulator(script) as running:
                yield running.vendor
        case "anthropic":
            app = AnthropicEmulator(script).app
            async with vendor_server(app, script, refusal=anthropic.refusal) as vendor:
                yield vendor
        case "openai":
            app = OpenAIEmulator(script).app
            async with vendor_server(app, script, refusal=openai.refusal) as vendor:
                yield vendor


def settings_for(name: VendorName, url: str) -> dict[str, Any]:
    """What an operator sets to use a vendor at this address."""
    path = "/v1" if name == "openai" else ""
    return {f"{name}_api_key": KEYS[name], f"{name}_url": url + path}


def variables(settings: dict[str, Any]) -> dict[str, str]:
    """The same settings as an environment has them."""
    return {
        name.upper() if name.endswith("_api_key") else f"VIVAVOCE_{name.upper()}": str(value)
        for name, value in settings.items()
    }


HOLDING_AN_INTERVIEW: Final[tuple[VendorName, ...]] = ("deepgram", "elevenlabs", "anthropic")


def usual_delays(seed: int = 1) -> dict[VendorName, Script]:
    """Days on which vendors take as long as they usually do: 250 ms from the end of a voice to its words, 290
    ms to the first sound, 640 ms to a model's first token, and 1.6 s in one call of twenty."""
    return {
        "deepgram": Script(first=exactly(0.25)),
        "elevenlabs": Script(first=exactly(0.29)),
        "anthropic": Script(seed=seed, first=about(0.64, 1.6)),
        "openai": Script(seed=seed + 1, first=about(0.64, 1.6)),
    }


@asynccontextmanager
async def all_emulated(
    ears: MakeEars,
    scripts: dict[VendorName, Script] | None = None,
    names: Sequence[VendorName] = HOLDING_AN_INTERVIEW,
) -> AsyncIterator[tuple[dict[VendorName, VendorServer], dict[str, Any]]]:
    """Several vendors, and the settings for all of them."""
    async with AsyncExitStack() as rooms:
        running = {
            name: await rooms.enter_async_context(emulated(name, ears, (scripts or {}).get(name)))
            for name in names
        }
        settings: dict[str, Any] = {}
        for name, vendor in running.items():
            settings |= settings_for(name, vendor.url)
        yield running, settings
