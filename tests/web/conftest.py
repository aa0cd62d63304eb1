"""The gateway of the HTTP tests, on whose paths the server and the application are tested, too."""

from api.conftest import client, running, server

__all__ = ["client", "running", "server"]
