"""The tables, as migrations. A migration that has landed is never edited: add the next one."""

from __future__ import annotations

from sqlite_utils import Database, Migrations

MIGRATIONS = Migrations("uploadd")


@MIGRATIONS()
def first_tables(db: Database) -> None:
    """Everything a deliverer needs: accounts, files, jobs, the ledger, pauses, calls, history."""
    for statement in FIRST_TABLES:
        db.execute(statement)


FIRST_TABLES = (
    # identity = service:host:user id. Until it is learned, `?label` stands for the user id.
    """
    CREATE TABLE accounts (
        id INTEGER PRIMARY KEY,
        identity TEXT NOT NULL UNIQUE,
        label TEXT NOT NULL,
        service TEXT NOT NULL,
        host TEXT NOT NULL,
        user_id TEXT,
        user_name TEXT NOT NULL DEFAULT '',
        credentials_digest TEXT NOT NULL
    )
    """,
    "CREATE UNIQUE INDEX one_account_per_label ON accounts (label) WHERE label != ''",
    # What the disk showed last: the cache key of each fingerprint. `covers` names the accounts
    # that have a job for this content, so that a known file costs no more than a stat.
    """
    CREATE TABLE files (
        directory BLOB NOT NULL,
        name BLOB NOT NULL,
        device INTEGER NOT NULL,
        inode INTEGER NOT NULL,
        size INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL,
        sha256 TEXT NOT NULL,
        media_type TEXT NOT NULL,
        covers TEXT NOT NULL,
        PRIMARY KEY (directory, name)
    ) WITHOUT ROWID
    """,
    # `due` = wait_begin + wait_seconds, kept beside them so that an index can order by it.
    """
    CREATE TABLE jobs (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        account_id INTEGER NOT NULL REFERENCES accounts (id),
        folder TEXT NOT NULL,
        root BLOB NOT NULL,
        directory BLOB NOT NULL,
        name BLOB NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('upload', 'replace')),
        lane TEXT NOT NULL CHECK (lane IN ('live', 'backfill')),
        state TEXT NOT NULL CHECK (state IN ('queued', 'uploading', 'uncertain', 'processing',
            'filing', 'done', 'duplicate', 'skipped', 'failed')),
        sha256 TEXT NOT NULL,
        media_type TEXT NOT NULL,
        size INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL,
        inode INTEGER NOT NULL,
        device INTEGER NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        wait_begin REAL,
        wait_seconds REAL,
        due REAL NOT NULL DEFAULT 0,
        ticket_id TEXT,
        polls INTEGER NOT NULL DEFAULT 0,
        photo_id TEXT,
        doubt TEXT NOT NULL DEFAULT 'none',
        looks INTEGER NOT NULL DEFAULT 0,
        ticket_failures INTEGER NOT NULL DEFAULT 0,
        uncertain_since REAL,
        sent_sha256 TEXT,
        is_forced INTEGER NOT NULL DEFAULT 0,
        reason_code TEXT,
        reason_text TEXT NOT NULL DEFAULT '',
        reason_remedy TEXT NOT NULL DEFAULT '',
        created_at REAL NOT NULL,
        updated_at REAL NOT NULL
    )
    """,
    # The promise itself: at most one job in flight for one account and content.
    """
    CREATE UNIQUE INDEX one_in_flight ON jobs (account_id, sha256)
    WHERE state IN ('uploading', 'uncertain', 'processing', 'filing')
    """,
    "CREATE UNIQUE INDEX one_per_content ON jobs (directory, name, sha256, account_id)",
    """
    CREATE INDEX next_in_queue ON jobs (account_id, lane, due, id) WHERE state = 'queued'
    """,
    """
    CREATE INDEX due_work ON jobs (account_id, state, due)
    WHERE state IN ('uploading', 'uncertain', 'processing', 'filing')
    """,
    "CREATE INDEX waiting_twins ON jobs (account_id, sha256) WHERE state = 'queued'",
    """
    CREATE TABLE ledger (
        account_id INTEGER NOT NULL REFERENCES accounts (id),
        sha256 TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('maybe', 'there')),
        doubt TEXT NOT NULL,
        photo_id TEXT,
        since REAL NOT NULL,
        job_id INTEGER NOT NULL,
        PRIMARY KEY (account_id, sha256)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE pauses (
        account_id INTEGER NOT NULL REFERENCES accounts (id),
        cause TEXT NOT NULL,
        code TEXT NOT NULL,
        text TEXT NOT NULL,
        remedy TEXT NOT NULL,
        since REAL NOT NULL,
        delay_begin REAL,
        delay_seconds REAL,
        times INTEGER NOT NULL,
        is_ended INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (account_id, cause)
    ) WITHOUT ROWID
    """,
    # One row a request, for the hour's budget of each api_key (a digest of it).
    "CREATE TABLE calls (budget TEXT NOT NULL, at REAL NOT NULL, account_id INTEGER NOT NULL)",
    "CREATE INDEX calls_by_time ON calls (budget, at)",
    # The story of each job, for `uploadd why`.
    """
    CREATE TABLE history (
        id INTEGER PRIMARY KEY,
        job_id INTEGER NOT NULL,
        at REAL NOT NULL,
        state TEXT NOT NULL,
        text TEXT NOT NULL
    )
    """,
    "CREATE INDEX history_of_job ON history (job_id, id)",
    """
    CREATE TABLE folders (
        name TEXT PRIMARY KEY,
        path BLOB NOT NULL,
        watch TEXT NOT NULL,
        last_rescan REAL,
        degraded TEXT NOT NULL DEFAULT ''
    ) WITHOUT ROWID
    """,
    "CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
)


@MIGRATIONS()
def small_questions(db: Database) -> None:
    """Questions that are asked at every ring of the bell must not read the whole queue."""
    for statement in SMALL_QUESTIONS:
        db.execute(statement)


SMALL_QUESTIONS = (
    "CREATE INDEX fresh_tickets ON jobs (account_id) WHERE state = 'processing' AND polls = 0",
    "CREATE INDEX never_read ON jobs (directory, name) WHERE state = 'queued' AND sha256 = ''",
)


@MIGRATIONS()
def requested_backfills(db: Database) -> None:
    """What other processes ask the deliverer to take in: one row a directory."""
    db.execute(REQUESTED_BACKFILLS)


# `place` is the device and inode as the one who asks sees them: text, because they may have 64
# bits without a sign. `pings` and `answers` are counted by the client and by the deliverer.
REQUESTED_BACKFILLS = """
CREATE TABLE backfills (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    directory BLOB NOT NULL,
    place TEXT NOT NULL,
    folder TEXT NOT NULL,
    accounts TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('asked', 'walking', 'settling', 'walked', 'refused')),
    text TEXT NOT NULL DEFAULT '',
    remedy TEXT NOT NULL DEFAULT '',
    settling INTEGER NOT NULL DEFAULT 0,
    has_unread INTEGER NOT NULL DEFAULT 0,
    is_probed INTEGER NOT NULL DEFAULT 0,
    pings INTEGER NOT NULL DEFAULT 1,
    answers INTEGER NOT NULL DEFAULT 0,
    asked_at REAL NOT NULL,
    UNIQUE (directory, folder, accounts)
)
"""


@MIGRATIONS()
def what_was_seen_before(db: Database) -> None:
    """An older copy of the database must be noticed, and double nothing."""
    for statement in WHAT_WAS_SEEN_BEFORE:
        db.execute(statement)


WHAT_WAS_SEEN_BEFORE = (
    # How many sends were begun, ever: store/mark.py keeps the same number outside of the database.
    """
    CREATE TABLE sends (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        begun INTEGER NOT NULL,
        last_at REAL NOT NULL
    )
    """,
    "INSERT INTO sends (id, begun, last_at) VALUES (1, 0, 0)",
    # From when on the account may have photos that this database knows nothing of; NULL: adopted.
    "ALTER TABLE accounts ADD COLUMN adopt_since REAL",
    # When that was found out: every send that this database knows nothing of was begun before.
    "ALTER TABLE accounts ADD COLUMN doubted_at REAL",
    # Such a content was looked up over the whole window, and was not there.
    "ALTER TABLE jobs ADD COLUMN was_absent INTEGER NOT NULL DEFAULT 0",
)


@MIGRATIONS()
def doubts_and_replacements(db: Database) -> None:
    """Looks that were refused, sends that nobody saw the end of, photos with new content."""
    for statement in DOUBTS_AND_REPLACEMENTS:
        db.execute(statement)


DOUBTS_AND_REPLACEMENTS = (
    "ALTER TABLE jobs ADD COLUMN unanswered INTEGER NOT NULL DEFAULT 0",
    # `size mtime_ns inode` of the file when a send began, until what was sent has been compared.
    "ALTER TABLE jobs ADD COLUMN sent_as TEXT",
    "ALTER TABLE jobs ADD COLUMN is_mending INTEGER NOT NULL DEFAULT 0",
    "CREATE INDEX jobs_of_photo ON jobs (account_id, photo_id) WHERE photo_id IS NOT NULL",
    "CREATE INDEX ledger_of_photo ON ledger (account_id, photo_id) WHERE photo_id IS NOT NULL",
)


@MIGRATIONS()
def failures_by_time(db: Database) -> None:
    """What failed since a person was told: asked every few seconds."""
    db.execute(FAILURES_BY_TIME)


FAILURES_BY_TIME = (
    "CREATE INDEX failures_by_time ON jobs (account_id, updated_at) WHERE state = 'failed'"
)


@MIGRATIONS()
def contents_by_md5(db: Database) -> None:
    """Some services know a content by its MD5 only; empty where no account needs it."""
    for statement in CONTENTS_BY_MD5:
        db.execute(statement)


CONTENTS_BY_MD5 = (
    "ALTER TABLE files ADD COLUMN md5 TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE jobs ADD COLUMN md5 TEXT NOT NULL DEFAULT ''",
)


@MIGRATIONS()
def changed_files(db: Database) -> None:
    """Files whose new content goes to the photo that their old one had."""
    for statement in CHANGED_FILES:
        db.execute(statement)


CHANGED_FILES = (
    # The newest line of the history when the path appeared: what was told before is of an earlier
    # file of that name.
    "ALTER TABLE files ADD COLUMN born INTEGER NOT NULL DEFAULT 0",
    # A person named the photo that the job replaces.
    "ALTER TABLE jobs ADD COLUMN is_asked INTEGER NOT NULL DEFAULT 0",
)


@MIGRATIONS()
def stale_tags(db: Database) -> None:
    """Photos that were left with a wrong tag: tried again at each start, told by `check`."""
    db.execute("CREATE INDEX stale_tags ON jobs (account_id) WHERE reason_code = 'stale-tag'")


@MIGRATIONS()
def doubted_limits(db: Database) -> None:
    """A person has said that an account takes more than was known: the service is asked again."""
    db.execute("ALTER TABLE accounts ADD COLUMN limits_doubted INTEGER NOT NULL DEFAULT 0")


@MIGRATIONS()
def pixels_of_pictures(db: Database) -> None:
    """What speaks against a tag: `4000x3000 image/jpeg`, empty where it is not known."""
    for table in ("files", "jobs", "ledger"):
        # The ledger's: what the service said of a photo whose content only its tag tells.
        db.execute(f"ALTER TABLE {table} ADD COLUMN pixels TEXT NOT NULL DEFAULT ''")


@MIGRATIONS()
def jobs_put_aside(db: Database) -> None:
    """What a person put aside, and failed jobs whose file is gone."""
    for statement in JOBS_PUT_ASIDE:
        db.execute(statement)


JOBS_PUT_ASIDE = (
    # Why a job had failed before it was put aside: that may tell of a photo on the service.
    "ALTER TABLE jobs ADD COLUMN failed_code TEXT",
    "CREATE INDEX failed_files ON jobs (directory, name) WHERE state = 'failed'",
)


@MIGRATIONS()
def what_was_left_alone(db: Database) -> None:
    """A backfill that another process walks has to say what that walk did not look at."""
    for statement in WHAT_WAS_LEFT_ALONE:
        db.execute(statement)


WHAT_WAS_LEFT_ALONE = (
    "ALTER TABLE backfills ADD COLUMN left_alone TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE backfills DROP COLUMN has_unread",  # left_alone counts them
)


@MIGRATIONS()
def more_about_backfills(db: Database) -> None:
    """A client ends as a backfill alone does: it has to know what its daemon knows."""
    # Names of accounts whose service answers no question about tickets or look-ups.
    db.execute("ALTER TABLE backfills ADD COLUMN unanswered TEXT NOT NULL DEFAULT '[]'")


@MIGRATIONS()
def jobs_by_state(db: Database) -> None:
    """What the status counts, without reading a job: how many, how large, and since when."""
    for statement in JOBS_BY_STATE:
        db.execute(statement)


# For the statements alone that say `state != ''`. SQLite does not know how many rows a value has:
# it would take this index, and read all of an account's jobs, where another one finds the one row.
JOBS_BY_STATE = (
    "CREATE INDEX jobs_by_state ON jobs (account_id, state, updated_at, size) WHERE state != ''",
    "DROP INDEX failures_by_time",
)


@MIGRATIONS()
def whose_settings(db: Database) -> None:
    """Folders that a person named, and the settings by which a backfill was asked for."""
    for statement in WHOSE_SETTINGS:
        db.execute(statement)


WHOSE_SETTINGS = (
    # `--folder` was said: `folder` is that one, whatever folder the file lies in.
    "ALTER TABLE jobs ADD COLUMN is_folder_named INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE backfills ADD COLUMN is_folder_named INTEGER NOT NULL DEFAULT 0",
    # A digest of all settings of folders and accounts, as the one who asks has read them.
    "ALTER TABLE backfills ADD COLUMN settings TEXT NOT NULL DEFAULT ''",
)


@MIGRATIONS()
def asked_privacy(db: Database) -> None:
    """Who was to see a photo when it was uploaded: that stays, whatever the settings say later."""
    db.execute("ALTER TABLE jobs ADD COLUMN asked_privacy TEXT NOT NULL DEFAULT ''")


@MIGRATIONS()
def restless_files(db: Database) -> None:
    """Which files of a backfill do not come to rest (`model/restless.py`); empty: none."""
    db.execute("ALTER TABLE backfills ADD COLUMN restless TEXT NOT NULL DEFAULT ''")


@MIGRATIONS()
def accepted_roots(db: Database) -> None:
    """The directory of each folder that may be read (`model/roots.py`)."""
    db.execute(ACCEPTED_ROOTS)


# `place`: device and inode, as text because they may have 64 bits without a sign; NULL, like what
# follows it, where nothing was accepted yet. `links`: those of foreign owners that a person has
# accepted. `refused`: why what is there now is not read; empty: it is. `needs_person`: somebody
# has to act.
ACCEPTED_ROOTS = """
CREATE TABLE roots (
    folder TEXT NOT NULL,
    path BLOB NOT NULL,
    real_path BLOB,
    place TEXT CHECK ((place IS NULL) = (owner IS NULL)),
    owner INTEGER CHECK (typeof(owner) IN ('null', 'integer')),
    links TEXT NOT NULL DEFAULT '[]',
    refused TEXT NOT NULL DEFAULT '',
    remedy TEXT NOT NULL DEFAULT '',
    needs_person INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (folder, path)
) WITHOUT ROWID
"""


@MIGRATIONS()
def last_walks(db: Database) -> None:
    """What the last whole walk of each folder says of its patterns (`model/walks.py`)."""
    db.execute(LAST_WALKS)


LAST_WALKS = """
CREATE TABLE walks (
    folder TEXT PRIMARY KEY,
    root BLOB NOT NULL,
    ended_at REAL NOT NULL,
    files INTEGER NOT NULL,
    matches TEXT NOT NULL
) WITHOUT ROWID
"""


@MIGRATIONS()
def places_in_trouble(db: Database) -> None:
    """Which directories of each folder are not read, or not watched (`intake/troubles.py`)."""
    db.execute(PLACES_IN_TROUBLE)


PLACES_IN_TROUBLE = "ALTER TABLE folders ADD COLUMN troubles TEXT NOT NULL DEFAULT ''"


@MIGRATIONS()
def long_queues(db: Database) -> None:
    """What is asked of the queue again and again must read no row of a job that waits in it."""
    for statement in LONG_QUEUES:
        db.execute(statement)


LONG_QUEUES = (
    "DROP INDEX next_in_queue",
    # With all that the counts ask for, and by which the next job is chosen: SQLite takes it for
    # covering if `state` is among the columns. Not further in front: then it would be taken where
    # one_per_content finds the one row.
    """
    CREATE INDEX next_in_queue
    ON jobs (account_id, lane, due, id, state, kind, folder, media_type, size)
    WHERE state = 'queued'
    """,
    # Jobs whose folder is not read: counted by each backfill that waits.
    """
    CREATE INDEX held_back ON jobs (account_id, directory, state, reason_code, folder)
    WHERE state = 'queued' AND reason_code = 'foreign-root'
    """,
)


@MIGRATIONS()
def files_by_inode(db: Database) -> None:
    """What was renamed is known by its inode, and is not read again."""
    db.execute("CREATE INDEX files_by_inode ON files (inode)")


@MIGRATIONS()
def grounds(db: Database) -> None:
    """Which directories files were seen in, so that an unmounted disk is known for one."""
    db.execute(GROUNDS)


# `model/presence.py` says what a ground is. `place`: device and inode, as text like those of
# `roots`; NULL: which directory it was is not known. `since`: when it was missed; NULL: it is here.
GROUNDS = """
CREATE TABLE grounds (
    directory BLOB PRIMARY KEY,
    folder TEXT NOT NULL,
    place TEXT,
    since REAL,
    known_to INTEGER NOT NULL
) WITHOUT ROWID
"""


@MIGRATIONS()
def births_of_files(db: Database) -> None:
    """Tells a file that was renamed from one that was given the inode of a deleted one."""
    # Unix nanoseconds; 0: not known.
    db.execute("ALTER TABLE files ADD COLUMN birth_ns INTEGER NOT NULL DEFAULT 0")
