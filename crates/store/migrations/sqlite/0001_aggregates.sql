-- A rowid table on purpose: bodies are long, and WITHOUT ROWID would put them into the inner pages of the key's tree.
CREATE TABLE aggregate (
    kind    TEXT    NOT NULL,
    account TEXT    NOT NULL,
    region  TEXT    NOT NULL,
    id      TEXT    NOT NULL,
    version INTEGER NOT NULL CHECK (version >= 1),
    -- The id again when the kind is an API, else NULL: a host name without account and region must find its API.
    api_id  TEXT    UNIQUE,
    body    BLOB    NOT NULL,
    PRIMARY KEY (kind, account, region, id)
) STRICT;

-- AUTOINCREMENT, so that pruning never lets a number be used twice.
CREATE TABLE change (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    kind    TEXT NOT NULL,
    account TEXT NOT NULL,
    region  TEXT NOT NULL,
    id      TEXT NOT NULL
) STRICT;

CREATE TABLE access_key (
    id      TEXT    NOT NULL PRIMARY KEY,
    secret  TEXT    NOT NULL,
    account TEXT    NOT NULL,
    created INTEGER NOT NULL,
    status  TEXT    NOT NULL CHECK (status IN ('active', 'revoked'))
) STRICT;

CREATE INDEX access_key_by_account ON access_key (account, id);
