-- What watching, exporting and listing what is due stand on.

-- Each time that an issue passed from one desk to another: who had it in sight before, and who has since.
CREATE TABLE issue_move (
    -- The event that moved it.
    event_id UUID NOT NULL,
    issue_id UUID NOT NULL,
    from_department_id UUID,
    from_section_id UUID,
    from_handler_id UUID,
    to_department_id UUID,
    to_section_id UUID,
    to_handler_id UUID,
    CONSTRAINT issue_move_pkey PRIMARY KEY (event_id),
    CONSTRAINT issue_move_issue_fkey FOREIGN KEY (issue_id) REFERENCES issue (issue_id)
);

-- Every export that was handed out: append-only.
CREATE TABLE export_log (
    -- Also in the file's name, and in the file.
    export_id UUID NOT NULL,
    -- Who, as `account:019b…`, `client:019b…`, `service:scoring`.
    principal TEXT NOT NULL,
    -- The program and place that it was asked for from.
    client TEXT NOT NULL,
    exported_at TIMESTAMPTZ NOT NULL,
    format TEXT NOT NULL,
    -- SHA-256 of filter and scope, as the server understood them.
    filter_digest BYTEA NOT NULL,
    row_count BIGINT NOT NULL,
    -- SHA-256 of the file.
    file_digest BYTEA NOT NULL,
    CONSTRAINT export_log_pkey PRIMARY KEY (export_id),
    CONSTRAINT export_log_row_count_check CHECK (row_count >= 0)
);

CREATE INDEX export_log_principal_idx ON export_log (principal, exported_at);

-- The whole order of the list of what is due, so that a page is read and nothing sorted.
CREATE INDEX deadline_due_page_idx ON deadline (due_at, issue_id, clock) WHERE stopped_at IS NULL;
DROP INDEX deadline_running_idx;
