"""Voices of Coqui's: XTTS v2 clones a person from some seconds of sound and streams, VITS and YourTTS say a sentence at once.

None of these nets has controls of pitch or tells when each phone is spoken: of a feeling one hears its pace and its
strength, and lips follow the sound.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tiangong.core.config import Settings
from tiangong.core.errors import ConfigError, EngineError, MediaError
from tiangong.core.media import AudioChunk, Speech, SpeechStyle
from tiangong.core.sound import StreamResampler
from tiangong.voice.coqui.likeness import Likeness, keep, kept, model_id, read_reference
from tiangong.voice.coqui.loading import MISFITS, device_for, find_model, licence_of, why_unusable
from tiangong.voice.coqui.model_folder import VOICES, ModelFolder
from tiangong.voice.coqui.net import CoquiNet, Line
from tiangong.voice.coqui.vits import VitsNet
from tiangong.voice.coqui.weights import one_line
from tiangong.voice.coqui.xtts import XttsNet
from tiangong.voice.language_runs import Run, language_runs, main_tongue, short_pieces, spoken_s
from tiangong.voice.loudness import even_loudness, faded, limited
from tiangong.voice.openai_sound import RunningLevel
from tiangong.voice.pieces import PICTURE_SAMPLES, ToldText, whole_pictures
from tiangong.voice.prosody import prosody_of
from tiangong.voice.protocol import REFERENCE, VOICE_RATE_HZ, Speaker
from tiangong.voice.spoken_text import speakable

_FADE_SAMPLES: Final = VOICE_RATE_HZ * 3 // 1000  # at both ends of what is said in one language


class CoquiVoice:
    """One model, speaking as one person; sessions share it."""

    name = "coqui"
    embedded = False

    def __init__(self, net: CoquiNet, model: ModelFolder, likeness: Likeness | None = None) -> None:
        """`likeness`: of whom it speaks as; None: of the model's first female speaker, where it has several."""
        self._net, self._model = net, model
        self._id = model_id(model)
        self._names = model.languages
        self.languages = frozenset(self._names)
        self._likeness = likeness or net.own_speaker(Speaker())
        self._gain: float | None = None  # what this speaker needed in the last sentence

    @classmethod
    def unavailable(cls, settings: Settings) -> str | None:
        """Why it can't run here, or None; imports nothing of Coqui. A hub model that is not on this disk is asked for."""
        model = settings.voice.coqui
        if model is None:
            return "no model set: TIANGONG_VOICE__COQUI=folder"
        return why_unusable(model, VOICES, settings)

    @classmethod
    def licence(cls, settings: Settings) -> str | None:
        """Of the weights that the settings name, for people; None where they name none, or an unknown one."""
        try:
            return licence_of(settings.voice.coqui, VOICES).in_words if settings.voice.coqui else None
        except ConfigError:
            return None  # `unavailable` says why

    @classmethod
    def from_settings(cls, settings: Settings) -> "CoquiVoice":
        """Load the model; seconds, for XTTS half a minute.

        Raises ConfigError where there is none or it is not one of these nets, MissingExtra where the package, the weights
        or the consent to their licence is missing, MediaError where a file is damaged or refused.
        """
        if settings.voice.coqui is None:
            raise ConfigError("the 'coqui' voice needs voice.coqui, a folder or hub name of a Coqui model")
        found = find_model(settings.voice.coqui, VOICES, settings)
        kind = XttsNet if found.net == "xtts" else VitsNet
        return cls(kind.open(found, device_for(settings)), found)

    def for_speaker(self, speaker: Speaker) -> "CoquiVoice":
        """As the person of a cloned voice where the net can; else one of the model's own speakers.

        What `learn` kept is read; where it is missing or of another model, it is computed anew and not written. Raises
        MediaError where it is damaged or the recording cannot be used, ConfigError for a model that can only be cloned.
        """
        if speaker.folder is None or not self._net.learns:
            likeness = self._net.own_speaker(speaker)
            if likeness is None and self._net.learns:
                raise ConfigError(
                    f"{self._model.folder}: this {self._net.title} model brings no speakers; clone a voice for it"
                )
            return CoquiVoice(self._net, self._model, likeness)
        path = speaker.folder / self._net.kept_as
        likeness = kept(path, self._id)
        if likeness is None:
            likeness = self._learnt(speaker.folder)
        elif not self._net.fits(likeness):
            raise MediaError(f"{path}: damaged; clone the voice again")
        return CoquiVoice(self._net, self._model, likeness)

    def learn(self, folder: Path) -> str | None:
        """Keep the person's likeness beside the recording. None for a net that knows only its own speakers."""
        if not self._net.learns:
            return None
        keep(self._learnt(folder), folder / self._net.kept_as, self._id)
        return f"{self._net.title} knows this voice from {REFERENCE}"

    def synthesize(self, sentence: str, style: SpeechStyle) -> Iterator[Speech]:
        """Speech at 24 kHz without phones, every piece but the last a whole number of pictures long: XTTS as it is made,
        VITS a piece for every 6 s or so. Nothing where no letter and no digit is to be spoken.

        Raises EngineError where the net fails, or knows neither the language nor the letters.
        """
        text = speakable(sentence, main_tongue(sentence, style.language))
        if not text:
            return
        if self._likeness is None and self._net.learns:
            raise _failed(f"the {self._net.title} model brings no speakers; clone a voice for it")
        rate = prosody_of(style).rate
        parts = [part.strip() for part in short_pieces(text, self._net.longest_s * rate)]
        lines = [self._lines(part, style.language, rate) for part in parts]
        written = [sentence.strip()] if len(parts) == 1 else parts
        yield from self._streamed(lines, written, style) if self._net.streams else self._whole(lines, written, style)

    def _streamed(self, lines: list[list[Line]], written: list[str], style: SpeechStyle) -> Iterator[Speech]:
        prosody = prosody_of(style)
        level = RunningLevel(self._gain)
        text = " ".join(written)
        told = ToldText(text, spoken_s(text) / prosody.rate)
        # One gain that moves evenly through all chunks, before they are cut: none begins louder than the last one ended.
        sound = (level.push(chunk) for part in lines for chunk in self._sound(part))
        for pcm, last in whole_pictures(sound):
            audio = AudioChunk(limited(pcm, prosody.energy), VOICE_RATE_HZ)
            yield Speech(audio, None, told.next(audio.duration_s, last), style)
        self._gain = level.gain

    def _whole(self, lines: list[list[Line]], written: list[str], style: SpeechStyle) -> Iterator[Speech]:
        energy = prosody_of(style).energy
        for i, part in enumerate(lines):
            pcm = np.concatenate([even_loudness(said, VOICE_RATE_HZ) for said in self._sound(part)])
            rest = -len(pcm) % PICTURE_SAMPLES if i < len(lines) - 1 else 0
            audio = AudioChunk(limited(np.pad(pcm, (0, rest)), energy), VOICE_RATE_HZ)
            yield Speech(audio, None, written[i], style)

    def _lines(self, text: str, language: str, rate: float) -> list[Line]:
        main = main_tongue(text, language)
        runs = [run for run in language_runs(text, main) if any(c.isalnum() for c in run.text)]
        named = [(run, self._name(run, language)) for run in runs]
        # A foreign word may be passed over, but a sentence of which only a foreign word is left would be nonsense.
        if any(name is None and run.tongue == main for run, name in named):
            known = ", ".join(sorted(self.languages))
            raise _failed(f"this Coqui model speaks {known}, not what stands here: {text[:40]}")
        return [Line(run.text.strip(), name, rate) for run, name in named if name]

    def _name(self, run: Run, language: str) -> str | None:
        """What the model calls the run's language; Latin letters are of the sentence's own where that is a third one, and
        of the model's only one where it knows no English."""
        sentence = language.replace("_", "-").split("-")[0].lower()
        if run.tongue == "en" and sentence != "zh" and sentence in self._names:
            return self._names[sentence]
        if run.tongue in self._names or run.tongue == "zh":
            return self._names.get(run.tongue)
        return next(iter(self._names.values()))

    def _sound(self, lines: list[Line]) -> Iterator[NDArray[np.float32]]:
        """Chunks at 24 kHz; what is said in one language begins and ends softly."""
        heard = False
        for line in lines:
            before: NDArray[np.float32] | None = None
            for chunk in self._resampled(line):
                if before is None:
                    chunk = _softened(chunk, at_start=True)
                else:
                    yield before
                before = chunk
            if before is not None:
                heard = True
                yield _softened(before, at_start=False)
        if not heard:
            raise _failed(f"{self._net.title} makes no sound of: {lines[0].text[:40]}")

    def _resampled(self, line: Line) -> Iterator[NDArray[np.float32]]:
        resampler = StreamResampler(self._net.rate_hz, VOICE_RATE_HZ)
        try:
            for chunk in self._net.speak(line, self._likeness):
                if not np.isfinite(chunk).all():
                    raise _failed(f"{self._net.title} made sound that is not a number; its weights are damaged")
                # A whole sentence is one chunk, and must stay one: its loudness is measured over all of it.
                pcm = resampler.push(chunk, last=not self._net.streams)
                if len(pcm):
                    yield pcm
        except MISFITS as error:
            raise _failed(f"{self._net.title} failed: {one_line(error)}") from error
        if self._net.streams and len(rest := resampler.push(np.zeros(0, np.float32), last=True)):
            yield rest

    def _learnt(self, folder: Path) -> Likeness:
        reference = read_reference(folder)
        try:
            likeness = self._net.learnt(reference)
        except MISFITS as error:
            raise MediaError(f"{folder / REFERENCE}: {self._net.title} cannot learn it ({one_line(error)})") from error
        if not all(np.isfinite(array).all() for array in likeness.arrays.values()):
            raise MediaError(f"{folder / REFERENCE}: {self._net.title} cannot learn it; record it again")
        return likeness


def _softened(pcm: NDArray[np.float32], *, at_start: bool) -> NDArray[np.float32]:
    soft = faded(pcm, _FADE_SAMPLES)
    middle = len(pcm) // 2
    return np.concatenate([soft[:middle], pcm[middle:]] if at_start else [pcm[:middle], soft[middle:]])


def _failed(reason: str) -> EngineError:
    return EngineError("voice", 0, reason)
