"""All words between a participant's page and the server: JSON objects over `WS /join/{run_id}/live`.

The first message of the page is `Hello`; the server answers with `Welcome` and then sends what happens. Each
message that changes the page is numbered by the `seq` of the event behind it, so that a page that comes back
gets what it has missed.
"""

from typing import Annotated, Literal

import msgspec

Mode = Literal["voice", "text"]


class FromPage(msgspec.Struct, frozen=True, tag_field="type", forbid_unknown_fields=True):
    """Base of what a page sends."""


class Hello(FromPage, frozen=True, tag="hello"):
    """Who is there: the token of POST /session, and the last `seq` that this page has shown (0 = nothing)."""

    access_token: str
    after_seq: int = 0


class Consent(FromPage, frozen=True, tag="consent"):
    """The answer to the consent text. `text_hash` is of the text shown: so what was agreed to is certain."""

    granted: bool
    recording: bool
    text_hash: str


class Start(FromPage, frozen=True, tag="start"):
    """The page is ready to talk in this mode; also sent to change between voice and text in mid-interview."""

    mode: Mode


class Done(FromPage, frozen=True, tag="done"):
    pass


class Hold(FromPage, frozen=True, tag="hold_to_talk"):
    pressed: bool


class TypedText(FromPage, frozen=True, tag="text"):
    """A typed answer, 1–5,000 characters. `id` is the page's own: sent twice, it counts once."""

    text: str
    id: str


class Typing(FromPage, frozen=True, tag="typing"):
    pass


class Mute(FromPage, frozen=True, tag="mute"):
    muted: bool


class Claim(FromPage, frozen=True, tag="claim"):
    """One of the participant's rights. `stop` is for good; `pause` also goes before leaving for a while."""

    right: Literal["repeat", "slower", "skip", "back", "pause", "resume", "strike", "human", "stop"]


class Respond(FromPage, frozen=True, tag="respond"):
    """Values for the form or custom node on show."""

    node_key: str
    data: dict[str, object]


class Playout(FromPage, frozen=True, tag="playout"):
    """Seconds from the arrival of a packet to its sounding, as the browser measures it; twice a second."""

    delay: Annotated[float, msgspec.Meta(ge=0.0, le=10.0)]
    """More than two seconds are not believed, but no reason to refuse a page with slow loudspeakers."""


class Ping(FromPage, frozen=True, tag="ping"):
    n: int


AnyFromPage = (
    Hello | Consent | Start | Done | Hold | TypedText | Typing | Mute | Claim | Respond | Playout | Ping
)


class ToPage(msgspec.Struct, frozen=True, tag_field="type"):
    """Base of what a page is sent."""


class FieldOnShow(msgspec.Struct, frozen=True, omit_defaults=True):
    """One field of the form on show, as in the blueprint."""

    name: str
    label: str
    type: str
    options: list[str] | None = None
    min: float | None = None
    max: float | None = None
    required: bool = True


class ContentOnShow(msgspec.Struct, frozen=True, omit_defaults=True):
    """The stimulus on show, as in the blueprint."""

    type: str
    url: str | None = None
    text: str | None = None
    alt: str = ""
    caption: str | None = None


class Welcome(ToPage, frozen=True, tag="welcome"):
    """First message of the server. `status` is the run's; `resumed` when the talk had begun before."""

    session_id: str
    status: str
    seq: int
    consent_needed: bool
    resumed: bool


class Floor(ToPage, frozen=True, tag="floor"):
    """The light: whose turn it is. `detail` is the floor's own state, for the words under the light."""

    seq: int
    light: Literal["yours", "thinking", "mine", "paused", "away", "ended"]
    detail: str


class Caption(ToPage, frozen=True, tag="caption"):
    """Words of either side. The same `id` again replaces the text.

    `final` false = may still change; `gone` = take it away.
    """

    seq: int
    id: str
    role: Literal["agent", "participant"]
    text: str
    final: bool
    cut: bool = False
    gone: bool = False


class Question(ToPage, frozen=True, tag="question"):
    """What is being asked, big on the page. `fields` for forms, `content` for a stimulus."""

    seq: int
    node_key: str
    kind: str
    text: str
    section: str | None
    node_type: str
    fields: list[FieldOnShow] = []
    content: ContentOnShow | None = None


class Progress(ToPage, frozen=True, tag="progress"):
    """`answered` of about `expected` questions on the path as it looks now; the time left in minutes."""

    seq: int
    answered: int
    expected: int
    remaining_m: int | None


class Notice(ToPage, frozen=True, tag="notice"):
    """A sentence for the participant, and ways out: `type`, `skip`, `repeat`, `pause`, `resume`, `hold`.
    Without a text the one of this code holds no more."""

    seq: int
    code: str
    text: str
    offers: list[str] = []


class Level(ToPage, frozen=True, tag="level"):
    """What the server hears of the microphone, −90–0 dBFS, a few times a second: proof that it arrives."""

    dbfs: float


class Ended(ToPage, frozen=True, tag="ended"):
    """The interview is over: `completed`, `stopped`, `cancelled`, `time`, `failed` or `declined`. `onward` is
    an address that the participant may go on to, `code` one to be given elsewhere."""

    outcome: str
    text: str
    onward: str | None = None
    code: str | None = None


class Displaced(ToPage, frozen=True, tag="displaced"):
    """This link was opened elsewhere, and the talk goes on there."""

    text: str


class Refused(ToPage, frozen=True, tag="refused"):
    """The last message was not taken; `text` says why in plain words."""

    code: str
    text: str


class Pong(ToPage, frozen=True, tag="pong"):
    n: int


AnyToPage = (
    Welcome | Floor | Caption | Question | Progress | Notice | Level | Ended | Displaced | Refused | Pong
)
