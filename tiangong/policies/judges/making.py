"""The judge that the settings ask for."""

from pathlib import Path

from tiangong.core.config import Settings
from tiangong.core.errors import ConfigError
from tiangong.policies.judges.guarded import AT_ONCE, GuardedJudge
from tiangong.policies.judges.openai_judge import OpenAIJudge
from tiangong.policies.judges.protocol import Judge
from tiangong.policies.judges.readings import Calibration, Guard, Reading, YesOrNo
from tiangong.policies.judges.transformers_judge import TransformersJudge


def judge_of(settings: Settings) -> Judge | None:
    """None where none is set. Raises ConfigError for settings that do not fit, EngineError for a model that cannot be loaded."""
    wanted = settings.policy.judge
    if wanted.model is None:
        if wanted.base_url is not None:
            raise ConfigError("policy.judge.model must name the model at policy.judge.base_url")
        return None
    reading: Reading = Guard() if wanted.reads == "guard" else YesOrNo()
    calibration = Calibration(wanted.threshold, wanted.temperature)
    if wanted.base_url is not None:
        judge = OpenAIJudge(wanted.base_url, wanted.model, reading, calibration, timeout_s=wanted.timeout_s)
        return GuardedJudge(judge, wanted.timeout_s, at_once=max(AT_ONCE, settings.serve.capacity))
    folder = Path(wanted.model)
    return GuardedJudge(TransformersJudge(folder, reading, calibration, precision=wanted.precision), wanted.timeout_s)
