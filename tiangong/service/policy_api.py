"""What the page's Policy tab asks: the policy in plain words, a verdict explained, the scenarios played."""

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, Literal

from fastapi import APIRouter, HTTPException
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field

from tiangong.core.errors import BundleError, ConfigError
from tiangong.policies.explaining import explanation, in_words
from tiangong.policies.rules import RulesPolicy
from tiangong.service.assembly import Engines
from tiangong.service.scenario_runs import RunState, ScenarioRuns
from tiangong.studio.bundle import find_bundles

LONGEST_CHARS: Final = 2_000
_KINDS: Final = {"report.html": "text/html", "report.json": "application/json", "report.xml": "application/xml"}


class Tried(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: str = Field(min_length=1, max_length=LONGEST_CHARS)
    avatar: str
    direction: Literal["input", "output"] = "input"
    language: Literal["en", "zh"] | None = None  # of the sentence; by its script where not given
    told_in: Literal["en", "zh"] | None = None  # the explanation's, where it is not the sentence's


class Started(BaseModel):
    model_config = ConfigDict(extra="forbid")

    avatar: str


def policy_routes(engines: Engines, runs: ScenarioRuns) -> APIRouter:
    routes = APIRouter(prefix="/api/policy")

    @routes.get("")
    async def plain_words(avatar: str, language: Literal["en", "zh"] = "en") -> dict[str, Any]:
        policy, _ = await _policy_of(engines, avatar)
        return asdict(in_words(policy.compiled, language))

    @routes.post("/explain")
    async def explain(tried: Tried) -> dict[str, Any]:
        policy, _ = await _policy_of(engines, tried.avatar)
        found = await asyncio.to_thread(explanation, policy, tried.text, tried.direction, tried.language, tried.told_in)
        verdict = found.verdict
        return {
            "language": found.language,
            "action": verdict.action,
            "does": found.does,
            "rule": verdict.rule,
            "says": verdict.text or "",
            "status": verdict.status,
            "elapsed_ms": verdict.elapsed_ms,
            "spans": [_in_utf16(tried.text, span) for span in found.spans],
            "limits": found.limits,
            "grounds": [asdict(ground) for ground in found.grounds],
            "readings": found.readings,
            "intents": found.intents,
        }

    @routes.post("/runs")
    async def start(started: Started) -> RunState:
        policy, path = await _policy_of(engines, started.avatar)
        return runs.start(policy.compiled.file.policy, path)

    @routes.get("/runs")
    async def state() -> RunState:
        return runs.state

    @routes.delete("/runs")
    async def stop() -> RunState:
        return await runs.stop()

    @routes.get("/reports/{name}")
    async def report(name: str) -> FileResponse:
        path = runs.report(name)
        if not path:
            raise HTTPException(404, "there is no report yet")
        return FileResponse(path, media_type=_KINDS[name], content_disposition_type="inline", filename=name)

    _ = (plain_words, explain, start, state, stop, report)
    return routes


async def _policy_of(engines: Engines, avatar: str) -> tuple[RulesPolicy, Path]:
    """The policy of an avatar and the file that it stands in. Raises BundleError, ConfigError."""
    bundles = find_bundles(engines.settings.avatars)
    if avatar not in bundles:
        raise BundleError(f"no avatar '{avatar}'; known: {', '.join(sorted(bundles))}")
    shared = engines.policy
    if not isinstance(shared, RulesPolicy):
        raise ConfigError(f"the policy engine '{shared.name}' has no rules to show")
    policy = await asyncio.to_thread(shared.of_avatar, bundles[avatar], {})
    return policy, shared.file_of(bundles[avatar])


def _in_utf16(text: str, span: tuple[int, int]) -> tuple[int, int]:
    """Places as a browser counts them: a sign beyond the basic plane is two."""
    start, end = span
    return len(text[:start].encode("utf-16-le")) // 2, len(text[:end].encode("utf-16-le")) // 2
