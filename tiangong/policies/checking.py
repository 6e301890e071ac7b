"""Lines of texts in, verdicts out: what `tiangong policy check` does."""

import time
from collections.abc import Iterable, Iterator
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from tiangong.core.language import language_of
from tiangong.core.media import Verdict
from tiangong.policies.protocol import VISITOR
from tiangong.policies.reading import Complaint, PolicyProblem
from tiangong.policies.rules import RulesPolicy


class Line(BaseModel):
    """One text. Keys that are not named here are passed over, so that a labelled set can be read as it is."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: str | int
    text: str
    direction: Literal["input", "output"]
    language: str | None = None


def checked_lines(policy: RulesPolicy, lines: Iterable[str], file: str) -> Iterator[dict[str, object]]:
    """A verdict for each line, each in a session of its own, in the same order. Raises PolicyProblem for a line that is none."""
    for number, text in enumerate(lines, 1):
        if not text.strip():
            continue
        try:
            line = Line.model_validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            key = ".".join(str(part) for part in first["loc"])
            what = f"{key}: {first['msg']}" if key else first["msg"]
            raise PolicyProblem([Complaint(file, number, what, 'want {"id", "text", "direction"}')]) from error
        started_s = time.perf_counter()
        verdict = judged(policy, line.text, line.direction, line.language)
        yield {
            "id": line.id,
            "action": verdict.action,
            "rule": verdict.rule,
            "text": verdict.text,
            "spans": [list(span) for span in verdict.spans],
            "ms": round((time.perf_counter() - started_s) * 1000, 3),
        }


def judged(policy: RulesPolicy, text: str, direction: str, language: str | None = None) -> Verdict:
    """The verdict on one text by itself."""
    session = policy.session(VISITOR, lambda decision: None)
    language = language or language_of(text)
    if direction == "input":
        return session.check_input(text, language, None)
    return session.check_output(text, language)
