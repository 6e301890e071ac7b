"""Loading a language model with Hugging Face's transformers: safetensors only, and no code from a model's repository."""

import importlib
from pathlib import Path
from typing import Any

from tiangong.core.errors import EngineError, MissingExtra
from tiangong.core.media import Stage


def load_causal_model(model: str, device: str, stage: Stage, precision: Any = None) -> tuple[Any, Any]:
    """(tokenizer, model in eval mode on `device`); `model` is a folder or a hub name, `precision` a torch dtype.

    Raises EngineError of `stage` where it cannot be loaded, MissingExtra where its tokenizer needs a version of sentencepiece
    that is not installed.
    """
    from transformers import AutoModelForCausalLM, AutoTokenizer

    require_sentencepiece(model)
    here = has_file(model, "config.json")  # then no request goes out
    options: dict[str, Any] = {"trust_remote_code": False, "local_files_only": here}
    try:
        tokenizer: Any = AutoTokenizer.from_pretrained(model, **options)
        dtype = usual_precision(device) if precision is None else precision
        loaded: Any = AutoModelForCausalLM.from_pretrained(model, use_safetensors=True, dtype=dtype, **options)
        return tokenizer, loaded.to(device).eval()
    # Loading fails in as many ways as there are models: files, settings, classes that are not known, memory.
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ImportError, RuntimeError) as error:
        raise EngineError(stage, 0, f"the model '{model}' cannot be loaded ({error_in_one_line(error)})") from error


def has_file(model: str, file: str) -> bool:
    """Whether a file of a model is on this disk, in its own folder or in the hub's cache."""
    if Path(model).is_dir():
        return (Path(model) / file).is_file()
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        return isinstance(try_to_load_from_cache(model, file), str)
    except HFValidationError:  # a path that does not exist is no name of a model either
        return False


def require_sentencepiece(model: str) -> None:
    """Say plainly what transformers reports as a want of "tiktoken".

    Sentencepiece 0.2.3 wants protobuf 5, while mediapipe 0.10.21 wants protobuf 4.
    """
    if not has_file(model, "tokenizer.model") or has_file(model, "tokenizer.json"):
        return
    try:
        importlib.import_module("sentencepiece.sentencepiece_model_pb2")
    except ImportError as error:
        mend = "pip install 'sentencepiece<0.2.3'"
        raise MissingExtra("transformers", "a sentencepiece that fits protobuf 4", mend) from error


def best_device() -> str:
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def usual_precision(device: str) -> Any:
    import torch

    if device == "cpu":
        return torch.float32
    return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16


def error_in_one_line(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
