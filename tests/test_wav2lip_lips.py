"""What Wav2Lip hears of a speech that comes in pieces, and its lips back in the picture without a seam."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from tests.fakes import FakeFace, FakeMotion, InlineWorkers
from tiangong.agent.illustrator import Body, Illustrator
from tiangong.core.clock import run_virtual
from tiangong.core.media import AudioChunk, FaceMotion, Speech
from tiangong.core.sound import resample
from tiangong.rendering.protocol import FPS, SOUND_CONTEXT_S
from tiangong.rendering.warp import WarpFace, WarpRenderer
from tiangong.rendering.wav2lip import Wav2LipFace
from tiangong.rendering.wav2lip_mel import RATE_HZ, frame_mels, mel_filters, mel_steps, spoken_shares
from tiangong.studio.bundle import STARTER
from tiangong.voice.protocol import VOICE_RATE_HZ

TIAN = STARTER / "avatars" / "tian"


def chirps(seconds: float, rate_hz: int = VOICE_RATE_HZ) -> NDArray[np.float32]:
    """Something with formants and pauses, and no randomness."""
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    tone = np.sin(2 * np.pi * (180 * t + 40 * np.sin(3 * t))) + 0.4 * np.sin(
        2 * np.pi * (2_300 * t + 90 * np.sin(7 * t))
    )
    return (0.2 * tone * (np.sin(2 * np.pi * 1.1 * t) > -0.3)).astype(np.float32)


def motion(frames: int, opening: float = 0.0, head_rad: float = 0.0) -> FaceMotion:
    moves = FakeMotion._moves(frames, opening)
    return FaceMotion(moves.expression, moves.head_rad + np.float32(head_rad), FPS)


def under(pcm: NDArray[np.float32], first: int, count: int) -> AudioChunk:
    """The stretch that a face gets for `count` frames from `first`."""
    frame, context = VOICE_RATE_HZ // FPS, round(SOUND_CONTEXT_S * VOICE_RATE_HZ)
    padded = np.pad(pcm, context)
    cut = padded[first * frame : (first + count) * frame + 2 * context]
    return AudioChunk(cut, VOICE_RATE_HZ, first / FPS - SOUND_CONTEXT_S)


# --- what it hears -----------------------------------------------------------------------------------------------------


def test_the_mel_filters_are_slaneys() -> None:
    from transformers.audio_utils import mel_filter_bank

    theirs = mel_filter_bank(401, 80, 55.0, 7_600.0, RATE_HZ, norm="slaney", mel_scale="slaney")
    assert np.abs(mel_filters().T - theirs).max() < 1e-9


def test_mel_steps_are_those_of_the_originals_recipe() -> None:
    pcm = chirps(1.0, RATE_HZ)
    stressed = torch.from_numpy(np.append(pcm[:1], pcm[1:] - np.float32(0.97) * pcm[:-1]))
    window = torch.hann_window(800, periodic=True)
    spectrum = torch.stft(stressed, 800, 200, 800, window, center=True, return_complex=True).abs().numpy()
    decibels = 20 * np.log10(np.maximum(1e-5, mel_filters() @ spectrum)) - 20
    wanted = np.clip(8 * (decibels + 100) / 100 - 4, -4, 4).T[2:-2]  # at both ends it mirrors the sound
    steps = mel_steps(pcm, 0, np.arange(81))
    assert np.abs(steps[2:-2] - wanted).max() < 0.01
    assert mel_steps(np.zeros(800, np.float32), 0, np.arange(-9, 9)).max() == -4


def test_stretches_hear_the_same_as_the_whole() -> None:
    pcm = chirps(2.0)
    whole = resample(under(pcm, 0, 50), RATE_HZ)
    mels, shares = (hear(whole, np.arange(50), FPS) for hear in (frame_mels, spoken_shares))
    assert 0.0 in shares
    assert 1.0 in shares
    at = 0
    for count in (2, 5, 5, 1, 7, 13, 17):
        piece = resample(under(pcm, at, count), RATE_HZ)
        frames = np.arange(at, at + count)
        assert np.abs(frame_mels(piece, frames, FPS) - mels[frames]).max() < 0.02
        assert np.abs(spoken_shares(piece, frames, FPS) - shares[frames]).max() < 0.01
        at += count


class Listening(FakeFace):
    """Keeps the sound that it is given."""

    needs_sound = True

    def __init__(self) -> None:
        self.given: list[tuple[int, AudioChunk | None]] = []

    def draw(self, motion: FaceMotion, sound: AudioChunk | None = None) -> NDArray[np.uint8]:
        self.given.append((len(motion), sound))
        return super().draw(motion)


def test_a_face_that_needs_sound_gets_what_is_heard_around_its_frames() -> None:
    face, pcm = Listening(), chirps(0.5)
    artist = Illustrator(Body(FakeMotion(), face, np.zeros((40, 60, 3), np.uint8)), InlineWorkers())

    async def speak() -> None:
        async for _ in artist.speech(1, Speech(AudioChunk(pcm, VOICE_RATE_HZ), None, "hm"), 3.0):
            pass

    run_virtual(speak())
    padded = np.pad(pcm, (0, 13 * 960 - len(pcm)))
    at = 0
    for frames, sound in face.given:
        assert sound is not None
        wanted = under(padded, at, frames)
        assert sound.start_s == pytest.approx(wanted.start_s)
        assert np.array_equal(sound.pcm, wanted.pcm)
        at += frames
    assert at == 13


# --- lips back in the picture ------------------------------------------------------------------------------------------


class Painted:
    """A network that changes the face in a way that is known."""

    def __init__(self, tint: tuple[float, float, float] = (0, 0, 0), lips: bool = False) -> None:
        self.tint = np.array(tint, np.float32)
        self.lips = lips
        self.asked = 0

    def paint(self, faces: NDArray[np.uint8], mels: NDArray[np.float32]) -> NDArray[np.float32]:
        self.asked += len(faces)
        drawn = faces.astype(np.float32) + self.tint
        if self.lips:  # a square mouth, darker the louder
            drawn[:, 68:78, 38:58] = 40 + 5 * mels.mean(axis=(1, 2))[:, None, None, None]
        return drawn


@pytest.fixture(scope="module")
def warp() -> WarpFace:
    return WarpRenderer().open(TIAN)


def test_a_network_that_changes_nothing_leaves_no_trace(warp: WarpFace) -> None:
    moves, sound = motion(2, head_rad=0.1), under(chirps(1.0), 0, 2)
    frames = Wav2LipFace(warp, Painted()).draw(moves, sound)
    assert int(np.abs(frames.astype(int) - warp.draw(moves)).max()) <= 1


def test_a_cast_over_the_whole_face_leaves_no_rim(warp: WarpFace) -> None:
    moves, sound = motion(1), under(chirps(1.0), 0, 1)
    change = (
        Wav2LipFace(warp, Painted((25, -10, -20), lips=True)).draw(moves, sound)[0].astype(int) - warp.draw(moves)[0]
    )
    mouth = warp.landmarks_for(moves.expression[0], moves.head_rad[0])[[13, 14]].mean(0)
    seen = np.abs(change).max(axis=2)
    assert seen[int(mouth[1]), int(mouth[0])] > 60
    far = np.hypot(*(np.indices(seen.shape) - mouth[::-1, None, None])) > 50
    assert seen[far].max() <= 8


def test_in_silence_the_network_is_not_asked_and_the_lips_are_the_motions(warp: WarpFace) -> None:
    painter = Painted(lips=True)
    face = Wav2LipFace(warp, painter)
    moves = motion(2, opening=0.4)
    quiet = under(np.zeros(VOICE_RATE_HZ, np.float32), 5, 2)
    assert np.array_equal(face.draw(moves, quiet), warp.draw(moves))
    assert np.array_equal(face.draw(moves), warp.draw(moves))
    assert face.draw(motion(0), quiet).shape == (0, 512, 512, 3)
    assert painter.asked == 0


def test_lips_of_a_speech_in_pieces_are_those_of_the_whole(warp: WarpFace) -> None:
    pcm = np.pad(chirps(0.6), (4_800, 4_800))
    face = Wav2LipFace(warp, Painted(lips=True))
    whole = face.draw(motion(25, 0.3), under(pcm, 0, 25))
    at = 0
    for count in (2, 5, 5, 13):
        piece = face.draw(motion(count, 0.3), under(pcm, at, count))
        assert int(np.abs(piece.astype(int) - whole[at : at + count]).max()) <= 2
        at += count
