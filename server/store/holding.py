"""The design that a run is held by. Knows no database."""

from dialog.blueprint import Agent, Blueprint
from server.store.run import Run


def held_by(run: Run, snapshot: Blueprint) -> Blueprint:
    """A run's snapshot, with the run's own agent in it where it has one."""
    if run.agent is None:
        return snapshot
    return snapshot.model_copy(update={"agent": Agent.model_validate(run.agent)})
