"""Both networks and both optimizers in one safetensors file: nothing that a checkpoint holds can run code."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from tiangong.core.errors import BundleError

CHECKPOINT: Final = "checkpoint.safetensors"
_STEPS: Final = "steps_done"

Networks = Mapping[str, torch.nn.Module]
Optimizers = Mapping[str, torch.optim.Optimizer]


def save_checkpoint(folder: Path, steps_done: int, networks: Networks, optimizers: Optimizers) -> None:
    """Write `checkpoint.safetensors` by way of a second name: a run killed meanwhile leaves the one before."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {f"{name}.{key}": value for name, net in networks.items() for key, value in net.state_dict().items()}
    for name, optimizer in optimizers.items():
        for row, values in optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{name}.{row}.{key}": value for key, value in values.items()}
    partial = folder / f".{CHECKPOINT}.part"
    plain = {key: value.detach().to("cpu").contiguous().clone() for key, value in tensors.items()}
    save_file(plain, partial, metadata={_STEPS: str(steps_done)})
    partial.replace(folder / CHECKPOINT)


def load_checkpoint(folder: Path, networks: Networks, optimizers: Optimizers) -> int | None:
    """Fill networks and optimizers; returns the steps done, None where there is no checkpoint.

    Raises BundleError for one that is damaged or belongs to other networks.
    """
    path = folder / CHECKPOINT
    if not path.exists():
        return None
    try:
        with safe_open(path, framework="pt") as box:
            steps = int((box.metadata() or {})[_STEPS])
            tensors = {key: box.get_tensor(key) for key in box.keys()}  # noqa: SIM118 (not a dict)
        for name, network in networks.items():
            network.load_state_dict(_under(tensors, f"{name}."))
        for name, optimizer in optimizers.items():
            _fill(optimizer, _under(tensors, f"optimizer.{name}."))
    except (OSError, SafetensorError, RuntimeError, KeyError, ValueError) as error:
        raise BundleError(f"{path}: damaged ({str(error).splitlines()[0]}); remove it to begin again") from error
    return steps


def _under(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}


def _fill(optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    state: dict[int, dict[str, Any]] = {}
    for key, value in tensors.items():
        row, _, name = key.partition(".")
        state.setdefault(int(row), {})[name] = value
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
