-- What figures are counted from, the log over the chains of all issues, and the orders of the hot lists.

-- Every close; all but the last of an issue are undone.
CREATE TABLE closing (
    issue_id UUID NOT NULL,
    -- From 1.
    round BIGINT NOT NULL,
    closed_at TIMESTAMPTZ NOT NULL,
    -- Absent while the close stands.
    reopened_at TIMESTAMPTZ,
    CONSTRAINT closing_pkey PRIMARY KEY (issue_id, round),
    CONSTRAINT closing_issue_fkey FOREIGN KEY (issue_id) REFERENCES issue (issue_id)
);

-- The firm's rating of a feedback round.
CREATE TABLE rating (
    issue_id UUID NOT NULL,
    round BIGINT NOT NULL,
    rated_at TIMESTAMPTZ NOT NULL,
    stars BIGINT NOT NULL,
    CONSTRAINT rating_pkey PRIMARY KEY (issue_id, round),
    CONSTRAINT rating_issue_fkey FOREIGN KEY (issue_id) REFERENCES issue (issue_id),
    CONSTRAINT rating_stars_check CHECK (stars BETWEEN 1 AND 5)
);

-- A stop of a clock that was undone: what was known in between.
CREATE TABLE deadline_gap (
    issue_id UUID NOT NULL,
    clock TEXT NOT NULL,
    -- From 1.
    position BIGINT NOT NULL,
    stopped_at TIMESTAMPTZ NOT NULL,
    resumed_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT deadline_gap_pkey PRIMARY KEY (issue_id, clock, position),
    CONSTRAINT deadline_gap_issue_fkey FOREIGN KEY (issue_id) REFERENCES issue (issue_id)
);

-- The log: the events of all issues, in the order in which they were committed.
CREATE TABLE trail_log (
    -- From 0 without gaps.
    log_index BIGINT NOT NULL,
    issue_id UUID NOT NULL,
    seq BIGINT NOT NULL,
    CONSTRAINT trail_log_pkey PRIMARY KEY (log_index),
    CONSTRAINT trail_log_event_key UNIQUE (issue_id, seq),
    CONSTRAINT trail_log_event_fkey FOREIGN KEY (issue_id, seq) REFERENCES issue_event (issue_id, seq)
);

-- The perfect nodes of the Merkle tree over the log.
CREATE TABLE trail_node (
    level BIGINT NOT NULL,
    position BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    CONSTRAINT trail_node_pkey PRIMARY KEY (level, position)
);

-- Signed heads of the tree.
CREATE TABLE trail_head (
    -- Entries covered; no two heads cover the same.
    size BIGINT NOT NULL,
    taken_at TIMESTAMPTZ NOT NULL,
    -- As an export and a witness hold it.
    line TEXT NOT NULL,
    -- The key that signed it.
    public_key BYTEA NOT NULL,
    CONSTRAINT trail_head_pkey PRIMARY KEY (size)
);

-- How far the log has come: one row.
CREATE TABLE trail_progress (
    only_row BIGINT NOT NULL,
    -- Which log this is; empty before the first entry.
    log_id TEXT NOT NULL,
    -- Position of the outbox's last event that was looked at; empty at the beginning.
    outbox_position TEXT NOT NULL,
    -- Entries in the log.
    size BIGINT NOT NULL,
    CONSTRAINT trail_progress_pkey PRIMARY KEY (only_row),
    CONSTRAINT trail_progress_only_row_check CHECK (only_row = 1)
);

INSERT INTO trail_progress (only_row, log_id, outbox_position, size) VALUES (1, '', '', 0);

CREATE INDEX issue_department_page_idx ON issue (department_id, submitted_at, issue_id);
CREATE INDEX issue_section_page_idx ON issue (section_id, submitted_at, issue_id);
CREATE INDEX issue_enterprise_page_idx ON issue (enterprise_id, submitted_at, issue_id);
