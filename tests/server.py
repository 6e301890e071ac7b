"""The real server in a process of its own."""

import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[1]


@contextmanager
def running_server(*options: str, environment: dict[str, str] | None = None) -> Generator[str]:
    """`python app.py` as the README has it; yields its address once the page answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, str(ROOT / "app.py"), "--port", str(port), *options]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)
    address = f"http://127.0.0.1:{port}"
    try:
        until_s = time.monotonic() + 60
        while time.monotonic() < until_s:
            try:
                httpx.get(address, timeout=30).raise_for_status()
                break
            except httpx.TransportError:
                if server.poll() is not None:
                    raise RuntimeError(f"the server ended:\n{server.stdout.read() if server.stdout else ''}") from None
                time.sleep(0.2)
        yield address
    finally:
        server.terminate()
        server.wait(20)
        if server.stdout:
            server.stdout.close()
