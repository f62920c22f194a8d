"""A log of events that no writer ever stores: what waits for storage waits for good."""

from server.store.event_log import EventLog, OpenedSession


def stalled_log() -> EventLog:
    """A log without a writer, of a run's first session."""

    async def history(_: str, __: int, ___: int) -> list[object]:
        return []

    opened = OpenedSession("run_1", "ses_1", 1, 1, 0, 0)
    return EventLog(opened, wake=lambda _: None, history=history)  # type: ignore[arg-type]
