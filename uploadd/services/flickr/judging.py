"""Flickr's replies, judged by Flickr's tables."""

from __future__ import annotations

from uploadd.services.flickr.errors import TABLES
from uploadd.services.judging import Judge

JUDGE = Judge(TABLES)
send_verdict = JUDGE.send_verdict
call_error = JUDGE.call_error
