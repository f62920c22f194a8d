"""`vivavoce prerender`: what an interviewer is known to say, spoken once and kept where the server will look
for it."""

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import msgspec

from dialog.blueprint import Blueprint
from dialog.script import known_words
from media.frames import VOICE_RATE_HZ
from server.cli.configuration import load_settings
from server.cli.files import load_blueprint, readable_file
from server.cli.outcome import make_room
from server.cli.output import Failure, counted, json_option, print_json
from server.live.keeping import voice_of
from server.providers.cached import PromptCache
from server.providers.catalog import Choice, choose
from server.providers.opening import PROMPTS_DIRECTORY, Providers, open_providers
from server.providers.protocols import Voice
from server.settings import Settings, SettingsError

Progress = Callable[[int, int], None]
"""Called with how many texts are done, and of how many."""


class Prerendered(msgspec.Struct, frozen=True):
    """What came of it."""

    blueprint: str
    voice: Voice
    """Who speaks."""
    directory: str
    texts: int
    already: int
    """Of these, texts that were there before."""
    seconds: float
    """Of speech, in all that is there now."""
    failed: list[str]
    """Texts that couldn't be spoken."""


@click.command()
@click.argument("file", type=readable_file)
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Instead of VIVAVOCE_DATA_DIR (default: ./data).",
)
@json_option
def prerender(file: Path, data_dir: Path | None, as_json: bool) -> None:
    """Synthesise a blueprint's known words ahead.

    The voice is the one with which a server of these settings would speak; a server on the same data
    directory finds the words there, and synthesises none of them again. Nothing is synthesised twice: run it
    again after an edit. Exits with 1 when any text is missing.
    """
    blueprint = load_blueprint(file)
    settings = load_settings(data_dir=data_dir)
    with _progress_bar() as progress:
        done = asyncio.run(make_ahead(blueprint, settings, progress))
    if as_json:
        print_json({"object": "prerender", **msgspec.to_builtins(done)})
    else:
        _tell(done)
    raise SystemExit(1 if done.failed else 0)


async def make_ahead(blueprint: Blueprint, settings: Settings, progress: Progress | None) -> Prerendered:
    """Have every known text of a blueprint on disk, in the voice that these settings choose. Raises
    Failure."""
    try:
        choice = Choice(text_to_speech=choose(settings).text_to_speech)
    except SettingsError as error:
        raise Failure("\n".join(error.faults)) from None
    directory = settings.data_dir / PROMPTS_DIRECTORY
    make_room(directory, "--data-dir")
    async with open_providers(data_dir=settings.data_dir, recogniser_processes=0, choice=choice) as providers:
        cache, asked = providers.prompt_cache, voice_of(blueprint)
        voice = cache.speaker(asked)
        await _see_that_it_speaks(providers, voice, blueprint.settings.language)
        texts = known_words(blueprint)
        already = len([text for text in texts if await cache.fetch(text, asked) is not None])
        failed = await cache.prepare(texts, asked, progress)
        if cache.unwritten:
            raise Failure(f"{directory} has no room: make some, or name another with --data-dir.")
        seconds = await _seconds(cache, texts, asked)
    return Prerendered(blueprint.name, voice, str(directory), len(texts), already, round(seconds, 1), failed)


async def _see_that_it_speaks(providers: Providers, voice: Voice, language: str) -> None:
    """A voice that stands in would speak in vain: only the one that is meant is kept. Raises Failure."""
    if not providers.speaks(language):
        raise Failure(
            f"No voice that is set up knows {language!r}, so nothing can be spoken ahead: set a vendor's key"
            " (docs/providers.md); until then talks in it are typed."
        )
    await providers.health.look()
    complaint = providers.health.complaint_of(voice.provider)
    if complaint is not None:
        raise Failure(f"{complaint} Nothing was made ahead.")


async def _seconds(cache: PromptCache, texts: list[str], voice: Voice) -> float:
    """How long all that there is takes to say."""
    clips = [await cache.fetch(text, voice) for text in texts]
    return sum(len(clip.pcm) for clip in clips if clip is not None) / 2 / VOICE_RATE_HZ


@contextmanager
def _progress_bar() -> Iterator[Progress | None]:
    """A bar for whoever watches; none in a pipe."""
    if not sys.stderr.isatty():
        yield None
        return
    with click.progressbar(length=1, label="Known words", file=sys.stderr) as bar:

        def progress(done: int, total: int) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        yield progress


def _tell(done: Prerendered) -> None:
    voice = " ".join(part for part in (done.voice.provider, done.voice.voice_id) if part)
    there = done.texts - len(done.failed)
    click.echo(
        f"{counted(there, 'text')} in the voice of {voice}, {done.seconds:.0f} s of speech:"
        f" {there - done.already} made now, {done.already} there before, in {done.directory}."
    )
    for text in done.failed:
        click.echo(f"{click.style('missing', fg='red')}  {text}")
