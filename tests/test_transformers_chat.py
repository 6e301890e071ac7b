"""The transformers brain on tiny models with random weights: true architectures, saved by the true library, loaded by our code."""

import importlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.tiny_chat import save_byte_tokenizer
from tiangong.agent.protocol import Persona, Prompt
from tiangong.agent.transformers_chat import THREAD_NAME, TransformersChat
from tiangong.core.config import BrainSettings, Settings
from tiangong.core.errors import ConfigError, EngineError, MissingExtra
from tiangong.core.media import Message
from tiangong.studio.bundle import STARTER

ANN = Persona({"en": "Ann"}, {"en": "Hello."}, {"en": "I am an AI."})
CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
NO_SYSTEM = (
    "{% if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}" + CHATML
)
CONTEXT_TOKENS = 1_024


def prompt(*texts: str) -> Prompt:
    return Prompt([Message("user" if i % 2 == 0 else "assistant", t) for i, t in enumerate(texts)], "en", ANN)


def corpus() -> list[str]:
    files = sorted((STARTER / "knowledge").rglob("*.en.md"))
    return [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]


def workers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith(THREAD_NAME)]


def save_model(folder: Path, kind: str, vocabulary: int) -> None:
    import torch
    import transformers

    torch.manual_seed(0)
    config = getattr(transformers, f"{kind}Config")(
        vocab_size=vocabulary,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=CONTEXT_TOKENS,
        eos_token_id=None,  # random weights would end at random places
    )
    getattr(transformers, f"{kind}ForCausalLM")(config).save_pretrained(folder)


@pytest.fixture(scope="module")
def qwen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Qwen2 with a byte-level BPE tokenizer and a chat template."""
    folder = tmp_path_factory.mktemp("qwen")
    save_model(folder, "Qwen2", save_byte_tokenizer(folder, corpus(), 600, CHATML))
    return folder


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Llama with a sentencepiece tokenizer and no chat template, laid out as the first Llamas were."""
    sentencepiece = pytest.importorskip("sentencepiece")
    try:
        importlib.import_module("sentencepiece.sentencepiece_model_pb2")
    except ImportError as error:
        pytest.skip(f"this sentencepiece does not fit this protobuf: {error}")
    folder = tmp_path_factory.mktemp("llama")
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(corpus()),
        model_prefix=str(folder / "tokenizer"),
        vocab_size=600,
        model_type="bpe",
        byte_fallback=True,
        minloglevel=2,
    )
    (folder / "tokenizer_config.json").write_text('{"tokenizer_class": "LlamaTokenizer", "legacy": false}')
    save_model(folder, "Llama", 600)
    return folder


def brain(folder: Path, **options: Any) -> TransformersChat:
    return TransformersChat(str(folder), device="cpu", **options)


def test_a_model_with_its_own_chat_template_streams_an_answer(qwen: Path) -> None:
    pieces = list(brain(qwen, max_new_tokens=24).reply(prompt("hello")))
    assert len(pieces) > 1
    assert "".join(pieces).strip()
    assert not workers()


def test_a_model_with_a_sentencepiece_tokenizer_and_no_template_streams_an_answer(llama: Path) -> None:
    chat = brain(llama, max_new_tokens=24)
    text = chat._text([Message("system", "Be kind."), Message("user", "hello")])  # pyright: ignore[reportPrivateUsage]
    assert text == "Be kind.\nUser: hello\nAssistant:"
    assert "".join(chat.reply(prompt("hello"))).strip()


def test_without_temperature_the_answer_is_always_the_same(qwen: Path) -> None:
    chat = brain(qwen, max_new_tokens=12, temperature=0)
    assert "".join(chat.reply(prompt("hello"))) == "".join(chat.reply(prompt("hello")))


def test_closing_the_answer_stops_the_generation_and_its_thread(qwen: Path) -> None:
    answer: Iterator[str] = brain(qwen, max_new_tokens=900, temperature=0).reply(prompt("hello"))
    next(answer)
    assert workers()
    started_s = time.perf_counter()
    answer.close()  # type: ignore[attr-defined]
    assert not workers()
    assert time.perf_counter() - started_s < 0.5  # 900 tokens take several seconds


def test_two_sessions_share_one_model(qwen: Path) -> None:
    chat = brain(qwen, max_new_tokens=12, temperature=0)
    alone = "".join(chat.reply(prompt("hello")))
    first, second = chat.reply(prompt("hello")), chat.reply(prompt("hello"))
    heard = [next(first), next(second)]
    assert heard[0] + "".join(first) == heard[1] + "".join(second) == alone


def test_a_template_that_refuses_a_system_message_gets_it_from_the_user(qwen: Path) -> None:
    chat = brain(qwen, max_new_tokens=4)
    chat._tokenizer.chat_template = NO_SYSTEM  # pyright: ignore[reportPrivateUsage]
    text = chat._text([Message("system", "Be kind."), Message("user", "hello")])  # pyright: ignore[reportPrivateUsage]
    assert text.startswith("<|im_start|>user\nBe kind.\n\nhello<|im_end|>")
    assert list(chat.reply(prompt("hello")))


def test_a_template_that_opens_a_thought_has_all_of_it_left_out(qwen: Path) -> None:
    chat = brain(qwen, max_new_tokens=8)
    template = CHATML.replace("assistant\n{% endif %}", "assistant\n<think>\n{% endif %}")
    chat._tokenizer.chat_template = template  # pyright: ignore[reportPrivateUsage]
    assert "".join(chat.reply(prompt("hello"))) == ""  # eight tokens at random never close it


def test_a_long_conversation_loses_its_oldest_turns_and_still_fits(qwen: Path) -> None:
    said = [f"turn {i}: " + "where is my order and when does it come " * 8 for i in range(15)]
    chat = brain(qwen, max_new_tokens=8)
    assert list(chat.reply(prompt(*said)))
    text = chat._fitting_text([Message("system", "s"), *prompt(*said).messages])  # pyright: ignore[reportPrivateUsage]
    assert "turn 14" in text
    assert "turn 0:" not in text


def test_one_message_longer_than_the_model_takes_is_cut(qwen: Path) -> None:
    assert list(brain(qwen, max_new_tokens=8).reply(prompt("where is my order " * 600)))


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({}, "cannot be loaded"),
        ({"config.json": "{"}, "cannot be loaded"),
        ({"config.json": '{"model_type": "no-such-thing"}'}, "cannot be loaded"),
    ],
)
def test_a_broken_model_is_one_clear_error(tmp_path: Path, files: dict[str, str], reason: str) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(EngineError, match=reason) as raised:
        brain(tmp_path)
    assert "\n" not in str(raised.value)


def test_pickled_weights_are_refused(qwen: Path, tmp_path: Path) -> None:
    import torch

    for file in qwen.iterdir():
        if file.name != "model.safetensors":
            (tmp_path / file.name).write_bytes(file.read_bytes())
    torch.save({}, tmp_path / "pytorch_model.bin")
    with pytest.raises(EngineError, match="cannot be loaded"):
        brain(tmp_path)


def test_it_runs_only_where_a_model_lies_on_the_disk(qwen: Path, tmp_path: Path) -> None:
    def reason(model: str | None) -> str | None:
        return TransformersChat.unavailable(Settings(brain=BrainSettings(model=model)))

    assert reason(str(qwen)) is None
    assert "no model is set" in str(reason(None))
    assert "neither a folder" in str(reason(str(tmp_path)))
    assert "neither a folder" in str(reason("no-such-owner/no-such-model"))
    assert "neither a folder" in str(reason("a/path/of/many/parts"))
    with pytest.raises(ConfigError):
        TransformersChat.from_settings(Settings())


def test_a_sentencepiece_that_does_not_fit_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    (tmp_path / "tokenizer.model").write_bytes(b"")
    monkeypatch.setitem(sys.modules, "sentencepiece.sentencepiece_model_pb2", None)
    with pytest.raises(MissingExtra, match="pip install 'sentencepiece<"):
        brain(tmp_path)
