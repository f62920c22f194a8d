"""What `doctor` looks at: each examination finds out one thing by doing it, and says what is to be done."""

import asyncio
import contextlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final, Literal

import msgspec
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError

from media.frames import EAR_FRAME_SAMPLES, EAR_RATE_HZ, VOICE_RATE_HZ, AudioFrame
from server.clock import wall_clock_ms
from server.settings import Settings, unknown_names

EARLIEST_MS: Final = 1_767_225_600_000
"""2026-01-01: a clock before the release of what it runs is wrong."""

LITTLE_SPACE: Final = 1_000_000_000
NO_SPACE: Final = 100_000_000
"""Bytes. An hour of recording is 30 MB, its log 2 MB; under the lower figure SQLite itself is in danger."""

SPEAK_TIMEOUT: Final = 30.0
SENTENCE: Final = "Tell me about the last time you bought a ticket for a train."


class Finding(msgspec.Struct, frozen=True):
    """What one examination found. `remedy` says what to do; None where nothing needs doing."""

    name: str
    state: Literal["ok", "warning", "fault"]
    text: str
    remedy: str | None = None


def examine_settings() -> list[Finding]:
    """Names in the environment and the file that set nothing."""
    strangers = unknown_names()
    if not strangers:
        return [Finding("settings", "ok", "Every setting is known.")]
    return [Finding("settings", "warning", stranger, "Correct or remove it.") for stranger in strangers]


def examine_data_directory(settings: Settings) -> list[Finding]:
    """Whether the data directory can be written to, and how much room there is."""
    directory = settings.data_dir.absolute()
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory) as file:
            file.write(b"vivavoce")
            file.flush()
            os.fsync(file.fileno())
        free = shutil.disk_usage(directory).free
    except OSError as error:
        return [
            Finding(
                "data directory",
                "fault",
                f"{directory} can't be written to ({error.strerror}).",
                "Give this user the right to write there, or set VIVAVOCE_DATA_DIR to another directory.",
            )
        ]
    told = f"{directory} can be written to and has {free / 1e9:,.1f} GB of room."
    if free < LITTLE_SPACE:
        state: Literal["warning", "fault"] = "fault" if free < NO_SPACE else "warning"
        return [Finding("data directory", state, told, "Make room: a recorded hour takes about 30 MB.")]
    return [Finding("data directory", "ok", told)]


def examine_database(settings: Settings) -> list[Finding]:
    """Whether the database can be reached and is whole; a SQLite file need not be there yet."""
    url = make_url(settings.database_url)
    if url.get_backend_name() != "sqlite":
        return [_reached(url)]
    name = url.database
    if not name or not Path(name).exists():
        return [Finding("database", "ok", f"{name} doesn't exist yet; serving makes it.")]
    try:
        with contextlib.closing(sqlite3.connect(f"file:{name}?mode=ro", uri=True)) as connection:
            found = [row[0] for row in connection.execute("PRAGMA quick_check(1)")]
    except sqlite3.Error as error:
        found = [str(error)]
    if found != ["ok"]:
        return [
            Finding(
                "database",
                "fault",
                f"{name} is damaged or no database: {found[0]}.",
                "Put a copy of it back from a backup, or move it away to begin with an empty one.",
            )
        ]
    return [Finding("database", "ok", f"{name} is whole.")]


def _reached(url: URL) -> Finding:
    """Whether a server of databases lets us in; its address is told without the password."""
    from server.store import postgresql

    shown = url.render_as_string(hide_password=True)
    engine = postgresql.blocking_engine(url)
    try:
        with engine.connect() as connection:
            version = connection.exec_driver_sql("SHOW server_version").scalar()
    except SQLAlchemyError as error:
        reason = " ".join(str(getattr(error, "orig", None) or error).split())
        remedy = (
            "See that it runs, that the database is there and this user may use it: VIVAVOCE_DATABASE_URL."
        )
        return Finding("database", "fault", f"{shown} can't be reached ({reason}).", remedy)
    finally:
        engine.dispose()
    return Finding("database", "ok", f"{shown} is there, PostgreSQL {version}.")


def examine_codecs() -> list[Finding]:
    """Whether libopus is found and works, and the model of voice activity loads."""
    try:
        from media.codecs import OpusDecoder, OpusEncoder, opus_version

        silence = bytes(VOICE_RATE_HZ // 50 * 2)
        OpusDecoder(EAR_RATE_HZ).decode(OpusEncoder(VOICE_RATE_HZ).encode(silence))
        codec = Finding("codecs", "ok", f"{opus_version()} encodes and decodes.")
    except Exception as error:  # whatever a broken installation raises is the finding
        codec = Finding("codecs", "fault", f"libopus doesn't work ({error}).", _REINSTALL.format("av"))
    try:
        from media.vad import SileroModel

        SileroModel.shared()
        model = Finding("voice activity", "ok", "The model of voice activity loads.")
    except Exception as error:
        model = Finding(
            "voice activity",
            "fault",
            f"The model of voice activity doesn't load ({error}).",
            _REINSTALL.format("vivavoce onnxruntime"),
        )
    return [codec, model]


_REINSTALL: Final = "Install it anew: pip install --force-reinstall {}"


def examine_clock() -> list[Finding]:
    """Whether the wall clock can be right."""
    if wall_clock_ms() < EARLIEST_MS:
        return [
            Finding(
                "clock",
                "fault",
                "This machine's clock stands before this program was made.",
                "Set it, best by NTP (timedatectl set-ntp true): transcripts and expiry depend on it.",
            )
        ]
    return [Finding("clock", "ok", "The clock stands at a time that can be.")]


async def examine_turn_end_model(settings: Settings) -> list[Finding]:
    """Whether the end-of-turn model, if one is set, loads and passes its trial."""
    if settings.turn_end_model is None:
        return []
    from dialog.calibration import detector_of
    from server.providers.turn_end import OnnxTurnEnd
    from server.providers.turn_end_manifest import TurnEndUnfit

    ears = OnnxTurnEnd(settings.turn_end_model)
    keeping = asyncio.get_running_loop().create_task(ears.run())  # owned here, and ended below
    try:
        await ears.opened()
    except TurnEndUnfit as unfit:
        remedy = "Correct VIVAVOCE_TURN_END_MODEL, or unset it: talks go on without it, and wait longer."
        return [Finding("turn end", "fault", str(unfit), remedy)]
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
    told = f"{ears.name} takes {1e3 * ears.look_duration:.0f} ms of CPU for a look."
    if detector_of(ears.name) is None:
        remedy = "Measure what its scores are worth, and put it into its notes: docs/turn-end-models.md."
        return [Finding("turn end", "warning", f"{told} Its scores are logged, but not believed.", remedy)]
    return [Finding("turn end", "ok", told)]


async def examine_providers(settings: Settings) -> list[Finding]:
    """Whether the embedded voice's process starts and speaks, and the recogniser's starts and hears that."""
    findings: list[Finding] = []
    try:
        from server.providers.opening import open_providers
        from server.providers.protocols import Transcript, Voice

        async with (
            asyncio.timeout(SPEAK_TIMEOUT),
            open_providers(data_dir=settings.data_dir, recogniser_processes=1) as providers,
        ):
            chunks = [chunk.pcm async for chunk in providers.text_to_speech.synthesize(SENTENCE, Voice())]
            pcm = b"".join(chunks)
            findings.append(Finding("voice", "ok", f"It spoke for {len(pcm) / 2 / VOICE_RATE_HZ:.1f} s."))
            heard = providers.speech_to_text.recognize("en", ())
            heard.start_utterance(1)
            async for frame in _as_heard(pcm):
                heard.hear(frame)
            heard.end_utterance(1)
            async for transcript in heard:
                if isinstance(transcript, Transcript) and transcript.final:
                    findings.append(_hearing(transcript.text, transcript.failed))
                    break
            await heard.close()
    except Exception as error:  # whatever a broken installation raises is the finding
        missing = "recogniser" if any(finding.name == "voice" for finding in findings) else "voice"
        reason = str(error) or f"no answer within {SPEAK_TIMEOUT:.0f} s"
        findings.append(Finding(missing, "fault", f"It doesn't work ({reason}).", _ENGINES[missing]))
    return findings


_ENGINES: Final = {
    "voice": _REINSTALL.format("espeakng-loader"),
    "recogniser": _REINSTALL.format("pocketsphinx"),
}


_BUSY: Final = (
    "Look again when nothing else runs. If it stays so, this machine is too slow for it: use a vendor's."
)


def _hearing(text: str, failed: str | None) -> Finding:
    if failed == "timeout":
        return Finding("recogniser", "warning", "It was too slow just now.", _BUSY)
    if failed or not text:
        reason = failed or "it heard no word"
        return Finding("recogniser", "fault", f"It doesn't work ({reason}).", _ENGINES["recogniser"])
    return Finding("recogniser", "ok", f"It heard {len(text.split())} words of the voice.")


async def _as_heard(pcm: bytes) -> AsyncIterator[AudioFrame]:
    """The voice as 20 ms frames at the ear's rate, at four times the speed of speech."""
    from media.resampler import resample

    heard = resample(pcm, VOICE_RATE_HZ, EAR_RATE_HZ)
    size = EAR_FRAME_SAMPLES * 2
    for number, start in enumerate(range(0, len(heard) - size + 1, size)):
        yield AudioFrame(heard[start : start + size], number * EAR_FRAME_SAMPLES)
        await asyncio.sleep(0.005)
