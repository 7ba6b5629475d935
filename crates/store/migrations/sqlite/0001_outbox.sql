-- Events waiting for their readers. One writer: the sequence is the commit order.
CREATE TABLE outbox (
    seq INTEGER CONSTRAINT outbox_pkey PRIMARY KEY AUTOINCREMENT,
    event_id UUID NOT NULL,
    type TEXT NOT NULL,
    subject TEXT NOT NULL,
    subject_version BIGINT NOT NULL,
    time TIMESTAMPTZ NOT NULL,
    traceparent TEXT NOT NULL,
    data BYTEA NOT NULL,
    CONSTRAINT outbox_event_id_key UNIQUE (event_id)
);
