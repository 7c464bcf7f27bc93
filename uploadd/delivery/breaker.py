"""Many files in a row with passing faults mean that the service is ill, not the files."""

from __future__ import annotations

FILES_IN_A_ROW = 10


class Breaker:
    """Counts distinct files with passing faults since the last send that went well."""

    def __init__(self) -> None:
        self._files: set[str] = set()

    def failed(self, sha256: str) -> bool:
        """One more passing fault. True where the account should pause now."""
        self._files.add(sha256)
        return len(self._files) >= FILES_IN_A_ROW

    def worked(self) -> None:
        """A send went well, or a probe was answered: start counting anew."""
        self._files.clear()
