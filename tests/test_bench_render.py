"""bench render: its measures tell good from bad, and the command writes figures that can be read again."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.made_faces import drawn_face, talking
from tests.shared_media import shared
from tiangong.bench.drawing import measure_batched, spoken_motion
from tiangong.bench.filmed import Seen, seen_frames, split_film
from tiangong.bench.lips import in_silence, lips_of, measure_lips
from tiangong.bench.pairs import PairMeasure, measure_pair, measure_still, nearest_training_psnr_db
from tiangong.bench.render import RenderWishes
from tiangong.bench.report import Figure, Report, as_text
from tiangong.bench.speaking import SENTENCES, record
from tiangong.cli import main
from tiangong.core.config import load_settings
from tiangong.core.errors import ConfigError, MediaError
from tiangong.core.media import AudioChunk, AvatarClip, Phone
from tiangong.core.sound import silence
from tiangong.rendering.training.measuring import lip_gap
from tiangong.rendering.warp import WarpFace
from tiangong.service.assembly import Engines
from tiangong.service.film import Film
from tiangong.studio.bundle import STARTER

FRAMES = 16
LOUD_S = (0.16, 0.48)


@pytest.fixture(scope="module")
def face(tmp_path_factory: pytest.TempPathFactory) -> WarpFace:
    return drawn_face(tmp_path_factory.mktemp("face"))


@pytest.fixture(scope="module")
def film(face: WarpFace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """0.64 s of a face that talks, with a tone in the middle."""
    path = tmp_path_factory.mktemp("film") / "talking.mp4"
    at = np.arange(round(FRAMES / 25 * 24_000)) / 24_000
    tone = np.where((at > LOUD_S[0]) & (at < LOUD_S[1]), 0.3 * np.sin(at * 1400), 0).astype(np.float32)
    with Film(path) as made:
        made.add(AvatarClip(0, face.draw(talking(FRAMES)), 25, AudioChunk(tone, 24_000)))
    return path


@pytest.fixture(scope="module")
def seen(film: Path) -> list[Seen]:
    return list(seen_frames(film))


# --- pairs -----------------------------------------------------------------------------------------------------------


def test_a_film_is_its_own_perfect_pair(film: Path) -> None:
    measure = measure_pair(film, film)
    psnr, ssim, distance = measure.means
    assert (measure.frames, measure.unfound) == (FRAMES, 0)
    assert psnr is not None
    assert psnr > 60
    assert ssim == pytest.approx(1, abs=1e-6)
    assert distance == pytest.approx(0, abs=1e-5)


def test_a_still_face_is_worse_than_a_moving_one(film: Path) -> None:
    psnr, ssim, distance = measure_still(film, film).means
    assert psnr is not None
    assert ssim is not None
    assert distance is not None
    assert psnr < 50
    assert ssim < 0.999
    assert distance > 0.003


def test_framing_does_not_count_but_a_shifted_mouth_does(seen: list[Seen]) -> None:
    true, framed, shifted = seen[3], PairMeasure(), PairMeasure()
    assert true.marks is not None
    whole = Seen(true.time_s, np.roll(true.image, (6, -4), (0, 1)), true.marks + np.array([-4, 6], np.float32))
    framed.add(whole, true)
    image = true.image.copy()
    low, high = (np.quantile(true.marks[[61, 291, 0, 17]], q, axis=0).astype(int) for q in (0, 1))
    rows, columns = slice(low[1] - 10, high[1] + 10), slice(low[0] - 10, high[0] + 10)
    image[rows, columns] = np.roll(true.image[rows, columns], 5, axis=0)
    shifted.add(Seen(true.time_s, image, true.marks), true)
    assert framed.psnr_db[0] > 45
    assert framed.landmark_distance[0] == pytest.approx(0, abs=1e-3)
    assert shifted.psnr_db[0] < framed.psnr_db[0] - 10
    assert shifted.ssim[0] < framed.ssim[0]


def test_a_frame_without_a_face_is_counted(seen: list[Seen]) -> None:
    measure = PairMeasure()
    measure.add(replace(seen[0], marks=None), seen[0])
    assert (measure.frames, measure.unfound, measure.means) == (1, 1, (None, None, None))


def test_the_nearest_training_frame_of_a_learned_film_is_the_frame_itself(film: Path) -> None:
    reached = nearest_training_psnr_db(film, film)
    assert len(reached) == FRAMES
    assert min(reached) > 40


def test_a_split_film_is_the_whole_one_with_its_sound(film: Path, tmp_path: Path) -> None:
    parts = tmp_path / "a.mp4", tmp_path / "b.mp4"
    assert split_film(film, 0.75, *parts) == pytest.approx(0.75 * FRAMES / 25, abs=0.02)
    halves = [list(seen_frames(part)) for part in parts]
    assert [len(half) for half in halves] == [12, 4]
    assert halves[1][0].time_s == 0
    whole = list(seen_frames(film))
    for copied, original in ((halves[0][0], whole[0]), (halves[1][0], whole[12])):
        assert np.abs(copied.image.astype(int) - original.image).mean() < 3
    assert measure_lips(parts[0]).frames == 12  # and it has sound


# --- lips ------------------------------------------------------------------------------------------------------------


def test_lips_that_follow_the_phones_are_in_step_and_later_ones_late(seen: list[Seen]) -> None:
    # Two mouths of the film, widest and narrowest, put together again to say "mamama...".
    gaps = [lip_gap(one.marks) for one in seen if one.marks is not None]
    open_, shut = seen[int(np.argmax(gaps))], seen[int(np.argmin(gaps))]
    phones = [Phone("ma"[i % 2], 0.6 + 0.16 * i, 0.76 + 0.16 * i) for i in range(14)]

    def spoken(late_s: float) -> list[Seen]:
        frames: list[Seen] = []
        for k in range(90):
            now = next((p for p in phones if p.start_s <= k / 25 - late_s < p.end_s), None)
            frames.append(replace(open_ if now and now.symbol == "a" else shut, time_s=k / 25))
        return frames

    at = np.arange(round(3.6 * 16_000)) / 16_000
    sound = AudioChunk(np.where((at > 0.6) & (at < 2.84), 0.3 * np.sin(at * 1400), 0).astype(np.float32), 16_000)
    now, later = lips_of(spoken(0), sound, phones), lips_of(spoken(0.12), sound, phones)
    assert now.closed_in_silence == now.closed_on_bilabials == 1
    assert now.bilabials == 7
    assert now.lag_ms is not None
    assert later.lag_ms is not None
    assert later.lag_ms - now.lag_ms == pytest.approx(120, abs=20)
    assert now.openness_gap_correlation is not None
    assert now.openness_gap_correlation > 0.8
    always = lips_of([replace(open_, time_s=k / 25) for k in range(90)], sound, phones)
    assert (always.closed_in_silence, always.closed_on_bilabials) == (0, 0)


def test_silence_is_measured_well_inside_it() -> None:
    at = np.arange(32_000) / 16_000
    sound = AudioChunk(np.where(at < 1, 0.3 * np.sin(at * 1400), 0).astype(np.float32), 16_000)
    assert in_silence(np.array([0.5, 1.1, 1.3, 1.9]), sound).tolist() == [False, False, True, True]


async def _said(path: Path) -> list[Phone]:
    engines = Engines(load_settings(profile="embedded"))
    try:
        avatar = await engines.open_avatar("tian")
        return await record(engines, avatar, "en", ["Hi mum."], path, told=True)
    finally:
        engines.workers.close()


def test_the_starter_shuts_its_lips_on_m_and_in_silence(tmp_path: Path) -> None:
    import asyncio

    phones = asyncio.run(_said(tmp_path / "hi.mp4"))
    lips = measure_lips(tmp_path / "hi.mp4", phones)
    assert lips.bilabials == 2
    assert lips.closed_on_bilabials == 1
    assert lips.closed_in_silence is not None
    assert lips.closed_in_silence > 0.95


def test_without_phones_only_silence_is_looked_at(seen: list[Seen]) -> None:
    lips = lips_of(seen, silence(1.0, 16_000), ())
    assert (lips.lag_ms, lips.closed_on_bilabials, lips.bilabials) == (None, None, 0)


# --- the command -----------------------------------------------------------------------------------------------------


def test_the_command_writes_its_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "render.json"
    arguments = ["bench", "render", "--only", "draw", "--only", "gpu", "--only", "video", "--frames", "5"]
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "--json", str(output)])
    assert ended.value.code == 0
    written = json.loads(output.read_text(encoding="utf-8"))
    assert set(written) == {"bench", "machine", "python", "versions", "engines", "figures", "notes"}
    assert set(written["engines"]) == {"renderer", "motion", "voice"}
    assert all(set(figure) == {"name", "unit", "n", "p50", "p95", "p99"} for figure in written["figures"])
    figures = {figure["name"]: figure for figure in written["figures"]}
    for renderer in ("gan", "warp"):
        assert figures[f"drawing, {renderer}: time a frame"]["p95"] > 0
        assert figures[f"drawing, {renderer}: frames a second"]["p50"] > 0
    assert "bench render" in capsys.readouterr().out


def test_what_cannot_be_measured_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="create, draw"):
        RenderWishes(parts=("drawing",))
    with pytest.raises(MediaError, match="no such file"):
        RenderWishes(videos=(tmp_path / "no.mp4",))


def test_both_languages_have_lips_to_close() -> None:
    assert set(SENTENCES) == {"en", "zh"}
    assert {len(texts) for texts in SENTENCES.values()} == {4}


def test_shares_and_notes_stand_in_the_text() -> None:
    report = Report("render", "m", "3.11", {}, {}, [Figure.single("a share", "share", 0.98765, 40)], ["a note"])
    assert "0.9877" in as_text(report)
    assert "a note" in as_text(report)


def test_batches_are_counted_where_a_device_draws_them() -> None:
    folders = [STARTER / "avatars" / name for name in ("tian", "gong")]
    pytest.importorskip("tiangong.rendering.torch_bench")
    outcome = measure_batched(folders, "cpu", measured_s=0.01, batches=(2,))
    assert [figure.unit for figure in outcome.figures] == ["fps", "fps"]
    assert all(figure.p50 for figure in outcome.figures)


def test_spoken_motion_is_as_long_as_asked() -> None:
    assert len(spoken_motion(300)) == 300


def test_measures_equal_the_shared_tool(film: Path) -> None:
    import subprocess
    import sys

    tool = shared("tools/measure_face.py")
    ran = subprocess.run([sys.executable, str(tool), "still", str(film), str(film)], capture_output=True, check=True)
    theirs, ours = json.loads(ran.stdout), measure_still(film, film)
    assert ours.means == pytest.approx(
        (theirs["mouth_psnr_db"], theirs["mouth_ssim"], theirs["mouth_landmark_distance"]), abs=2e-3
    )
