"""Voices of Piper, from a folder: natural speech on a processor, in many languages, with the time of every phone.

Only its ONNX files are used, by onnxruntime; phonemes come from espeak-ng as Piper makes them. A folder may hold a voice for
each language; a sentence in two of them is spoken by two voices, brought to one loudness and joined on one timeline.
Piper has no control of pitch: of a feeling one hears its pace and its strength.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tiangong.core.config import Settings
from tiangong.core.errors import ConfigError, MediaError
from tiangong.core.media import AudioChunk, Phone, Speech, SpeechStyle
from tiangong.core.sound import resample
from tiangong.voice.espeak_library import espeak_library, why_unusable
from tiangong.voice.language_runs import Run, Tongue, language_runs, main_tongue, short_pieces
from tiangong.voice.loudness import even_loudness, faded, limited
from tiangong.voice.pieces import PICTURE_SAMPLES
from tiangong.voice.piper_config import SETTING, PiperConfig, config_file, piper_files, read_config
from tiangong.voice.piper_net import PiperNet, PiperScales
from tiangong.voice.piper_phones import Utterance, audible, raw_speech, utterances
from tiangong.voice.prosody import Prosody, prosody_of
from tiangong.voice.protocol import VOICE_RATE_HZ, Speaker
from tiangong.voice.spoken_run import SpokenRun, joined, trimmed
from tiangong.voice.spoken_text import speakable

# A net takes a twentieth of what it speaks, on a weak machine a fifth: the first clauses are heard before the rest is made.
LONGEST_PIECE_S: Final = 6.0
_LEAD_S: Final = 0.03  # first sound is early, yet the lips may part before it
_FADE_S: Final = 0.003


@dataclass(frozen=True)
class PiperMember:
    """One Piper voice of the folder."""

    config: PiperConfig
    net: PiperNet


class PiperVoice:
    """Speaks with the first voice of each language in a folder; sessions and threads may share it."""

    name = "piper"
    embedded = False

    def __init__(self, members: Mapping[str, PiperMember], speaker: str = "") -> None:
        """`members` by language, one at least; `speaker`: a name that their configurations hold, else their first."""
        self._members, self._speaker = members, speaker
        self.languages = frozenset(members)
        self._library = espeak_library()

    @classmethod
    def unavailable(cls, settings: Settings) -> str | None:
        """Why there is no Piper voice here, or None; reads no net."""
        if settings.voice.piper is None:
            return "no folder of voices set: TIANGONG_VOICE__PIPER=voices/piper"
        try:
            piper_files(settings.voice.piper)
        except ConfigError as error:
            return str(error)
        return why_unusable()

    @classmethod
    def from_settings(cls, settings: Settings) -> "PiperVoice":
        """Raises ConfigError where a file is missing and MediaError where one is broken."""
        if settings.voice.piper is None:
            raise ConfigError(f"the 'piper' voice needs {SETTING}, a folder of Piper voices")
        return cls(piper_members(settings.voice.piper))

    def for_speaker(self, speaker: Speaker) -> "PiperVoice":
        """With the speaker of that name where a voice has one ("female", "male" or another); else itself. No clones."""
        named = any(_speaker_id(member.config, speaker.variant) is not None for member in self._members.values())
        return PiperVoice(self._members, speaker.variant) if named else self

    def learn(self, folder: Path) -> str | None:
        return None

    def synthesize(self, sentence: str, style: SpeechStyle) -> Iterator[Speech]:
        """Speech at 24 kHz, a piece for every 6 s or so, each but the last a whole number of pictures long.

        Phones are None where a net does not tell its durations, or its phonemes are letters. Nothing where no letter and no
        digit is to be spoken. Raises MediaError where espeak-ng or a net does not fit a voice's configuration.
        """
        text = speakable(sentence, main_tongue(sentence, style.language))
        main = main_tongue(text, style.language)
        prosody = prosody_of(style)
        pieces = short_pieces(text, LONGEST_PIECE_S * prosody.rate) if text else []
        for i, piece in enumerate(pieces):
            last = i == len(pieces) - 1
            said = self._piece(piece.strip(), main, style.language, prosody, last)
            if said is not None:
                audio, phones = said if last else _in_whole_pictures(*said)
                # Memory keeps what was heard in the words of the writer; only pieces of a long text lose their marks.
                yield Speech(audio, phones, sentence.strip() if len(pieces) == 1 else piece.strip(), style)

    def _piece(
        self, text: str, main: Tongue, language: str, prosody: Prosody, last: bool
    ) -> tuple[AudioChunk, tuple[Phone, ...] | None] | None:
        spoken: list[SpokenRun] = []
        runs = language_runs(text, main)
        for i, run in enumerate(runs):
            spoken += self._run(run, last and i == len(runs) - 1, language, prosody.rate)
        if not spoken:
            return None
        whole = joined(spoken, _LEAD_S)
        audio = AudioChunk(limited(whole.pcm, prosody.energy), VOICE_RATE_HZ)
        return audio, whole.phones if all(run.phones for run in spoken) else None

    def _run(self, run: Run, last: bool, language: str, rate: float) -> list[SpokenRun]:
        member = self._member(run.tongue, language)
        parts = utterances(run.text.strip(), run.tongue, member.config, self._library.phonemes, last=last)
        spoken = [self._utterance(part, member, run.tongue, rate) for part in parts]
        return [said for said in spoken if len(said.pcm)]

    def _member(self, tongue: Tongue, language: str) -> PiperMember:
        """The voice for a run: Latin letters are those of the sentence's own language where it is neither English nor Chinese."""
        sentence = language.replace("_", "-").split("-")[0].lower()
        wanted = sentence if tongue == "en" and sentence != "zh" and sentence in self._members else tongue
        return self._members.get(wanted) or next(iter(self._members.values()))

    def _utterance(self, spoken: Utterance, member: PiperMember, tongue: Tongue, rate: float) -> SpokenRun:
        how, rate_hz = member.config.inference, member.config.audio.sample_rate
        scales = PiperScales(how.noise_scale, how.length_scale / rate, how.noise_w)
        sound = member.net.run(spoken.ids, scales, _speaker_id(member.config, self._speaker) or 0)
        pcm = resample(AudioChunk(sound.pcm, rate_hz), VOICE_RATE_HZ).pcm
        if sound.lengths is None or member.config.phoneme_type == "text":
            return _without_phones(pcm, spoken.pause_s)
        raw = raw_speech(spoken, pcm, VOICE_RATE_HZ, sound.lengths * (len(pcm) / max(len(sound.pcm), 1)))
        return trimmed(raw, tongue, spoken.pause_s)


def piper_members(where: Path) -> dict[str, PiperMember]:
    """By language, the first voice of each by name; `where` is a folder, or one NAME.onnx.

    Raises ConfigError where a file is missing and MediaError where one is broken or names a voice unknown to espeak-ng.
    """
    members: dict[str, PiperMember] = {}
    for file in piper_files(where):
        config = read_config(file)
        if config.tongue in members:
            continue
        try:
            if config.phoneme_type == "espeak":
                espeak_library().phonemes("a", config.espeak.voice)
        except MediaError as error:
            raise MediaError(f"{config_file(file).name}: {error}") from error
        members[config.tongue] = PiperMember(config, PiperNet(file, config.audio.sample_rate))
    return members


def _speaker_id(config: PiperConfig, speaker: str) -> int | None:
    ids = {name.casefold(): number for name, number in config.speaker_id_map.items()}
    return ids.get(speaker.casefold())


def _without_phones(pcm: NDArray[np.float32], pause_s: float) -> SpokenRun:
    begin, end = audible(pcm)
    sound = faded(even_loudness(pcm[begin:end], VOICE_RATE_HZ), round(_FADE_S * VOICE_RATE_HZ))
    pause = round(pause_s * VOICE_RATE_HZ) if len(sound) else 0
    return SpokenRun(np.pad(sound, (0, pause)), VOICE_RATE_HZ, ())


def _in_whole_pictures(
    audio: AudioChunk, phones: tuple[Phone, ...] | None
) -> tuple[AudioChunk, tuple[Phone, ...] | None]:
    """Its last pause made longer, by less than 40 ms, so that a piece that follows joins on."""
    pcm = np.pad(audio.pcm, (0, -len(audio.pcm) % PICTURE_SAMPLES))
    whole = AudioChunk(pcm, audio.rate_hz)
    if not phones:
        return whole, None
    return whole, (*phones[:-1], Phone(phones[-1].symbol, phones[-1].start_s, whole.duration_s))
