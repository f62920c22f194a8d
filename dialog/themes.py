"""What a participant spoke of: things named again and again, gathered by stem and phrase, each with the
pieces of the answers that name it. No tagger stands behind it: that a word is a noun is told by what stands
around it."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

import msgspec

from dialog.analysis import Evidence, Talk, Theme
from dialog.clauses import Clause
from dialog.lexicon import content_stems
from dialog.naming import Naming, namings_in

MOST_THEMES: Final = 8
ENOUGH_THEMES: Final = 3
"""With fewer that were named twice, some that were named once are taken too."""
_WIDE: Final = 0.6
"""Share of salience that comes of how many questions a theme is spread over; the rest of how often it is
named."""
_ECHOED: Final = 0.6
"""What is left of the salience of a theme that the questions had named themselves."""
_TOGETHER: Final = 0.6
"""Share of the mentions of two words that are mentions of both, for them to be one theme."""


class _Named(msgspec.Struct):
    """Everything with one stem at its end, or several that go together."""

    stems: frozenset[str]
    namings: list[Naming]

    @property
    def places(self) -> set[int]:
        """The clauses that name it."""
        return {naming.clause for naming in self.namings}


def themes_of(talk: Talk, clauses: Sequence[Clause]) -> list[Theme]:
    """The themes of a talk, the most salient first."""
    namings = namings_in([clause.text for clause in clauses])
    asked = content_stems(" ".join(question.text for question in talk.questions))
    groups = _gathered(namings)
    repeated = [group for group in groups if len(group.namings) > 1]
    if len(repeated) < ENOUGH_THEMES:
        once = [group for group in groups if len(group.namings) == 1 and not group.stems & asked]
        once.sort(key=lambda group: (-max(len(each.words) for each in group.namings), min(group.places)))
        repeated += _apart(once)[: ENOUGH_THEMES - len(repeated)]
    answered = len({statement.question_key for statement in talk.statements})
    most = max((len(group.places) for group in repeated), default=1)
    themes = [_theme(group, clauses, asked, answered, most) for group in repeated]
    themes.sort(key=lambda theme: (-theme.salience, -len(theme.evidence), theme.label.lower()))
    return themes[:MOST_THEMES]


def _theme(group: _Named, clauses: Sequence[Clause], asked: set[str], answered: int, most: int) -> Theme:
    places = sorted(group.places)
    spread = len({clauses[place].statement.question_key for place in places}) / max(answered, 1)
    salience = _WIDE * spread + (1 - _WIDE) * len(places) / most
    if group.stems <= asked:
        salience *= _ECHOED
    evidence = tuple(Evidence(clauses[place].statement.entry_id, clauses[place].text) for place in places)
    return Theme(_label(group), round(salience, 3), evidence)


def _gathered(namings: Sequence[Naming]) -> list[_Named]:
    """By the stem of the last word; two such groups that mostly come together are one."""
    by_head: dict[str, _Named] = {}
    for naming in namings:
        group = by_head.setdefault(naming.stems[-1], _Named(frozenset({naming.stems[-1]}), []))
        group.namings.append(naming)
    # What goes before a head names something too, where it is a head elsewhere: "the ticket", "the ticket
    # system".
    for naming in namings:
        for stem in naming.stems[:-1]:
            if stem in by_head and stem != naming.stems[-1]:
                by_head[stem].namings.append(naming)
    groups = sorted(by_head.values(), key=lambda one: (-len(one.places), min(one.places)))
    merged: list[_Named] = []
    for group in groups:
        for other in merged:
            if _are_one(group, other):
                other.stems |= group.stems
                other.namings += [each for each in group.namings if each not in other.namings]
                break
        else:
            merged.append(group)
    return merged


def _are_one(one: _Named, other: _Named) -> bool:
    """Whether both are named in one breath somewhere, and mostly together."""
    in_one_breath = any(
        one.stems & set(naming.stems) and other.stems & set(naming.stems) for naming in one.namings
    )
    both = len(one.places & other.places)
    return in_one_breath and both >= _TOGETHER * len(one.places | other.places)


def _apart(groups: Sequence[_Named]) -> list[_Named]:
    """Those that share no clause with one before them, so that three of one sentence don't stand for a talk;
    the others after them."""
    first: list[_Named] = []
    later: list[_Named] = []
    seen: set[int] = set()
    for group in groups:
        (later if group.places & seen else first).append(group)
        seen |= group.places
    return first + later


def _label(group: _Named) -> str:
    """The longest phrase that names it more often than not, else the most usual one; as it was
    written."""
    phrases = Counter(each.stems for each in group.namings)
    frequent = [stems for stems, count in phrases.items() if 2 * count > phrases.total()]
    if frequent:
        wanted = max(frequent, key=lambda stems: (len(stems), stems))
    else:
        wanted = min(phrases, key=lambda stems: (-phrases[stems], len(stems), stems))
    written = Counter(each.label for each in group.namings if each.stems == wanted)
    return min(written, key=lambda label: (-written[label], label))
