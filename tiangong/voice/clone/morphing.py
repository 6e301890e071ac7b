"""The embedded voice's sound -> the person's: piece by piece, each phone where it was."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tiangong.core.media import Phone
from tiangong.voice.clone.articulation import KIND_OF, SILENCE, SONORANT_KINDS, VOICELESS_KINDS, sounds_at
from tiangong.voice.clone.profile import VoiceProfile
from tiangong.voice.clone.spectrum import FRAME_SAMPLES, FRAMES_PER_S, Floats, Frames, analysed, spoken, with_gain
from tiangong.voice.loudness import level_over_time, limited
from tiangong.voice.pieces import PICTURE_SAMPLES
from tiangong.voice.protocol import VOICE_RATE_HZ

CLOSENESS: Final = 0.65  # size of the step towards the person's own spectra: 1 is closest, and words get lost
_OBSTRUENT_SHARE: Final = np.float32(1.0)  # of that step, for consonants that words hang on
_OWN_LEVEL: Final = 0.5  # of a sonorant's loudness taken from the person's spectra, where obstruents keep the voice's
_FLATTEST, _WIDEST = 0.6, 1.8  # change of the melody's width; beyond, tones and questions are lost
_LOWEST_HZ, _HIGHEST_HZ = 50.0, 600.0
_FIRST_S: Final = (0.24, 0.48)  # the first piece is cut where the voice is softest between these
_LATER_S: Final = (1.6, 2.8)
_MARGIN: Final = 20  # frames (100 ms) around a piece that WORLD looks at
_RUN_UP: Final = 4  # frames before a piece from which it is spoken, so that it does not begin with a pulse cut in half
_TAIL: Final = 2  # frames (10 ms) after it, which fade into the next piece
_AUDIBLE: Final = 0.02  # of speech's level: below, a sonorant is given no voice


@dataclass(frozen=True)
class MorphedPiece:
    """A stretch of speech, a whole number of 40 ms unless it is the last."""

    pcm: Floats  # (samples,) at 24 kHz
    phones: tuple[Phone, ...]  # times from its own start
    last: bool


class Morph:
    """Moves sound of the embedded voice onto one person's."""

    def __init__(self, profile: VoiceProfile, closeness: float = CLOSENESS) -> None:
        self._profile = profile
        self._closeness = np.float32(closeness)

    def pieces(self, pcm: Floats, phones: tuple[Phone, ...]) -> Iterator[MorphedPiece]:
        """(samples,) at 24 kHz with phones that cover it -> pieces that together are as long; the first is short."""
        start, tail, on = 0, np.zeros(0, np.float32), None
        while start < len(pcm):
            end = _cut(pcm, start, _LATER_S if start else _FIRST_S)
            sound, on = self._spoken(pcm, phones, start, end, on)
            piece, following = sound[: end - start], sound[end - start :]
            if len(tail):
                n = min(len(tail), len(piece))
                fade = np.linspace(0, 1, n, dtype=np.float32)
                piece[:n] = piece[:n] * fade + tail[:n] * (1 - fade)
            yield MorphedPiece(limited(piece, 1.0), _between(phones, start, end), end == len(pcm))
            start, tail = end, following

    def _spoken(
        self, pcm: Floats, phones: tuple[Phone, ...], start: int, end: int, on: int | None
    ) -> tuple[Floats, int | None]:
        """Samples from `start` to a tail after `end`, and the person's frame on which the way ended."""
        first = max(start // FRAME_SAMPLES - _MARGIN, 0)
        last = min(-(-end // FRAME_SAMPLES) + _MARGIN, len(pcm) // FRAME_SAMPLES + 1)
        stretch = pcm[first * FRAME_SAMPLES : last * FRAME_SAMPLES]
        sounds = sounds_at(phones, last - first, first / FRAMES_PER_S)
        frames = voiced_as_spoken(analysed(stretch), stretch, sounds)
        sounds = sounds[: len(frames)]
        inside = start // FRAME_SAMPLES - first
        begin = max(inside - _RUN_UP, 0)
        stop = min(-(-end // FRAME_SAMPLES) - first + _TAIL, len(frames))
        gain, on = self._gain(frames, sounds, slice(begin, stop), on)
        power = with_gain(frames.power[begin:stop], gain)
        sound = spoken(self._melody(frames.f0_hz[begin:stop]), power, self._profile.breath)
        sound = sound[(inside - begin) * FRAME_SAMPLES :] * np.float32(self._profile.facts.gain)
        wanted = end - start
        return np.pad(sound, (0, max(0, wanted - len(sound)))), on

    def _gain(self, frames: Frames, sounds: NDArray[np.intp], rows: slice, on: int | None) -> tuple[Floats, int | None]:
        """(rows, 64) ds of each moment: the map for the whole voice, then the step towards the person's own spectra."""
        mapped = self._profile.map(frames.bands, sounds)
        ds = mapped - frames.bands
        speaking = np.flatnonzero(sounds[rows] != SILENCE) + (rows.start or 0)
        if not len(speaking):
            return ds[rows], on
        whole = slice(speaking[0], speaking[-1] + 1)
        sheet = self._profile.sheet
        way = sheet.way(mapped[whole], frames.voiced[whole], sounds[whole], on)
        nearest = sheet.bands[way]
        sonorant = (KIND_OF[sounds[whole]] < SONORANT_KINDS)[:, None]
        off = (mapped[whole] - nearest).mean(1, keepdims=True)
        nearest = nearest + off * np.where(sonorant, np.float32(1 - _OWN_LEVEL), np.float32(1))
        step = self._closeness * np.where(sonorant, np.float32(1), _OBSTRUENT_SHARE) * (nearest - mapped[whole])
        ds[whole] += step * (sounds[whole] != SILENCE)[:, None]
        return ds[rows], int(way[-1])

    def _melody(self, f0_hz: NDArray[np.float64]) -> NDArray[np.float64]:
        facts = self._profile.facts
        slope = np.clip(facts.pitch.spread / max(facts.base_pitch.spread, 0.02), _FLATTEST, _WIDEST)
        moved = facts.pitch.middle_hz * (np.maximum(f0_hz, 1.0) / facts.base_pitch.middle_hz) ** slope
        return np.where(f0_hz > 0, np.clip(moved, _LOWEST_HZ, _HIGHEST_HZ), 0.0)


def voiced_as_spoken(frames: Frames, pcm: Floats, sounds: NDArray[np.intp]) -> Frames:
    """Vowels, glides and nasals that the pitch tracker lost are voiced, p, s, h and the like are not; the rest stays."""
    count = min(len(frames), len(sounds))
    kinds, f0_hz = KIND_OF[sounds[:count]], frames.f0_hz[:count].copy()
    level = level_over_time(np.pad(pcm, (0, FRAME_SAMPLES * 2)), VOICE_RATE_HZ, 1 / FRAMES_PER_S)[:count]
    audible = level > _AUDIBLE * max(float(level.max()), 1e-6)
    f0_hz[np.isin(kinds, VOICELESS_KINDS) | (sounds[:count] == SILENCE)] = 0
    lost = (kinds < SONORANT_KINDS) & (f0_hz == 0) & audible
    known = np.flatnonzero(f0_hz > 0)
    if len(known):
        f0_hz[lost] = np.exp(np.interp(np.flatnonzero(lost), known, np.log(f0_hz[known])))
    return Frames(f0_hz, frames.power[:count], frames.bands[:count])


def _cut(pcm: Floats, start: int, range_s: tuple[float, float]) -> int:
    """Where the piece from `start` ends: at a picture's edge where the voice is softest; the end where little is left."""
    earliest, latest = (start + round(s * VOICE_RATE_HZ) for s in range_s)
    if len(pcm) <= latest + VOICE_RATE_HZ // 4:
        return len(pcm)
    edges = range(start + -(-(earliest - start) // PICTURE_SAMPLES) * PICTURE_SAMPLES, latest + 1, PICTURE_SAMPLES)
    near = VOICE_RATE_HZ // 100
    return min(edges, key=lambda at: float(np.square(pcm[at - near : at + near]).sum()))


def _between(phones: tuple[Phone, ...], start: int, end: int) -> tuple[Phone, ...]:
    """The phones of a stretch of samples, cut at its ends, timed from its start."""
    start_s, end_s = start / VOICE_RATE_HZ, end / VOICE_RATE_HZ
    return tuple(
        Phone(p.symbol, max(p.start_s, start_s) - start_s, min(p.end_s, end_s) - start_s)
        for p in phones
        if p.end_s > start_s and p.start_s < end_s
    )
