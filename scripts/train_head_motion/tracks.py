"""What is learned from: stretches of head motion with what was heard and felt meanwhile."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scripts.train_head_motion.manners import MANNERS, Manner, manner
from scripts.train_head_motion.sentences import SENTENCES
from tiangong.core.face import EMOTIONS, EmotionLabel
from tiangong.core.media import AudioChunk, Speech, SpeechStyle
from tiangong.core.sound import read_audio
from tiangong.rendering.head_motion import CHANNELS, WINDOW, heard_in
from tiangong.rendering.protocol import FPS
from tiangong.rendering.seeded import drift

Floats = NDArray[np.float32]
SPEECH_RMS = 0.09  # to which the project's voices are levelled
SILENCE = WINDOW + 8  # pictures before and after a speech: windows that see nothing but silence belong to it
SMOOTHED = 1.5  # pictures: the mesh trembles by a few thousandths of a radian
# Spreads of synthesized sway at the usual loudness (rad; brows: weight), so that what is drawn moves as the GRID clips do.
SWAY = (0.012, 0.015, 0.0085, 0.040)
SWAY_PERIODS_S, SWAY_SHARES = (1.7, 0.55), (0.75, 0.6)
IN_SILENCE = 0.4  # of it
DRIFT_SPREAD = 0.33  # of `drift` itself
ACCENT_RAD, ACCENT_BROW, ACCENTED = 0.030, 0.16, 0.8
SIDEWAYS_RAD = (0.010, 0.006)  # yaw, roll that go with an accent, to either side


@dataclass(frozen=True, eq=False)
class Track:
    motion: Floats  # (n, 4) yaw, pitch, roll (rad), brows
    loudness: Floats  # (n,)
    emphasis: Floats  # (n,)
    felt: Floats  # (7,)


def synthesized(seed: int, variants: int, sentences: int | None = None) -> list[Track]:
    """Speech of espeak-ng with motion after the project's own statistics: sway that grows with loudness, accents on
    stressed syllables, each feeling in its manner."""
    from tiangong.voice.espeak import EspeakVoice

    voice, rng = EspeakVoice(), np.random.default_rng((seed, 1))
    tracks: list[Track] = []
    for sentence in SENTENCES[:sentences]:
        for label in MANNERS:
            intensity = float(rng.choice([0.3, 0.5, 0.7, 1.0]))
            language = "zh" if ord(sentence[0]) > 0x2E80 else "en"
            style = SpeechStyle(language=language, emotion=label, intensity=intensity)
            for speech in voice.synthesize(sentence, style):
                tracks += [_synthesized(speech, label, intensity, rng) for _ in range(variants)]
    return tracks


def _synthesized(speech: Speech, label: EmotionLabel, intensity: float, rng: np.random.Generator) -> Track:
    gain = float(np.exp(rng.uniform(np.log(0.25), np.log(2.5))))  # of the amplitude: whispered to shouted
    heard = heard_in(speech)
    loud = np.pad(np.minimum(heard.loudness * np.sqrt(gain), 1), SILENCE)
    emphasis = np.pad(heard.emphasis, SILENCE)
    how = manner(label, intensity)
    usual = loud / 0.67  # 1 at the usual level
    times_s = np.arange(len(loud)) / FPS
    envelope = IN_SILENCE + (1 - IN_SILENCE) * _smoothed(usual, 6.0)
    motion = np.zeros((len(loud), CHANNELS))
    for channel, spread in enumerate(SWAY):
        chosen = int(rng.integers(2**31))
        for i, (period_s, share) in enumerate(zip(SWAY_PERIODS_S, SWAY_SHARES, strict=True)):
            wander = drift(chosen, i, times_s, period_s / how.speed) / DRIFT_SPREAD
            motion[:, channel] += how.size * spread * share * envelope * wander
    for at in np.flatnonzero((emphasis[1:-1] > emphasis[:-2]) & (emphasis[1:-1] >= emphasis[2:])) + 1:
        if rng.uniform() < ACCENTED:
            motion += _accent(len(loud), int(at), how, rng) * min(float(usual[at]), 1.5)
    motion[:, 1] += how.pitch_rad
    return Track(
        motion.astype(np.float32), loud.astype(np.float32), emphasis.astype(np.float32), _felt(label, intensity)
    )


def _accent(frames: int, at: int, how: Manner, rng: np.random.Generator) -> NDArray[np.float64]:
    """(n, 4) one nod with what goes with it; quick people nod quicker."""
    off_s = (np.arange(frames) - at) / FPS * how.speed
    share = np.where(off_s < 0, 1 + off_s / 0.16, 1 - off_s / 0.32).clip(0, 1)
    share = share * share * (3 - 2 * share)
    size = how.accents * rng.uniform(0.4, 1.3)
    to_side = rng.normal(0, SIDEWAYS_RAD)
    return share[:, None] * size * np.array([to_side[0], ACCENT_RAD, to_side[1], ACCENT_BROW * how.brows])


def measured(folder: Path, seed: int, variants: int) -> list[Track]:
    """Motion of real speakers in the clips of a folder, each in every manner, mirrored, stretched and scaled.

    Empty where the folder is not there. Raises MediaError for a file that is no video.
    """
    rng = np.random.default_rng((seed, 2))
    files = sorted(file for file in folder.glob("*") if file.suffix in {".mpg", ".mp4"}) if folder.is_dir() else []
    plain = [measured_clip(file) for file in files]
    return [
        _varied(track, label, rng) for track in plain for label in MANNERS for _ in range(variants)
    ]  # fmt: skip


def measured_clip(file: Path) -> Track:
    """One speaker, against the clip's own mean; the sound levelled as the project's voices are."""
    from tiangong.core.face_mesh import FaceMesh
    from tiangong.core.pictures import read_video
    from tiangong.perception.face_measures import MEASURE_INDEX, measure
    from tiangong.perception.head_pose import take_pose
    from tiangong.voice.loudness import even_loudness

    rows = []
    with FaceMesh(tracking=True, most_faces=1) as mesh:
        for frame in read_video(file):
            pose = take_pose(mesh.find(frame.image)[0])
            measures = measure(pose.points)
            outer, middle = (
                np.mean([measures[MEASURE_INDEX[f"brow_{part}_{side}"]] for side in ("left", "right")])
                for part in ("outer", "middle")
            )
            # As perception reads brows: the weight of browOuterUp.
            rows.append([*pose.head_rad, 4 * outer + 6 * middle])
    motion = np.array(rows)
    motion = np.stack([_smoothed(column, SMOOTHED) for column in motion.T], axis=1)
    sound = read_audio(file)
    even = AudioChunk(even_loudness(sound.pcm, sound.rate_hz), sound.rate_hz)
    heard = heard_in(Speech(even, None, ""))
    n = min(len(motion), len(heard.loudness))
    motion -= motion.mean(axis=0)
    return Track(
        motion[:n].astype(np.float32), heard.loudness[:n], heard.emphasis[:n], np.zeros(len(EMOTIONS), np.float32)
    )


def _varied(track: Track, label: EmotionLabel, rng: np.random.Generator) -> Track:
    intensity = float(rng.choice([0.0, 0.3, 0.5, 0.7, 1.0]))
    how = manner(label, intensity)
    speed = how.speed * rng.uniform(0.85, 1.15)
    at = np.arange(0, len(track.motion) - 1, speed)
    known = np.arange(len(track.motion))
    gain = float(np.exp(rng.uniform(np.log(0.4), np.log(2.0))))
    # Louder people move more; by how much, six clips do not tell: as the square root, like loudness itself.
    size = how.size * rng.uniform(0.8, 1.25) * np.sqrt(gain)
    motion = np.stack([np.interp(at, known, column) for column in track.motion.T], axis=1) * size
    if rng.uniform() < 0.5:
        motion[:, [0, 2]] *= -1
    motion[:, 1] += how.pitch_rad
    loud, emphasis = (np.interp(at, known, column) for column in (track.loudness, track.emphasis))
    loud = np.minimum(loud * np.sqrt(gain), 1)
    return Track(
        motion.astype(np.float32), loud.astype(np.float32), emphasis.astype(np.float32), _felt(label, intensity)
    )


def _felt(label: EmotionLabel, intensity: float) -> Floats:
    felt = np.zeros(len(EMOTIONS), np.float32)
    felt[EMOTIONS.index(label)] = intensity
    return felt


def _smoothed(curve: NDArray[np.floating], width: float) -> NDArray[np.float64]:
    """Gaussian, ends held."""
    reach = int(4 * width)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / width) ** 2)
    return np.convolve(np.pad(curve.astype(np.float64), reach, mode="edge"), kernel / kernel.sum(), "valid")
