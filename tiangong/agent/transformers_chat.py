"""Any chat model that Hugging Face's transformers loads: a folder, or a name on the hub.

Only safetensors are read and no code from a model's repository is run.
"""

import threading
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from tiangong.agent.answer_stream import THINK, spoken_pieces, until, without_thinking
from tiangong.agent.chat_prompt import chat_messages
from tiangong.agent.protocol import Prompt
from tiangong.core.causal_models import best_device, error_in_one_line, has_file, load_causal_model
from tiangong.core.config import Settings
from tiangong.core.errors import ConfigError, EngineError
from tiangong.core.media import Message

DEFAULT_CONTEXT_TOKENS: Final = 4_096  # of a model that does not tell
THREAD_NAME: Final = "tiangong-brain"
# For models without a chat template of their own: plain lines, as in a written dialogue.
_SPEAKERS: Final = {"system": "", "user": "User: ", "assistant": "Assistant: "}
_NEXT_SPEAKER: Final = "\nUser:"


class TransformersChat:
    """One model, loaded when made; sessions and threads may share it."""

    name = "transformers"
    embedded = False

    def __init__(
        self, model: str | None, *, device: str = "auto", max_new_tokens: int = 220, temperature: float = 0.6
    ) -> None:
        """`model` is a folder or a hub name; `temperature` 0 always takes the likeliest word.

        Raises ConfigError without a model, EngineError where it cannot be loaded, MissingExtra where its tokenizer needs
        a version of sentencepiece that is not installed.
        """
        if not model:
            raise ConfigError("the 'transformers' brain needs brain.model: a folder or a hub name")
        device = best_device() if device == "auto" else device
        self._max_new_tokens, self._temperature = max_new_tokens, temperature
        self._tokenizer, self._model = load_causal_model(model, device, "brain")
        limit = getattr(self._model.config, "max_position_embeddings", None)
        self._context_tokens = int(limit) if isinstance(limit, int) else DEFAULT_CONTEXT_TOKENS

    @classmethod
    def unavailable(cls, settings: Settings) -> str | None:
        return unavailable_model(settings.brain.model)

    @classmethod
    def from_settings(cls, settings: Settings) -> "TransformersChat":
        brain = settings.brain
        return cls(brain.model, max_new_tokens=brain.max_tokens, temperature=brain.temperature)

    def reply(self, prompt: Prompt) -> Iterator[str]:
        """Stream the answer; closing the iterator stops the generation within one token.

        Raises EngineError where generating fails.
        """
        messages = chat_messages(prompt)
        text = self._fitting_text(messages)
        raw = self._generate(text)
        if not self._tokenizer.chat_template:
            raw = until(raw, _NEXT_SPEAKER)
        return spoken_pieces(without_thinking(raw, thinking=text.rstrip().endswith(THINK)))

    def _fitting_text(self, messages: Sequence[Message]) -> str:
        """The whole prompt; the oldest turns are left out as long as it is too long for the model."""
        system, turns = messages[0], list(messages[1:])
        room = max(16, self._context_tokens - self._max_new_tokens)
        while True:
            text = self._text([system, *turns])
            if len(turns) <= 1 or len(self._tokenizer(text, add_special_tokens=False)["input_ids"]) <= room:
                return text
            turns = turns[2:]  # in twos, so that the user still speaks first

    def _text(self, messages: Sequence[Message]) -> str:
        if not self._tokenizer.chat_template:
            lines = [_SPEAKERS[message.role] + message.text for message in messages]
            return "\n".join([*lines, _SPEAKERS["assistant"].rstrip()])
        from jinja2 import TemplateError

        try:
            return self._templated(messages)
        except TemplateError:
            # Some templates (Gemma, older Mistral) refuse a system message: then the user's first one carries it.
            system, first, *rest = messages
            return self._templated([Message("user", f"{system.text}\n\n{first.text}"), *rest])

    def _templated(self, messages: Sequence[Message]) -> str:
        return self._tokenizer.apply_chat_template(
            [{"role": message.role, "content": message.text} for message in messages],
            tokenize=False,
            add_generation_prompt=True,
            enable_thinking=False,  # templates that know the switch (Qwen3) then answer at once; others ignore it
        )

    def _generate(self, text: str) -> Generator[str]:
        from transformers import TextIteratorStreamer

        # A chat template writes the special tokens itself.
        inputs = self._tokenizer(text, return_tensors="pt", add_special_tokens=not self._tokenizer.chat_template)
        room = max(1, self._context_tokens - self._max_new_tokens)
        inputs = {name: inputs[name][:, -room:].to(self._model.device) for name in ("input_ids", "attention_mask")}
        streamer: Any = TextIteratorStreamer(self._tokenizer, skip_prompt=True, skip_special_tokens=True)
        stopped = threading.Event()

        def work() -> None:
            try:
                self._model.generate(**inputs, streamer=streamer, **self._how(stopped))
            finally:
                streamer.end()  # also where generating failed: the reader below must not wait for ever

        worker = ThreadPoolExecutor(1, THREAD_NAME)
        try:
            done = worker.submit(work)
            yield from streamer
            done.result()
        except (RuntimeError, ValueError, IndexError, TypeError) as error:  # out of memory is a RuntimeError
            raise _failed(f"generating failed ({error_in_one_line(error)})") from error
        finally:
            stopped.set()
            worker.shutdown(wait=True)

    def _how(self, stopped: threading.Event) -> dict[str, Any]:
        import torch
        from transformers import StoppingCriteria, StoppingCriteriaList

        class Stopped(StoppingCriteria):
            def __call__(self, input_ids: Any, scores: Any, **kwargs: Any) -> Any:
                return torch.full((len(input_ids),), stopped.is_set(), dtype=torch.bool, device=input_ids.device)

        padding = self._tokenizer.pad_token_id
        how: dict[str, Any] = {
            "max_new_tokens": self._max_new_tokens,
            "stopping_criteria": StoppingCriteriaList([Stopped()]),
            "pad_token_id": self._tokenizer.eos_token_id if padding is None else padding,
            "do_sample": self._temperature > 0,
        }
        return how | ({"temperature": self._temperature} if self._temperature > 0 else {})


def unavailable_model(model: str | None) -> str | None:
    """Why a configured model can't be loaded without a download, or None; looks at names of files only."""
    if not model:
        return "no model is set (brain.model)"
    if has_file(model, "config.json"):
        return None
    return f"'{model}' is neither a folder with a config.json nor a model in the local Hugging Face cache"


def _failed(reason: str) -> EngineError:
    return EngineError("brain", 0, reason)
