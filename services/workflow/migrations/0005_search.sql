-- How far what issues are found by was compared with the issues themselves, in the order of their last change.
CREATE TABLE search_progress (
    only_row BIGINT NOT NULL,
    -- The last issue compared; both absent at the beginning.
    updated_at TIMESTAMPTZ,
    issue_id UUID,
    CONSTRAINT search_progress_pkey PRIMARY KEY (only_row),
    CONSTRAINT search_progress_only_row_check CHECK (only_row = 1)
);

INSERT INTO search_progress (only_row) VALUES (1);

-- Texts that were erased.
CREATE INDEX note_erased_idx ON note (issue_id) WHERE body IS NULL;
