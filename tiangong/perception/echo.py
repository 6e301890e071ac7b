"""Whether the microphone hears the avatar itself: a second line behind the browser's echo cancelling.

The powers of 20 bands, every 16 ms, of what is played and of what is heard are laid over one another: the lag at which they
correlate best (up to 1.5 s: network and jitter buffers) and the usual difference in each band give the echo to be
expected, with a tail for the room. What the echo explains is not the user. No sound is changed: recognisers suffer from
cancelled sound more than from a quiet echo (Hänsler and Schmidt 2004, chapter 5, suppress by bands in the same way).
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from tiangong.core.media import AudioChunk
from tiangong.perception.protocol import VoiceActivitySession

HOP_S: Final = 0.016
BANDS: Final = 20
_LOWEST_HZ, _HIGHEST_HZ = 150.0, 7_000.0
_LONGEST_LAG_S: Final = 1.5
_WINDOW_S: Final = 1.0  # that is laid over what was played
_FLOOR_DB: Final = -75.0  # of full scale, in a band: below is the room's noise
_PLAYING_DB: Final = -55.0  # the loudest band of sound that can come back
_TAIL_DB_PER_HOP: Final = 2.5  # a room of 0.4 s
_TAIL_HOPS: Final = 12
_MARGIN_DB: Final = 6.0  # over the expected echo that still counts as echo
_FIRST_GAIN_DB: Final = -3.0  # before anything is known: loud speakers near the microphone
_GAIN_HOPS: Final = 64  # of each band that are remembered: a second
_GAIN_QUANTILE: Final = 0.8  # of what came back: over the mean, since an echo that is missed is a false start
_ECHO_ALONE: Final = 0.7  # explained share from which the echo is learned from
_RELEARN_EVERY: Final = 25  # chunks: else nothing would be learned after the loudspeaker was turned up
_SMOOTHING: Final = 0.15  # of the unexplained share, a chunk: 0.2 s
_SAME_PLACE: Final = 0.45  # correlation from which the lag is believed
_MEMORY: Final = 0.97  # of the lags' correlations, a hop: half a second

_USERS_SHARE: Final = (
    0.3  # of the power: with less left, nobody but the avatar speaks (its echo alone leaves up to 0.16)
)

Floats = NDArray[np.float32]


class BandPowers:
    """A stream of any rate -> dB of full scale in each band, every 16 ms."""

    def __init__(self) -> None:
        self._left = np.zeros(0, np.float32)
        self._rate_hz = 0
        self._bank = np.zeros((0, 0), np.float32)
        self._window = np.zeros(0, np.float32)

    def push(self, pcm: Floats, rate_hz: int) -> Floats:
        """(samples,) -> (hops, BANDS); what fills no hop waits for the next call."""
        if rate_hz != self._rate_hz:
            self._rate_hz = rate_hz
            self._left = np.zeros(0, np.float32)
            size = round(HOP_S * rate_hz)
            self._window = np.hanning(size).astype(np.float32)
            self._bank = _bank(size, rate_hz)
        pcm = np.concatenate([self._left, pcm])
        size = len(self._window)
        hops = len(pcm) // size
        self._left = pcm[hops * size :]
        if not hops:
            return np.zeros((0, BANDS), np.float32)
        spectrum = np.abs(np.fft.rfft(pcm[: hops * size].reshape(hops, size) * self._window, axis=1)) ** 2
        power = (spectrum @ self._bank) / (size * size / 8)
        return np.maximum(10 * np.log10(power + 1e-12), _FLOOR_DB).astype(np.float32)


def _bank(size: int, rate_hz: int) -> Floats:
    """(size // 2 + 1, BANDS): which bins each band adds, on a logarithmic axis; every band has one at least."""
    hz = np.fft.rfftfreq(size, 1 / rate_hz)
    edges = np.geomspace(_LOWEST_HZ, min(_HIGHEST_HZ, rate_hz / 2), BANDS + 1)
    bank = np.zeros((len(hz), BANDS), np.float32)
    for band in range(BANDS):
        inside = (hz >= edges[band]) & (hz < edges[band + 1])
        if not inside.any():
            inside[np.argmin(np.abs(hz - (edges[band] + edges[band + 1]) / 2))] = True
        bank[inside, band] = 1.0
    return bank


class EchoCheck:
    """One caller: told what is played, asked about what is heard."""

    def __init__(self) -> None:
        self._far, self._near = BandPowers(), BandPowers()
        self._lags = round(_LONGEST_LAG_S / HOP_S)
        self._hops = round(_WINDOW_S / HOP_S)
        self._played = np.full((self._lags + self._hops + _TAIL_HOPS, BANDS), _FLOOR_DB, np.float32)
        self._heard = np.full((self._hops, BANDS), _FLOOR_DB, np.float32)
        self._likeness = np.zeros(self._lags, np.float32)
        self._came_back_db = np.full((_GAIN_HOPS, BANDS), _FIRST_GAIN_DB, np.float32)
        self._gain_db = np.full(BANDS, _FIRST_GAIN_DB, np.float32)
        self._unlearned = 0
        self._power = self._unexplained = 0.0  # of the last 0.2 s

    def played(self, pcm: Floats, rate_hz: int) -> None:
        """Sound (samples,) that goes out to the caller now."""
        for row in self._far.push(pcm, rate_hz):
            self._played = np.roll(self._played, -1, axis=0)
            self._played[-1] = row

    def left(self, chunk: AudioChunk) -> float:
        """The share, 0 to 1, of the power of the last 0.2 s that the avatar's own sound does not explain; 1 while it is quiet."""
        rows = self._near.push(chunk.pcm, chunk.rate_hz)
        self._heard = np.concatenate([self._heard, rows])[-self._hops :]
        if self._played.max() < _PLAYING_DB:
            self._power = self._unexplained = 0.0
            return 1.0
        if len(rows):
            self._follow_lag(len(rows))
            self._weigh(rows, self._expected(len(rows)))
        return self._unexplained / max(self._power, 1e-12)

    def _weigh(self, rows: Floats, expected: Floats) -> None:
        power = 10 ** (rows / 10)
        echo = 10 ** ((expected + self._gain_db + _MARGIN_DB) / 10)
        total, unexplained = float(power.sum()), float(np.maximum(power - echo, 0.0).sum())
        self._learn(rows - expected, expected > _PLAYING_DB, unexplained / total)
        self._power += _SMOOTHING * (total - self._power)
        self._unexplained += _SMOOTHING * (unexplained - self._unexplained)

    def _follow_lag(self, hops: int) -> None:
        """Update how well each lag fits the last second."""
        near = self._heard - self._heard.mean(axis=0)
        size = float(np.sqrt((near**2).sum()))
        if size < 1.0:
            return
        # windows[k] ends k hops before the newest; the tail's rows at the old end are for `_expected` alone.
        windows = np.lib.stride_tricks.sliding_window_view(self._played[_TAIL_HOPS:], self._hops, axis=0)[::-1]
        windows = windows[: self._lags]  # (lags, BANDS, hops)
        far = windows - windows.mean(axis=2, keepdims=True)
        fit = np.einsum("lbh,hb->l", far, near) / (np.sqrt((far**2).sum(axis=(1, 2))) * size + 1e-6)
        keep = _MEMORY**hops
        self._likeness = (keep * self._likeness + (1 - keep) * fit).astype(np.float32)

    @property
    def lag_s(self) -> float | None:
        """How long the sound takes there and back; None as long as nothing of it is heard."""
        best = int(np.argmax(self._likeness))
        return best * HOP_S if self._likeness[best] >= _SAME_PLACE else None

    def _expected(self, hops: int) -> Floats:
        """(hops, BANDS) dB: what was played when this set out, and the room's tail of what was played before."""
        lag_s = self.lag_s
        # Where the lag is not known, anything of the last second and a half may come back now.
        lags = [round(lag_s / HOP_S)] if lag_s is not None else range(0, self._lags, 2)
        tail = _TAIL_DB_PER_HOP * np.arange(_TAIL_HOPS, dtype=np.float32)[::-1, None]
        rows: list[Floats] = []
        for back in range(hops - 1, -1, -1):
            best = np.full(BANDS, _FLOOR_DB, np.float32)
            for lag in lags:
                # Two hops of slack on both sides: packets come unevenly.
                end = len(self._played) - max(lag + back - 2, 0)
                past = self._played[end - _TAIL_HOPS - 2 : end]
                decayed = past.copy()
                decayed[:_TAIL_HOPS] -= tail[: len(decayed[:_TAIL_HOPS])]
                best = np.maximum(best, decayed.max(axis=0))
            rows.append(best)
        return np.stack(rows)

    def _learn(self, came_back_db: Floats, loud: NDArray[np.bool_], unexplained: float) -> None:
        """Remember (hops, BANDS) heard over played, where something was played and nobody spoke over it."""
        self._unlearned += 1
        if unexplained > 1 - _ECHO_ALONE and self._unlearned < _RELEARN_EVERY:
            return
        self._unlearned = 0
        for row, use in zip(came_back_db, loud, strict=True):
            self._came_back_db[:, use] = np.roll(self._came_back_db[:, use], -1, axis=0)
            self._came_back_db[-1, use] = np.minimum(row[use], 0.0)
        at = round(_GAIN_QUANTILE * (_GAIN_HOPS - 1))
        self._gain_db = np.partition(self._came_back_db, at, axis=0)[at]


class UserVoice:
    """Voice activity of the user alone, whatever of the avatar comes back."""

    def __init__(self, activity: VoiceActivitySession) -> None:
        self._activity = activity
        self._echo = EchoCheck()

    def played(self, pcm: Floats, rate_hz: int) -> None:
        """Sound (samples,) of the avatar that goes out to the caller now."""
        self._echo.played(pcm, rate_hz)

    def probability(self, chunk: AudioChunk) -> float:
        """How likely it is, 0 to 1, that the user speaks in this chunk of 512 samples at 16 kHz."""
        probability = self._activity.probability(chunk)
        return probability if self._echo.left(chunk) >= _USERS_SHARE else 0.0

    def reset(self) -> None:
        self._activity.reset()
        self._echo = EchoCheck()
