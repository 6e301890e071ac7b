"""The published JSON Schemas say what the program accepts."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tiangong.policies.compiled import PACKS, TEMPLATES
from tiangong.policies.reading import read_source
from tiangong.policies.scenarios.finding import SHIPPED, scenario_files
from tiangong.policies.schemas import schemas

PUBLISHED = Path(__file__).parents[1] / "docs" / "schema"
FILES = [
    *((path, "policy") for path in sorted(TEMPLATES.glob("*.yaml"))),
    *((path, "pack") for path in sorted(PACKS.glob("*.yaml"))),
    *((path, "scenario") for path in scenario_files([SHIPPED])),
    (SHIPPED / "tea_shop.yaml", "policy"),
]


def test_what_is_published_is_up_to_date() -> None:
    found = {path.name: path.read_text(encoding="utf-8") for path in PUBLISHED.glob("*.json")}
    assert found == schemas(), "run: tiangong policy schema docs/schema"


@pytest.mark.parametrize(("path", "kind"), FILES, ids=lambda part: getattr(part, "name", part))
def test_every_file_that_ships_is_valid_under_its_schema(path: Path, kind: str) -> None:
    validator = jsonschema.Draft202012Validator(json.loads(schemas()[f"{kind}.schema.json"]))
    assert [error.message for error in validator.iter_errors(read_source(path).data)] == []


@pytest.mark.parametrize(
    "policy",
    [
        {"schema": 1, "policy": "a", "languages": ["en"], "rulez": []},
        {"schema": 2, "policy": "a", "languages": ["en"]},
        {"schema": 1, "policy": "a", "languages": []},
        {"schema": 1, "policy": "a", "languages": ["en"], "rules": [{"id": "x", "place": "inputs"}]},
    ],
)
def test_what_the_program_refuses_the_schema_refuses(policy: dict[str, Any]) -> None:
    validator = jsonschema.Draft202012Validator(json.loads(schemas()["policy.schema.json"]))
    assert list(validator.iter_errors(policy)) != []
