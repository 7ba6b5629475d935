-- The log is over the chains of issues, orders and cases; texts of all three can be erased; addresses stand beside the
-- trail; what cannot be counted is set aside.
-- A build from before this cannot append to the log and waits; what it recorded meanwhile is appended by the next one.

-- The same entries at the same places, each named by its chain.
CREATE TABLE trail_log_before AS SELECT log_index, issue_id, seq FROM trail_log;
DROP TABLE trail_log;

-- The log: the events of all chains, in the order in which they were committed.
CREATE TABLE trail_log (
    -- From 0 without gaps.
    log_index BIGINT NOT NULL,
    -- `issue`, `order` or `case`: where the event stands.
    subject TEXT NOT NULL,
    subject_id UUID NOT NULL,
    seq BIGINT NOT NULL,
    CONSTRAINT trail_log_pkey PRIMARY KEY (log_index),
    -- The id first: whoever reads a stretch of the log goes by log_index, whatever the subjects are.
    CONSTRAINT trail_log_event_key UNIQUE (subject_id, subject, seq)
);

INSERT INTO trail_log (log_index, subject, subject_id, seq)
SELECT log_index, 'issue', issue_id, seq FROM trail_log_before ORDER BY log_index;
DROP TABLE trail_log_before;

CREATE TABLE note_erasure_before AS
SELECT note_id, issue_id, seq, digest, basis, reference, erased_by, erased_at FROM note_erasure;
DROP TABLE note_erasure;

-- Texts that were erased: append-only.
CREATE TABLE note_erasure (
    note_id UUID NOT NULL,
    -- `issue`, `order` or `case`: of what it was a text.
    subject TEXT NOT NULL,
    subject_id UUID NOT NULL,
    seq BIGINT NOT NULL,
    -- The one that the trail holds.
    digest BYTEA NOT NULL,
    basis TEXT NOT NULL,
    reference TEXT NOT NULL,
    -- As `account:019b…`.
    erased_by TEXT NOT NULL,
    erased_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT note_erasure_pkey PRIMARY KEY (note_id)
);

INSERT INTO note_erasure (note_id, subject, subject_id, seq, digest, basis, reference, erased_by, erased_at)
SELECT note_id, 'issue', issue_id, seq, digest, basis, reference, erased_by, erased_at FROM note_erasure_before;
DROP TABLE note_erasure_before;

-- The addresses that steps and exports came from: personal data, hashed nowhere and exported nowhere. From now on the
-- columns client of the events and of export_log name the program alone; what they hold from before stays as it was
-- hashed. Nothing guards this table: an address is erased by deleting its row.
CREATE TABLE client_address (
    -- Of the event, or of the export.
    event_id UUID NOT NULL,
    address TEXT NOT NULL,
    CONSTRAINT client_address_pkey PRIMARY KEY (event_id)
);

-- Issues show the reply of the one that they were merged into.
CREATE INDEX issue_reply_text_idx ON issue (reply_text_id) WHERE reply_text_id IS NOT NULL;
CREATE INDEX issue_legal_basis_idx ON issue (legal_basis_id) WHERE legal_basis_id IS NOT NULL;

-- Issues whose history cannot be counted: no mark is theirs meanwhile.
CREATE TABLE figure_uncounted (
    issue_id UUID NOT NULL,
    -- Why not, for the operators of the server.
    cause TEXT NOT NULL,
    since TIMESTAMPTZ NOT NULL,
    -- When it is tried again; a step of the issue is tried at once.
    next_try_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT figure_uncounted_pkey PRIMARY KEY (issue_id)
);

CREATE INDEX figure_uncounted_try_idx ON figure_uncounted (next_try_at);
