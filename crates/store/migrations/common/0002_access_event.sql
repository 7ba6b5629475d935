-- Who did what, was refused what, and took what out of the service. Append-only.
CREATE TABLE access_event (
    access_event_id UUID NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    -- As in request_ledger: `account:019b…`, `client:019b…`, `service:registry for account:019b…`.
    principal TEXT NOT NULL,
    -- The program and place that the call came from.
    client TEXT NOT NULL,
    -- `/package.Service/Method`.
    method TEXT NOT NULL,
    outcome TEXT NOT NULL,
    -- Of the refusal: what the caller was told; empty otherwise.
    reason TEXT NOT NULL,
    -- Of the mutation, as in request_ledger.
    request_id UUID,
    trace_id TEXT NOT NULL,
    -- What was disclosed, as `attachment/019b…`; empty otherwise.
    subject TEXT NOT NULL,
    CONSTRAINT access_event_pkey PRIMARY KEY (access_event_id),
    CONSTRAINT access_event_outcome_check CHECK (outcome IN ('done', 'denied', 'disclosed')),
    CONSTRAINT access_event_done_check CHECK ((outcome = 'done') = (request_id IS NOT NULL)),
    CONSTRAINT access_event_denied_check CHECK ((outcome = 'denied') = (reason <> '')),
    CONSTRAINT access_event_disclosed_check CHECK ((outcome = 'disclosed') = (subject <> ''))
);

CREATE INDEX access_event_at_idx ON access_event (at, access_event_id);
CREATE INDEX access_event_principal_idx ON access_event (principal, at, access_event_id);
