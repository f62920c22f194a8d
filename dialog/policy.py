"""Every constant that decides how patient, quick and talkative the interviewer is, in one object that
experiments may vary.

Delays and durations are in seconds; what a larger value costs is said beside each.
"""

from typing import Literal

import msgspec
from msgspec.structs import replace

from dialog.blueprint import Node, Patience
from dialog.patience_by_wording import patience_by_wording


class Profile(msgspec.Struct, frozen=True):
    """How patiently one kind of question is listened to."""

    name: Patience
    stage_one_delay: float | None
    """Silence after which strong evidence takes the turn; None = never. Larger: fewer cut-ins, later replies.
    """
    stage_two_delay: float
    """Silence after which weak evidence is enough. Larger: fewer cut-ins, a longer tail of slow replies."""
    semantics: bool
    """Whether the words count as evidence; a dictated address has no grammar to judge by."""
    acknowledges: bool
    """Whether taking the turn is marked by a short word at once."""
    hold_duration: float
    """From the acknowledgement's onset to the next question's, at the ear, of an answer taken at stage one.
    Larger: cheaper wrong guesses, later questions."""
    cue_delay: float | None
    """Silence after which an audible "I'm listening" is due; None = the page's light alone."""
    check_in_delays: tuple[float, ...]
    """Silence before each check-in. Larger: less nagging, longer uncertainty whether anybody is there."""
    then: Literal["pause", "go_on"]
    """What happens when every check-in stayed unanswered and there is no answer."""
    strict_threshold: float
    """Evidence 0–1 needed at stage one. Larger: more answers wait for stage two."""
    loose_threshold: float
    """Evidence 0–1 needed at stage two and from then on, the longer silence being evidence already. Larger:
    more answers wait for the check-in."""
    prior: float
    """Log-odds that a silence of 0.7 s is an end rather than a pause: how many pauses there are to one end.
    """
    late_hold_duration: float | None = None
    """The same at stage two, where more guesses are wrong; None = no other. Larger: a longer tail."""
    one_word_answers: bool = False
    """Whether a lone "yes" or "right" answers the question; else it is only a sign of listening."""


PROFILES: dict[Patience, Profile] = {
    "closed": Profile(
        "closed", 0.3, 1.0, True, False, 0.0, None, (3.0,), "go_on", 0.81, 0.70, 0.6, one_word_answers=True
    ),
    "narrative": Profile(
        "narrative", 0.7, 2.0, True, True, 0.71, 2.6, (5.0, 12.0), "pause", 0.58, 0.42, -0.8, 0.92
    ),
    "recall": Profile(
        "recall", 0.7, 2.0, True, True, 0.71, 2.6, (6.0, 15.0), "pause", 0.58, 0.42, -0.8, 0.92
    ),
    "reflect": Profile(
        "reflect", 1.0, 2.5, True, True, 1.90, None, (8.0, 20.0), "pause", 0.70, 0.50, -0.8, 1.97
    ),
    "dictate": Profile(
        "dictate", None, 2.5, False, False, 0.0, None, (10.0,), "go_on", 0.5, 0.5, 0.0, one_word_answers=True
    ),
}
_ALONE = {
    "stage_one_delay": 1.6,
    "stage_two_delay": 2.6,
    "strict_threshold": 0.5,
    "hold_duration": 0.9,
    "cue_delay": 3.2,  # behind stage two: an answer that is taken is acknowledged, not cheered on
}
UNAIDED_PROFILES: dict[Patience, Profile] = {
    **PROFILES,
    "closed": replace(PROFILES["closed"], stage_one_delay=0.8, stage_two_delay=1.4, strict_threshold=0.79),
    "narrative": replace(PROFILES["narrative"], **_ALONE),
    "recall": replace(PROFILES["recall"], **_ALONE),
    "reflect": replace(PROFILES["reflect"], stage_one_delay=1.8, stage_two_delay=2.8, strict_threshold=0.5),
}
"""An audio model gives strong evidence after 0.7 s of silence. Without one the words are never that sure, and
are asked later; silence alone later still."""


class Fusion(msgspec.Struct, frozen=True):
    """What each source of evidence counts for (dialog.endpointing), as a factor of its likelihood ratio or in
    log-odds."""

    silence: float = 0.8
    text: float = 1.2
    closed_text: float = 0.5
    """The same after a closed question: what answers it is often only its beginning ("daily, I'd say")."""
    audio: float = 1.0
    hints: float = 1.0
    unfinal: float = 0.6
    """Taken off while the recogniser owes a last word."""
    length: float = 0.85
    """For each factor e by which an answer falls short of `usual_words`. Larger: short ones wait longer."""
    usual_words: int = 40
    unheard_length: float = 0.5
    """Its share that counts where nobody has listened for the end: there every take is a late one already."""
    fewest_words: int = 8
    """Shorter answers than this count as of this length: what is brief and sounds over is over."""
    utmost_doubt: float = -3.6
    """The least log-odds that words, sound and length come to, silence aside, where the words aren't open:
    part of what they say they say together. Larger: fewer ends that are waited for beyond four seconds."""
    unaddressed: float = 0.8
    """Taken off while nothing was said that the question did not say already."""


class Policy(msgspec.Struct, frozen=True):
    """The starting constants, as published beside the benchmarks; each is tuned by experiment, never per
    deployment."""

    profiles: dict[Patience, Profile] = msgspec.field(default_factory=lambda: PROFILES)
    unaided_profiles: dict[Patience, Profile] = msgspec.field(default_factory=lambda: UNAIDED_PROFILES)
    """The same for a session in which nobody listens for ends: silence and words have to tell them."""
    fusion: Fusion = Fusion()
    thinking_time: float = 8.0
    """Added when somebody asks for a moment; asked again it starts anew, up to `thinking_limit` in all."""
    thinking_limit: float = 60.0
    look_lead: float = 0.15
    """The audio end-of-turn model is asked this long before stage one: a look takes 0.11–0.14 s. Larger: more
    looks at pauses that are over before stage one."""
    look_timeout: float = 0.3
    """How long stage one waits for its answer. Larger: safer takes, later ones while the model is slow."""
    resume_window: float = 1.2
    """After the next question's onset, speech within this is the same answer going on. Larger: barge-ins
    misread."""
    rejoin_speech: float = 0.3
    """Speech in that window that reopens the answer; less is a backchannel."""
    voice_hangover: float = 0.2
    """How long voice activity outlasts the voice: a voice reported for 0.5 s has lasted 0.3 s for sure."""
    barge_in_decision: float = 0.5
    """Speech over the agent after which it yields. Larger: more talk-over; smaller: more false stops."""
    yielded_silence: float = 1.5
    """After yielding, with no word: the speech is taken up again."""
    both_at_once: float = 0.3
    """Speech that begins this soon after ours was begun at the same time: we stop, and say ours whole."""
    begun_at_once: float = 2.0
    """Speech of that kind that lasts longer is no slip, but an answer to what could be read. Larger: answers
    to what is on show are asked for again."""
    question_heard_enough: float = 0.6
    """Share of a question heard from which an interruption counts as its answer, not as the previous one
    going on."""
    judgement_deadline: float = 1.2
    """From the take to the fallback. Larger: better-judged probes, longer silences."""
    final_words_timeout: float = 0.8
    """How long a commit waits for the recogniser's last word on an utterance."""
    stalled_words_delay: float = 1.5
    """Voice without a new word for this long is noise: the lull's clock runs from the last word."""
    recogniser_silence: float = 1.0
    """A recogniser that has reported nothing for this long is behind: its lack of words proves no noise."""
    recogniser_lag: float = 0.5
    """Nor does that of one which has this many seconds of sound still to hear."""
    recogniser_timeout: float = 6.0
    """But no turn waits longer than this for a word while a voice goes on."""
    noise_notice_delay: float = 10.0
    noise_pause_delay: float = 60.0
    typing_hold: float = 10.0
    """A keystroke holds the floor for this long."""
    muted_notice_delay: float = 20.0
    muted_pause_delay: float = 60.0
    token_spacing: float = 4.0
    """At least this between two audible tokens (acknowledgement or cue)."""
    token_share: float = 0.6
    """At most this share of turns carries an audible token."""
    max_way: float = 0.3
    """A word takes up to this long to the ear; what is said after the hold takes as long, and is sent ahead
    by as much. Larger: a slow acknowledgement shortens the hold behind it."""
    hold_after_token: float = 0.15
    """The hold never ends sooner than this after the acknowledgement's own end."""
    pause_pseudo_count: int = 12
    """Imagined pauses of one second that a person's own pattern is weighed against. Larger: slower to adapt.
    """
    patience_range: tuple[float, float] = (0.8, 2.0)
    longest_wait: float = 5.5
    """Silence that a hold which is lengthened for somebody's own pauses comes to at most. Larger: fewer slow
    speakers cut off, more ends that are answered too late."""
    cut_off_factor: float = 1.3
    """More patience after we cut somebody off, wearing off over three answers."""
    speech_start_timeout: float = 2.5
    """A speech that hasn't begun by then is taken for failed: no dead air."""
    stop_timeout: float = 1.0
    """A speech that was stopped is taken for silent by then, whatever the mouth says."""
    reading_rate: float = 3.0
    """Words a second at which a stimulus is read."""
    misheard_voice: float = 0.4
    """Voice without a word that lasts at least this long is something misheard; less is a cough."""
    time_reserve: float = 0.9
    """Share of the longest duration after which only required questions are asked."""
    draft_silence: float = 0.4
    """Silence after which the answer so far is judged ahead. Larger: fewer judgements thrown away, fewer in
    time."""
    draft_interval: float = 8.0
    """A long answer is judged ahead this often while it goes on."""
    judgement_grace: float = 0.6
    """What a judgement gets at least when other words have made the one before useless. Larger: longer
    silences."""
    owed_words_timeout: float = 2.4
    """An answer that is held open waits no longer than this for words of a recogniser that is behind; they
    are put on record when they come."""
    words_overdue: float = 1.0
    """Words that are recognised this long after the voice has ended mean that it hasn't."""


DEFAULT_POLICY = Policy()


def patience_of(node: Node, field_type: str | None = None) -> Patience:
    """The node's own patience, else inferred from the field being asked, the node's type and its wording."""
    if field_type is not None:
        return "narrative" if field_type == "text" else "closed"
    return node.patience or patience_by_wording(node.text)
