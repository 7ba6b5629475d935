-- Issues, their events and texts; deadlines and rungs; who manages which firm.

-- An issue as its events left it. Every column but link follows from the fold, which follows from issue_event.
CREATE TABLE issue (
    issue_id UUID NOT NULL,
    number TEXT NOT NULL,
    enterprise_id UUID NOT NULL,
    category TEXT NOT NULL,
    title TEXT NOT NULL,
    division_code TEXT NOT NULL,
    state TEXT NOT NULL,
    -- Who has to act.
    holder TEXT NOT NULL,
    department_id UUID,
    section_id UUID,
    handler_id UUID,
    -- Raised on the firm's behalf, and not yet confirmed by it.
    unconfirmed BOOLEAN NOT NULL,
    submitted_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    closed_at TIMESTAMPTZ,
    -- When the next of its running clocks is due.
    due_at TIMESTAMPTZ,
    -- Its light is yellow from then on (included), and red from then on (excluded), if nobody does anything.
    yellow_at TIMESTAMPTZ,
    red_at TIMESTAMPTZ,
    -- When the system has to look at it again (excluded).
    wake_at TIMESTAMPTZ,
    -- Texts that are shown with it.
    description_id UUID NOT NULL,
    reply_text_id UUID,
    legal_basis_id UUID,
    -- Number of its events.
    version BIGINT NOT NULL,
    -- Last link of its chain.
    link BYTEA NOT NULL,
    -- The whole issue.
    fold JSONB NOT NULL,
    CONSTRAINT issue_pkey PRIMARY KEY (issue_id),
    CONSTRAINT issue_number_key UNIQUE (number),
    CONSTRAINT issue_version_check CHECK (version >= 1),
    CONSTRAINT issue_closed_check CHECK ((state = 'CLOSED') = (closed_at IS NOT NULL))
);

CREATE INDEX issue_submitted_idx ON issue (submitted_at, issue_id);
CREATE INDEX issue_updated_idx ON issue (updated_at, issue_id);
CREATE INDEX issue_enterprise_idx ON issue (enterprise_id, submitted_at);
CREATE INDEX issue_department_idx ON issue (department_id, state);
CREATE INDEX issue_section_idx ON issue (section_id, state);
CREATE INDEX issue_open_idx ON issue (due_at, issue_id) WHERE closed_at IS NULL;
CREATE INDEX issue_wake_idx ON issue (wake_at) WHERE wake_at IS NOT NULL;

-- The last number given out, by the year that it is of.
CREATE TABLE issue_counter (
    year BIGINT NOT NULL,
    last BIGINT NOT NULL,
    CONSTRAINT issue_counter_pkey PRIMARY KEY (year)
);

-- What happened: append-only, and chained for each issue.
CREATE TABLE issue_event (
    issue_id UUID NOT NULL,
    -- From 1 without gaps: the version of the issue after the event.
    seq BIGINT NOT NULL,
    -- The same as in the outbox, whose order is the order in which they were recorded.
    event_id UUID NOT NULL,
    kind TEXT NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    -- As `account:019b…`, `client:019b…`, `service:workflow`.
    actor TEXT NOT NULL,
    -- As `enterprise/019b…`.
    on_behalf_of TEXT,
    -- The program and place that it was done from.
    client TEXT NOT NULL,
    -- The event itself: payload of its entry in the trail.
    payload JSONB NOT NULL,
    -- State and etag of the issue after the event.
    state TEXT NOT NULL,
    etag BIGINT NOT NULL,
    prev BYTEA NOT NULL,
    link BYTEA NOT NULL,
    CONSTRAINT issue_event_pkey PRIMARY KEY (issue_id, seq),
    CONSTRAINT issue_event_event_id_key UNIQUE (event_id),
    CONSTRAINT issue_event_issue_fkey FOREIGN KEY (issue_id) REFERENCES issue (issue_id)
);

-- Free text: beside the trail, which holds a salted digest of it, so that it can be erased.
CREATE TABLE note (
    note_id UUID NOT NULL,
    issue_id UUID NOT NULL,
    -- The event that it belongs to.
    seq BIGINT NOT NULL,
    field TEXT NOT NULL,
    -- Both absent once it was erased.
    salt BYTEA,
    body TEXT,
    CONSTRAINT note_pkey PRIMARY KEY (note_id),
    CONSTRAINT note_event_fkey FOREIGN KEY (issue_id, seq) REFERENCES issue_event (issue_id, seq),
    CONSTRAINT note_erased_check CHECK ((salt IS NULL) = (body IS NULL))
);

CREATE INDEX note_issue_idx ON note (issue_id, seq);

-- The clocks that ever started.
CREATE TABLE deadline (
    issue_id UUID NOT NULL,
    -- As `C4`, `C8.2`.
    clock TEXT NOT NULL,
    started_at TIMESTAMPTZ NOT NULL,
    due_at TIMESTAMPTZ NOT NULL,
    -- Absent while it runs.
    stopped_at TIMESTAMPTZ,
    -- Ended without the step that it waited for.
    void BOOLEAN NOT NULL,
    CONSTRAINT deadline_pkey PRIMARY KEY (issue_id, clock),
    CONSTRAINT deadline_issue_fkey FOREIGN KEY (issue_id) REFERENCES issue (issue_id)
);

CREATE INDEX deadline_running_idx ON deadline (due_at, issue_id) WHERE stopped_at IS NULL;

-- Rungs of the escalation ladder that were reached: each once, whatever the service does.
CREATE TABLE rung (
    issue_id UUID NOT NULL,
    clock TEXT NOT NULL,
    rung TEXT NOT NULL,
    reached_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT rung_pkey PRIMARY KEY (issue_id, clock, rung),
    CONSTRAINT rung_issue_fkey FOREIGN KEY (issue_id) REFERENCES issue (issue_id)
);

-- Appointments, as the registry tells of them.
CREATE TABLE firm_manager (
    appointment_id UUID NOT NULL,
    enterprise_id UUID NOT NULL,
    manager_id UUID NOT NULL,
    from_date DATE NOT NULL,
    -- First day as manager no longer.
    end_date DATE,
    -- Of the appointment.
    version BIGINT NOT NULL,
    CONSTRAINT firm_manager_pkey PRIMARY KEY (appointment_id)
);

CREATE INDEX firm_manager_enterprise_idx ON firm_manager (enterprise_id, from_date);
CREATE INDEX firm_manager_manager_idx ON firm_manager (manager_id, from_date);
