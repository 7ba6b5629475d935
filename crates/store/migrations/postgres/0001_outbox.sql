-- Events waiting for their readers, who go by (xid, seq) and only up to the oldest open transaction.
CREATE TABLE outbox (
    seq BIGINT GENERATED ALWAYS AS IDENTITY,
    -- The transaction that wrote the row.
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    event_id UUID NOT NULL,
    type TEXT NOT NULL,
    subject TEXT NOT NULL,
    subject_version BIGINT NOT NULL,
    time TIMESTAMPTZ NOT NULL,
    traceparent TEXT NOT NULL,
    data BYTEA NOT NULL,
    CONSTRAINT outbox_pkey PRIMARY KEY (seq),
    CONSTRAINT outbox_event_id_key UNIQUE (event_id)
);

CREATE UNIQUE INDEX outbox_position_idx ON outbox (xid, seq);
