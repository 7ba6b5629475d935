-- Excellent cases: nominated from closed issues, reviewed, published.

-- A case as its events left it. Every column but link follows from the fold, which follows from case_event.
CREATE TABLE excellent_case (
    case_id UUID NOT NULL,
    issue_id UUID NOT NULL,
    department_id UUID NOT NULL,
    state TEXT NOT NULL,
    -- Absent until it was accepted.
    level TEXT,
    nominated_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    published_at TIMESTAMPTZ,
    -- Number of its events.
    version BIGINT NOT NULL,
    -- Last link of its chain.
    link BYTEA NOT NULL,
    -- The whole case.
    fold JSONB NOT NULL,
    CONSTRAINT excellent_case_pkey PRIMARY KEY (case_id),
    CONSTRAINT excellent_case_issue_fkey FOREIGN KEY (issue_id) REFERENCES issue (issue_id),
    CONSTRAINT excellent_case_version_check CHECK (version >= 1)
);

-- One case an issue at a time.
CREATE UNIQUE INDEX excellent_case_open_key ON excellent_case (issue_id)
WHERE state IN ('NOMINATED', 'ACCEPTED', 'PUBLISHED');
CREATE INDEX excellent_case_published_idx ON excellent_case (published_at, case_id) WHERE state = 'PUBLISHED';
CREATE INDEX excellent_case_page_idx ON excellent_case (updated_at, case_id);
CREATE INDEX excellent_case_department_idx ON excellent_case (department_id, updated_at, case_id);

-- What happened: append-only, and chained for each case.
CREATE TABLE case_event (
    case_id UUID NOT NULL,
    -- From 1 without gaps: the version of the case after the event.
    seq BIGINT NOT NULL,
    -- The same as in the outbox, whose order is the order in which they were recorded.
    event_id UUID NOT NULL,
    kind TEXT NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    -- As `account:019b…`.
    actor TEXT NOT NULL,
    -- Nobody acts on a case for a firm: always absent.
    on_behalf_of TEXT,
    -- The program and place that it was done from.
    client TEXT NOT NULL,
    -- The event itself: payload of its entry in the chain.
    payload JSONB NOT NULL,
    -- State of the case after the event.
    state TEXT NOT NULL,
    prev BYTEA NOT NULL,
    link BYTEA NOT NULL,
    CONSTRAINT case_event_pkey PRIMARY KEY (case_id, seq),
    CONSTRAINT case_event_event_id_key UNIQUE (event_id),
    CONSTRAINT case_event_case_fkey FOREIGN KEY (case_id) REFERENCES excellent_case (case_id)
);

-- Title, text and reasons: beside the chain, which holds a salted digest of each, so that they can be erased.
CREATE TABLE case_note (
    note_id UUID NOT NULL,
    case_id UUID NOT NULL,
    -- The event that it belongs to.
    seq BIGINT NOT NULL,
    field TEXT NOT NULL,
    -- Both absent once it was erased.
    salt BYTEA,
    body TEXT,
    CONSTRAINT case_note_pkey PRIMARY KEY (note_id),
    CONSTRAINT case_note_event_fkey FOREIGN KEY (case_id, seq) REFERENCES case_event (case_id, seq),
    CONSTRAINT case_note_erased_check CHECK ((salt IS NULL) = (body IS NULL))
);

CREATE INDEX case_note_case_idx ON case_note (case_id, seq);
