"""A generator's weights: `generator.safetensors` to train on with PyTorch, `generator.onnx` to draw with anywhere."""

import json
import warnings
from dataclasses import asdict
from pathlib import Path
from typing import Final

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from tiangong.core.errors import BundleError
from tiangong.rendering.generator import Generator, GeneratorSize
from tiangong.rendering.painting import GENERATOR, GENERATOR_ONNX
from tiangong.rendering.region import CHANNELS, COLUMNS, ROWS

_SIZE: Final = "size"
_OPSET: Final = 17  # onnxruntime-web has all of it


def save_generator(generator: Generator, folder: Path) -> None:
    """Write both files into `folder`."""
    save_weights(generator, folder)
    _export(generator, folder / GENERATOR_ONNX)


def save_weights(generator: Generator, folder: Path) -> None:
    """Write `generator.safetensors` alone."""
    tensors = {key: value.detach().cpu().contiguous().clone() for key, value in generator.state_dict().items()}
    save_file(tensors, folder / GENERATOR, metadata={_SIZE: json.dumps(asdict(generator.size))})


def load_generator(path: Path) -> Generator:
    """The generator of a `generator.safetensors`. Raises BundleError for a damaged file, or another network's."""
    try:
        with safe_open(path, framework="pt") as box:
            size = GeneratorSize(**json.loads((box.metadata() or {})[_SIZE]))
            weights = {key: box.get_tensor(key) for key in box.keys()}  # noqa: SIM118 (not a dict)
        generator = Generator(size)
        generator.load_state_dict(weights)
    except FileNotFoundError as error:
        raise BundleError(f"{path}: no such file") from error
    except (OSError, SafetensorError, RuntimeError, KeyError, TypeError, ValueError) as error:
        raise BundleError(f"{path.name}: damaged ({str(error).splitlines()[0]}); create the avatar again") from error
    return generator


def _export(generator: Generator, path: Path) -> None:
    example = torch.zeros(1, CHANNELS, ROWS, COLUMNS)
    plain = Generator(generator.size)
    plain.load_state_dict({key: value.cpu() for key, value in generator.state_dict().items()})
    with warnings.catch_warnings():
        # The exporter that PyTorch prefers needs a further package and writes the same graph.
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            plain.eval(), (example,), str(path), input_names=["sketch"], output_names=["picture"],
            dynamic_axes={"sketch": {0: "n"}, "picture": {0: "n"}}, opset_version=_OPSET, dynamo=False,
        )  # fmt: skip
