"""The JSON Schemas (draft 2020-12) of policy, pack and scenario files and of decision records, published in `docs/schema`."""

import json
from typing import Final

from pydantic import BaseModel

from tiangong.policies.document import Pack, PolicyFile
from tiangong.policies.record_lines import RECORD_LINE
from tiangong.policies.scenarios.document import ScenarioFile

_MODELS: Final[dict[str, type[BaseModel]]] = {"policy": PolicyFile, "pack": Pack, "scenario": ScenarioFile}


def schemas() -> dict[str, str]:
    """File name to JSON text."""
    written = {name: model.model_json_schema(by_alias=True) for name, model in _MODELS.items()}
    written["record"] = RECORD_LINE.json_schema()
    return {
        f"{name}.schema.json": json.dumps(schema, indent=1, ensure_ascii=False) + "\n"
        for name, schema in written.items()
    }
