-- What was answered to a mutation.
CREATE TABLE request_ledger (
    principal TEXT NOT NULL,
    method TEXT NOT NULL,
    request_id UUID NOT NULL,
    -- Tells a repeat from a reuse of the id.
    payload_hash BYTEA NOT NULL,
    -- The encoded response message.
    response BYTEA NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    CONSTRAINT request_ledger_pkey PRIMARY KEY (principal, method, request_id)
);

-- Events that a consumer has taken in: never again, however often they arrive. Never pruned.
CREATE TABLE inbox (
    consumer TEXT NOT NULL,
    event_id UUID NOT NULL,
    CONSTRAINT inbox_pkey PRIMARY KEY (consumer, event_id)
);

-- How far a consumer has read another service's feed.
CREATE TABLE feed_position (
    consumer TEXT NOT NULL,
    -- As that service wrote it; empty at the beginning.
    position TEXT NOT NULL,
    -- Grows with each move, so that of two holders of the consumer's lease only one can go on.
    version BIGINT NOT NULL,
    CONSTRAINT feed_position_pkey PRIMARY KEY (consumer)
);

-- Events put aside after failing too often. Later events of the same subject wait behind them.
CREATE TABLE dead_event (
    consumer TEXT NOT NULL,
    event_id UUID NOT NULL,
    subject TEXT NOT NULL,
    position TEXT NOT NULL,
    -- The encoded envelope.
    envelope BYTEA NOT NULL,
    cause TEXT NOT NULL,
    tries BIGINT NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    CONSTRAINT dead_event_pkey PRIMARY KEY (consumer, event_id)
);

CREATE INDEX dead_event_subject_idx ON dead_event (consumer, subject);

-- Who of several replicas does a job now.
CREATE TABLE lease (
    name TEXT NOT NULL,
    holder TEXT NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT lease_pkey PRIMARY KEY (name)
);

-- Written to and taken back, to show that the database takes writes. Always empty.
CREATE TABLE write_probe (
    probe BIGINT NOT NULL
);
