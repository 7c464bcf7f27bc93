"""Every SQL statement of a running deliverer, by name."""

from __future__ import annotations

from collections.abc import Iterable

from uploadd.model.jobs import ABOUT_A_PHOTO, Kind, Lane
from uploadd.model.pauses import PauseCause
from uploadd.model.photo import Privacy
from uploadd.model.roots import FOREIGN_ROOT
from uploadd.model.states import State
from uploadd.model.trail import Doubt

# --- conditions -------------------------------------------------------------------------------

# These are the very words of the indexes in schema.py; see DUE_IN_STATE.
_IN_FLIGHT = "state IN ('uploading', 'uncertain', 'processing', 'filing')"
# Its parameters are `overview.at_or_below`.
_BELOW = "(directory = :root OR (directory >= :first AND directory < :beyond))"
_HELD_BACK = f"state = 'queued' AND reason_code = '{FOREIGN_ROOT}'"
_IN_FILES = """EXISTS (SELECT 1 FROM files WHERE files.directory = jobs.directory
        AND files.name = jobs.name AND files.sha256 = jobs.sha256)"""
# A file counts by the job of the content that it has now. A content that is on its way counts as
# well, although its file has gone or changed meanwhile.
_KNOWN_BELOW = f"""
    FROM files JOIN jobs USING (directory, name, sha256)
    WHERE account_id = :account_id AND {_BELOW}
"""
_ON_THEIR_WAY_BELOW = f"""
    FROM jobs
    WHERE account_id = :account_id AND {_IN_FLIGHT} AND {_BELOW} AND NOT {_IN_FILES}
"""

# --- accounts ---------------------------------------------------------------------------------

ACCOUNT_BY_LABEL = "SELECT * FROM accounts WHERE label = ?"
ACCOUNT_BY_IDENTITY = "SELECT * FROM accounts WHERE identity = ?"
ACCOUNT_BY_ID = "SELECT * FROM accounts WHERE id = ?"
SERVICES = "SELECT id, service FROM accounts WHERE identity NOT LIKE 'gone:%'"
SERVICE_OF_ACCOUNT = "SELECT service FROM accounts WHERE id = ?"
LABELS = "SELECT label FROM accounts WHERE label != '' ORDER BY label"
ACCOUNTS = "SELECT * FROM accounts ORDER BY label, id"
INSERT_ACCOUNT = """
INSERT INTO accounts (identity, label, service, host, user_id, user_name, credentials_digest,
    adopt_since, doubted_at)
VALUES (:identity, :label, :service, :host, :user_id, :user_name, :credentials_digest,
    (SELECT CAST(value AS REAL) FROM facts WHERE name = 'adopt_since'),
    (SELECT CAST(value AS REAL) FROM facts WHERE name = 'doubted_at'))
RETURNING id
"""
UPDATE_LOGIN = """
UPDATE accounts SET identity = :identity, user_id = :user_id, user_name = :user_name,
    credentials_digest = :credentials_digest WHERE id = :id
"""
SET_LABEL = "UPDATE accounts SET label = ? WHERE id = ?"
DOUBT_LIMITS = "UPDATE accounts SET limits_doubted = limits_doubted + 1 WHERE id = ?"
LIMITS_DOUBTED = "SELECT limits_doubted FROM accounts WHERE id = ?"
GIVE_JOBS = "UPDATE OR IGNORE jobs SET account_id = ? WHERE account_id = ?"
DROP_JOBS_OF = "DELETE FROM jobs WHERE account_id = ?"
GIVE_PAUSES = "UPDATE OR IGNORE pauses SET account_id = ? WHERE account_id = ?"
DROP_PAUSES_OF = "DELETE FROM pauses WHERE account_id = ?"
# Not deleted: its number, which `files.covers` may name, must never be another account's.
RETIRE_ACCOUNT = "UPDATE accounts SET identity = 'gone:' || id, label = '' WHERE id = ?"

# --- files ------------------------------------------------------------------------------------

_ABOUT_A_PHOTO = ", ".join(f"'{code}'" for code in sorted(ABOUT_A_PHOTO))
# A job may fail after its file was forgotten. It is known all the same, so that a walk can end it;
# not one that speaks of a photo on the service (`Job.ends_with_file`).
_FAILED_LATE = f"""state = 'failed' AND NOT is_mending
    AND coalesce(reason_code, '') NOT IN ({_ABOUT_A_PHOTO})
    AND NOT EXISTS (SELECT 1 FROM files WHERE files.directory = jobs.directory
        AND files.name = jobs.name)"""
_FAILED_FILES = "jobs INDEXED BY failed_files"
_KNOWN = f"""
SELECT name, size, mtime_ns, inode, device, covers FROM files WHERE {{which}}
UNION ALL
SELECT name, size, mtime_ns, inode, device, '' FROM {_FAILED_FILES}
WHERE {{which}} AND {_FAILED_LATE}
"""
KNOWN_FILES = _KNOWN.format(which="directory = :directory")
# Of a directory that is too large for one look: as many marks as names.
KNOWN_NAMES = _KNOWN.format(which="directory = ? AND name IN ({marks})")
_KNOWN_IN = f"""
SELECT {{what}} FROM files WHERE directory = :directory
UNION ALL
SELECT {{what}} FROM {_FAILED_FILES} WHERE directory = :directory AND {_FAILED_LATE}
"""
COUNT_KNOWN = f"SELECT sum(n) FROM ({_KNOWN_IN.format(what='count(*) AS n')})"
KNOWN_DEVICES = _KNOWN_IN.format(what="DISTINCT device").replace("UNION ALL", "UNION")
KNOWN_AFTER = f"""
SELECT name FROM files WHERE directory = :directory AND name > :name
UNION
SELECT name FROM {_FAILED_FILES}
WHERE directory = :directory AND name > :name AND {_FAILED_LATE}
ORDER BY name LIMIT :most
"""
IS_NEW = """
SELECT NOT EXISTS (SELECT 1 FROM files WHERE directory = ? AND name = ?)
    AND NOT EXISTS (SELECT 1 FROM jobs WHERE directory = ? AND name = ?)
"""
KNOWN_FILE = "SELECT * FROM files WHERE directory = ? AND name = ?"
# The device of the same path may have another number after a mount. Of that path no birth is asked,
# and it comes first.
KNOWN_CONTENT = """
SELECT name, sha256, md5, pixels, media_type,
    iif(directory = ? AND name = ?, NULL, birth_ns) AS needs_birth
FROM files WHERE inode = ? AND size = ? AND mtime_ns = ? AND sha256 != ''
    AND (device = ? OR (directory = ? AND name = ?))
ORDER BY needs_birth
"""
# From one directory the index leads to the next: the files between the two are not read.
KNOWN_DIRECTORIES_AFTER = f"""
WITH RECURSIVE with_files(directory) AS (
    SELECT min(directory) FROM files WHERE directory > :after AND directory < :beyond
    UNION ALL
    SELECT (SELECT min(directory) FROM files
        WHERE files.directory > with_files.directory AND files.directory < :beyond)
    FROM with_files WHERE directory IS NOT NULL
    LIMIT :most)
SELECT directory FROM with_files WHERE directory IS NOT NULL
UNION
SELECT directory FROM {_FAILED_FILES}
WHERE directory > :after AND directory < :beyond AND {_FAILED_LATE}
ORDER BY directory LIMIT :most
"""
REMEMBER_FILE = """
INSERT INTO files (directory, name, device, inode, size, mtime_ns, sha256, md5, pixels,
    media_type, covers, born, birth_ns)
VALUES (:directory, :name, :device, :inode, :size, :mtime_ns, :sha256, :md5, :pixels,
    :media_type, :covers, :born, :birth_ns)
ON CONFLICT (directory, name) DO UPDATE SET device = :device, inode = :inode, size = :size,
    mtime_ns = :mtime_ns, birth_ns = :birth_ns, media_type = :media_type, covers = :covers,
    pixels = iif(:pixels = '' AND sha256 = :sha256, pixels, :pixels),
    md5 = iif(:md5 = '' AND sha256 = :sha256, md5, :md5), sha256 = :sha256
"""
FORGET_FILE = "DELETE FROM files WHERE directory = ? AND name = ?"
# No file has this time, so the next walk reads it anew.
READ_ANEW = "UPDATE files SET mtime_ns = -1 WHERE directory = ? AND name = ?"
SET_COVERS = "UPDATE files SET covers = ? WHERE directory = ? AND name = ?"
SEEN_AS = """
UPDATE files SET sha256 = ?, md5 = ?, mtime_ns = -1 WHERE directory = ? AND name = ?
"""
MOVE_DEVICE = "UPDATE files SET device = ? WHERE directory = ?"

# --- jobs -------------------------------------------------------------------------------------

JOB = "SELECT * FROM jobs WHERE id = ?"
JOBS_OF_PATH = "SELECT * FROM jobs WHERE directory = ? AND name = ? ORDER BY id"
JOB_OF_CONTENT = """
SELECT * FROM jobs WHERE directory = ? AND name = ? AND sha256 = ? AND account_id = ?
"""
NEW_JOB = """
INSERT INTO jobs (id, account_id, folder, root, is_folder_named, directory, name, kind, lane, state,
    sha256, md5, pixels, media_type, size, mtime_ns, inode, device, photo_id, reason_code,
    reason_text, reason_remedy, created_at, updated_at)
VALUES (:id, :account_id, :folder, :root, :is_folder_named, :directory, :name, :kind, :lane, :state,
    :sha256, :md5, :pixels, :media_type, :size, :mtime_ns, :inode, :device, :photo_id, :reason_code,
    :reason_text, :reason_remedy, :now, :now)
"""
INSERT_JOB = NEW_JOB + "RETURNING id"
LAST_JOB = "SELECT seq FROM sqlite_sequence WHERE name = 'jobs'"
# A folder that a person named stays with the job until it ends, whoever sees its file meanwhile.
_STAYS = """is_folder_named AND NOT :is_folder_named
    AND state NOT IN ('done', 'duplicate', 'skipped')"""
REFRESH_JOB = f"""
UPDATE jobs SET folder = iif({_STAYS}, folder, :folder), root = iif({_STAYS}, root, :root),
    is_folder_named = iif({_STAYS}, 1, :is_folder_named), size = :size, mtime_ns = :mtime_ns,
    inode = :inode, device = :device, media_type = :media_type,
    pixels = iif(:pixels = '' AND sha256 = :sha256, pixels, :pixels),
    md5 = iif(:md5 = '' AND sha256 = :sha256, md5, :md5), sha256 = :sha256
WHERE id = :id
"""
NEVER_READ = """
SELECT * FROM jobs INDEXED BY never_read WHERE state = 'queued' AND sha256 = ''
"""
# A person names a folder for what is on its way in these directories.
ON_THE_WAY_IN = f"""
SELECT DISTINCT directory FROM jobs
WHERE {_BELOW} AND state NOT IN ('done', 'duplicate', 'skipped')
"""
NAME_FOLDER = """
UPDATE jobs SET folder = ?, root = ?, is_folder_named = 1
WHERE directory = ? AND account_id = ? AND state NOT IN ('done', 'duplicate', 'skipped')
    AND NOT is_asked
"""
NOTE_PLACE = "UPDATE jobs SET folder = ?, root = ?, is_folder_named = ? WHERE id = ?"
# Asked twice: for jobs whose wait is over (due in (0, now]), then for fresh ones (due = 0), so
# that a rescheduled job does not wait behind a whole backlog. A file whose earlier content is on
# its way torn, or about to be mended, waits: what it holds now is what will mend it. A replacement
# waits until nothing else of its file, or for its photo, is on its way.
NEXT_IN_QUEUE = f"""
SELECT * FROM jobs AS job
WHERE account_id = :account_id AND state = 'queued' AND lane = :lane
    AND due > :after AND due <= :upto AND sha256 != ''
    AND (:with_videos OR media_type NOT LIKE 'video/%')
    AND (:most_bytes IS NULL OR size <= :most_bytes)
    AND NOT EXISTS (
        SELECT 1 FROM jobs AS twin
        WHERE twin.account_id = job.account_id AND twin.sha256 = job.sha256
            AND twin.{_IN_FLIGHT})
    AND (is_mending OR NOT EXISTS (
        SELECT 1 FROM jobs AS torn
        WHERE torn.directory = job.directory AND torn.name = job.name AND torn.id != job.id
            AND torn.account_id = job.account_id
            AND (torn.sent_sha256 IS NOT NULL
                    AND torn.state IN ('uploading', 'uncertain', 'processing')
                OR torn.is_mending AND torn.state IN ('queued', 'uncertain'))))
    AND (kind = 'upload' OR NOT EXISTS (
        SELECT 1 FROM jobs AS former
        WHERE former.account_id = job.account_id AND former.id != job.id
            AND former.{_IN_FLIGHT}
            AND (former.directory = job.directory AND former.name = job.name
                OR former.photo_id = job.photo_id)))
ORDER BY due, id
LIMIT :most
"""
NEXT_DUE_IN_QUEUE = """
SELECT min(due) FROM jobs WHERE account_id = ? AND state = 'queued' AND lane = ? AND due > ?
"""
# SQLite takes a partial index only where the index's own condition stands in the statement too:
# without these `state IN (…)` each question would read every job that there ever was. The state is
# written out, a statement for each: SQLite compiles a statement anew each time that a parameter is
# set by which it might choose among the partial indexes, and that takes six times as long.
DUE_IN_STATE = {
    state: f"""
    SELECT * FROM jobs WHERE account_id = :account_id AND state = '{state}' AND due <= :now
        AND {_IN_FLIGHT}
    ORDER BY due, id LIMIT :most
    """
    for state in ("uncertain", "processing", "filing")
}
NEXT_DUE_IN_STATE = {
    state: f"""
    SELECT min(due) FROM jobs WHERE account_id = ? AND state = '{state}'
        AND {_IN_FLIGHT}
    """
    for state in ("uncertain", "processing", "filing")
}
FRESH_TICKETS = """
SELECT count(*) FROM jobs INDEXED BY fresh_tickets
WHERE account_id = ? AND state = 'processing' AND polls = 0
"""
# The tickets that are due, then those never asked for, then as many of the others as the call has
# room for: what is asked along the way costs nothing, unless the service named a time before which
# it is not to be asked.
TICKETS_TO_ASK = f"""
SELECT * FROM jobs WHERE account_id = :account_id AND state = 'processing'
    AND {_IN_FLIGHT}
    AND (:with_early OR polls = 0 OR due <= :now)
ORDER BY CASE WHEN due <= :now THEN 0 WHEN polls = 0 THEN 1 ELSE 2 END, due, id LIMIT :most
"""
OPEN_COUNTS = f"""
SELECT 'queued' AS state, count(*) AS n FROM jobs INDEXED BY next_in_queue
WHERE account_id = :account_id AND state = 'queued'
UNION ALL
SELECT state, count(*) AS n FROM jobs WHERE account_id = :account_id
    AND {_IN_FLIGHT} GROUP BY state
"""
TO_BE_SENT_BY_FOLDER = f"""
SELECT folder, count(*) AS files FROM jobs INDEXED BY next_in_queue
WHERE account_id = ? AND state = 'queued' AND kind = 'upload' GROUP BY folder
UNION ALL
SELECT folder, count(*) AS files FROM jobs
WHERE account_id = ? AND state = 'uploading' AND kind = 'upload'
    AND {_IN_FLIGHT} GROUP BY folder
"""
FOUND_UPLOADING = f"""
SELECT * FROM jobs WHERE account_id = ? AND state = 'uploading'
    AND {_IN_FLIGHT}
"""
FOUND_FILING = f"""
SELECT * FROM jobs WHERE account_id = ? AND state = 'filing'
    AND {_IN_FLIGHT}
"""
# Photos whose tag could not be put right after a replacement, and that were given nothing since.
STALE_TAGS = """
SELECT jobs.* FROM jobs INDEXED BY stale_tags
JOIN ledger ON ledger.account_id = jobs.account_id AND ledger.sha256 = jobs.sha256
WHERE jobs.account_id = ? AND jobs.reason_code = 'stale-tag' AND jobs.state = 'done'
    AND ledger.state = 'there' AND ledger.photo_id = jobs.photo_id
"""
SETTLE_JOB = """
UPDATE jobs SET state = :state, attempts = :attempts, wait_begin = :wait_begin,
    wait_seconds = :wait_seconds, due = :due, ticket_id = :ticket_id, polls = :polls,
    photo_id = coalesce(:photo_id, photo_id), doubt = :doubt, looks = :looks,
    unanswered = :unanswered, ticket_failures = :ticket_failures,
    uncertain_since = :uncertain_since,
    failed_code = iif(:reason_code = 'ignored' AND state = 'failed', reason_code, NULL),
    reason_code = :reason_code, reason_text = :reason_text, reason_remedy = :reason_remedy,
    updated_at = :now
WHERE id = :id
"""
MARK_SENT = "UPDATE jobs SET sent_sha256 = ?, sent_as = ? WHERE id = ?"
AIM = "UPDATE jobs SET kind = ?, photo_id = ?, is_mending = ?, is_asked = ? WHERE id = ?"
SET_PHOTO = "UPDATE jobs SET photo_id = ? WHERE id = ?"
HURRY = "UPDATE jobs SET lane = ? WHERE id = ?"
QUEUED_SINCE = """
SELECT * FROM jobs WHERE directory = ? AND name = ? AND account_id = ? AND state = 'queued'
    AND id != ? AND sha256 != '' ORDER BY id DESC
"""
# Files whose content was on a photo that has another one now, and that still have that content. Not
# those that a person gave a photo once, from outside of every folder.
HOMELESS = """
SELECT jobs.* FROM jobs JOIN files
    ON files.directory = jobs.directory AND files.name = jobs.name AND files.sha256 = jobs.sha256
WHERE jobs.account_id = :account_id AND jobs.photo_id = :photo_id AND jobs.sha256 = :sha256
    AND jobs.state IN ('done', 'duplicate') AND NOT (jobs.is_asked AND jobs.folder = '')
    AND NOT (jobs.directory = :directory AND jobs.name = :name)
"""
WAKE_CONTENT = """
UPDATE jobs SET wait_begin = NULL, wait_seconds = NULL, due = 0
WHERE account_id = ? AND sha256 = ? AND state = 'queued'
"""
IS_BEING_REPLACED = """
SELECT 1 FROM jobs WHERE account_id = ? AND photo_id = ? AND kind = 'replace'
    AND state IN ('queued', 'uploading', 'uncertain', 'processing', 'filing')
"""
# What is on its way to the same photo: a replacement waits for it.
IN_FLIGHT_TO_PHOTO = f"""
SELECT * FROM jobs WHERE account_id = ? AND photo_id = ? AND id != ? AND {_IN_FLIGHT}
"""
# The photos that contents of this path are, or may be, on: the file's latest first. Not those that
# the service had before we sent anything: somebody else put them there. Nor those to which another
# file's replacement may have brought the same content: they are that file's.
PHOTOS_OF_PATH = """
SELECT ledger.photo_id AS photo_id, jobs.id AS job_id,
    ledger.state = 'maybe' AND ledger.doubt = 'full' AND jobs.kind = 'upload' AS is_doubted
FROM jobs JOIN ledger ON ledger.account_id = jobs.account_id AND ledger.sha256 = jobs.sha256
WHERE jobs.directory = :directory AND jobs.name = :name AND jobs.account_id = :account_id
    AND ledger.photo_id IS NOT NULL
    AND (SELECT max(history.id) FROM history WHERE history.job_id = jobs.id) > coalesce(
        (SELECT born FROM files WHERE directory = :directory AND name = :name), 0)
    AND NOT EXISTS (
        SELECT 1 FROM jobs AS source WHERE source.id = ledger.job_id AND (source.state = 'duplicate'
            OR ledger.state = 'maybe' AND ledger.doubt != 'none'
                AND NOT (source.directory = :directory AND source.name = :name)))
ORDER BY (SELECT max(history.id) FROM history WHERE history.job_id = jobs.id) DESC
"""
NOTE_PRIVACY = "UPDATE jobs SET asked_privacy = ? WHERE id = ?"
# A duplicate asked for it too, but the photo was there before.
PRIVACY_OF_PHOTO = """
SELECT asked_privacy FROM jobs
WHERE account_id = ? AND photo_id = ? AND asked_privacy != '' AND state != 'duplicate'
ORDER BY id LIMIT 1
"""
# Another file that is there with a content that this photo has, or that is about to give it one.
OTHER_FILE_OF_PHOTO = """
SELECT 1 FROM jobs JOIN files
    ON files.directory = jobs.directory AND files.name = jobs.name AND files.sha256 = jobs.sha256
JOIN ledger ON ledger.account_id = jobs.account_id AND ledger.sha256 = jobs.sha256
WHERE jobs.account_id = :account_id AND jobs.photo_id = :photo_id
    AND jobs.state IN ('done', 'duplicate', 'filing') AND ledger.photo_id = jobs.photo_id
    AND NOT (jobs.directory = :directory AND jobs.name = :name)
UNION ALL
SELECT 1 FROM jobs
WHERE account_id = :account_id AND photo_id = :photo_id AND kind = 'replace'
    AND state IN ('queued', 'uploading', 'uncertain', 'processing', 'filing')
    AND NOT (directory = :directory AND name = :name)
"""
# A changed file's job that has yet to learn which photo it replaces.
HEIR_OF_PATH = """
SELECT * FROM jobs WHERE directory = ? AND name = ? AND account_id = ? AND state = 'queued'
    AND id != ? AND kind = 'replace' AND photo_id IS NULL
ORDER BY id DESC
"""
MARK_FORCED = "UPDATE jobs SET is_forced = ? WHERE id = ?"
# All twins in two statements: there may be tens of thousands (an empty scan, a placeholder).
TELL_TWINS = """
INSERT INTO history (job_id, at, state, text)
SELECT id, :now, 'duplicate', :text FROM jobs
WHERE account_id = :account_id AND sha256 = :sha256 AND state = 'queued' AND kind = 'upload'
"""
SETTLE_TWINS = """
UPDATE jobs SET state = 'duplicate', photo_id = coalesce(:photo_id, photo_id), doubt = 'none',
    wait_begin = NULL, wait_seconds = NULL, due = 0, ticket_id = NULL, polls = 0, looks = 0,
    unanswered = 0, ticket_failures = 0, uncertain_since = NULL, reason_code = :code,
    reason_text = :reason, reason_remedy = '', updated_at = :now
WHERE account_id = :account_id AND sha256 = :sha256 AND state = 'queued' AND kind = 'upload'
"""
REBASE_WAITS = """
UPDATE jobs SET wait_begin = :now, due = :now + wait_seconds
WHERE wait_begin > :now AND due > 0 AND state IN ('queued', 'uncertain', 'processing', 'filing')
"""
TWIN_IN_FLIGHT = f"""
SELECT * FROM jobs WHERE account_id = ? AND sha256 = ? AND id != ?
    AND {_IN_FLIGHT}
"""
AHEAD_IN_QUEUE = """
SELECT count(*) FROM jobs WHERE account_id = :account_id AND state = 'queued'
    AND ((lane = :lane AND id < :id) OR (lane = :live AND :lane != :live))
"""
COUNTS = "SELECT state, count(*) FROM jobs WHERE state != '' GROUP BY state"
TOTALS = """
SELECT state, count(*) AS jobs, sum(size) AS size_bytes FROM jobs
WHERE account_id = ? AND state != '' GROUP BY state
"""
DONE_SINCE = """
SELECT count(*) AS jobs, coalesce(sum(size), 0) AS size_bytes FROM jobs
WHERE account_id = ? AND state = 'done' AND updated_at >= ? AND state != ''
"""
FAILURES_SINCE = """
SELECT count(*) AS number, min(updated_at) AS first FROM jobs
WHERE account_id = ? AND state = 'failed' AND updated_at > ? AND state != ''
"""
ADD_HISTORY = "INSERT INTO history (job_id, at, state, text) VALUES (?, ?, ?, ?)"
HISTORY_OF_JOB = "SELECT at, state, text FROM history WHERE job_id = ? ORDER BY id"

# What commands list (store/listing.py has the conditions).
JOBS_CHOSEN = "SELECT * FROM jobs WHERE {} ORDER BY id DESC LIMIT ?"
IDS_CHOSEN = "SELECT id FROM jobs WHERE {} ORDER BY id"
SUMS_CHOSEN = """
SELECT account_id, state, coalesce(reason_code, '') AS code, count(*) AS jobs,
    sum(size) AS size_bytes, min(reason_text) AS text, max(reason_text) AS last_text
FROM jobs WHERE {} GROUP BY account_id, state, code ORDER BY jobs DESC, account_id, state, code
"""
HAS_JOBS = """
SELECT EXISTS (SELECT 1 FROM jobs WHERE directory = :directory AND name = :name)
    OR EXISTS (SELECT 1 FROM jobs WHERE directory = :root)
    OR EXISTS (SELECT 1 FROM jobs WHERE directory >= :first AND directory < :beyond)
"""

# --- the ledger -------------------------------------------------------------------------------

LEDGER_ROW = "SELECT * FROM ledger WHERE account_id = ? AND sha256 = ?"
WITNESSES = """
SELECT jobs.sha256 AS sha256, jobs.md5 AS md5 FROM ledger JOIN jobs ON jobs.id = ledger.job_id
WHERE ledger.account_id = :account_id AND ledger.state = 'there' AND ledger.sha256 > :beyond
    AND ledger.sha256 != :sha256 AND jobs.sha256 = ledger.sha256 AND jobs.md5 != ''
ORDER BY ledger.sha256 LIMIT :most
"""
SET_LEDGER = """
INSERT INTO ledger (account_id, sha256, state, doubt, photo_id, since, job_id)
VALUES (:account_id, :sha256, :state, :doubt, :photo_id, :now, :job_id)
ON CONFLICT (account_id, sha256) DO UPDATE SET state = :state, doubt = :doubt,
    photo_id = :photo_id, since = :now, job_id = :job_id, pixels = ''
"""
SET_DOUBT = "UPDATE ledger SET doubt = ? WHERE account_id = ? AND sha256 = ? AND state = 'maybe'"
DISBELIEVE = "DELETE FROM ledger WHERE account_id = ? AND sha256 = ? AND pixels != ''"
CLEAR_MAYBE = "DELETE FROM ledger WHERE account_id = ? AND sha256 = ? AND state = 'maybe'"

# SQLite takes the primary key by itself, and reads all of an account's contents for one photo.
# A content that a photo may hold since, or while, a replacement of it was sent.
DOUBT_PHOTO = """
UPDATE ledger INDEXED BY ledger_of_photo SET state = 'maybe', doubt = 'none'
WHERE account_id = ? AND photo_id = ? AND sha256 != ? AND state = 'there'
"""
UNDOUBT_PHOTO = """
UPDATE ledger INDEXED BY ledger_of_photo SET state = 'there'
WHERE account_id = ? AND photo_id = ? AND sha256 != ? AND state = 'maybe' AND doubt = 'none'
"""
OTHERS_OF_PHOTO = """
SELECT * FROM ledger INDEXED BY ledger_of_photo
WHERE account_id = ? AND photo_id = ? AND sha256 != ?
"""
FORGET_OTHERS_OF_PHOTO = """
DELETE FROM ledger INDEXED BY ledger_of_photo
WHERE account_id = ? AND photo_id = ? AND sha256 != ?
"""
OTHER_CONTENT_THERE = """
SELECT 1 FROM ledger INDEXED BY ledger_of_photo
WHERE account_id = :account_id AND photo_id = :photo_id AND sha256 != :sha256 AND state = 'there'
UNION ALL
SELECT 1 FROM jobs
WHERE account_id = :account_id AND photo_id = :photo_id AND state NOT IN ('done', 'duplicate')
    AND (sent_sha256 IS NOT NULL OR is_mending OR 'torn' IN (reason_code, failed_code))
    AND NOT EXISTS (
        SELECT 1 FROM ledger WHERE ledger.account_id = :account_id AND ledger.sha256 = :sha256
            AND ledger.photo_id = :photo_id)
"""
OTHER_CONTENT_SINCE = """
SELECT 1 FROM ledger INDEXED BY ledger_of_photo
WHERE account_id = ? AND photo_id = ? AND sha256 != ?
    AND since BETWEEN ? AND ?
"""

# --- pauses -----------------------------------------------------------------------------------

PAUSES_OF = "SELECT * FROM pauses WHERE account_id = ?"
SET_PAUSE = """
INSERT INTO pauses (account_id, cause, code, text, remedy, since, delay_begin, delay_seconds,
    times)
VALUES (:account_id, :cause, :code, :text, :remedy, :since, :delay_begin, :delay_seconds, :times)
ON CONFLICT (account_id, cause) DO UPDATE SET code = :code, text = :text, remedy = :remedy,
    since = :since, delay_begin = :delay_begin, delay_seconds = :delay_seconds, times = :times,
    is_ended = 0
"""
MARK_ENDED = "UPDATE pauses SET is_ended = 1 WHERE account_id = ? AND cause = ?"
END_AWAY = """
UPDATE pauses SET is_ended = 1 WHERE cause = 'away' AND NOT is_ended AND account_id IN (
    SELECT other.id FROM accounts JOIN accounts AS other USING (service, host)
    WHERE accounts.id = ?)
"""
END_PAUSE = "DELETE FROM pauses WHERE account_id = ? AND cause = ?"
REBASE_CALLS = "UPDATE calls SET at = :now WHERE at > :now"
REBASE_PAUSES = "UPDATE pauses SET delay_begin = :now WHERE delay_begin > :now"
# No wait that began in the future: of a clock that was set back nothing else is known.
REBASE_ALL = (REBASE_WAITS, REBASE_PAUSES, REBASE_CALLS)
# The wall clock was set by :step seconds, and everything that was measured by it with it; not what
# began from :kept_from to :now, which was stored by the new clock already.
_BEGAN_BEFORE = "{0} NOT BETWEEN :kept_from AND :now"
SHIFT_ALL = (
    f"""
    UPDATE jobs SET wait_begin = wait_begin + :step, due = due + :step
    WHERE due > 0 AND state IN ('queued', 'uncertain', 'processing', 'filing')
        AND {_BEGAN_BEFORE.format("wait_begin")}
    """,
    f"""
    UPDATE jobs SET uncertain_since = uncertain_since + :step
    WHERE due > 0 AND state IN ('queued', 'uncertain', 'processing')
        AND {_BEGAN_BEFORE.format("uncertain_since")}
    """,
    f"""
    UPDATE pauses SET delay_begin = delay_begin + :step
    WHERE {_BEGAN_BEFORE.format("delay_begin")}
    """,
    f"UPDATE calls SET at = at + :step WHERE {_BEGAN_BEFORE.format('at')}",
)

# --- the call budget --------------------------------------------------------------------------

ADD_CALL = "INSERT INTO calls (budget, at, account_id) VALUES (?, ?, ?)"
CALL_BEFORE = "SELECT at FROM calls WHERE budget = ? ORDER BY at DESC LIMIT 1 OFFSET ?"
COUNT_CALLS = "SELECT count(*) FROM calls WHERE budget = ? AND at > ?"
BUDGET_OF_ACCOUNT = "SELECT budget FROM calls WHERE account_id = ? ORDER BY at DESC LIMIT 1"
FORGET_CALLS = "DELETE FROM calls WHERE budget = ? AND at <= ?"

# --- backfills that others ask for ------------------------------------------------------------

# The same directory, asked for again, is the same row: it is walked once more.
ASK_BACKFILL = """
INSERT INTO backfills (directory, place, folder, is_folder_named, accounts, settings, state,
    asked_at)
VALUES (:directory, :place, :folder, :is_folder_named, :accounts, :settings, 'asked', :now)
ON CONFLICT (directory, folder, accounts) DO UPDATE SET place = :place,
    is_folder_named = :is_folder_named, settings = :settings, state = 'asked', text = '',
    remedy = '', settling = 0, restless = '', left_alone = '', is_probed = 0,
    unanswered = '[]', pings = pings + 1, asked_at = :now
RETURNING id
"""
BACKFILLS = "SELECT * FROM backfills ORDER BY asked_at, id"
SET_BACKFILL = """
UPDATE backfills SET state = :state, text = :text, settling = :settling, restless = :restless,
    left_alone = :left_alone, is_probed = :is_probed, unanswered = :unanswered
WHERE id = :id AND state != 'asked'
"""
BEGIN_BACKFILL = """
UPDATE backfills SET state = 'walking', text = '', settling = 0, restless = '', left_alone = '',
    is_probed = 0, unanswered = '[]'
WHERE id = ?
"""
REFUSE_BACKFILL = "UPDATE backfills SET state = 'refused', text = ?, remedy = ? WHERE id = ?"
PING_BACKFILL = "UPDATE backfills SET pings = pings + 1 WHERE id = ?"
ANSWER_BACKFILLS = "UPDATE backfills SET answers = pings WHERE answers != pings"
FORGET_BACKFILL = "DELETE FROM backfills WHERE id = ?"
NEWEST_PHOTOS_BELOW = f"""
SELECT photo_id FROM jobs
WHERE account_id = :account_id AND state = 'done' AND updated_at >= :since AND {_BELOW}
    AND photo_id IS NOT NULL
ORDER BY id LIMIT :most
"""
NEXT_DUE_BELOW = f"""
SELECT min(due) FROM jobs
WHERE account_id = :account_id AND state = 'queued' AND {_BELOW}
    AND (:with_videos OR media_type NOT LIKE 'video/%')
    AND (:with_changed OR reason_code IS NOT 'changed')
"""
NEXT_QUESTION_BELOW = f"""
SELECT min(due) FROM jobs
WHERE account_id = :account_id AND state IN ('uncertain', 'processing', 'filing') AND {_IN_FLIGHT}
    AND {_BELOW}
"""
IS_OPEN_BELOW = f"""
SELECT EXISTS (SELECT 1 FROM jobs WHERE account_id = :account_id AND state = 'queued'
        AND {_BELOW})
    OR EXISTS (SELECT 1 FROM jobs WHERE account_id = :account_id
        AND {_IN_FLIGHT}
        AND {_BELOW})
"""
# The last five bytes of a name hold every extension that tells what a file is.
_STANDING = """
    SELECT jobs.state AS state, jobs.media_type AS media_type,
        iif(jobs.state IN ('skipped', 'failed'), coalesce(jobs.reason_code, ''), '') AS code,
        iif(jobs.state IN ('done', 'duplicate'), x'', substr(jobs.name, -5)) AS tail
"""
COUNTS_BELOW = f"""
SELECT state, count(*) AS files {_KNOWN_BELOW} GROUP BY state
UNION ALL
SELECT state, count(*) AS files {_ON_THEIR_WAY_BELOW} GROUP BY state
"""
STANDINGS_BELOW = f"""
SELECT state, code, media_type, tail, count(*) AS files FROM (
    {_STANDING} {_KNOWN_BELOW}
    UNION ALL
    {_STANDING} {_ON_THEIR_WAY_BELOW}
) GROUP BY state, code, media_type, tail
"""
NOT_THERE_IN = f"""
{_STANDING}, jobs.name AS name, 1 AS files
FROM files CROSS JOIN jobs USING (directory, name, sha256)
WHERE directory = ? AND account_id = ? AND jobs.state NOT IN ('done', 'duplicate')
"""
LAST_CALL = "SELECT max(rowid) FROM calls"
CALLS_AFTER = """
SELECT count(*) FROM calls
WHERE rowid > ? AND account_id IN (SELECT value FROM json_each(?))
"""
LAST_STORY = "SELECT max(id) FROM history"
BYTES_SENT_AFTER = f"""
SELECT sum(size) FROM jobs WHERE id IN (
        SELECT job_id FROM history WHERE id > :after AND state = 'uploading')
    AND account_id = :account_id AND state IN ('processing', 'filing', 'done')
    AND {_BELOW}
"""

# --- folders and facts ------------------------------------------------------------------------

SET_FOLDER = """
INSERT INTO folders (name, path, watch, degraded, troubles)
VALUES (:name, :path, :watch, :degraded, :troubles)
ON CONFLICT (name) DO UPDATE SET path = :path, watch = :watch, degraded = :degraded,
    troubles = :troubles
"""
SET_LAST_RESCAN = "UPDATE folders SET last_rescan = ? WHERE name = ?"
FOLDERS = "SELECT * FROM folders ORDER BY name"
ROOTS = "SELECT * FROM roots ORDER BY folder, path"
ROOT = "SELECT * FROM roots WHERE folder = ? AND path = ?"
SET_ROOT = """
INSERT INTO roots (folder, path, real_path, place, owner, links, refused, remedy, needs_person)
VALUES (:folder, :path, :real_path, :place, :owner, :links, :refused, :remedy, :needs_person)
ON CONFLICT (folder, path) DO UPDATE SET real_path = excluded.real_path, place = excluded.place,
    owner = excluded.owner, links = excluded.links, refused = excluded.refused,
    remedy = excluded.remedy, needs_person = excluded.needs_person
"""
COUNT_HELD_BELOW = f"""
SELECT count(*) FROM jobs INDEXED BY held_back
WHERE account_id = :account_id AND {_HELD_BACK} AND {_BELOW}
"""
FORGET_ROOTS = "DELETE FROM roots WHERE folder = ?"
WAKE_WAITING_FOR_ROOT = f"""
UPDATE jobs INDEXED BY held_back SET wait_begin = NULL, wait_seconds = NULL, due = 0,
    reason_code = NULL, reason_text = '', reason_remedy = ''
WHERE {_HELD_BACK} AND folder = ?
"""
GROUNDS = "SELECT * FROM grounds ORDER BY directory"
SET_GROUND = """
INSERT INTO grounds (directory, folder, place, since, known_to)
VALUES (:directory, :folder, :place, :since, :known_to)
ON CONFLICT (directory) DO UPDATE SET folder = excluded.folder, place = excluded.place,
    since = excluded.since, known_to = excluded.known_to
"""
DROP_GROUND = "DELETE FROM grounds WHERE directory = ?"
# A file that was born since lies on what is there instead of the ground. Every job of a file is
# told after the file was born, so what was known before has a smaller number.
ELDERS_IN = "SELECT name, size, mtime_ns FROM files WHERE directory = ? AND born < ?"
NEXT_KNOWN_DIRECTORY = f"""
SELECT min(directory) FROM (
    SELECT * FROM (SELECT directory FROM files WHERE directory >= :first AND directory < :beyond
        ORDER BY directory LIMIT 1)
    UNION ALL
    SELECT * FROM (SELECT directory FROM jobs WHERE directory >= :first AND directory < :beyond
        AND {_FAILED_LATE} ORDER BY directory LIMIT 1))
"""
NAMES_IN = "SELECT name FROM files WHERE directory = ?"
FORGET_ELDER = "DELETE FROM files WHERE directory = ? AND name = ? AND born < ? AND sha256 != ?"
NOTE_WALK = """
INSERT INTO walks (folder, root, ended_at, files, matches) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (folder) DO UPDATE SET root = excluded.root, ended_at = excluded.ended_at,
    files = excluded.files, matches = excluded.matches
"""
LAST_WALKS = "SELECT * FROM walks"
FACT = "SELECT value FROM facts WHERE name = ?"
SET_FACT = """
INSERT INTO facts (name, value) VALUES (?, ?)
ON CONFLICT (name) DO UPDATE SET value = excluded.value
"""
DROP_FACT = "DELETE FROM facts WHERE name = ?"
DATA_VERSION = "PRAGMA data_version"
# A transaction sees the database as it is at its first question.
BEGIN_TO_READ = "SELECT count(*) FROM sqlite_master"

# --- what an older database does not know (store/older.py) -----------------------------------

COUNT_SEND = "UPDATE sends SET begun = begun + 1, last_at = :now"
SENDS = "SELECT begun, last_at FROM sends"
SENDS_BEGUN = "SELECT begun FROM sends"
RAISE_SENDS = "UPDATE sends SET begun = max(begun, ?)"
LAST_UPDATE = "SELECT max(updated_at) FROM jobs"
# After an adoption the pictures are known, but a video may still be in the service's works.
DOUBT_OF_JOB = """
SELECT coalesce(adopt_since, doubted_at - 86400) AS since, doubted_at
FROM accounts JOIN jobs ON jobs.account_id = accounts.id
WHERE jobs.id = ? AND doubted_at IS NOT NULL AND NOT was_absent AND NOT is_forced
    AND kind = 'upload' AND (adopt_since IS NOT NULL OR media_type LIKE 'video/%')
"""
MARK_ABSENT = """
UPDATE jobs SET was_absent = 1 WHERE account_id = ? AND sha256 = ? AND state = 'queued'
"""
DOUBT_ACCOUNTS = """
UPDATE accounts SET adopt_since = min(coalesce(adopt_since, :since), :since), doubted_at = :now
"""
FORGET_PROOFS = "UPDATE jobs SET was_absent = 0, is_forced = 0 WHERE was_absent OR is_forced"
LOOK_ANEW = f"""
UPDATE jobs SET doubt = 'full', looks = 0, unanswered = 0, uncertain_since = :now,
    wait_begin = :now, wait_seconds = 0, due = :now
WHERE state = 'uncertain' AND {_IN_FLIGHT}
"""
DOUBT_FULLY = "UPDATE ledger SET doubt = 'full' WHERE state = 'maybe' AND doubt = 'brief'"
ADOPT_PHOTO = """
INSERT INTO ledger (account_id, sha256, state, doubt, photo_id, since, job_id, pixels)
VALUES (:account_id, :sha256, 'there', 'none', :photo_id, :now, 0, :pixels)
ON CONFLICT (account_id, sha256) DO UPDATE SET state = 'there', doubt = 'none',
    photo_id = :photo_id, pixels = :pixels WHERE state = 'maybe' AND photo_id IS NULL
"""
# A content that is one of several that a photo's tags tell of. What waits for its looks because of
# the database's age alone (DOUBTED_ONLY) goes on waiting.
ADOPT_DOUBT = """
INSERT INTO ledger (account_id, sha256, state, doubt, photo_id, since, job_id)
VALUES (?, ?, 'maybe', 'full', NULL, ?, 0)
ON CONFLICT (account_id, sha256) DO UPDATE SET job_id = 0
    WHERE state = 'maybe' AND photo_id IS NULL
"""
PIXELS_IN_DOUBT = """
SELECT jobs.pixels FROM ledger JOIN jobs ON jobs.id = ledger.job_id
WHERE ledger.account_id = ? AND ledger.sha256 = ? AND ledger.state = 'maybe'
    AND jobs.sha256 = ledger.sha256
"""
TORN_PHOTOS = """
SELECT photo_id FROM jobs
WHERE account_id = ? AND photo_id IS NOT NULL AND state NOT IN ('done', 'duplicate')
    AND (sent_sha256 IS NOT NULL OR kind = 'replace' OR 'torn' IN (reason_code, failed_code))
"""
END_DOUBT = "UPDATE accounts SET adopt_since = NULL, doubted_at = ? WHERE id = ?"
# Nothing of these was sent since the account was doubted: the ledger's row says nothing else.
DOUBTED_ONLY = f"""
SELECT jobs.* FROM jobs
JOIN ledger ON ledger.account_id = jobs.account_id AND ledger.sha256 = jobs.sha256
JOIN accounts ON accounts.id = jobs.account_id
WHERE jobs.account_id = :account_id AND jobs.state = 'uncertain'
    AND jobs.{_IN_FLIGHT}
    AND jobs.kind = 'upload' AND jobs.media_type NOT LIKE 'video/%'
    AND ledger.state = 'maybe' AND ledger.job_id = jobs.id AND ledger.since = :since
    AND accounts.adopt_since IS NULL
LIMIT :most
"""

# --- whether a database is ours (store/shape.py, store/inspection.py) --------------------------

SCHEMA = "SELECT type, name, tbl_name, sql FROM sqlite_master"
ANY_ROW = "SELECT 1 FROM {table} WHERE {condition} LIMIT 1"
# Bytes that are no absolute path, have a `..` in it, or a NUL.
_NO_PATH = """(substr({0}, 1, 1) != x'2f' OR instr({0}, x'00') OR instr({0}, x'2f2e2e2f')
    OR substr({0}, -3) = x'2f2e2e')"""
_NO_NAME = """({0} IN (x'', x'2e', x'2e2e') OR instr({0}, x'2f') OR instr({0}, x'00'))"""
_NO_HASH = """({0} != '' AND (length({0}) != {1} OR {0} GLOB '*[^0-9a-f]*'))"""
_NO_ID = """(length({0}) NOT BETWEEN 1 AND 100 OR {0} GLOB '*[^0-9A-Za-z@._:-]*')"""
# Infinite, or further away than any clock shows.
_NO_TIME = "(abs({0}) > 1e12)"
_NO_COUNT = "({0} NOT BETWEEN 0 AND 1000000000000000)"


def _none_of(values: Iterable[str]) -> str:
    return f"NOT IN ({', '.join(repr(str(value)) for value in values)})"


def _wrong(table: str, what: str, *conditions: str) -> str:
    return f"SELECT {what} FROM {table} WHERE {' OR '.join(conditions)} LIMIT 1"


# What is told of a row that no uploadd writes, and the statement that finds one.
WRONG_ROWS = {
    "a job with a state, a kind or a lane that there is not": _wrong(
        "jobs", "id", f"state {_none_of(State)}", f"kind {_none_of(Kind)}",
        f"lane {_none_of(Lane)}", f"doubt {_none_of(Doubt)}",
        f"asked_privacy {_none_of(('', *Privacy))}",
    ),
    "a job whose path is not absolute, or leads up": _wrong(
        "jobs", "id", _NO_PATH.format("directory"), _NO_PATH.format("root"),
        _NO_NAME.format("name"),
    ),
    "a job with a hash that is none": _wrong(
        "jobs", "id", _NO_HASH.format("sha256", 64), _NO_HASH.format("md5", 32),
        _NO_HASH.format("sent_sha256", 64),
    ),
    "a job with an id of a photo or a ticket that is none": _wrong(
        "jobs", "id", _NO_ID.format("photo_id"), _NO_ID.format("ticket_id")
    ),
    "a job with a number or a time that cannot be": _wrong(
        "jobs", "id",
        *(_NO_COUNT.format(name) for name in (
            "size", "attempts", "polls", "looks", "unanswered", "ticket_failures",
        )),
        *(_NO_TIME.format(name) for name in (
            "wait_begin", "wait_seconds", "due", "uncertain_since", "created_at", "updated_at",
        )),
        "wait_seconds < 0",
        "sent_as GLOB '*[^0-9 -]*'",
        "length(sent_as) - length(replace(sent_as, ' ', '')) != 2",
    ),
    "a file whose path is not absolute, or leads up": _wrong(
        "files", "NULL", _NO_PATH.format("directory"), _NO_NAME.format("name")
    ),
    "a file with a hash or a number that is none": _wrong(
        "files", "NULL", _NO_HASH.format("sha256", 64), _NO_HASH.format("md5", 32),
        _NO_COUNT.format("size"), _NO_COUNT.format("born"), "covers GLOB '*[^0-9 ]*'",
    ),
    "a line of the ledger that says nothing": _wrong(
        "ledger", "NULL", "state NOT IN ('maybe', 'there')", f"doubt {_none_of(Doubt)}",
        _NO_HASH.format("sha256", 64), _NO_ID.format("photo_id"), _NO_TIME.format("since"),
    ),
    "an account whose identity is not what it is made of": _wrong(
        "accounts", "id",
        "identity NOT IN (service || ':' || host || ':' || coalesce(user_id, '?' || label),"
        " 'gone:' || id)",
    ),
    "a pause with a cause or a time that there is not": _wrong(
        "pauses", "NULL", f"cause {_none_of(PauseCause)}", _NO_TIME.format("since"),
        _NO_TIME.format("delay_begin"), _NO_TIME.format("delay_seconds"), "delay_seconds < 0",
        _NO_COUNT.format("times"),
    ),
    "a request of a directory that is not absolute, or leads up": _wrong(
        "backfills", "id", _NO_PATH.format("directory"), "NOT json_valid(accounts)",
        "NOT json_valid(unanswered)",
    ),
    "a number of sends that cannot be": _wrong(
        "sends", "NULL", _NO_COUNT.format("begun"), _NO_TIME.format("last_at")
    ),
    "a call at no time": _wrong("calls", "NULL", _NO_TIME.format("at")),
    "a ground that is not absolute, or at no time": _wrong(
        "grounds", "NULL", _NO_PATH.format("directory"), _NO_TIME.format("since"),
        _NO_COUNT.format("known_to"),
    ),
    "a folder whose path is not absolute": _wrong(
        "folders", "NULL", "substr(path, 1, 1) != x'2f'", "instr(path, x'00')"
    ),
}  # fmt: skip
