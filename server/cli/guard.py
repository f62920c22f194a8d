"""`vivavoce guard`: what the interviewer may say, judged by the very rules that stand before its voice."""

from pathlib import Path
from typing import Final

import click
import msgspec

from dialog.probe_guard import GuardContext, Line, check
from server.cli.files import MAX_FILE_BYTES, readable_file
from server.cli.labelled import (
    LEAST_RECALL,
    LEAST_RECALL_OF_A_RULE,
    MOST_FALSE_REFUSALS,
    Half,
    Judged,
    false_refusals,
    judge_set,
    read_set,
    tallies,
)
from server.cli.output import Failure, counted, json_option, print_json

LABELLED: Final = Path(__file__).parent.parent.parent / "tests" / "data" / "guard_set.jsonl"
"""The set of the source checkout."""


class _Context(msgspec.Struct):
    """A line's context as people write it: anything may be missing or null."""

    question: str | None = None
    objective: str | None = None
    transcript: list[Line] | None = None
    verbatim: bool | str | None = None
    options: list[str] | None = None
    sensitive_topics: list[str] | None = None
    asked: list[str] | None = None

    def judged_against(self) -> GuardContext:
        return GuardContext(
            question=self.question or "",
            objective=self.objective,
            transcript=tuple(self.transcript or ()),
            verbatim=self.verbatim,
            options=tuple(self.options or ()),
            sensitive_topics=tuple(self.sensitive_topics or ()),
            asked=tuple(self.asked or ()),
        )


class _Case(msgspec.Struct):
    utterance: str
    id: str | int | None = None
    context: _Context = msgspec.field(default_factory=_Context)


@click.command()
@click.argument("file", type=readable_file, required=False)
@click.option("--set", "labelled", is_flag=True, help="FILE is a labelled set; none: the checkout's.")
@click.option("--half", type=click.Choice(["tuning", "unseen"]), help="Only this half of a labelled set.")
@json_option
def guard(file: Path | None, labelled: bool, half: Half | None, as_json: bool) -> None:
    """Judge what an interviewer might say.

    FILE has a JSON object a line: id, context (question, objective, transcript, verbatim, options,
    sensitive_topics, asked) and utterance. Of each the rules that it breaks are printed; none means that it
    may be spoken. With --set the lines of FILE carry labels, and precision and recall of each rule are
    printed; exits with 1 when they fall short.
    """
    if labelled:
        judged = _judged(file or LABELLED, half)
        if as_json:
            _print_figures_as_json(judged)
        else:
            _print_figures(judged)
        raise SystemExit(0 if _is_good(judged) else 1)
    if file is None:
        raise click.UsageError("Name a FILE of utterances, or ask for --set.")
    for case in _cases(file):
        violations = check(case.utterance, case.context.judged_against())
        if as_json:
            click.echo(msgspec.json.encode({"id": case.id, "violations": violations}))
        else:
            click.echo(f"{case.id}: {'breaks ' + ', '.join(violations) if violations else 'may be spoken'}")


def _cases(path: Path) -> list[_Case]:
    """Read the lines to be judged. Raises Failure."""
    if path.stat().st_size > MAX_FILE_BYTES:
        raise Failure(f"{path} is larger than {MAX_FILE_BYTES // 1024 // 1024} MB: judge it in pieces.")
    cases = []
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        if not line.strip():
            continue
        try:
            case = msgspec.json.decode(line, type=_Case)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Failure(f"{path}, line {number}: {error}.") from None
        if case.id is None:
            case.id = number
        cases.append(case)
    return cases


def _judged(path: Path, half: Half | None) -> list[Judged]:
    if not path.is_file():
        raise Failure("The labelled set is part of the source checkout: name a file of your own.")
    return judge_set(read_set(path), half)


def _is_good(judged: list[Judged]) -> bool:
    *rules, every = tallies(judged)
    refused, fine = false_refusals(judged)
    return (
        all(rule.recall is None or rule.recall >= LEAST_RECALL_OF_A_RULE for rule in rules)
        and (every.recall is None or every.recall >= LEAST_RECALL)
        and refused <= MOST_FALSE_REFUSALS * fine
    )


def _print_figures(judged: list[Judged]) -> None:
    click.echo(f"{'rule':20} {'labelled':>8} {'recall':>7} {'named':>6} {'precision':>10}")
    for tally in tallies(judged):
        recall, precision = _share(tally.recall), _share(tally.precision)
        click.echo(f"{tally.rule or 'any':20} {tally.labelled:8} {recall:>7} {tally.named:6} {precision:>10}")
    refused, fine = false_refusals(judged)
    click.echo(f"{counted(refused, 'false refusal')} among {fine} that may be spoken.")


def _share(share: float | None) -> str:
    return "-" if share is None else f"{share:.3f}"


def _print_figures_as_json(judged: list[Judged]) -> None:
    refused, fine = false_refusals(judged)
    print_json(
        {
            "rules": [
                {
                    "rule": tally.rule,
                    "labelled": tally.labelled,
                    "recall": tally.recall,
                    "named": tally.named,
                    "precision": tally.precision,
                }
                for tally in tallies(judged)
            ],
            "false_refusals": refused,
            "admissible": fine,
        }
    )
