"""The doors: the page, the HTTP API, WebRTC."""
