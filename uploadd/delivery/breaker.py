"""Many files in a row with passing faults mean that the service is ill, not the files."""

from __future__ import annotations

FILES_IN_A_ROW = 10
# After a pause the service is on trial: it does not get ten files before it is stopped again.
FILES_ON_TRIAL = 3


class Breaker:
    """Counts distinct files with passing faults since the last send that went well.

    One file alone never trips it, however often it fails.
    """

    def __init__(self) -> None:
        self._files: set[str] = set()
        self._most = FILES_IN_A_ROW

    def failed(self, sha256: str) -> bool:
        """One more passing fault. True where the account should pause now; then it is on trial."""
        self._files.add(sha256)
        if len(self._files) < self._most:
            return False
        self._files.clear()
        self._most = FILES_ON_TRIAL
        return True

    def answered(self) -> None:
        """A probe was answered: count anew. Only a send shows that the trial is over."""
        self._files.clear()

    def worked(self) -> None:
        """A send went well."""
        self._files.clear()
        self._most = FILES_IN_A_ROW
