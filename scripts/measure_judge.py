"""How long a judge model takes for one sentence: `python scripts/measure_judge.py --random 0.6B --json judge.json`.

With a folder, the model in it; with `--random`, the architecture of a Qwen3 of that size with random weights, which takes as long
as one that was trained and says nothing of use. Nothing is downloaded. Each sentence is asked about by itself, as the loop does;
`yes or no` reads the probabilities of one token, `guard` those of one (any risk) or writes out categories.
"""

import argparse
import json
import platform
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from tiangong.core.errors import EngineError
from tiangong.policies.compiled import PACKS
from tiangong.policies.judges.protocol import Question
from tiangong.policies.judges.readings import Guard, Reading, YesOrNo
from tiangong.policies.judges.transformers_judge import TransformersJudge
from tiangong.studio.bundle import STARTER

# hidden size, feed-forward size, layers, heads, key and value heads: the published configurations of Qwen3.
SIZES: Final = {
    "tiny": (64, 128, 2, 4, 2),
    "0.6B": (1024, 3072, 28, 16, 8),
    "1.7B": (2048, 6144, 28, 16, 8),
    "4B": (2560, 9728, 36, 32, 8),
}
VOCABULARY: Final = 151_936
SENTENCES: Final = (
    ("en", "The shop opens at nine in the morning and closes at half past six."),
    ("en", "I would never tell anybody what is in the blend, but I can describe how it tastes."),
    ("en", "Your parcel left the warehouse yesterday, and it usually takes two to three days from there."),
    ("en", "If you are not happy with it you may send it back within thirty days, as long as it is unopened."),
    ("zh", "本店早上九点开门，晚上六点半关门。"),
    ("zh", "配方的内容我不能告诉您，不过我可以跟您说说它的味道。"),
    ("zh", "您的包裹昨天已经从仓库发出，一般两到三天就能送到。"),
    ("zh", "如果您不满意，只要没有拆封，三十天之内都可以退货。"),
)  # fmt: skip
ASKS: Final = "Does it promise something that the shop may not be able to keep?"
TEMPLATE: Final = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "<|im_start|>assistant\n<think>\n\n</think>\n\n"
)


def random_model(size: str, folder: Path) -> None:
    """A model of the true architecture with random weights, and a tokenizer trained on what lies at hand, saved by the library."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

    hidden, forward, layers, heads, kv_heads = SIZES[size]
    torch.manual_seed(0)
    config = Qwen3Config(
        vocab_size=VOCABULARY, hidden_size=hidden, intermediate_size=forward, num_hidden_layers=layers,
        num_attention_heads=heads, num_key_value_heads=kv_heads, head_dim=128, max_position_embeddings=32_768,
        tie_word_embeddings=True, bos_token_id=None, eos_token_id=None, dtype=torch.bfloat16,
    )  # fmt: skip
    Qwen3ForCausalLM(config).to(torch.bfloat16).save_pretrained(folder)
    byte_level = Tokenizer(models.BPE())
    byte_level.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)  # type: ignore[assignment]
    byte_level.decoder = decoders.ByteLevel()  # type: ignore[assignment]
    trainer = trainers.BpeTrainer(
        vocab_size=20_000,
        special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    byte_level.train_from_iterator(corpus(), trainer)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=byte_level, eos_token="<|im_end|>", pad_token="<|endoftext|>")
    tokenizer.chat_template = TEMPLATE
    tokenizer.save_pretrained(folder)


def corpus() -> list[str]:
    """Texts in both languages, so that a sentence makes about as many tokens as by a tokenizer that is in use."""
    files = [*(STARTER / "knowledge").rglob("*.md"), *PACKS.glob("*.yaml")]
    asked = [m.text for _, text in SENTENCES for m in YesOrNo().messages(Question(ASKS, text, "output"))]
    return [*asked, *(line for file in sorted(files) for line in file.read_text(encoding="utf-8").splitlines())]


def measured(judge: TransformersJudge, asks: str, seconds: float) -> dict[str, Any]:
    """Times of one question after another, for so long; the first round, which warms up, is not counted."""
    took_ms: list[float] = []
    answered = 0
    ends_s = float("inf")
    rounds = 0
    while rounds < 2 or time.perf_counter() < ends_s:
        for _, text in SENTENCES:
            started_s = time.perf_counter()
            try:
                judge.judge(Question(asks, text, "output", (), "what can you tell me"))
                answered += rounds > 0
            except EngineError:  # random weights know no answer; it took as long
                pass
            if rounds:
                took_ms.append((time.perf_counter() - started_s) * 1000)
            if rounds and time.perf_counter() > ends_s:
                break
        ends_s = min(ends_s, time.perf_counter() + seconds)
        rounds += 1
    prompts = [judge.tokens_of(Question(asks, text, "output", (), "what can you tell me")) for _, text in SENTENCES]
    cuts = statistics.quantiles(took_ms, n=100, method="inclusive")
    return {
        "asks": asks,
        "n": len(took_ms),
        "answered": answered,
        "prompt_tokens": round(statistics.mean(prompts)),
        "p50_ms": round(cuts[49], 2),
        "p95_ms": round(cuts[94], 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, help="a chat model with safetensors")
    parser.add_argument("--random", choices=SIZES, help="random weights of this size instead")
    parser.add_argument("--reads", choices=("questions", "guard"), help="of a folder: how it is asked; otherwise both")
    parser.add_argument("--device", default="auto", help="cpu, cuda or auto")
    parser.add_argument("--precision", default="auto", choices=("auto", "float32", "float16", "bfloat16"))
    parser.add_argument("--seconds", type=float, default=15.0, help="how long to measure each way of asking")
    parser.add_argument("--json", type=Path, help="where to write the figures")
    given = parser.parse_args()
    if (given.folder is None) == (given.random is None):
        parser.error("give a folder, or --random SIZE")
    with tempfile.TemporaryDirectory() as made:
        folder = given.folder or Path(made)
        if given.random:
            random_model(given.random, folder)
        told = json.dumps(report(folder, given), indent=1)
    print(told)
    if given.json:
        given.json.write_text(told + "\n", encoding="utf-8")


def report(folder: Path, given: argparse.Namespace) -> dict[str, Any]:
    import torch
    import transformers

    started_s = time.perf_counter()
    judge = TransformersJudge(folder, YesOrNo(), device=given.device, precision=given.precision)
    loaded_s = time.perf_counter() - started_s
    model: Any = judge.model
    device = str(model.device)
    ways: list[tuple[str, Reading, str]] = [
        ("questions", YesOrNo(), ASKS), ("guard", Guard(), "unsafe"), ("guard", Guard(), "Violent")
    ]  # fmt: skip
    figures: list[dict[str, Any]] = []
    for name, reading, asks in ways:
        if given.reads in (None, name):
            judge.reading = reading
            figures.append({"reads": name} | measured(judge, asks, given.seconds))
    return {
        "model": given.random and f"random weights, Qwen3 {given.random}" or folder.name,
        "parameters": sum(p.numel() for p in model.parameters()),
        "device": torch.cuda.get_device_name() if device.startswith("cuda") else platform.processor() or "CPU",
        "threads": torch.get_num_threads() if device == "cpu" else None,
        "precision": str(model.dtype).removeprefix("torch."),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "load_s": round(loaded_s, 1),
        "figures": figures,
    }


if __name__ == "__main__":
    main()
