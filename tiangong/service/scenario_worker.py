"""python -m tiangong.service.scenario_worker FOLDER [POLICY]: play the scenarios that ship, in a process of its own.

Lines of JSON on standard output tell how far it is; the reports lie in FOLDER at the end. It gives way to everything else on
the machine: a live call must not stutter because somebody runs the tests.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Final

LEAST_PRIORITY: Final = 19
REPORTS: Final = ("report.html", "report.json", "report.xml")


def main(folder: Path, policy: Path | None) -> None:
    from tiangong.core.config import load_settings
    from tiangong.policies.rules import named_policy
    from tiangong.policies.scenarios.finding import SHIPPED, read_scenarios, scenario_files
    from tiangong.policies.scenarios.report import reported
    from tiangong.policies.scenarios.report_json import as_json
    from tiangong.policies.scenarios.report_junit import as_junit
    from tiangong.policies.scenarios.report_page import as_page
    from tiangong.policies.scenarios.running import run_scenarios
    from tiangong.service.scripted_rooms import scripted_rooms

    under = named_policy(policy)
    cases = read_scenarios(scenario_files([SHIPPED]), under, only_known=True)
    rooms = scripted_rooms(load_settings())
    started_s = time.perf_counter()
    results = run_scenarios(cases, rooms, progress=lambda done, name: _tell(done=done, total=len(cases), name=name))
    _tell(done=len(cases), total=len(cases), name="")
    places = {each.rule.id: i for i, each in enumerate(under.compiled.rules)}
    elapsed_s = time.perf_counter() - started_s
    report = reported(
        under,
        results,
        rooms,
        elapsed_s,
        progress=lambda rule: _tell(without=places[rule], rules=len(places), name=rule),
    )
    texts = as_page(report), json.dumps(as_json(report), ensure_ascii=False, indent=1), as_junit(report)
    for name, text in zip(REPORTS, texts, strict=True):
        (folder / name).write_text(text, encoding="utf-8")
    counts = {status: report.counted(status) for status in ("pass", "fail", "flaky", "unmeasured")}
    _tell(counts=counts, leaked=report.leaked, noticed=report.mutation_score, elapsed_s=report.elapsed_s)


def _tell(**what: object) -> None:
    print(json.dumps(what, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    os.nice(LEAST_PRIORITY)
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None)
