"""The plainest voice bot of Pipecat 1.14 over SmallWebRTC, with fake providers whose delays are known.

SileroVADAnalyzer, fake speech-to-text, the context aggregators, a fake model and fake speech, all sessions in
one process: what the reply takes beyond the configured delays is the framework's share. A fake provider costs
almost no CPU, so the CPU of the process is the framework's too.

TURN chooses what ends the user's turn:
  vad    SpeechTimeoutUserTurnStopStrategy with --user-timeout;
  smart  Pipecat's default, the smart-turn v3 model carried in its wheel.

Signalling is one line of JSON over TCP on loopback: {"sdp": offer} is answered by {"sdp": answer, "sid": n}.
Other lines: {"cmd": "stats"} gives CPU seconds, megabytes and time; {"cmd": "events"} the moments inside each
turn, [sid, name, CLOCK_MONOTONIC seconds]; {"cmd": "quit"} ends the process at once.
On standard output: READY, the port, and the configured delay in milliseconds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import sys
import time
from collections.abc import AsyncGenerator
from typing import Any

import numpy as np
from loguru import logger
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.audio.vad.vad_analyzer import VADParams
from pipecat.frames.frames import (
    Frame,
    LLMContextFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
    TranscriptionFrame,
    TTSAudioRawFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import (
    LLMContextAggregatorPair,
    LLMUserAggregatorParams,
)
from pipecat.processors.frame_processor import FrameDirection
from pipecat.services.llm_service import LLMService
from pipecat.services.settings import LLMSettings, STTSettings, TTSSettings
from pipecat.services.stt_service import STTService
from pipecat.services.tts_service import TTSService
from pipecat.transports.base_transport import TransportParams
from pipecat.transports.smallwebrtc.connection import SmallWebRTCConnection
from pipecat.transports.smallwebrtc.transport import SmallWebRTCTransport
from pipecat.turns.user_stop import SpeechTimeoutUserTurnStopStrategy
from pipecat.turns.user_turn_strategies import UserTurnStrategies
from pipecat.workers.runner import WorkerRunner

IN_RATE = 16_000
OUT_RATE = 24_000
TRANSCRIPT = "I checked the dashboards and found a bad cache."

TOKENS = ("Thank", " you", ",", " that", " is", " clear", ".", " What", " did", " you", " do", " next", "?")
TOKEN_SECONDS = 0.01
FIRST_SENTENCE_TOKENS = 7  # Pipecat speaks a sentence when it sees the token that follows it

TONE = (8000 * np.sin(2 * np.pi * 440 * np.arange(OUT_RATE // 10) / OUT_RATE)).astype(np.int16).tobytes()
TONES_PER_SENTENCE = 10  # of 100 ms each,
TONE_SECONDS = 0.02  # and streamed at five times real time


class Events:
    """The moments inside the turns of all sessions."""

    def __init__(self) -> None:
        self.all: list[tuple[int, str, float]] = []

    def note(self, session: int, name: str) -> None:
        """Note that something happened now."""
        self.all.append((session, name, time.monotonic()))


class FakeSTT(STTService):
    """Gives one final transcript, `delay` seconds after the VAD saw the user stop."""

    def __init__(self, session: int, delay: float, events: Events) -> None:
        super().__init__(
            sample_rate=IN_RATE,
            ttfs_p99_latency=delay,
            settings=STTSettings(model="fake", language=None),
        )
        self._session, self._delay, self._events = session, delay, events

    async def run_stt(self, audio: bytes) -> AsyncGenerator[Frame | None, None]:
        """Transcribe nothing."""
        return
        yield

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Start the delay when the user stops."""
        await super().process_frame(frame, direction)
        if isinstance(frame, VADUserStoppedSpeakingFrame):
            self._events.note(self._session, "vad_stop")
            self.create_task(self._transcribe())

    async def _transcribe(self) -> None:
        await asyncio.sleep(self._delay)
        self._events.note(self._session, "stt_final")
        frame = TranscriptionFrame(TRANSCRIPT, "user", "2026-01-01T00:00:00Z")
        frame.finalized = True
        await self.push_frame(frame)


class FakeLLM(LLMService):
    """Gives the same two sentences: the first token after `delay` seconds, then one each TOKEN_SECONDS."""

    def __init__(self, session: int, delay: float, events: Events) -> None:
        settings = LLMSettings(
            model="fake",
            system_instruction=None,
            temperature=None,
            max_tokens=None,
            top_p=None,
            top_k=None,
            frequency_penalty=None,
            presence_penalty=None,
            seed=None,
            filter_incomplete_user_turns=False,
            user_turn_completion_config=None,
        )
        super().__init__(settings=settings)
        self._session, self._delay, self._events = session, delay, events

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Answer each context; pass all else on."""
        await super().process_frame(frame, direction)
        if isinstance(frame, LLMContextFrame):
            await self._answer()
        else:
            await self.push_frame(frame, direction)

    async def _answer(self) -> None:
        self._events.note(self._session, "llm_start")
        await self.push_frame(LLMFullResponseStartFrame())
        await asyncio.sleep(self._delay)
        self._events.note(self._session, "llm_first")
        for number, token in enumerate(TOKENS):
            if number:
                await asyncio.sleep(TOKEN_SECONDS)
            await self.push_frame(LLMTextFrame(token))
        await self.push_frame(LLMFullResponseEndFrame())


class FakeTTS(TTSService):
    """Gives one second of tone for each sentence, the first of it after `delay` seconds."""

    def __init__(self, session: int, delay: float, events: Events) -> None:
        super().__init__(
            sample_rate=OUT_RATE,
            push_start_frame=True,
            push_stop_frames=True,
            settings=TTSSettings(model="fake", voice="tone", language=None),
        )
        self._session, self._delay, self._events = session, delay, events

    async def run_tts(self, text: str, context_id: str) -> AsyncGenerator[Frame | None, None]:
        """Stream the tone."""
        self._events.note(self._session, "tts_req")
        await asyncio.sleep(self._delay)
        self._events.note(self._session, "tts_first")
        for _ in range(TONES_PER_SENTENCE):
            yield TTSAudioRawFrame(TONE, OUT_RATE, 1, context_id=context_id)
            await asyncio.sleep(TONE_SECONDS)


class Bot:
    """Answers the signalling and runs a pipeline for each session."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._events = Events()
        self._sessions: dict[int, asyncio.Task[None]] = {}

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one line of JSON."""
        request = json.loads(await reader.readline())
        match request.get("cmd"):
            case "stats":
                reply: dict[str, Any] = stats()
            case "events":
                reply = {"ev": self._events.all}
            case "quit":
                os._exit(0)
            case _:
                reply = await self._start_session(request["sdp"])
        writer.write(json.dumps(reply).encode() + b"\n")
        await writer.drain()
        writer.close()

    async def _start_session(self, offer: str) -> dict[str, Any]:
        connection = SmallWebRTCConnection()
        await connection.initialize(sdp=offer, type="offer")
        session = len(self._sessions) + 1
        task = asyncio.create_task(self._run_session(connection, session))
        task.add_done_callback(report_failure)
        self._sessions[session] = task
        answer = connection.get_answer()  # type: ignore[no-untyped-call]
        return {"sdp": answer["sdp"], "sid": session}

    async def _run_session(self, connection: SmallWebRTCConnection, session: int) -> None:
        options, events = self._options, self._events
        transport = SmallWebRTCTransport(
            connection, TransportParams(audio_in_enabled=True, audio_out_enabled=True)
        )
        user = LLMUserAggregatorParams(
            user_turn_strategies=self._turn_strategies(),
            vad_analyzer=SileroVADAnalyzer(params=VADParams(stop_secs=options.stop_secs, min_volume=0.3)),
        )
        aggregators = LLMContextAggregatorPair(
            LLMContext([{"role": "system", "content": "x"}]), user_params=user
        )
        pipeline = Pipeline(
            [
                transport.input(),
                FakeSTT(session, options.stt, events),
                aggregators.user(),
                FakeLLM(session, options.ttft, events),
                FakeTTS(session, options.tts, events),
                transport.output(),
                aggregators.assistant(),
            ]
        )
        rates = PipelineParams(audio_in_sample_rate=IN_RATE, audio_out_sample_rate=OUT_RATE)
        runner = WorkerRunner(handle_sigint=False)
        await runner.add_workers(PipelineWorker(pipeline, params=rates))
        await runner.run()

    def _turn_strategies(self) -> UserTurnStrategies:
        if self._options.turn == "smart":
            return UserTurnStrategies()
        timeout = self._options.user_timeout
        return UserTurnStrategies(stop=[SpeechTimeoutUserTurnStopStrategy(user_speech_timeout=timeout)])


def stats() -> dict[str, Any]:
    """Return the CPU seconds and megabytes of this process, and CLOCK_MONOTONIC."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    with open("/proc/self/statm") as file:
        pages = int(file.read().split()[1])
    megabytes = pages * resource.getpagesize() / 1e6
    return {"cpu": usage.ru_utime + usage.ru_stime, "rss": megabytes, "t": time.monotonic()}


def report_failure(task: asyncio.Task[None]) -> None:
    """Log what ended a session."""
    if not task.cancelled() and task.exception():
        logger.error(f"session failed: {task.exception()!r}")


def configured_delay(options: argparse.Namespace) -> float:
    """Return the seconds of a reply that are configured, not the framework's.

    The strategy of `vad` counts its timeout from the VAD's stop, so it runs beside the transcript's delay.
    """
    transcript = max(options.stt, options.user_timeout) if options.turn == "vad" else options.stt
    sentence = FIRST_SENTENCE_TOKENS * TOKEN_SECONDS
    return float(options.stop_secs + transcript + options.ttft + sentence + options.tts)


def parse_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("port", type=int, help="on 127.0.0.1; 0 takes a free one")
    add("turn", choices=["vad", "smart"])
    add("--stop-secs", type=float, default=0.2, help="silence before the VAD says stopped (0.2)")
    add("--stt", type=float, default=0.1, help="from the VAD's stop to the final transcript (0.1)")
    add("--ttft", type=float, default=0.2, help="to the first token of the model (0.2)")
    add("--tts", type=float, default=0.1, help="to the first sound of a sentence (0.1)")
    add("--user-timeout", type=float, default=0.0, help="user_speech_timeout of vad (0; Pipecat's is 0.6)")
    add("--log-level", default="ERROR", help="of Pipecat, on standard error (ERROR)")
    return parser.parse_args()


async def serve(options: argparse.Namespace) -> None:
    """Serve until ended."""
    server = await asyncio.start_server(Bot(options).answer, "127.0.0.1", options.port, limit=1 << 20)
    port = server.sockets[0].getsockname()[1]
    print("READY", port, round(configured_delay(options) * 1000), flush=True)
    await server.serve_forever()


def main() -> None:
    """Set the log and serve."""
    options = parse_options()
    logger.remove()
    logger.add(sys.stderr, level=options.log_level)
    asyncio.run(serve(options))


if __name__ == "__main__":
    main()
