"""`tiangong bench hear` and `look`, on little."""

from pathlib import Path

import numpy as np
import pytest

from tests.shared_media import shared
from tests.tiny_whisper import save_whisper
from tiangong.bench.hear import HearWishes, measure_hear
from tiangong.bench.hearing_engine import measure_engine
from tiangong.bench.look import LookWishes, measure_look, measure_pictures
from tiangong.core.errors import MediaError
from tiangong.core.media import AudioChunk
from tiangong.core.sound import write_wav
from tiangong.perception.whisper import FasterWhisper


def test_ends_of_turns_and_echo_are_measured() -> None:
    report = measure_hear(HearWishes(echo_minutes=0.3, parts=("turns", "echo")))
    figures = {figure.name: figure for figure in report.figures}
    assert figures["turns cut off, all"].n >= 60
    assert [f.p50 for name, f in figures.items() if name.startswith("false starts, ")] == [0]
    assert any("cut off after" in note for note in report.notes)


def test_any_recogniser_is_measured_by_words_and_by_characters(tmp_path: Path) -> None:
    engine = FasterWhisper(str(save_whisper(tmp_path / "whisper")))
    for name in ("a", "b"):
        write_wav(
            AudioChunk(np.random.default_rng(0).normal(0, 0.1, 16_000).astype(np.float32), 16_000),
            tmp_path / f"{name}.wav",
        )
    table = tmp_path / "said.tsv"
    table.write_text("file\tlang\tspeaker\ttext\na.wav\ten\tann\tgood morning\nb.wav\tzh\tli\t早上好\n")
    figures = {f.name: f for f in measure_engine(table, engine).figures}
    assert figures["faster-whisper, word error rate, en"].n == 1
    assert figures["faster-whisper, character error rate, zh"].n == 1
    factor = figures["faster-whisper, real-time factor, zh"].p50
    assert factor is not None
    assert factor > 0


def test_a_steady_face_does_not_flicker_and_is_read_in_time() -> None:
    figures = {f.name: f for f in measure_look(LookWishes(seconds=12.0, parts=("flicker", "cost"))).figures}
    assert figures["changes of label on a steady face"].p50 == 0
    cost = figures["face and feeling, one picture"].p50
    assert cost is not None
    assert cost < 60  # a free core takes 5 ms


def test_labelled_pictures_are_measured_by_set(tmp_path: Path) -> None:
    folder = shared("media/expressions/debruine_webmorphR.stim")
    rows = [f"{f}\t{label}\tours" for label in ("neutral", "happy") for f in sorted(folder.glob(f"*_{label}.jpg"))[:6]]
    table = tmp_path / "labels.tsv"
    table.write_text("\n".join(["file\tlabel\tset", *rows, f"{folder / 'none.jpg'}\tcontempt\tours"]))
    figures = {f.name: f for f in measure_pictures(table).figures}
    told_apart = figures["ours, neutral against happy"].p50
    assert told_apart is not None
    assert told_apart >= 0.9


def test_a_table_that_is_none_is_told(tmp_path: Path) -> None:
    table = tmp_path / "labels.tsv"
    table.write_text("a\tb\n1\t2\n")
    with pytest.raises(MediaError, match="columns file, label and set"):
        measure_pictures(table)
