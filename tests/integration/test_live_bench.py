"""`vivavoce bench live`: every stage of every vendor, or a sentence on why there is nobody to ask."""

import json
from pathlib import Path

import pytest

from tests.emulators.deepgram_ears import decoding_ears
from tests.support.programs import program
from tests.support.vendors import VendorName, all_emulated, variables


async def test_without_a_key_it_says_so_and_goes_well(tmp_path: Path) -> None:
    async with program("bench", "live", cwd=tmp_path) as child:
        told, errors = await child.communicate()

    assert (0, b"") == (child.returncode, errors)
    assert told.startswith(b"live: no vendor's key is set, so nobody was asked.")


@pytest.mark.aloud
@pytest.mark.long
async def test_each_stage_of_each_vendor_is_told(tmp_path: Path) -> None:
    names: tuple[VendorName, ...] = ("deepgram", "elevenlabs", "anthropic", "openai")
    async with (
        decoding_ears() as ears,
        all_emulated(ears, names=names) as (_, settings),
        program(
            "bench", "live", "--times", "2", "--json", cwd=tmp_path, settings=variables(settings)
        ) as child,
    ):
        told, errors = await child.communicate()

    assert 0 == child.returncode, errors.decode()
    assert {
        *("deepgram_flux_final_p50", "elevenlabs_first_byte_p50"),
        *("anthropic_first_token_p50", "anthropic_judged_p50", "openai_first_token_p50", "openai_judged_p50"),
    } <= set(json.loads(told)["figures"])
