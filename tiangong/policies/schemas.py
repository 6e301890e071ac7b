"""The JSON Schemas (draft 2020-12) of policy, pack and scenario files, as they are published in `docs/schema`."""

import json
from typing import Final

from pydantic import BaseModel

from tiangong.policies.document import Pack, PolicyFile
from tiangong.policies.scenarios.document import ScenarioFile

_MODELS: Final[dict[str, type[BaseModel]]] = {"policy": PolicyFile, "pack": Pack, "scenario": ScenarioFile}


def schemas() -> dict[str, str]:
    """File name to JSON text."""
    return {
        f"{name}.schema.json": json.dumps(model.model_json_schema(by_alias=True), indent=1, ensure_ascii=False) + "\n"
        for name, model in _MODELS.items()
    }
