-- Service orders: what departments offer, what firms ordered of it, and what became of that.

-- What can be ordered.
CREATE TABLE service_offering (
    offering_id UUID NOT NULL,
    department_id UUID NOT NULL,
    -- A kind of the policy pack in force when it was last set.
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    audience TEXT NOT NULL,
    description TEXT NOT NULL,
    -- People that one delivery can take.
    capacity BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    -- Absent while it can be ordered.
    retired_at TIMESTAMPTZ,
    version BIGINT NOT NULL,
    CONSTRAINT service_offering_pkey PRIMARY KEY (offering_id),
    CONSTRAINT service_offering_capacity_check CHECK (capacity >= 1)
);

CREATE INDEX service_offering_page_idx ON service_offering (created_at, offering_id);
CREATE INDEX service_offering_department_idx ON service_offering (department_id, created_at);

-- An order as its events left it. Every column but link follows from the fold, which follows from order_event.
CREATE TABLE service_order (
    order_id UUID NOT NULL,
    offering_id UUID NOT NULL,
    enterprise_id UUID NOT NULL,
    department_id UUID NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    placed_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    closed_at TIMESTAMPTZ,
    -- When the clock that runs is due.
    due_at TIMESTAMPTZ,
    -- Its light is yellow from then on (included), and red from then on (excluded), if nobody does anything.
    yellow_at TIMESTAMPTZ,
    red_at TIMESTAMPTZ,
    -- When the system has to look at it again (excluded).
    wake_at TIMESTAMPTZ,
    -- Number of its events.
    version BIGINT NOT NULL,
    -- Last link of its chain.
    link BYTEA NOT NULL,
    -- The whole order.
    fold JSONB NOT NULL,
    CONSTRAINT service_order_pkey PRIMARY KEY (order_id),
    CONSTRAINT service_order_offering_fkey FOREIGN KEY (offering_id) REFERENCES service_offering (offering_id),
    CONSTRAINT service_order_version_check CHECK (version >= 1)
);

CREATE INDEX service_order_placed_idx ON service_order (placed_at, order_id);
CREATE INDEX service_order_enterprise_idx ON service_order (enterprise_id, placed_at, order_id);
CREATE INDEX service_order_department_idx ON service_order (department_id, placed_at, order_id);
CREATE INDEX service_order_offering_idx ON service_order (offering_id, placed_at);
CREATE INDEX service_order_due_idx ON service_order (due_at, order_id) WHERE closed_at IS NULL;
CREATE INDEX service_order_wake_idx ON service_order (wake_at) WHERE wake_at IS NOT NULL;
-- Open orders by the calendar that they go by: those of another than the one in force go over to it.
CREATE INDEX service_order_calendar_idx ON service_order ((fold ->> 'calendar_version'), order_id)
    WHERE closed_at IS NULL;
CREATE INDEX service_order_open_idx ON service_order (order_id) WHERE closed_at IS NULL;

-- What happened: append-only, and chained for each order.
CREATE TABLE order_event (
    order_id UUID NOT NULL,
    -- From 1 without gaps: the version of the order after the event.
    seq BIGINT NOT NULL,
    -- The same as in the outbox, whose order is the order in which they were recorded.
    event_id UUID NOT NULL,
    kind TEXT NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    -- As `account:019b…`, `service:workflow`.
    actor TEXT NOT NULL,
    -- As `enterprise/019b…`.
    on_behalf_of TEXT,
    -- The program and place that it was done from.
    client TEXT NOT NULL,
    -- The event itself: payload of its entry in the chain.
    payload JSONB NOT NULL,
    -- State of the order after the event.
    state TEXT NOT NULL,
    prev BYTEA NOT NULL,
    link BYTEA NOT NULL,
    CONSTRAINT order_event_pkey PRIMARY KEY (order_id, seq),
    CONSTRAINT order_event_event_id_key UNIQUE (event_id),
    CONSTRAINT order_event_order_fkey FOREIGN KEY (order_id) REFERENCES service_order (order_id)
);

-- Free text: beside the chain, which holds a salted digest of it, so that it can be erased.
CREATE TABLE order_note (
    note_id UUID NOT NULL,
    order_id UUID NOT NULL,
    -- The event that it belongs to.
    seq BIGINT NOT NULL,
    field TEXT NOT NULL,
    -- Both absent once it was erased.
    salt BYTEA,
    body TEXT,
    CONSTRAINT order_note_pkey PRIMARY KEY (note_id),
    CONSTRAINT order_note_event_fkey FOREIGN KEY (order_id, seq) REFERENCES order_event (order_id, seq),
    CONSTRAINT order_note_erased_check CHECK ((salt IS NULL) = (body IS NULL))
);

CREATE INDEX order_note_order_idx ON order_note (order_id, seq);

-- The clocks that ever started.
CREATE TABLE order_deadline (
    order_id UUID NOT NULL,
    -- As `O1`, `O3.2`.
    clock TEXT NOT NULL,
    started_at TIMESTAMPTZ NOT NULL,
    due_at TIMESTAMPTZ NOT NULL,
    -- Absent while it runs.
    stopped_at TIMESTAMPTZ,
    -- Ended without the step that it waited for, through no fault.
    void BOOLEAN NOT NULL,
    CONSTRAINT order_deadline_pkey PRIMARY KEY (order_id, clock),
    CONSTRAINT order_deadline_order_fkey FOREIGN KEY (order_id) REFERENCES service_order (order_id)
);

-- Rungs of the escalation ladder that were reached: each once, whatever the service does.
CREATE TABLE order_rung (
    order_id UUID NOT NULL,
    clock TEXT NOT NULL,
    rung TEXT NOT NULL,
    reached_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT order_rung_pkey PRIMARY KEY (order_id, clock, rung),
    CONSTRAINT order_rung_order_fkey FOREIGN KEY (order_id) REFERENCES service_order (order_id)
);
