"""The embedded recogniser learns what an avatar's users will ask: its language model, new words, and what it hears then."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pocketsphinx import Config, LogMath, NGramModel, get_model_path

from tiangong.bench.hearing_words import QUESTIONS as QUESTION_TABLE
from tiangong.bench.hearing_words import measure_questions, measure_recordings, questions, starters_vocabulary
from tiangong.bench.voice_words import words_of
from tiangong.core.errors import ConfigError, MediaError
from tiangong.core.media import AudioChunk, SpeechStyle
from tiangong.core.sound import resample
from tiangong.perception.protocol import HEARING_RATE_HZ
from tiangong.perception.sphinx import PocketSphinx
from tiangong.perception.sphinx_adapting import adapted, model_name, weighted
from tiangong.perception.sphinx_trie import TrieModel, read_trie, write_trie
from tiangong.perception.sphinx_vocabulary import Vocabulary
from tiangong.voice.arpabet import arpabet
from tiangong.voice.espeak import EspeakVoice
from tiangong.voice.protocol import Speaker

GENERAL = Path(get_model_path()) / "en-us" / "en-us.lm.bin"
KNOWLEDGE = (
    "Tiangong is open software for digital humans. You can clone a voice in ten seconds.",
    "what is Tiangong",
    "clone my voice",
    "delivery costs",
    "return a jumper",
)
# Not one of them stands in the knowledge.
QUESTIONS = (
    "what does tiangong do",
    "how do i clone a voice",
    "what are the delivery costs",
    "can i return the jumper",
)


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return Vocabulary.of(KNOWLEDGE, ["WeChat"], arpabet)


@pytest.fixture(scope="module")
def general() -> TrieModel:
    return read_trie(GENERAL)


@pytest.fixture(scope="module")
def learnt(general: TrieModel, vocabulary: Vocabulary) -> TrieModel:
    return adapted(general, weighted(vocabulary))


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def plain() -> PocketSphinx:
    return PocketSphinx()


@pytest.fixture(scope="module")
def knowing(plain: PocketSphinx, vocabulary: Vocabulary, models: Path) -> PocketSphinx:
    return plain.adapted(vocabulary, models)


def spoken(text: str) -> AudioChunk:
    voice = EspeakVoice().for_speaker(Speaker("male"))
    pieces = [piece.audio.pcm for piece in voice.synthesize(text, SpeechStyle("en"))]
    return resample(AudioChunk(np.concatenate(pieces), 24_000), HEARING_RATE_HZ)


def heard(engine: PocketSphinx, text: str) -> list[str]:
    session = engine.session("en")
    session.accept(spoken(text))
    return session.finish().text.split()


def missed(engine: PocketSphinx, texts: Sequence[str]) -> int:
    return sum(len(set(text.split()) - set(heard(engine, text))) for text in texts)


def probability(model: TrieModel, context: Sequence[str]) -> NDArray[np.float64]:
    """(words,) of each word after one or two others, by the rules of an n-gram model with backoff."""
    size, number = len(model.words), {word: i for i, word in enumerate(model.words)}
    *first, middle = (number[word] for word in context)
    scores = model.word_prob.astype(np.float64) + model.word_backoff[middle]
    rows = np.flatnonzero(model.pairs % size == middle)
    scores[model.pairs[rows] // size] = model.pair_prob[rows]
    if first:
        pair = np.searchsorted(model.pairs, middle * size + first[0])
        known = model.pairs[pair] == middle * size + first[0]
        scores += model.pair_backoff[pair] if known else 0
        last_two = model.pairs[model.triple_pair]
        rows = np.flatnonzero((model.triple_first == first[0]) & (last_two % size == middle))
        scores[last_two[rows] // size] = model.triple_prob[rows]
    return np.exp(scores * np.log(1.0001))


def test_a_model_is_read_as_the_library_reads_it_and_written_as_it_was(general: TrieModel, tmp_path: Path) -> None:
    copy = tmp_path / "copy.lm.bin"
    write_trie(general, copy)
    again = read_trie(copy)
    assert again.words == general.words
    for name in ("pairs", "triple_pair", "triple_first", "word_prob", "pair_prob", "pair_backoff", "triple_prob"):
        np.testing.assert_array_equal(getattr(again, name), getattr(general, name), err_msg=name)
    library = NGramModel(Config(), LogMath(), str(GENERAL))
    copied = NGramModel(Config(), LogMath(), str(copy))
    for said in (["order"], ["order", "my"], ["order", "my", "is"], ["jumper", "the", "return"], ["the", "the", "the"]):
        assert copied.prob(said) == library.prob(said)
    of_my = probability(general, ["is", "my"])
    assert np.log(of_my[general.words.index("order")]) / np.log(1.0001) == pytest.approx(
        library.prob(["order", "my", "is"]), abs=2
    )


@pytest.mark.parametrize("context", [["clone"], ["the"], ["what", "is"], ["<s>", "how"], ["clone", "my"], ["tiangong"]])
def test_after_a_known_context_all_words_together_are_certain(learnt: TrieModel, context: list[str]) -> None:
    assert probability(learnt, context).sum() == pytest.approx(1.0, abs=0.01)


def test_what_the_knowledge_says_becomes_likelier_and_all_else_stays(general: TrieModel, learnt: TrieModel) -> None:
    def share(model: TrieModel, context: list[str], word: str) -> float:
        return float(probability(model, context)[model.words.index(word)])

    assert share(learnt, ["delivery"], "costs") > 10 * share(general, ["delivery"], "costs")
    assert share(learnt, ["what", "is"], "tiangong") > 1e-3
    assert share(learnt, ["new"], "york") == pytest.approx(share(general, ["new"], "york"), rel=0.01)


@pytest.mark.parametrize("damage", [b"", b"no model at all", b"Trie Language Model\x03" + bytes(500)])
def test_a_damaged_model_is_refused(tmp_path: Path, damage: bytes) -> None:
    broken = tmp_path / "broken.lm.bin"
    broken.write_bytes(damage)
    with pytest.raises(MediaError, match="language model"):
        read_trie(broken)


@pytest.mark.parametrize(
    ("word", "sounds"),
    [
        ("lamp", "L AE M P"),
        ("Tiangong", "T Y AE NG G AO NG"),
        ("GPU", "JH IY P IY Y UW"),
        ("order", "AO R D ER"),
        ("little", "L IH D AH L"),
        ("button", "B AH T AH N"),
        ("fire", "F AY ER"),
        ("", ""),
    ],
)
def test_words_are_pronounced_in_the_notation_of_the_dictionary(word: str, sounds: str) -> None:
    assert arpabet(word) == sounds


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Ask me. It's 30 degrees!", (("ask", "me"), ("it's", "thirty", "degrees"))),
        ("天工 is written “heaven craft”", (("is", "written", "heaven", "craft"),)),
        ("the Zzyxq lamp", (("the",), ("lamp",))),
        ("。", ()),
    ],
)
def test_texts_become_sentences_of_words_that_can_be_heard(text: str, sentences: tuple[tuple[str, ...], ...]) -> None:
    assert Vocabulary.of([text]).sentences == sentences


def test_a_word_that_the_dictionary_lacks_needs_sounds(vocabulary: Vocabulary) -> None:
    assert dict(vocabulary.pronunciations) == {"tiangong": "T Y AE NG G AO NG", "wechat": "W IY CH AE T"}
    with pytest.raises(ConfigError, match="pronunciation of 'zzyxq' is 'ɪk'"):
        Vocabulary.of(["Zzyxq"], pronounce=lambda word: "ɪk")
    assert model_name(vocabulary) == model_name(Vocabulary.of(KNOWLEDGE, ["WeChat"], arpabet))
    assert model_name(vocabulary) != model_name(Vocabulary.of(KNOWLEDGE, [], arpabet))


def test_questions_about_the_knowledge_are_heard_better(plain: PocketSphinx, knowing: PocketSphinx) -> None:
    assert missed(knowing, QUESTIONS) <= 0.5 * missed(plain, QUESTIONS)
    assert "tiangong" in heard(knowing, QUESTIONS[0])


def test_other_speech_is_heard_as_before(plain: PocketSphinx, knowing: PocketSphinx) -> None:
    other = ["the weather is nice in the morning", "she reads a book about the old city"]
    assert missed(knowing, other) <= missed(plain, other) + 1


def test_a_few_hot_words_are_heard_where_they_are_said_and_nowhere_else(plain: PocketSphinx, models: Path) -> None:
    listening = plain.adapted(Vocabulary.of([], ["Ollama", "WeChat", "Zhang Wei"], arpabet), models / "hot")
    assert "ollama" in heard(listening, "does it run with ollama")
    assert heard(listening, "i want to talk to zhang wei please")[5:7] == ["zhang", "wei"]
    other = "the weather is nice in the morning"
    assert heard(listening, other) == heard(plain, other)


def test_a_model_is_built_once_and_old_ones_are_forgotten(
    plain: PocketSphinx, knowing: PocketSphinx, vocabulary: Vocabulary, models: Path
) -> None:
    (built,) = models.glob("*.bin")
    made_s = built.stat().st_mtime
    plain.adapted(vocabulary, models)
    assert built.stat().st_mtime == made_s
    assert plain.adapted(Vocabulary(), models) is plain
    assert list(models.glob("*.bin")) == [built]


def test_questions_of_the_bench_stand_in_no_knowledge() -> None:
    known = starters_vocabulary()
    asked = questions(known)
    assert len(asked) >= 100
    assert not {tuple(words_of(question)) for question in asked} & set(known.sentences)


def test_the_bench_compares_three_ears(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    voice = EspeakVoice().for_speaker(Speaker("male"))
    outcome = measure_questions([("male", voice)], most=1)
    figures = {figure.name: figure for figure in outcome.figures}
    assert {f"questions, male: {ear}" for ear in ("plain library", "not adapted", "adapted")} <= figures.keys()
    assert all(figure.n == 1 for figure in outcome.figures)
    with pytest.raises(MediaError, match="columns file, lang, speaker and text"):
        measure_recordings(QUESTION_TABLE)
