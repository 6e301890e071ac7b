"""What espeak-ng said in one language -> trimmed sound with phones, and runs joined on one timeline."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tiangong.core.media import Phone
from tiangong.voice.espeak_library import RawSpeech
from tiangong.voice.ipa import ipa, is_stop
from tiangong.voice.language_runs import Tongue
from tiangong.voice.loudness import SPEECH_RMS, even_loudness, faded

_SHORTEST_PAUSE_S: Final = 0.06  # a shorter gap is the closure of the next phone, not a pause
_LONGEST_CLOSURE_S: Final = 0.10
_CLOSURE_AFTER_PAUSE_S: Final = 0.05  # where silence goes before, how long the lips were closed is anyone's guess
_CLOSURE_STEP_S: Final = 0.004
_QUIET_RMS: Final = 0.07 * SPEECH_RMS  # 23 dB under speech: a closed mouth
_CLOSURE_SHARE: Final = 0.5  # at most this much of the phone before may turn out to be a closure
_RELEASE_S: Final = 0.03  # the decay of the last sound is kept
_FADE_S: Final = 0.003


@dataclass(frozen=True)
class SpokenRun:
    """Sound and phones of one run; phones follow one another without gaps and cover the sound."""

    pcm: NDArray[np.float32]
    rate_hz: int
    phones: tuple[Phone, ...]  # empty where nothing was spoken


@dataclass
class _Span:
    symbol: str
    start: int  # samples
    end: int


def trimmed(raw: RawSpeech, tongue: Tongue, pause_s: float) -> SpokenRun:
    """Silence at both ends cut, loudness evened, `pause_s` of silence put behind."""
    level = even_loudness(raw.pcm, raw.rate_hz)
    spans = _spans(raw, tongue)
    _move_starts_of_stops(spans, level, raw.rate_hz)
    while spans and not spans[0].symbol:
        spans.pop(0)
    while spans and not spans[-1].symbol:
        spans.pop()
    if not spans:
        return SpokenRun(np.zeros(0, np.float32), raw.rate_hz, ())
    first = spans[0].start
    last = min(spans[-1].end + round(_RELEASE_S * raw.rate_hz), len(level))
    sound = faded(level[first:last], round(_FADE_S * raw.rate_hz))
    sound = np.pad(sound, (0, max(0, spans[-1].end + round(pause_s * raw.rate_hz) - last)))
    phones = [Phone(s.symbol, (s.start - first) / raw.rate_hz, (s.end - first) / raw.rate_hz) for s in spans]
    end_s = len(sound) / raw.rate_hz
    if end_s > phones[-1].end_s:
        phones.append(Phone("", phones[-1].end_s, end_s))
    return SpokenRun(sound, raw.rate_hz, tuple(phones))


def joined(runs: Sequence[SpokenRun], lead_s: float) -> SpokenRun:
    """Runs (at least one, all at one rate) one after another, behind `lead_s` of silence."""
    rate_hz = runs[0].rate_hz
    parts = [np.zeros(round(lead_s * rate_hz), np.float32)]
    at = len(parts[0])
    phones = [Phone("", 0.0, at / rate_hz)]
    for run in runs:
        start_s = at / rate_hz
        phones += [Phone(p.symbol, start_s + p.start_s, start_s + p.end_s) for p in run.phones]
        parts.append(run.pcm)
        at += len(run.pcm)
    return SpokenRun(np.concatenate(parts), rate_hz, tuple(phones))


def _spans(raw: RawSpeech, tongue: Tongue) -> list[_Span]:
    """Phones with ends; notes of language switches and empty phones dropped, pauses merged, short gaps given away."""
    ends = [*raw.starts[1:], len(raw.pcm)]
    spans: list[_Span] = []
    for name, start, end in zip(raw.symbols, raw.starts, ends, strict=True):
        at = float(start)
        for symbol, share in ipa(name, tongue):
            until = at + (end - start) * share
            if spans and not symbol and not spans[-1].symbol:
                spans[-1].end = round(until)
            elif round(until) > round(at):
                spans.append(_Span(symbol, round(at), round(until)))
            at = until
    shortest = _SHORTEST_PAUSE_S * raw.rate_hz
    kept: list[_Span] = []
    for span in spans:
        if kept and not kept[-1].symbol and span.symbol and kept[-1].end - kept[-1].start < shortest:
            span.start = kept.pop().start
        kept.append(span)
    return kept


def _move_starts_of_stops(spans: list[_Span], pcm: NDArray[np.float32], rate_hz: int) -> None:
    """A stop begins where the mouth closes; espeak-ng tells of its burst and counts the closure to the phone before."""
    step = round(_CLOSURE_STEP_S * rate_hz)
    for before, stop in zip(spans, spans[1:], strict=False):
        if not is_stop(stop.symbol):
            continue
        longest_s = _LONGEST_CLOSURE_S if before.symbol else _CLOSURE_AFTER_PAUSE_S
        share = round(_CLOSURE_SHARE * (before.end - before.start))
        earliest = max(stop.start - round(longest_s * rate_hz), before.end - share)
        start = stop.start
        while start - step >= earliest and _is_quiet(pcm[start - step : start]):
            start -= step
        before.end = stop.start = start


def _is_quiet(pcm: NDArray[np.float32]) -> bool:
    return float(np.sqrt(np.mean(np.square(pcm)))) < _QUIET_RMS
