"""How like a person a clone sounds: cosines of speaker embeddings (GE2E, Wan et al. 2018, by `resemblyzer`).

A speaker's centre is the mean of the embeddings of their held-out utterances, those that the clone did not learn from.
    similarity    mean over clones' utterances of the cosine to their own speaker's centre
    nearest own   share of speakers whose clone's utterances lie, on average, nearest to their own centre of all
Real utterances (the ceiling) are held against the centre of the speaker's other ones, one at a time.
"""

import json
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tiangong.bench.report import Figure
from tiangong.bench.stock import Outcome
from tiangong.core.errors import ConfigError, MediaError
from tiangong.core.media import AudioChunk, SpeechStyle
from tiangong.core.sound import read_audio, write_wav
from tiangong.voice.protocol import REFERENCE, VOICE_RATE_HZ, Voice

REFERENCE_S: Final = 12.0  # utterances from the first on, until they last this long together, are learnt from
FEWEST_UTTERANCES: Final = 5
_SCRIPT: Final = Path(__file__).with_name("voice_embedding.py")
_ENDINGS: Final = {".wav", ".flac", ".mp3", ".ogg", ".m4a"}

Embeddings = NDArray[np.float64]  # (utterances, numbers), each row of length 1
Embed = Callable[[Sequence[Path]], Embeddings]


@dataclass(frozen=True)
class Recorded:
    """A speaker and their utterances."""

    name: str
    files: tuple[Path, ...]


@dataclass(frozen=True)
class Likeness:
    similarity: float  # mean cosine, -1 to 1
    nearest_own: float  # share, 0 to 1


def speakers_in(source: Path) -> list[Recorded]:
    """A folder with a folder of sound for each speaker, or a JSON {speaker: [files]}; those with 5 utterances or more.

    Raises ConfigError for a JSON of another shape, MediaError where there are fewer than two such speakers.
    """
    if source.is_dir():
        found = [
            Recorded(folder.name, tuple(f for f in sorted(folder.rglob("*")) if f.suffix.lower() in _ENDINGS))
            for folder in sorted(source.iterdir())
            if folder.is_dir()
        ]
    elif source.is_file():
        try:
            named = json.loads(source.read_text(encoding="utf-8"))
            found = [Recorded(str(n), tuple(source.parent / str(f) for f in files)) for n, files in named.items()]
        except (ValueError, AttributeError, TypeError) as error:
            raise ConfigError(f"{source.name}: not a JSON object of speakers, each with a list of files") from error
    else:
        raise MediaError(f"{source}: no such folder or file")
    enough = [speaker for speaker in found if len(speaker.files) >= FEWEST_UTTERANCES]
    if len(enough) < 2:
        raise MediaError(f"{source.name}: fewer than two speakers with {FEWEST_UTTERANCES} utterances or more")
    return enough


def learn_from_first(voice: Voice, speaker: Recorded, folder: Path) -> tuple[Path, ...]:
    """Put the first 12 s of a speaker into `folder`, have the voice learn from it; the utterances that are held out.

    Raises MediaError where nothing is left to hold out, or where the voice cannot use the recording.
    """
    sounds: list[NDArray[np.float32]] = []
    for file in speaker.files:
        if sum(map(len, sounds)) >= REFERENCE_S * VOICE_RATE_HZ:
            break
        sounds.append(read_audio(file, VOICE_RATE_HZ).pcm)
    held_out = speaker.files[len(sounds) :]
    if not held_out:
        raise MediaError(f"{speaker.name}: no utterance is left beside the first {REFERENCE_S:g} s")
    folder.mkdir(parents=True)
    write_wav(AudioChunk(np.concatenate(sounds), VOICE_RATE_HZ), folder / REFERENCE)
    voice.learn(folder)
    return held_out


def say_into(voice: Voice, texts: Sequence[str], folder: Path) -> tuple[Path, ...]:
    """A WAV for each English sentence."""
    folder.mkdir(parents=True, exist_ok=True)
    files: list[Path] = []
    for number, text in enumerate(texts):
        sound = np.concatenate([piece.audio.pcm for piece in voice.synthesize(text, SpeechStyle("en"))])
        files.append(folder / f"{number:02}.wav")
        write_wav(AudioChunk(sound, VOICE_RATE_HZ), files[-1])
    return tuple(files)


def resemblyzer_in(python: Path) -> Embed:
    """Embeddings by an interpreter that has `resemblyzer`; what it hands out raises ConfigError where that fails."""

    def embed(files: Sequence[Path]) -> Embeddings:
        wanted = json.dumps([str(file.resolve()) for file in files])
        done = subprocess.run([str(python), str(_SCRIPT)], input=wanted, capture_output=True, text=True, check=False)
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise ConfigError(f"{python.name} cannot embed voices with resemblyzer: {last}")
        return np.array(json.loads(done.stdout), np.float64)

    return embed


def _centre(embeddings: Embeddings) -> Embeddings:
    mean = embeddings.mean(axis=0)
    return mean / np.linalg.norm(mean)


def likeness_of(made: Sequence[Embeddings], real: Sequence[Embeddings]) -> Likeness:
    """Of clones: `made[i]` are utterances of the clone of the speaker whose real ones are `real[i]`."""
    centres = np.stack([_centre(r) for r in real])
    scores = [m @ centres.T for m in made]
    own = np.concatenate([s[:, i] for i, s in enumerate(scores)])
    nearest = [int(s.mean(axis=0).argmax()) == i for i, s in enumerate(scores)]
    return Likeness(float(own.mean()), float(np.mean(nearest)))


def likeness_of_real(real: Sequence[Embeddings]) -> Likeness:
    """Of real utterances, each against its speaker's other ones; `nearest_own` is a share of utterances here."""
    centres = np.stack([_centre(r) for r in real])
    own: list[float] = []
    nearest: list[bool] = []
    for i, utterances in enumerate(real):
        for k in range(len(utterances) if len(utterances) > 1 else 0):
            others = centres.copy()
            others[i] = _centre(np.delete(utterances, k, axis=0))
            scores = others @ utterances[k]
            own.append(float(scores[i]))
            nearest.append(int(scores.argmax()) == i)
    return Likeness(float(np.mean(own)), float(np.mean(nearest)))


@dataclass(frozen=True)
class Cloned:
    """A speaker whose clone was learnt."""

    name: str
    folder: Path
    held_out: tuple[Path, ...]


def measure_likeness(
    clones: Sequence[tuple[Cloned, Voice]], plain: Sequence[Voice], texts: Sequence[str], embed: Embed, workplace: Path
) -> Outcome:
    """Clones, plain voices (the floor: the likest of them for each speaker) and real utterances (the ceiling)."""
    made = [say_into(voice, texts, workplace / "said" / str(i)) for i, (_, voice) in enumerate(clones)]
    floor = [say_into(voice, texts, workplace / "plain" / str(i)) for i, voice in enumerate(plain)]
    groups = [*(clone.held_out for clone, _ in clones), *made, *floor]
    every = embed([file for group in groups for file in group])
    parts = np.split(every, np.cumsum([len(group) for group in groups])[:-1])
    real, said, bare = parts[: len(clones)], parts[len(clones) : 2 * len(clones)], parts[2 * len(clones) :]
    bests = [max(bare, key=lambda b, r=r: float((b @ _centre(r)).mean())) for r in real]
    outcome = Outcome()
    rows = (("clone", likeness_of(said, real)), ("plain", likeness_of(bests, real)), ("real", likeness_of_real(real)))
    for label, found in rows:
        outcome.figures += [
            Figure.single(f"similarity, {label}", "cosine", found.similarity, len(clones)),
            Figure.single(f"nearest own, {label}", "share", found.nearest_own, len(clones)),
        ]
    return outcome
