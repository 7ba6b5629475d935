-- Issues that are not submitted yet: no part of any trace.

CREATE TABLE draft (
    draft_id UUID NOT NULL,
    enterprise_id UUID NOT NULL,
    author_id UUID NOT NULL,
    -- Written by the firm's manager.
    on_behalf BOOLEAN NOT NULL,
    category TEXT NOT NULL,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    division_code TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    -- Saved, or given a file.
    touched_at TIMESTAMPTZ NOT NULL,
    version BIGINT NOT NULL,
    CONSTRAINT draft_pkey PRIMARY KEY (draft_id)
);

CREATE INDEX draft_enterprise_idx ON draft (enterprise_id, draft_id);
CREATE INDEX draft_author_idx ON draft (author_id, draft_id);
CREATE INDEX draft_touched_idx ON draft (touched_at);
