"""Any voice, its sound converted to that of a person by one of Coqui's voice conversion models."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tiangong.core.config import Settings
from tiangong.core.errors import ConfigError, EngineError, MediaError
from tiangong.core.media import AudioChunk, Speech, SpeechStyle
from tiangong.core.sound import resample
from tiangong.voice.coqui.converters import Converter, open_converter
from tiangong.voice.coqui.likeness import Likeness, keep, kept, model_id, read_reference
from tiangong.voice.coqui.loading import MISFITS, device_for, find_model
from tiangong.voice.coqui.model_folder import CONVERTERS, ModelFolder
from tiangong.voice.coqui.weights import one_line
from tiangong.voice.loudness import limited
from tiangong.voice.openai_sound import RunningLevel
from tiangong.voice.prosody import prosody_of
from tiangong.voice.protocol import REFERENCE, VOICE_RATE_HZ, Speaker, Voice

# A net hears each piece with what was said before it, or every piece would begin as if out of silence.
_CONTEXT_SAMPLES: Final = VOICE_RATE_HZ * 4 // 10
_TAIL_SAMPLES: Final = VOICE_RATE_HZ // 100  # made beyond a piece's end, and blended into the beginning of the next one
_SHORTEST_SAMPLES: Final = VOICE_RATE_HZ // 2  # nets that look at whole windows need as much


class ConvertedVoice:
    """Speaks as the engine does; with a cloned voice its sound is then converted, phones and lengths staying as they are."""

    def __init__(self, voice: Voice, converter: Converter, model: ModelFolder, target: Likeness | None = None) -> None:
        """`target`: the person's; None: sound passes through as it is."""
        self._voice, self._converter, self._model, self._target = voice, converter, model, target
        self._id = model_id(model)
        self._gain: float | None = None  # what this speaker needed in the last sentence
        self.name = voice.name
        self.languages = voice.languages

    @classmethod
    def from_settings(cls, voice: Voice, settings: Settings) -> "ConvertedVoice":
        """Load the model that voice.convert names.

        Raises ConfigError for an unknown or incomplete one, MissingExtra where the package or weights are missing,
        MediaError where a file is damaged or refused.
        """
        if settings.voice.convert is None:
            raise ConfigError("voice conversion needs voice.convert, a folder or hub name of a Coqui model")
        model = find_model(settings.voice.convert, CONVERTERS, settings)
        return cls(voice, open_converter(model, device_for(settings), settings), model)

    def for_speaker(self, speaker: Speaker) -> "ConvertedVoice":
        """As the person of a cloned voice. Raises MediaError where what was kept of them or the recording is damaged."""
        target = None
        if speaker.folder is not None:
            path = speaker.folder / self._converter.kept_as
            target = kept(path, self._id) or self._learnt(speaker.folder)
            if not self._converter.fits(target):
                raise MediaError(f"{path}: damaged; clone the voice again")
        return ConvertedVoice(self._voice.for_speaker(speaker), self._converter, self._model, target)

    def learn(self, folder: Path) -> str | None:
        """What the engine itself learns, and the person's features for the conversion, kept beside the recording."""
        target = self._learnt(folder)
        keep(target, folder / self._converter.kept_as, self._id)
        said = self._voice.learn(folder)
        own = f"{self._converter.title} knows this voice from {REFERENCE}"
        return f"{said}; {own}" if said else own

    def synthesize(self, sentence: str, style: SpeechStyle) -> Iterator[Speech]:
        """The engine's pieces, each of the same length and with the same phones, at one loudness.

        Raises EngineError where the conversion fails, and what the engine raises.
        """
        if self._target is None:
            yield from self._voice.synthesize(sentence, style)
            return
        energy = prosody_of(style).energy
        level = RunningLevel(self._gain)
        before, tail = np.zeros(0, np.float32), np.zeros(0, np.float32)
        for speech in self._voice.synthesize(sentence, style):
            pcm = speech.audio.pcm
            made = self._converted(before, pcm, self._target)
            made, next_tail = _blended(tail, made[: len(pcm)]), made[len(pcm) :]
            before, tail = np.concatenate([before, pcm])[-_CONTEXT_SAMPLES:], next_tail
            audio = AudioChunk(limited(level.push(made) if len(made) else made, energy), VOICE_RATE_HZ)
            yield Speech(audio, speech.phones, speech.text, speech.style)
        self._gain = level.gain

    def _converted(
        self, before: NDArray[np.float32], pcm: NDArray[np.float32], target: Likeness
    ) -> NDArray[np.float32]:
        """(samples,) after `before` -> (samples + the tail,), all at 24 kHz."""
        wanted = len(before) + len(pcm) + _TAIL_SAMPLES
        heard = np.concatenate([before, pcm, np.zeros(max(_TAIL_SAMPLES, _SHORTEST_SAMPLES - wanted), np.float32)])
        converter = self._converter
        try:
            made = converter.convert(resample(AudioChunk(heard, VOICE_RATE_HZ), converter.heard_hz).pcm, target)
        except MISFITS as error:
            raise _failed(f"{converter.title} failed: {one_line(error)}") from error
        if not len(made) or not np.isfinite(made).all():
            raise _failed(f"{converter.title} made no sound, or sound that is not a number; its weights are damaged")
        sound = resample(AudioChunk(made, converter.made_hz), VOICE_RATE_HZ).pcm
        # Nets work in steps of 10 or 20 ms and drop what fills none: at most that is missing at the end.
        return np.pad(sound, (0, max(wanted - len(sound), 0)))[len(before) : wanted]

    def _learnt(self, folder: Path) -> Likeness:
        reference = read_reference(folder)
        try:
            target = self._converter.target(reference)
        except MISFITS as error:
            title = self._converter.title
            raise MediaError(f"{folder / REFERENCE}: {title} cannot learn it ({one_line(error)})") from error
        if not all(np.isfinite(array).all() for array in target.arrays.values()):
            raise MediaError(f"{folder / REFERENCE}: {self._converter.title} cannot learn it; record it again")
        return target


def _blended(tail: NDArray[np.float32], pcm: NDArray[np.float32]) -> NDArray[np.float32]:
    """The end of the last piece, which it made too long, fades into this one: no click between them."""
    n = min(len(tail), len(pcm))
    rising = np.linspace(0, 1, n, endpoint=False, dtype=np.float32)
    soft = pcm.copy()
    soft[:n] = soft[:n] * rising + tail[:n] * (1 - rising)
    return soft


def _failed(reason: str) -> EngineError:
    return EngineError("voice", 0, reason)
