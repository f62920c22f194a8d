"""Who a simulated participant is: what they say, when they pause, which facts they hold back until they are
asked well. Reads persona files and finds their spoken clips; plays nothing."""

import hashlib
import re
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from dialog.blueprint_validation import Fault
from server.rehearsal.background import Noise

DEFAULT_VOICE: Final = "rms"
MAX_FILE_BYTES: Final = 1024 * 1024
MAX_PATTERN: Final = 500
CLIPS_FOLDER: Final = "answers"


class PersonaError(Exception):
    """A persona file can't be used; `faults` says everything that is wrong with it."""

    def __init__(self, path: Path, faults: list[Fault]) -> None:
        super().__init__(f"{path}: " + " ".join(f"{fault.path or '/'}: {fault.message}" for fault in faults))
        self.faults = faults


class Phrase(msgspec.Struct, frozen=True):
    """Words said in one breath, or a sound (crying, laughing) of `ms` milliseconds, and the silence after
    them."""

    say: str = ""
    sound: str = ""
    ms: int = 0
    pause_ms: int = 0
    """0 after the last phrase: the answer is over."""

    @property
    def clip(self) -> str:
        """What its sound is called among a persona's clips: the words, or the sound's name and length."""
        return self.say or f"({self.sound} {self.ms} ms)"


class Reply(msgspec.Struct, frozen=True):
    """What a fitting probe gets: once, if `when` matches the probe as heard, in lower case."""

    when: tuple[str, ...]
    answer: tuple[Phrase, ...]
    reveals: tuple[str, ...] = ()


class NodeAnswers(msgspec.Struct, frozen=True):
    """Everything that is said at one node."""

    first: tuple[Phrase, ...] = ()
    fields: dict[str, tuple[Phrase, ...]] = {}
    """For a form: what is said to each of its fields; `first` answers those not named."""
    probes: tuple[Reply, ...] = ()
    otherwise: tuple[tuple[Phrase, ...], ...] = ()
    contradiction: tuple[Phrase, ...] = ()
    """What a participant who contradicts themselves adds to the first answer."""


class PlantedFact(msgspec.Struct, frozen=True):
    """Something that a good interview brings to light. `markers` are regular expressions that find it in a
    transcript."""

    name: str
    where: Literal["first", "probe"] = "first"
    markers: tuple[str, ...] = ()
    node: str | None = None


class Behaviour(msgspec.Struct, frozen=True):
    """Something done besides answering: a backchannel, a barge-in, a right. `at` says when, `detail` holds
    the rest."""

    kind: str
    at: Any = None
    say: str = ""
    detail: dict[str, Any] = {}


class Expected(msgspec.Struct, frozen=True):
    """What a correct interview with this persona must show."""

    path: tuple[str, ...] = ()
    not_visited: tuple[str, ...] = ()
    data: dict[str, Any] = {}
    erased: tuple[str, ...] = ()
    never_said: tuple[str, ...] = ()


class Drop(msgspec.Struct, frozen=True):
    """The link is cut in the middle of the answer to a question."""

    node: str = ""
    """"" = at the first question that is answered."""
    after_ms: int = 1_500
    """From the answer's first sound."""
    away_ms: int = 60_000
    """Until the participant is back; negative = they never come back."""


class Recognition(msgspec.Struct, frozen=True):
    """How well this participant is understood."""

    word_errors: float = 0.0
    """Share of words that are taken for others or lost, 0–1."""
    confidence: float = 0.95
    """What the recogniser believes of its words on the average, 0–1."""


class Persona(msgspec.Struct, frozen=True):
    """One simulated participant. `folder` is where its file lies, and its clips below it."""

    blueprint: str = ""
    name: str = ""
    voice: str = DEFAULT_VOICE
    start_delay_ms: int = 600
    consent: tuple[Phrase, ...] = (Phrase(say="yes"),)
    answers: dict[str, NodeAnswers] = {}
    probes: tuple[Reply, ...] = ()
    """Replies that fit at any node, tried after the node's own."""
    otherwise: tuple[tuple[Phrase, ...], ...] = ()
    facts: tuple[PlantedFact, ...] = ()
    behaviours: tuple[Behaviour, ...] = ()
    expected: Expected = Expected()
    noise: Noise = Noise()
    drops: tuple[Drop, ...] = ()
    recognition: Recognition = Recognition()
    words_per_s: float = 2.8
    """Speaking rate, without the pauses."""
    folder: Path = Path()

    def reply_to(
        self, node_key: str, probe: str, used: frozenset[Reply], others: int
    ) -> tuple[Reply | None, tuple[Phrase, ...]]:
        """What a probe gets: the first fitting reply that isn't in `used`, else the next of `otherwise`, of
        which `others` were given at this node already and the last repeats. Empty when nothing is foreseen.
        """
        node = self.answers.get(node_key, NodeAnswers())
        heard = probe.lower()
        for reply in (*node.probes, *self.probes):
            if reply not in used and any(re.search(pattern, heard) for pattern in reply.when):
                return reply, reply.answer
        rest = node.otherwise or self.otherwise
        return None, rest[min(others, len(rest) - 1)] if rest else ()

    def spoken(self) -> list[str]:
        """Every distinct text that this persona may say, in order of appearance."""
        phrases = [*self.consent]
        for node in self.answers.values():
            phrases += (*node.first, *node.contradiction)
            phrases += (phrase for field in node.fields.values() for phrase in field)
            phrases += (phrase for reply in node.probes for phrase in reply.answer)
            phrases += (phrase for answer in node.otherwise for phrase in answer)
        phrases += (phrase for reply in self.probes for phrase in reply.answer)
        phrases += (phrase for answer in self.otherwise for phrase in answer)
        said = [phrase.say for phrase in phrases] + [behaviour.say for behaviour in self.behaviours]
        return list(dict.fromkeys(text for text in said if text))


def clip_name(voice: str, say: str) -> str:
    """File name of a phrase's clip: the first 16 hex digits of SHA-256 over voice and words, so that a
    changed phrase never plays an old clip."""
    return hashlib.sha256(f"{voice}\n{say}".encode()).hexdigest()[:16] + ".opus"


def spoken_clip(persona: Persona, say: str) -> Path | None:
    """The Ogg Opus clip of a phrase, or None when it was never spoken."""
    path = persona.folder / CLIPS_FOLDER / clip_name(persona.voice, say)
    return path if path.is_file() else None


def load_persona(path: Path) -> Persona:
    """Read a persona file. Raises PersonaError with every fault; unknown keys are ignored."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise PersonaError(path, [Fault("invalid_value", "", "This file is larger than 1 MiB.")])
        data = msgspec.json.decode(path.read_bytes())
    except OSError as error:
        raise PersonaError(
            path, [Fault("invalid_value", "", f"It can't be read: {error.strerror}.")]
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise PersonaError(path, [Fault("invalid_value", "", f"It is not JSON: {error}.")]) from error
    persona, faults = read_persona(data, folder=path.parent)
    if persona is None:
        raise PersonaError(path, faults)
    return persona


def read_persona(data: object, *, folder: Path = Path()) -> tuple[Persona | None, list[Fault]]:
    """Read a persona from parsed JSON; `folder` is where its clips are looked for."""
    if not isinstance(data, dict):
        return None, [Fault("invalid_value", "", "A persona must be an object.")]
    faults: list[Fault] = []
    parts: dict[str, Any] = {"folder": folder}
    readers: dict[str, Any] = {
        "blueprint": str, "name": str, "start_delay_ms": int, "consent": tuple[Phrase, ...],
        "probes": tuple[Reply, ...],
        "otherwise": tuple[tuple[Phrase, ...], ...], "facts": tuple[PlantedFact, ...],
        "behaviours": tuple[Behaviour, ...], "expected": Expected,
        "noise": Noise, "recognition": Recognition, "words_per_s": float,
    }  # fmt: skip
    data = {**data, "drops": _drops(data.get("drop"))}
    readers["drops"] = tuple[Drop, ...]
    answers = data.get("answers", {})
    for name, kind in readers.items():
        if name in data:
            _convert(_tidy(name, data[name]), kind, f"/{name}", parts, name, faults)
    voice = data.get("voice", DEFAULT_VOICE)
    voice = voice.get("voice_id") or voice.get("name") if isinstance(voice, dict) else voice
    _convert(voice, str, "/voice", parts, "voice", faults)
    read_answers: dict[str, Any] = {}
    if not isinstance(answers, dict):
        faults.append(Fault("invalid_value", "/answers", "This must be an object, by question key."))
    else:
        for key, node in answers.items():
            tidied = (
                {n: _tidy(n, v) for n, v in node.items()}
                if isinstance(node, dict)
                else {"first": _phrases(node)}
            )
            _convert(tidied, NodeAnswers, f"/answers/{key}", read_answers, str(key), faults)
    if faults:
        return None, faults
    persona = Persona(answers=read_answers, **parts)
    faults = list(_bad_patterns(persona))
    return (None, faults) if faults else (persona, [])


def _convert(value: object, kind: Any, at: str, into: dict[str, Any], name: str, faults: list[Fault]) -> None:
    try:
        into[name] = msgspec.convert(value, kind)
    except (msgspec.ValidationError, RecursionError) as error:
        faults.append(Fault("invalid_value", at, f"{error}."))


def _tidy(name: str, value: object) -> object:
    """Let a bare text stand for a phrase, and a phrase for a list of one."""
    if name in ("first", "consent", "contradiction"):
        return _phrases(value)
    if name == "fields" and isinstance(value, dict):
        return {field: _phrases(phrases) for field, phrases in value.items()}
    if name == "otherwise" and isinstance(value, list):
        return [_phrases(one.get("answer", one) if isinstance(one, dict) else one) for one in value]
    if name == "probes" and isinstance(value, list):
        return [_reply(one) if isinstance(one, dict) else one for one in value]
    return value


def _reply(value: dict[Any, Any]) -> dict[Any, Any]:
    when, said = value.get("when", []), value.get("answer", value.get("say", []))
    return {**value, "when": [when] if isinstance(when, str) else when, "answer": _phrases(said)}


def _drops(value: object) -> object:
    """One drop or a list of them; `at` may hold its place, `return` when, or `"never"`."""
    drops = []
    for one in value if isinstance(value, list) else [value] if value is not None else []:
        if not isinstance(one, dict):
            return value
        at, back = one.get("at"), one.get("return")
        drop = {**one, **(at if isinstance(at, dict) else {})}
        if isinstance(back, dict) and "after_ms" in back:
            drop["away_ms"] = back["after_ms"]
        elif back in ("never", False):
            drop["away_ms"] = -1
        drops.append(drop)
    return drops


def _phrases(value: object) -> object:
    if isinstance(value, str | dict):
        value = [value]
    if isinstance(value, list):
        return [{"say": one} if isinstance(one, str) else one for one in value]
    return value


def _bad_patterns(persona: Persona) -> list[Fault]:
    patterns = [
        (f"/answers/{key}/probes", p)
        for key, node in persona.answers.items()
        for r in node.probes
        for p in r.when
    ]
    patterns += [("/probes", pattern) for reply in persona.probes for pattern in reply.when]
    patterns += [("/facts", marker) for fact in persona.facts for marker in fact.markers]
    faults = []
    for where, pattern in patterns:
        try:
            re.compile(pattern[:MAX_PATTERN])
        except re.error as error:
            faults.append(
                Fault("invalid_value", where, f"“{pattern[:80]}” is no regular expression: {error}.")
            )
    return faults
