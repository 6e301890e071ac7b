"""A judge in a folder, read by Hugging Face's transformers; nothing is downloaded, unpickled or run from the folder."""

import threading
from pathlib import Path
from typing import Any, Final

from tiangong.core.causal_models import best_device, error_in_one_line, load_causal_model
from tiangong.core.errors import ConfigError
from tiangong.policies.judges.protocol import Question, failed
from tiangong.policies.judges.readings import Answer, Calibration, Reading, Token

_ALTERNATIVES: Final = 50
_DEFAULT_CONTEXT_TOKENS: Final = 8_192  # of a model that does not tell; that of Qwen3Guard's training
_SHORTEST_MARK: Final = 3  # characters; shorter special tokens ("\n") are text


class TransformersJudge:
    """One model, loaded when made; questions take turns, since a small batch of one keeps the processor busy already."""

    name = "transformers"

    def __init__(
        self,
        folder: Path,
        reading: Reading,
        calibration: Calibration = Calibration(),  # noqa: B008 - frozen
        *,
        device: str = "auto",
        precision: str = "auto",
    ) -> None:
        """`precision` is "float32", "float16", "bfloat16" or "auto": float32 on a CPU.

        Raises ConfigError where there is no model in the folder, EngineError where it cannot be loaded.
        """
        if not (folder / "config.json").is_file():
            raise ConfigError(f"policy.judge.model '{folder}' is no folder with a config.json")
        import torch

        device = best_device() if device == "auto" else device
        dtype = None if precision == "auto" else getattr(torch, precision)
        self._tokenizer, self.model = load_causal_model(str(folder), device, "judge", dtype)
        if not self._tokenizer.chat_template:
            raise ConfigError(f"the model in '{folder}' has no chat template; a judge has to be a chat model")
        self.reading, self._calibration = reading, calibration
        limit = getattr(self.model.config, "max_position_embeddings", None)
        self._context_tokens = int(limit) if isinstance(limit, int) else _DEFAULT_CONTEXT_TOKENS
        ends = self._tokenizer.eos_token_id, self._tokenizer.pad_token_id
        self._ends = set(ends) - {None}
        self._padding = ends[0] if ends[1] is None else ends[1]
        self._marks = [mark for mark in self._tokenizer.all_special_tokens if len(mark) >= _SHORTEST_MARK]
        self._one = threading.Lock()

    def judge(self, question: Question) -> float:
        """Raises EngineError where the text is too long, the model fails, or its answer has another form."""
        with self._one:
            answer = self._answer(question)
        return self._calibration(self.reading.probability(question, answer))

    def tokens_of(self, question: Question) -> int:
        """How long a question is for this model."""
        return self._ids(question).shape[1]

    def _ids(self, question: Question) -> Any:
        """(1, tokens)"""
        inputs = self._tokenizer(self._prompt(question), return_tensors="pt", add_special_tokens=False)
        return inputs["input_ids"].to(self.model.device)

    def _answer(self, question: Question) -> Answer:
        ids = self._ids(question)
        steps = self.reading.most_tokens(question)
        if ids.shape[1] + steps > self._context_tokens:
            raise failed(f"the question has {ids.shape[1]:,} tokens, the judge reads {self._context_tokens:,}")
        try:
            return self._written(ids, steps)
        except (RuntimeError, ValueError, IndexError, TypeError) as error:  # out of memory is a RuntimeError
            raise failed(f"the judge's model failed ({error_in_one_line(error)})") from error

    def _prompt(self, question: Question) -> str:
        from jinja2 import TemplateError

        messages = [{"role": m.role, "content": self._plain(m.text)} for m in self.reading.messages(question)]
        how = {} if self.reading.generates else {"add_generation_prompt": True, "enable_thinking": False}
        try:
            text = self._tokenizer.apply_chat_template(messages, tokenize=False, **how)
        except TemplateError as error:
            raise failed(f"the judge's chat template refuses the question ({error_in_one_line(error)})") from error
        return text + self.reading.begins

    def _plain(self, text: str) -> str:
        """Special tokens of this very model, should the fence not know them, are spelled out."""
        for mark in self._marks:
            text = text.replace(mark, " ".join(mark))
        return text

    def _written(self, ids: Any, steps: int) -> Answer:
        """The likeliest answer, token by token, with what else was likely."""
        import torch

        how: dict[str, Any] = {"do_sample": False, "temperature": None, "top_p": None, "top_k": None}
        out = self.model.generate(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            max_new_tokens=steps,
            output_logits=True,
            return_dict_in_generate=True,
            pad_token_id=self._padding,
            **how,
        )
        tokens = [Token(self.reading.begins)] if self.reading.begins else []
        for chosen, logits in zip(out.sequences[0, ids.shape[1] :].tolist(), out.logits, strict=True):
            logs = torch.log_softmax(logits[0].float(), dim=-1)
            if not bool(torch.isfinite(logs.max())):
                raise failed("the judge's model gave no finite probabilities")
            best = logs.topk(min(_ALTERNATIVES, len(logs)))
            text = "" if chosen in self._ends else self._tokenizer.decode([chosen])
            tokens.append(Token(text, self._texts(best.indices.tolist(), best.values.tolist())))
        return Answer("".join(token.text for token in tokens), tokens)

    def _texts(self, ids: list[int], logs: list[float]) -> dict[str, float]:
        """Text of each token with its probability; different tokens of one text share a line, so none is counted twice."""
        likely: dict[str, float] = {}
        for each, log in zip(ids, logs, strict=True):
            likely.setdefault(self._tokenizer.decode([each]), log)
        return likely
