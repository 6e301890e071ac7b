"""What every door to a server with OpenAI's interface shares: its address, the key, and what it means when it refuses."""

import os
from typing import TYPE_CHECKING, Final

from tiangong.core.errors import ConfigError

if TYPE_CHECKING:
    import httpx

KEY_VARIABLE: Final = "TIANGONG_API_KEY"  # from the environment only, so that no key ever stands in a file
CONNECT_TIMEOUT_S: Final = 5.0
LONGEST_REASON_CHARS: Final = 200


class OpenAIServer:
    """One endpoint with its pool of connections; threads may share it."""

    def __init__(self, setting: str, base_url: str, endpoint: str, read_timeout_s: float) -> None:
        """`setting` is where `base_url` ("http://127.0.0.1:11434/v1") stands, `endpoint` what follows it ("/audio/speech").

        Raises ConfigError if it is no URL.
        """
        import httpx

        if not base_url.startswith(("http://", "https://")):
            raise ConfigError(f"{setting} '{base_url}' must begin with http:// or https://")
        try:
            self.url = httpx.URL(base_url.rstrip("/") + endpoint)
        except httpx.InvalidURL as error:
            raise ConfigError(f"{setting} '{base_url}' is not a URL: {error}") from error
        if not self.url.host:
            raise ConfigError(f"{setting} '{base_url}' names no server")
        key = os.environ.get(KEY_VARIABLE)
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        # Redirects are not followed: they could carry the key to somebody else.
        self.client = httpx.Client(headers=headers, timeout=httpx.Timeout(read_timeout_s, connect=CONNECT_TIMEOUT_S))

    def close(self) -> None:
        self.client.close()

    def refusal(self, status: int, body: str, wanted: str) -> str:
        """Why the server answered with another status than 200; `wanted` names what it may not have: "model 'tiny'"."""
        said = in_one_line(body)
        if status in (401, 403):
            return f"the server at {self.url.host} refused the key (HTTP {status}); set {KEY_VARIABLE}"
        if status == 404:
            return f"nothing at {self.url}, or no {wanted} there (HTTP 404): {said}"
        if status == 429:
            return f"the server at {self.url.host} is busy or the quota is used up (HTTP 429): {said}"
        return f"the server at {self.url.host} answered HTTP {status}: {said}"

    def trouble(self, error: "httpx.HTTPError") -> str:
        """Why there was no whole answer."""
        import httpx

        if isinstance(error, httpx.TimeoutException):
            return f"the server at {self.url.host} did not answer in time"
        return f"the connection to {self.url.host} failed ({error})"


def in_one_line(said: str) -> str:
    """What a server said, fit for the end of a message."""
    return " ".join(said.split())[:LONGEST_REASON_CHARS]
