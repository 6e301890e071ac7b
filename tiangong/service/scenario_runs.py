"""Runs of the scenarios that the page asks for: one at a time, seen by all who look."""

import asyncio
import json
import sys
import tempfile
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict

from tiangong.core.errors import TiangongError
from tiangong.service.scenario_worker import REPORTS

_LONGEST_S: Final = 600.0  # a run gives way to everything else, so it may take its time


class ScenariosRunning(TiangongError):
    """Somebody else's run is under way."""


class RunState(BaseModel):
    """How far the newest run is."""

    model_config = ConfigDict(frozen=True)

    running: bool = False
    policy: str = ""
    done: int = 0
    total: int = 0
    name: str = ""  # of the scenario that is being played, or of the rule that is left out
    without: int = 0  # rules that have been left out in turn, once all scenarios are played
    rules: int = 0
    counts: dict[str, int] = {}  # by status, once it is done
    leaked: int = 0
    noticed: float = 0.0  # share of rules whose loss some scenario notices
    elapsed_s: float = 0.0
    error: str = ""
    stopped: bool = False  # somebody did not want to wait


class ScenarioRuns:
    """Keeps the reports of the newest run in a folder that goes with the process."""

    def __init__(self) -> None:
        self.state = RunState()
        self._folder = tempfile.TemporaryDirectory(prefix="tiangong-reports-")
        self._task: asyncio.Task[None] | None = None

    def start(self, name: str, policy: Path) -> RunState:
        """Begin a run of the scenarios that ship under a policy file. Raises ScenariosRunning."""
        if self.state.running:
            raise ScenariosRunning("the scenarios are being played already; the report comes in a moment")
        self.state = RunState(running=True, policy=name)
        self._forget_reports()
        self._task = asyncio.create_task(self._run(policy))
        return self.state

    async def stop(self) -> RunState:
        """End the run that is under way; there is no report of it then."""
        task = self._task
        if task and self.state.running:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            if self._task is task:  # nobody has begun another one meanwhile
                self._forget_reports()
                self.state = RunState(stopped=True, policy=self.state.policy)
        return self.state

    def _forget_reports(self) -> None:
        for report in REPORTS:
            (Path(self._folder.name) / report).unlink(missing_ok=True)

    def report(self, name: str) -> Path | None:
        """A report of the newest run that is done."""
        path = Path(self._folder.name) / name
        return path if name in REPORTS and not self.state.running and path.is_file() else None

    async def _run(self, policy: Path) -> None:
        error = "the worker could not be started"
        try:
            async with asyncio.timeout(_LONGEST_S):
                error = await self._worked(policy)
        except TimeoutError:
            error = f"the run took more than {_LONGEST_S / 60:.0f} minutes and was stopped"
        finally:
            self.state = self.state.model_copy(update={"running": False, "name": "", "error": error})

    async def _worked(self, policy: Path) -> str:
        """Follow a worker to its end; why it failed, or ""."""
        command = (sys.executable, "-m", "tiangong.service.scenario_worker", self._folder.name, str(policy))
        worker = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        assert worker.stdout
        assert worker.stderr
        complaints = asyncio.create_task(worker.stderr.read())  # read beside it: a full pipe would hold the worker up
        try:
            async for line in worker.stdout:
                self.state = self.state.model_copy(update=json.loads(line))
            if not await worker.wait():
                return ""
            told = (await complaints).decode(errors="replace").strip()
            return told.splitlines()[-1] if told else "the worker ended by itself"
        finally:
            if worker.returncode is None:
                worker.kill()
                await worker.wait()
            complaints.cancel()

    async def close(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._folder.cleanup()
