"""The training material: made once from a seed and kept in one safetensors file.

Texts, voices and disguises follow from the seed. espeak-ng itself keeps state from one text to the next and has noise of its
own in a few voices, so that clips made again may differ by some milliseconds; a run of training is exact from one file.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from scripts.train_sound_motion.disguise import disguised, disguised_spectra
from scripts.train_sound_motion.speakers import CLIP_S, CLIP_STEPS, training_clip, true_motion
from tiangong.rendering.mel import QUIETEST_DB, MelStream
from tiangong.rendering.sound_motion import LOOKAHEAD_STEPS
from tiangong.rendering.sound_motion_net import Levels

Floats = NDArray[np.float32]
_HELD_SHARE: Final = 0.3  # of the clips of a batch
_LATE_SHARE: Final = 0.4


@dataclass(frozen=True)
class Clips:
    """What was heard and what the mouth did; float16 on disk and in memory."""

    mel_db: NDArray[np.float16]  # (clips, 600, 40)
    motion: NDArray[np.float16]  # (clips, 300, 9), as late as the network answers

    def batch(self, size: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """(size, 300, 82) inputs, disguised anew, and (size, 300, 9) what should come out."""
        chosen = rng.choice(len(self.mel_db), size, replace=size > len(self.mel_db))
        heard = disguised_spectra(self.mel_db[chosen].astype(np.float32), rng)
        motion = self.motion[chosen].astype(np.float32)
        for i in range(size):
            if rng.uniform() < _HELD_SHARE:
                heard[i], motion[i] = _with_a_held_sound(heard[i], motion[i], rng)
            if rng.uniform() < _LATE_SHARE:
                heard[i] = _line_opened_late(heard[i], motion[i], rng)
        return np.stack([Levels().push(mel) for mel in heard]), motion


def _with_a_held_sound(mel_db: Floats, motion: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """One step held for up to 1.2 s, as in "ummm" and in song, which espeak-ng never does; the clip's end falls off."""
    at, steps = int(rng.integers(10, CLIP_STEPS - 10)), int(rng.integers(5, 60))
    pairs = mel_db.reshape(CLIP_STEPS, -1)
    held = pairs[at] + rng.normal(0, 1.0, (steps, pairs.shape[1])).astype(np.float32)
    # The mouth of a step's own sound is asked for some steps later.
    shown = at + LOOKAHEAD_STEPS - 1
    longer = np.concatenate([pairs[:at], held, pairs[at:]])[:CLIP_STEPS]
    still = np.repeat(motion[shown : shown + 1], steps, axis=0)
    return longer.reshape(mel_db.shape), np.concatenate([motion[:shown], still, motion[shown:]])[:CLIP_STEPS]


def _line_opened_late(mel_db: Floats, motion: Floats, rng: np.random.Generator) -> Floats:
    """Nothing at all, then the room's noise: that a line opens is no speech. Ends before the first word."""
    speaks = np.flatnonzero(motion[:, -1] < 1)
    lead = 2 * max(0, (int(speaks[0]) if len(speaks) else CLIP_STEPS) - LOOKAHEAD_STEPS)
    muted = mel_db.copy()
    muted[: int(rng.integers(0, min(lead, 100) + 1))] = QUIETEST_DB
    return muted


def made_clips(count: int, seed: int, progress: Callable[[int], None] = lambda done: None) -> Clips:
    """`count` clips of 6 s; what is said in clip i, by whom and how it is disguised follow from `seed` and i. 50 ms each."""
    mel_db, motion = [], []
    for i in range(count):
        rng = np.random.default_rng([seed, i])
        clip = training_clip(rng)
        mel_db.append(MelStream().push(disguised(clip.pcm, rng)).astype(np.float16))
        # Whoever speaks at the end of a clip goes on after it.
        ends_s = max([CLIP_S, *(phone.end_s for phone in clip.phones)])
        motion.append(true_motion(clip.phones, CLIP_STEPS, ends_s).astype(np.float16))
        progress(i + 1)
    return Clips(np.stack(mel_db), np.stack(motion))


def kept_clips(file: Path, count: int, seed: int, progress: Callable[[int], None]) -> Clips:
    """As `made_clips`, read from `file` where it holds as many."""
    if file.exists():
        kept = load_file(file)
        if len(kept["mel_db"]) == count:
            return Clips(kept["mel_db"], kept["motion"])
    clips = made_clips(count, seed, progress)
    save_file({"mel_db": clips.mel_db, "motion": clips.motion}, file)
    return clips
