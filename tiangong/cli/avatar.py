"""`tiangong avatar`: make digital humans, look at them, let them repeat what a person does in a video."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tiangong.cli.options import AsJson, Profile

if TYPE_CHECKING:
    from tiangong.rendering.training.person import TrainingProgress
    from tiangong.studio.listing import AvatarDetails
    from tiangong.studio.making import Listeners, Made, Training

app = typer.Typer(help="Make avatars, list them, drive them.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Name of the avatar.")]
Minutes = Annotated[
    float | None, typer.Option(help="How long to train, in minutes; without it as long as the film needs.", min=0.01)
]
Device = Annotated[str, typer.Option(help="'cpu', 'cuda' or 'auto'.")]


@app.command()
def create(
    name: Name,
    photo: Annotated[Path | None, typer.Option(help="A photo of the person: sharp, frontal, well lit.")] = None,
    video: Annotated[Path | None, typer.Option(help="20 s to 5 minutes of talking to the camera.")] = None,
    voice: Annotated[Path | None, typer.Option(help="A recording of the voice, 10 s or more.")] = None,
    drawn: Annotated[bool, typer.Option("--drawn", help="A drawn or painted character, nobody's likeness.")] = False,
    speaks_as: Annotated[str, typer.Option(help="Built-in voice: 'female' or 'male'.")] = "female",
    replace: Annotated[bool, typer.Option("--replace", help="Overwrite an avatar of this name.")] = False,
    minutes: Minutes = None,
    device: Device = "auto",
) -> None:
    """Make an avatar from a photo (seconds) or a video (minutes: it trains a face of its own)."""
    from tiangong.core.config import load_settings
    from tiangong.core.errors import ConfigError
    from tiangong.service.assembly import Engines
    from tiangong.studio.avatar_files import Wishes
    from tiangong.studio.making import create_from_photo, create_from_video

    if speaks_as not in ("female", "male"):
        raise ConfigError(f"no built-in voice '{speaks_as}'; there are: female, male")
    if photo and video:
        raise ConfigError("give a photo or a video, not both; a video makes the better avatar")
    settings = load_settings()
    avatars = settings.avatars
    learners = Engines(settings).learners if voice else ()
    wishes = Wishes(drawn=drawn, voice=voice, learners=learners, speaks_as=speaks_as, replace=replace)
    if photo:
        made = create_from_photo(name, photo, avatars, wishes)
    elif video:
        training = _training(minutes, device)
        with _listeners() as listeners:
            made = create_from_video(name, video, avatars, wishes, training, listeners)
    else:
        raise ConfigError("what shall it look like? Add --photo me.jpg, or --video me.mp4")
    _tell_made(made)
    if drawn:
        typer.echo(
            "You declare that this is a drawn or painted character and no living person's likeness (consent.json)."
        )
    else:
        typer.echo(
            "You declare that this is your own likeness, or that you have this person's permission (consent.json)."
        )
    for sentence in made.voice:
        typer.echo(f"Voice: {sentence}.")


@app.command()
def train(
    name: Name,
    video: Annotated[Path, typer.Option(help="20 s to 5 minutes of the person talking to the camera.")],
    minutes: Minutes = None,
    device: Device = "auto",
) -> None:
    """Train the face of an avatar on a video. Ctrl-C pauses: the same command goes on where it was."""
    from tiangong.core.config import load_settings
    from tiangong.studio.making import train_again

    settings, training = load_settings(), _training(minutes, device)
    with _listeners() as listeners:
        made = train_again(name, video, settings.avatars, training, listeners)
    _tell_made(made)


@app.command("list")
def list_all(as_json: AsJson = False) -> None:
    """Every avatar: whose likeness, whether its consent holds, who draws its face, and its size."""
    from dataclasses import asdict

    from tiangong.core.config import load_settings
    from tiangong.studio.listing import list_avatars

    found = list_avatars(load_settings().avatars)
    if as_json:
        typer.echo(json.dumps([asdict(avatar) for avatar in found], ensure_ascii=False, indent=1))
        return
    wide = max(len(avatar.name) for avatar in found)
    for avatar in found:
        size = f"{avatar.size_bytes / 1e6:.1f} MB"
        typer.echo(
            f"{avatar.name:<{wide}}  {avatar.kind:<15}  consent {avatar.state:<18}  generator {avatar.generator:<4}  {size:>8}"
        )


@app.command()
def show(name: Name, as_json: AsJson = False) -> None:
    """One avatar: its files, whose likeness it is, who it is, how its training went."""
    from tiangong.agent.persona import read_persona
    from tiangong.core.config import load_settings
    from tiangong.core.errors import BundleError, ConfigError
    from tiangong.studio.bundle import PERSONA
    from tiangong.studio.listing import show_avatar

    details = show_avatar(name, load_settings().avatars)
    try:
        persona = read_persona(Path(details.summary.folder) / PERSONA).persona
        described = {"name": dict(persona.name), "greeting": dict(persona.greeting), "about": dict(persona.about)}
    except (BundleError, ConfigError) as error:
        described = {"error": {"en": str(error)}}
    typer.echo(_details_json(details, described) if as_json else _details_text(details, described))


@app.command()
def seal(name: Name) -> None:
    """Accept changes that you made to an avatar's files: persona, knowledge, portrait."""
    from tiangong.agent.persona import read_persona
    from tiangong.core.config import load_settings
    from tiangong.core.errors import BundleError
    from tiangong.studio.bundle import PERSONA, open_bundle, seal_bundle
    from tiangong.studio.listing import named_folder, summarize

    folder = named_folder(name, load_settings().avatars)
    if summarize(folder).is_starter:
        raise BundleError(f"'{name}' is a starter avatar, which stays as it is; make one of your own")
    read_persona(folder / PERSONA)
    seal_bundle(folder, name)
    open_bundle(folder)
    typer.echo(f"{name}: sealed")


@app.command()
def drive(
    name: Name,
    video: Annotated[Path, typer.Option(help="Whose motion is repeated.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="out.mp4")],
    no_sound: Annotated[bool, typer.Option("--no-sound", help="Leave the video's sound out.")] = False,
    profile: Profile = None,
) -> None:
    """The avatar repeats the motion seen in a video: 25 fps, 512 x 512, with its sound, marked as made by an AI."""
    from tiangong.core.config import load_settings
    from tiangong.core.errors import ConfigError

    if output.suffix.lower() != ".mp4":
        raise ConfigError(f"cannot write '{output.suffix or output.name}' files; end the output in .mp4")
    if not output.parent.is_dir():
        raise ConfigError(f"there is no folder {output.parent}")
    if output.exists() and video.exists() and output.samefile(video):
        raise ConfigError("the output would overwrite the video that drives it; give it another name")

    from tiangong.cli.progress import bar
    from tiangong.service.assembly import Engines
    from tiangong.service.driving import DriveListeners, open_for_driving
    from tiangong.service.driving import drive as drive_avatar
    from tiangong.studio.listing import named_folder

    settings = load_settings(profile=profile)
    bundle = open_for_driving(named_folder(name, settings.avatars))
    engines = Engines(settings)
    try:
        with bar("Reading the video") as read, bar("Drawing") as drawn:
            listeners = DriveListeners(lambda share: read(share, ""), lambda share: drawn(share, ""))
            made = drive_avatar(bundle, engines.renderer, video, output, not no_sound, listeners)
    finally:
        engines.workers.close()
    held = f", {made.held} frames without a face hold the last motion" if made.held else ""
    typer.echo(f"{output}: {made.duration_s:.1f} s{held}")


def _training(minutes: float | None, device: str) -> "Training":
    from tiangong.core.errors import ConfigError
    from tiangong.studio.making import Training

    if device not in ("auto", "cpu", "cuda"):
        raise ConfigError(f"no device '{device}'; there are: auto, cpu, cuda")
    if device == "cuda":
        import torch  # late: two seconds

        if not torch.cuda.is_available():
            raise ConfigError("there is no CUDA device here; use --device auto")
    return Training(minutes, device)


@contextmanager
def _listeners() -> "Generator[Listeners]":
    from tiangong.cli.progress import bar
    from tiangong.studio.making import Listeners

    with bar("Reading the video") as read, bar("Training") as trained:

        def tell(progress: "TrainingProgress") -> None:
            losses = "  ".join(f"{name} {value:.3f}" for name, value in list(progress.losses.items())[:3])
            trained(progress.step / progress.steps if progress.steps else 0.0, losses)

        yield Listeners(lambda share: read(share, ""), tell)


def _tell_made(made: "Made") -> None:
    for finding in made.findings:
        typer.echo(f"Note: {finding.sentence}.")
    typer.echo(
        f"{made.folder.name} is ready in {made.folder}; talk with it: tiangong serve --avatar {made.folder.name}"
    )


def _details_json(details: "AvatarDetails", persona: dict[str, dict[str, str]]) -> str:
    from dataclasses import asdict

    written = {
        **asdict(details.summary),
        "manifest": details.manifest.model_dump(mode="json"),
        "consent": details.consent.model_dump(mode="json"),
        "persona": persona,
        "training": details.training,
    }
    return json.dumps(written, ensure_ascii=False, indent=1)


def _details_text(details: "AvatarDetails", persona: dict[str, dict[str, str]]) -> str:
    avatar, consent = details.summary, details.consent
    lines = [
        f"{avatar.name}  ({avatar.folder}, {avatar.size_bytes / 1e6:.1f} MB)",
        f"  likeness   {avatar.kind}; consent {avatar.state}",
        f"             {consent.statement}",
        f"             may be used for: {', '.join(consent.purposes)}",
        f"  generator  {avatar.generator}",
        *(f"  {key:<9}  {text}  [{language}]" for key, texts in persona.items() for language, text in texts.items()),
        f"  files      {', '.join(details.manifest.files)}",
    ]
    if details.training:
        lines += [f"  training   {key}: {value}" for key, value in details.training.items()]
    return "\n".join(lines)
