"""A Whisper of the true architecture with random weights, saved by transformers and converted by CTranslate2."""

import json
from pathlib import Path
from typing import Any

LANGUAGES = "en zh de es ru ko fr ja pt tr yue".split()
BASE_TOKENS = 50_257
VOCABULARY = 51_866


def special_tokens() -> list[str]:
    """In Whisper's own order; languages that the test does not name are filled up to the hundred."""
    languages = LANGUAGES + [f"x{i}" for i in range(100 - len(LANGUAGES))]
    tasks = "translate transcribe startoflm startofprev nospeech notimestamps".split()
    return [f"<|{name}|>" for name in ["endoftext", "startoftranscript", *languages, *tasks]]


def sorted_letters() -> list[str]:
    from tokenizers import pre_tokenizers

    return sorted(pre_tokenizers.ByteLevel.alphabet())


def save_tokenizer(folder: Path, english_only: bool) -> None:
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    letters = sorted_letters()
    # The empty word is how CTranslate2 tells the multilingual vocabulary from the English one.
    words = [*letters, *(f"Ġ{i:05d}" for i in range(BASE_TOKENS - len(letters) - 1)), "the" if english_only else ""]
    tokenizer = Tokenizer(models.BPE(vocab={word: i for i, word in enumerate(words)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in special_tokens()])
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|endoftext|>").save_pretrained(folder)


def save_whisper(folder: Path, always: str | None = None, *, english_only: bool = False) -> Path:
    """Make one under `folder` that writes nonsense, or one ASCII letter for ever; returns what FasterWhisper loads."""
    import torch
    from ctranslate2.converters import TransformersConverter
    from transformers import GenerationConfig, WhisperConfig, WhisperForConditionalGeneration

    source, converted = folder / "transformers", folder / "whisper"
    torch.manual_seed(0)
    ids = {token: BASE_TOKENS + i for i, token in enumerate(special_tokens())}
    config = WhisperConfig(
        vocab_size=VOCABULARY, d_model=16, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=32, decoder_ffn_dim=32, num_mel_bins=80,
        bos_token_id=BASE_TOKENS, eos_token_id=BASE_TOKENS, pad_token_id=BASE_TOKENS,
        decoder_start_token_id=ids["<|startoftranscript|>"],
    )  # fmt: skip
    model = WhisperForConditionalGeneration(config)
    model.generation_config = GenerationConfig(
        suppress_tokens=[], begin_suppress_tokens=[BASE_TOKENS], alignment_heads=[[0, 0]],
        lang_to_id={f"<|{name}|>": ids[f"<|{name}|>"] for name in LANGUAGES},
    )  # fmt: skip
    if always:
        _say_always(model, sorted_letters().index(always))
    model.save_pretrained(source)
    save_tokenizer(source, english_only)
    preprocessor = {"feature_size": 80, "sampling_rate": 16_000, "hop_length": 160, "chunk_length": 30, "n_fft": 400}
    (source / "preprocessor_config.json").write_text(json.dumps(preprocessor), encoding="utf-8")
    copied = ["tokenizer.json", "preprocessor_config.json"]
    TransformersConverter(str(source), copy_files=copied).convert(str(converted))
    return converted


def _say_always(model: Any, token: int) -> None:
    """The last layer forgets what was heard and points at one word."""
    import torch

    with torch.no_grad():
        norm = model.model.decoder.layer_norm
        norm.weight.zero_()
        norm.bias.zero_()
        norm.bias[0] = 1.0
        words = model.model.decoder.embed_tokens.weight
        words[:, 0] = 0.0
        words[token, 0] = 40.0
