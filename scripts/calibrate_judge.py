"""Temperature and threshold for the judge in the settings: `python scripts/calibrate_judge.py LINES.jsonl --asks "Is it gossip?"`.

LINES.jsonl holds texts whose answer is known: {"text": ..., "direction": "input" or "output", "yes": true or false}. Every second
line is fitted on, the others tell whether it helped. Texts that the judge cannot answer are counted and left out.
"""

import argparse
import json
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from tiangong.core.config import load_settings
from tiangong.core.errors import ConfigError, EngineError, MediaError
from tiangong.policies.judges.calibrating import brier, fitted
from tiangong.policies.judges.making import judge_of
from tiangong.policies.judges.protocol import Judge, Question


class Line(BaseModel):
    model_config = ConfigDict(extra="ignore")
    text: str
    direction: Literal["input", "output"] = "output"
    yes: bool


def answered(judge: Judge, asks: str, lines: list[Line]) -> tuple[list[float], list[bool]]:
    shares: list[float] = []
    truth: list[bool] = []
    for line in lines:
        try:
            shares.append(judge.judge(Question(asks, line.text, line.direction)))
            truth.append(line.yes)
        except EngineError as error:
            print(f"({error})")
    return shares, truth


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lines", type=Path)
    parser.add_argument("--asks", required=True, help="the question as it stands in the policy")
    given = parser.parse_args()
    settings = load_settings()
    plain = settings.policy.judge.model_copy(update={"threshold": 0.5, "temperature": 1.0})
    judge = judge_of(settings.model_copy(update={"policy": settings.policy.model_copy(update={"judge": plain})}))
    if judge is None:
        raise SystemExit("no judge is set: policy.judge.model, and policy.judge.base_url for a server")
    lines = [Line.model_validate_json(line) for line in given.lines.read_text(encoding="utf-8").splitlines() if line]
    shares, truth = answered(judge, given.asks, lines)
    calibration = fitted(shares[::2], truth[::2])
    told = {
        "threshold": round(calibration.threshold, 4),
        "temperature": round(calibration.temperature, 3),
        "answered": len(shares),
        "of": len(lines),
        "brier_before": round(brier(shares[1::2], truth[1::2]), 4),
        "brier_after": round(brier([calibration(share) for share in shares[1::2]], truth[1::2]), 4),
    }
    print(json.dumps(told, indent=1))


if __name__ == "__main__":
    try:
        main()
    except (ConfigError, EngineError, MediaError, OSError, ValueError) as error:
        raise SystemExit(f"{' '.join(str(error).split())[:300]}") from error
