"""What the ear still hears of what the network loses: frames missing after repair, their delay, cut-ins.

By simulation (our sender and receiver on a clock of their own), by a caller of ours over real ICE, DTLS and
SRTP, and by Chromium through a UDP proxy that loses sound each way. A seed decides which packets are lost.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import click
import msgspec

from benchmarks.report import Row, publish, this_machine
from dialog.latency import percentile
from media.frames import EAR_FRAME_SAMPLES, EAR_RATE_HZ, AudioFrame
from server.clock import loop_time
from server.gateway.rtp import RtpFormat
from server.gateway.webrtc import WebRtcGateway
from tests.support.blueprints import blueprint, question
from tests.support.chromium_call import chromium_calling
from tests.support.gateway import KeptEar, SpeechMouth, beating, until
from tests.support.lossy_proxy import lossy_proxy, own_address
from tests.support.lossy_road import (
    FEC_ALONE,
    WITH_RED,
    Losing,
    Repair,
    at_random,
    between,
    carry_speech,
    in_bursts,
)
from tests.support.lossy_talk import hold_talk
from tests.support.red_caller import RedCaller

LOSSES = (0.0, 0.01, 0.05, 0.1)
ROADS = {"RED + FEC": WITH_RED, "FEC alone": FEC_ALONE}
MISSING_MUST = {"RED + FEC": 0.5, "FEC alone": 3.0}
DELAY_MUST_MS = 40.0
ONE_QUESTION = blueprint(question("morning", "How did your morning begin?", patience="narrative"))


class Heard(msgspec.Struct, frozen=True):
    """What arrived of one real call; shares in percent, delays in milliseconds behind the fastest frame."""

    loss: float
    lost: float
    missing: float
    delay_p50: float
    delay_p99: float
    delay_at_end: float


class TimedEar(KeptEar):
    """Keeps when each frame came."""

    def __init__(self) -> None:
        super().__init__()
        self.came: list[float] = []

    def hear(self, frame: AudioFrame) -> None:
        super().hear(frame)
        self.came.append(loop_time())


def _ms(delays: list[float], share: float) -> float:
    return round(1000 * (percentile(delays, share) or 0.0), 1)


def summed(loss: float, lost: float, missing: float, delays: list[float]) -> Heard:
    """Sum a real call up; `delays` in seconds."""
    return Heard(
        loss=100 * loss,
        lost=round(100 * lost, 2),
        missing=round(100 * missing, 3),
        delay_p50=_ms(delays, 0.5),
        delay_p99=_ms(delays, 0.99),
        delay_at_end=_ms(delays[-50:], 0.5),
    )


# By simulation


def simulate(agreed: RtpFormat, loss: float, seconds: float, seeds: range) -> Repair:
    """Send speech without a pause; the share is that of all seeds together, the delay that of the worst."""
    repairs = [carry_speech(agreed, at_random(loss, seed), seconds) for seed in seeds]
    frames = sum(one.frames for one in repairs)
    return Repair(
        frames=frames,
        lost_share=sum(one.lost_share * one.frames for one in repairs) / frames,
        missing_share=sum(one.missing_share * one.frames for one in repairs) / frames,
        delay_p50=max(one.delay_p50 for one in repairs),
        delay_p99=max(one.delay_p99 for one in repairs),
        delay_max=max(one.delay_max for one in repairs),
        delay_at_end=max(one.delay_at_end for one in repairs),
        media_time_whole=all(one.media_time_whole for one in repairs),
    )


def talk(seeds: range) -> dict[str, dict[str, int]]:
    """One answer with four pauses in it, by every seed; how often it was cut into, taken, and ended."""
    networks: dict[str, tuple[RtpFormat, Callable[[int], Losing]]] = {
        "no loss": (WITH_RED, lambda seed: between(0, 0)),
        "10 %, RED + FEC": (WITH_RED, lambda seed: at_random(0.1, seed)),
        "10 %, FEC alone": (FEC_ALONE, lambda seed: at_random(0.1, seed)),
        "10 % in bursts of 60 ms, RED + FEC": (WITH_RED, lambda seed: in_bursts(0.1, 3, seed)),
        "0.6 s at once, FEC alone": (FEC_ALONE, lambda seed: between(400 + 12 * seed, 430 + 12 * seed)),
    }
    told = {}
    for name, (agreed, losing) in networks.items():
        talks = [hold_talk(ONE_QUESTION, agreed, losing(seed), answers=1) for seed in seeds]
        told[name] = {
            "talks": len(talks),
            "cut_ins": sum(one.early_takes for one in talks),
            "takes": sum(one.takes for one in talks),
            "committed": sum(len(one.answers) for one in talks),
            "utterance_ends": sum(one.utterance_ends for one in talks),
        }
    return told


# Over a real connection


async def call(red: bool, loss: float, seconds: float, seed: int) -> Heard:
    """Call our gateway; packets are lost at the caller's door, numbered but not yet encrypted."""
    chance = at_random(loss, seed)
    caller = RedCaller(lambda slot: slot >= 50 and chance(slot), red=red)
    ear = TimedEar()
    try:
        async with beating() as metronome, asyncio.TaskGroup() as group:
            leg, answer = await WebRtcGateway(metronome).answer(await caller.offer())
            group.create_task(leg.run(ear, SpeechMouth(silent=True), None))
            await caller.take(answer)
            await caller.speak(seconds)
            await asyncio.sleep(0.2)
            await leg.close("over")
    finally:
        await caller.close()
    assert leg.receiver is not None
    first = len(caller.sent_at) - 1 - ear.frames[-1].timestamp // EAR_FRAME_SAMPLES
    way = [
        came - caller.sent_at[first + frame.timestamp // EAR_FRAME_SAMPLES]
        for frame, came in zip(ear.frames, ear.came, strict=True)
    ]
    lost = caller.lost_packets / len(caller.sent_at)
    return summed(loss, lost, leg.receiver.concealed / len(way), [one - min(way) for one in way])


# From a browser


async def browse(losses: tuple[float, ...], seconds: float, seed: int) -> list[dict[str, Any]]:
    """Have Chromium call through a proxy; each loss lasts so many seconds of one call."""
    told = []
    async with lossy_proxy(own_address(), seed) as proxy, chromium_calling(proxy) as here:
        ear = here.ear = TimedEar()
        await here.begin()
        await until(lambda: len(ear.frames) > 100)
        assert here.leg is not None
        receiver = here.leg.receiver
        assert receiver is not None
        for loss in losses:
            proxy.loss = loss
            await asyncio.sleep(3)  # until the browser has seen a report, and puts FEC into its packets
            begun, concealed, lost = len(ear.frames), receiver.concealed, proxy.browser.lost
            sound, page = proxy.browser.sound, await here.stats("inbound-rtp")
            await asyncio.sleep(seconds)
            frames, came = ear.frames[begun:], ear.came[begun:]
            after = await here.stats("inbound-rtp")
            way = [at - f.timestamp / EAR_RATE_HZ for f, at in zip(frames, came, strict=True)]
            up = summed(
                loss,
                (proxy.browser.lost - lost) / (proxy.browser.sound - sound),
                (receiver.concealed - concealed) / len(frames),
                [one - min(way) for one in way],
            )
            grown = {key: after[key] - page[key] for key in after if isinstance(after[key], int | float)}
            told.append(
                {
                    "up": up,
                    "page_concealed": round(
                        100 * grown["concealedSamples"] / grown["totalSamplesReceived"], 3
                    ),
                    "page_delay_ms": round(
                        1000 * grown["jitterBufferDelay"] / grown["jitterBufferEmittedCount"], 1
                    ),
                }
            )
    return told


@click.command()
@click.option("--seconds", type=float, default=30.0, show_default=True, help="Of each real call and loss.")
@click.option("--seeds", type=click.IntRange(1), default=5, show_default=True, help="Simulated streams.")
@click.option("--talks", type=click.IntRange(1), default=20, show_default=True, help="Of each kind.")
@click.option("--seed", type=int, default=1, show_default=True, help="Which packets are lost in real calls.")
@click.option("--browser/--no-browser", default=True, show_default=True, help="Call from Chromium too.")
@click.option("--json", "as_json", is_flag=True)
def command(seconds: float, seeds: int, talks: int, seed: int, browser: bool, as_json: bool) -> None:
    """Frames missing after repair at 0 to 10 % of loss, their delay, and cut-ins that loss causes."""
    machine, rows = this_machine(), []
    detail: dict[str, object] = {}
    for name, agreed in ROADS.items():
        for loss in LOSSES:
            repair = simulate(agreed, loss, 120.0, range(seeds))
            detail[f"simulated, {name}, {loss:.0%}"] = repair
            if loss == max(LOSSES):
                missing, late = 100 * repair.missing_share, 1000 * repair.delay_p99
                rows += [
                    Row(f"missing at 10 %, {name}, simulated", round(missing, 2), "%", MISSING_MUST[name]),
                    Row(f"delay p99 at 10 %, {name}, simulated", round(late, 1), "ms", DELAY_MUST_MS),
                ]
        detail[f"simulated, {name}, 10 % in bursts of 60 ms"] = carry_speech(
            agreed, in_bursts(0.1, 3, 1), 120
        )
        for loss in LOSSES:
            heard = asyncio.run(call(agreed.red is not None, loss, seconds, seed))
            detail[f"our caller, {name}, {loss:.0%}"] = heard
        rows += [
            Row(f"missing at 10 %, {name}, our caller", heard.missing, "%", MISSING_MUST[name]),
            Row(f"delay p99 at 10 %, {name}, our caller", heard.delay_p99, "ms", DELAY_MUST_MS),
        ]
    if browser:
        told = asyncio.run(browse((*LOSSES, 0.0), seconds, seed))
        detail["Chromium"] = told
        worst, after = told[len(LOSSES) - 1], told[-1]
        rows += [
            Row("missing at 10 %, RED + FEC, Chromium", worst["up"].missing, "%", MISSING_MUST["RED + FEC"]),
            Row("delay p99 at 10 %, RED + FEC, Chromium", worst["up"].delay_p99, "ms", DELAY_MUST_MS),
            Row("delay p50 in Chromium's call after it", after["up"].delay_p50, "ms"),
            Row("concealed by Chromium at 10 %, our RED + FEC", worst["page_concealed"], "%"),
        ]
    detail["talks"] = held = talk(range(talks))
    for name, figures in held.items():
        rows.append(Row(f"cut-ins in {figures['talks']} answers: {name}", figures["cut_ins"], "", 0))
    options: dict[str, object] = {"seconds": seconds, "seeds": seeds, "talks": talks, "seed": seed}
    publish("loss", rows, machine, as_json=as_json, options=options, detail=detail)
