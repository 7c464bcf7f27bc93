"""ipernity's replies, judged by ipernity's tables."""

from __future__ import annotations

from uploadd.services.ipernity.errors import TABLES
from uploadd.services.judging import Judge

JUDGE = Judge(TABLES)
