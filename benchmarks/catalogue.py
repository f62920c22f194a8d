"""Which benchmarks there are, by name.

Each is a file of this folder with a click command named `command`; `cut-ins` is the file cut_ins.py.
"""

from typing import Final

PROMISED: Final = {
    "frame-path": "CPU of one inbound 20 ms packet.",
    "turn-loop": "CPU of the core for one signal.",
    "reply-latency": "What the server adds to a reply, by its own logs.",
    "sessions": "Talks in one process at once, beside those of Pipecat.",
    "loss": "What the ear still hears of what the network loses.",
    "cut-ins": "Simulated answers cut into, and reply times at the ear.",
    "barge-in": "Duck, stop and heard text at the ear of somebody who interrupts, in Chromium.",
}
"""What `all` measures, in its order."""

OTHERS: Final = {
    "ear": "Logged reply times against a recording at the participant's mouth and ear.",
    "captions": "How soon captions of both sides are on the participant's page.",
    "dead-air": "Dead air, fallbacks and drafts with vendors of usual speed.",
    "false-stops": "Stops for backchannels, coughs and echoes, on virtual time.",
    "stall": "What a standing loop leaves behind in a browser.",
    "interleavings": "Random orders of signals, with every promise checked.",
    "kills": "What random kills of the server cost of what it has confirmed.",
    "paging": "Long lists read page by page while they change.",
    "commits": "Event commits with many talks at once, on SQLite and PostgreSQL.",
    "soak": "What thousands of short sessions leave behind in a server.",
    "recognition": "Plumbing of many talks that Deepgram hears: CPU, and whom it holds up.",
    "rights": "Rights claimed aloud, as the embedded recogniser hears them.",
    "sittings": "Simulated sittings on virtual time.",
    "live-voice": "What a vendor's live voice costs the loop.",
    "vendor-messages": "How long the largest message of each vendor keeps the loop.",
    "vendor-talks": "Every question gap of whole interviews with all vendors emulated.",
    "bad-days": "The fault matrix: what is heard of each vendor's bad days.",
    "live": "How quick the vendors are whose keys are set.",
    "probes": "Probes by the thousand, counted by label: rules', and a model's that breaks them.",
    "guard": "Looks of the probe guard in short and long talks.",
    "turn-end": "Looks of the end-of-turn model: cost, delay, whom they hold up.",
}

ALL: Final = {"all": "All of the above, one after the other."}

BENCHMARKS: Final = {**PROMISED, **ALL, **OTHERS}
"""Every name in the order of `--help`."""
