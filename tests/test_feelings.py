"""What is felt: in words, in the voice, in the face by any classifier, and all of it together."""

import csv
import json
import time
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.shared_media import shared
from tiangong.agent.mood import Mood
from tiangong.bench.emotion_figures import balanced_accuracy, calibration_error, confusion, surest_half
from tiangong.core.config import SeeingSettings, Settings
from tiangong.core.errors import ConfigError
from tiangong.core.face import EMOTIONS, EmotionLabel
from tiangong.core.media import AudioChunk, Emotion, SpeechStyle
from tiangong.core.pictures import read_picture
from tiangong.core.sound import read_audio, resample
from tiangong.perception.emotion_fusion import fuse
from tiangong.perception.expression_emotion import CONFIDENT_FROM, arousal_of, valence_of
from tiangong.perception.mesh_reader import MeshReader
from tiangong.perception.onnx_emotion import OnnxEmotion
from tiangong.perception.protocol import HEARING_RATE_HZ
from tiangong.perception.voice_emotion import VoiceFeeling, voice_emotion_model
from tiangong.perception.voice_prosody import MEASURES, prosody
from tiangong.perception.word_emotion import feeling_words, word_feeling
from tiangong.studio.bundle import STARTER
from tiangong.voice.espeak import EspeakVoice

Floats = NDArray[np.float32]
SAID = Path(__file__).with_name("word_emotion.csv")
PORTRAIT = STARTER / "avatars" / "tian" / "portrait.png"


def spoken(emotion: EmotionLabel, text: str = "I have been waiting for my parcel since Monday morning.") -> AudioChunk:
    pieces = EspeakVoice().synthesize(text, SpeechStyle(emotion=emotion, intensity=1.0))
    return resample(AudioChunk(np.concatenate([p.audio.pcm for p in pieces]), 24_000), HEARING_RATE_HZ)


def opinion(label: EmotionLabel, confidence: float, seen_s: float = 0.0) -> Emotion:
    row = np.full(7, 0.3 / 6, np.float32)
    row[EMOTIONS.index(label)] = 0.7
    return Emotion(label, row, valence_of(row), arousal_of(row), confidence, seen_s)


# --- words -----------------------------------------------------------------------------------------------------------


def test_words_of_feeling_are_understood_in_both_languages() -> None:
    with SAID.open(encoding="utf-8") as table:
        rows = list(csv.DictReader(table))
    wrong: list[str] = []
    alarms = 0
    for row in rows:
        felt = word_feeling(row["said"], 0.0)
        label = felt.label if felt and felt.confidence >= CONFIDENT_FROM else "neutral"
        wrong += [row["said"]] if label != row["label"] else []
        alarms += row["label"] == "neutral" != label
    assert len(wrong) <= 0.08 * len(rows), wrong
    assert alarms <= 2


@pytest.mark.parametrize(
    ("weaker", "stronger"),
    [("I am a bit sad", "I am very sad"), ("my son is sad", "I am sad"), ("有点难过", "非常难过"), ("great", "great!")],
)
def test_words_are_made_weaker_and_stronger(weaker: str, stronger: str) -> None:
    felt = [word_feeling(text, 0.0) for text in (weaker, stronger)]
    assert felt[0]
    assert felt[1]
    assert felt[0].probabilities[0] > felt[1].probabilities[0]


@pytest.mark.parametrize("text", ["", "where is it", "🙂", "1234", "我要四十二码"])
def test_words_without_feeling_tell_nothing(text: str) -> None:
    assert word_feeling(text, 0.0) is None


def test_no_word_stands_for_two_feelings() -> None:
    phrases = [word.phrase for word in feeling_words()]
    assert len(set(phrases)) == len(phrases)
    assert all(0 < word.strength <= 1.5 for word in feeling_words())


# --- voice -----------------------------------------------------------------------------------------------------------


def test_an_excited_voice_is_told_from_a_calm_one() -> None:
    caller = VoiceFeeling()
    for text in ("Good morning, this is a quiet question.", "I would like to know when the shop opens tomorrow."):
        caller.read(spoken("neutral", text), 0.0)
    angry, sad = caller.read(spoken("angry"), 0.0), caller.read(spoken("sad"), 0.0)
    assert angry
    assert sad
    assert angry.arousal > sad.arousal + 0.1
    assert max(angry.confidence, sad.confidence) <= 0.36


@pytest.mark.parametrize("pcm", [np.zeros(32_000), np.random.default_rng(0).normal(0, 0.1, 32_000), np.zeros(100)])
def test_no_voice_no_feeling(pcm: NDArray[np.float64]) -> None:
    assert VoiceFeeling().read(AudioChunk(pcm.astype(np.float32), HEARING_RATE_HZ), 0.0) is None


def test_prosody_follows_the_sound_and_is_quick() -> None:
    calm, loud = spoken("neutral"), spoken("neutral")
    louder = AudioChunk(loud.pcm * 0.25, HEARING_RATE_HZ)
    began_s = time.perf_counter()
    measured, quieter = prosody(calm), prosody(louder)
    spent_s = (time.perf_counter() - began_s) / 2
    assert measured is not None
    assert quieter is not None
    assert measured[MEASURES.index("level")] - quieter[MEASURES.index("level")] == pytest.approx(12, abs=0.5)
    assert quieter[:2] == pytest.approx(measured[:2], abs=0.5)
    assert 2 < measured[MEASURES.index("rate")] < 8
    assert spent_s < 0.5 * calm.duration_s  # a free core takes a twentieth


def test_calm_recordings_of_real_people_are_seldom_called_anything_else() -> None:
    folder = shared("media/speech/coqui-ai_TTS/ljspeech")
    caller = VoiceFeeling()
    felt = [caller.read(read_audio(file, HEARING_RATE_HZ), 0.0) for file in sorted(folder.glob("*.wav"))[:12]]
    assert sum(f is not None and f.label != "neutral" for f in felt) <= 1


def test_the_model_of_the_voice_knows_every_measure() -> None:
    model = voice_emotion_model()
    assert model.weight.shape == (len(MEASURES), len(EMOTIONS))
    assert model.probabilities(np.zeros((3, len(MEASURES)), np.float32)).sum(axis=1) == pytest.approx(1)


# --- together --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("face", "voice", "words", "label", "sure"),
    [
        (None, None, None, None, False),
        (opinion("happy", 0.8), None, None, "happy", True),
        (opinion("happy", 0.7), None, opinion("angry", 0.9), "angry", False),  # a smile over angry words is no joy
        (opinion("angry", 0.6), opinion("angry", 0.3), opinion("angry", 0.9), "angry", True),
        (None, opinion("sad", 0.3), opinion("sad", 0.8), "sad", True),
        (opinion("sad", 0.1), opinion("happy", 0.1), None, "neutral", False),
    ],
)
def test_channels_are_pooled(
    face: Emotion | None, voice: Emotion | None, words: Emotion | None, label: str | None, sure: bool
) -> None:
    felt = fuse(face, voice, words, 0.0)
    assert (felt.label if felt else None) == label
    assert (felt is not None and felt.confidence > 0.6) is sure


def test_an_opinion_grows_old() -> None:
    fresh, old = fuse(opinion("happy", 0.8), None, None, 0.0), fuse(opinion("happy", 0.8), None, None, 20.0)
    assert fresh
    assert old
    assert fresh.confidence > 0.6
    assert (old.label, old.confidence < 0.05) == ("neutral", True)


def test_agreement_makes_surer_than_contradiction() -> None:
    agree = fuse(opinion("sad", 0.5), None, opinion("sad", 0.5), 0.0)
    differ = fuse(opinion("happy", 0.5), None, opinion("sad", 0.5), 0.0)
    assert agree
    assert differ
    assert agree.confidence > differ.confidence + 0.15


def test_voice_and_words_are_not_read_before_the_user_agrees_nor_after() -> None:
    mood = Mood(clock=lambda: 0.0)
    mood.said("I am furious")
    mood.heard(spoken("angry"), 0.0)
    assert mood.now is None
    mood.listen(True)
    mood.said("I am furious")
    felt = mood.now
    assert felt
    assert felt.label == "angry"
    mood.listen(False)
    assert mood.now is None


# --- faces by another classifier -------------------------------------------------------------------------------------


def save_classifier(folder: Path, labels: str, channels_first: bool = True) -> Path:
    """A true ONNX graph: the mean of the picture is the score of the second class, 1 of the first."""
    import onnx
    from onnx import TensorProto, helper

    folder.mkdir(exist_ok=True)
    shape = [1, 1, 48, 48] if channels_first else [1, 48, 48, 3]
    scores = len([line for line in labels.splitlines() if line.strip()])
    weights = helper.make_tensor("w", TensorProto.FLOAT, [1, scores], [0.0, 8.0, *([-5.0] * (scores - 2))][:scores])
    bias = helper.make_tensor("b", TensorProto.FLOAT, [1, scores], [1.0, 0.0, *([0.0] * (scores - 2))][:scores])
    nodes = [
        helper.make_node("ReduceMean", ["x"], ["m"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Reshape", ["m", "shape"], ["r"]),
        helper.make_node("MatMul", ["r", "w"], ["y"]),
        helper.make_node("Add", ["y", "b"], ["out"]),
    ]
    graph = helper.make_graph(
        nodes, "tiny", [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, [1, scores])],
        [weights, bias, helper.make_tensor("shape", TensorProto.INT64, [2], [1, 1])],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, str(folder / "tiny.onnx"))
    (folder / "labels.txt").write_text(labels)
    return folder


@pytest.mark.parametrize("channels_first", [True, False])
def test_any_onnx_classifier_reads_a_face(tmp_path: Path, channels_first: bool) -> None:
    folder = save_classifier(tmp_path / "net", "Neutral\nHappiness\ncontempt\nSurprise\n", channels_first)
    settings = Settings(seeing=SeeingSettings(emotion=folder))
    assert OnnxEmotion.unavailable(settings) is None
    session = MeshReader.from_settings(settings).session(tracking=False)
    seen = session.observe(read_picture(PORTRAIT))
    session.close()
    assert seen
    assert seen.emotion.label == "happy"  # a bright portrait
    assert seen.emotion.probabilities[[2, 3, 4, 5]] == pytest.approx(0)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"labels.txt": "Neutral\n"}, "2 scores"),
        ({"labels.txt": "a\nb\n"}, "names none of"),
        ({"labels.txt": None}, "no labels.txt"),
        ({"tiny.onnx": None}, "no .onnx"),
        ({"tiny.onnx": "not a model"}, "cannot be read"),
        ({"range.txt": "0 2"}, "range.txt must be"),
    ],
)
def test_a_folder_that_is_no_classifier_is_told_in_one_line(
    tmp_path: Path, change: dict[str, str | None], complaint: str
) -> None:
    folder = save_classifier(tmp_path / "net", "neutral\nhappy\n")
    for name, content in change.items():
        if content is None:
            (folder / name).unlink()
        else:
            (folder / name).write_text(content)
    with pytest.raises(ConfigError, match=complaint) as caught:
        OnnxEmotion(folder)
    assert "\n" not in str(caught.value)


# --- figures ---------------------------------------------------------------------------------------------------------


def test_figures_of_a_classifier() -> None:
    labels = np.array([0, 0, 0, 1], np.int64)
    rows = np.zeros((4, 7), np.float32)
    rows[:, 0] = [0.9, 0.9, 0.6, 0.8]
    rows[:, 1] = 1 - rows[:, 0]
    assert balanced_accuracy(labels, rows) == 0.5  # all of one class, none of the other
    assert confusion(labels, rows)[1, 0] == 1
    assert surest_half(labels, rows) == 1.0
    assert calibration_error(labels, rows) == pytest.approx(0.8 / 4 + 0.2 / 4 + 0.4 / 4, abs=0.06)
    assert json.dumps(confusion(labels, rows).tolist())
