"""A simulated talk as one reads it: who said what, and what each follow-up was for."""

from collections.abc import Sequence

from dialog.blueprint import Blueprint
from dialog.events import Event, ProbeChosen
from dialog.transcript import transcript
from server.rehearsal.talk_figures import TalkFigures


def on_paper(blueprint: Blueprint, events: Sequence[Event], figures: TalkFigures) -> str:
    """The transcript of a talk as Markdown, with technique and lack behind each follow-up."""
    agent = blueprint.agent.name
    probes = {
        event.body.probe.text: event.body.probe for event in events if isinstance(event.body, ProbeChosen)
    }
    lines = [f"# {blueprint.name}", ""]
    for entry in transcript(events):
        if entry.role == "participant":
            note = " *(beside the answer)*" if entry.entry_type not in ("utterance", "answer") else ""
            lines += [f"**Participant:** {entry.content}{note}", ""]
        elif entry.role == "agent":
            probe = probes.get(entry.content)
            note = f" *({probe.technique}: {probe.deficiency})*" if probe is not None else ""
            lines += [f"**{agent}:** {entry.content}{note}", ""]
    found = f"{figures.facts_found} of {figures.facts_planted} planted facts, {figures.facts_first} of them"
    lines.append(
        f"*Persona {figures.persona}, seed {figures.seed}: {figures.outcome} after "
        f"{figures.duration_s:.0f} s, {figures.probes} follow-ups, {found} in first answers.*"
    )
    return "\n".join(lines) + "\n"
