-- What is to be told to whom, because of one event. Written with the event's inbox row; spread out by a job.
CREATE TABLE announcement (
    announcement_id UUID NOT NULL CONSTRAINT announcement_pkey PRIMARY KEY,
    event_id UUID NOT NULL,
    template TEXT NOT NULL,
    template_version BIGINT NOT NULL,
    issue_id UUID NOT NULL,
    issue_number TEXT NOT NULL,
    -- A list of audiences, as [{"firm": "…"}, {"account": "…"}].
    audiences JSONB NOT NULL,
    -- Who caused the event, and so is not told of it; NULL for the system.
    actor_id UUID,
    -- Values of the template's placeholders by name, in a form that belongs to no language.
    placeholder_values JSONB NOT NULL,
    happened_at TIMESTAMPTZ NOT NULL,
    state TEXT NOT NULL CONSTRAINT announcement_state_check CHECK (state IN ('PENDING', 'SPREAD')),
    -- When it is tried next; while it is claimed, when the claim runs out.
    due_at TIMESTAMPTZ NOT NULL,
    -- Who works on it now: another number for each attempt.
    claim UUID,
    attempts BIGINT NOT NULL,
    CONSTRAINT announcement_event_key UNIQUE (event_id, template)
);

CREATE INDEX announcement_due_idx ON announcement (due_at) WHERE state = 'PENDING';

-- One row for each person who ever got a message. Its lock puts the messages of a person in order.
CREATE TABLE mailbox (
    account_id UUID NOT NULL CONSTRAINT mailbox_pkey PRIMARY KEY,
    -- Number of the newest message.
    last_number BIGINT NOT NULL CONSTRAINT mailbox_last_number_check CHECK (last_number > 0)
);

CREATE TABLE message (
    message_id UUID NOT NULL CONSTRAINT message_pkey PRIMARY KEY,
    account_id UUID NOT NULL,
    -- Counts the messages of the person, without gaps and in the order of their commits.
    number BIGINT NOT NULL,
    event_id UUID NOT NULL,
    template TEXT NOT NULL,
    template_version BIGINT NOT NULL,
    kind TEXT NOT NULL CONSTRAINT message_kind_check CHECK (kind IN ('TASK', 'PROGRESS', 'REMINDER')),
    statutory BOOLEAN NOT NULL,
    language TEXT NOT NULL CONSTRAINT message_language_check CHECK (language IN ('zh-CN', 'en')),
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    issue_id UUID NOT NULL,
    issue_number TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    read_at TIMESTAMPTZ,
    CONSTRAINT message_number_key UNIQUE (account_id, number),
    CONSTRAINT message_event_key UNIQUE (event_id, template, account_id)
);

CREATE INDEX message_unread_idx ON message (account_id, number) WHERE read_at IS NULL;

CREATE TABLE delivery (
    delivery_id UUID NOT NULL CONSTRAINT delivery_pkey PRIMARY KEY,
    message_id UUID NOT NULL CONSTRAINT delivery_message_fkey REFERENCES message (message_id),
    account_id UUID NOT NULL,
    template TEXT NOT NULL,
    template_version BIGINT NOT NULL,
    channel TEXT NOT NULL CONSTRAINT delivery_channel_check CHECK (channel IN ('IN_APP', 'EMAIL', 'CONSOLE')),
    state TEXT NOT NULL CONSTRAINT delivery_state_check CHECK (state IN ('PENDING', 'SENT', 'FAILED')),
    -- Attempts in all, and since it was last put on its way.
    attempts BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    -- When it is tried next; while it is claimed, when the claim runs out.
    due_at TIMESTAMPTZ NOT NULL,
    finished_at TIMESTAMPTZ,
    -- Who works on it now: another number for each attempt.
    claim UUID,
    version BIGINT NOT NULL,
    CONSTRAINT delivery_message_key UNIQUE (message_id, channel)
);

CREATE INDEX delivery_due_idx ON delivery (due_at) WHERE state = 'PENDING';
CREATE INDEX delivery_state_idx ON delivery (state, delivery_id);
CREATE INDEX delivery_account_idx ON delivery (account_id, delivery_id);

CREATE TABLE attempt (
    delivery_id UUID NOT NULL CONSTRAINT attempt_delivery_fkey REFERENCES delivery (delivery_id),
    number BIGINT NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    outcome TEXT NOT NULL CONSTRAINT attempt_outcome_check
        CHECK (outcome IN ('SENT', 'DEFERRED', 'REFUSED', 'NO_ADDRESS', 'ACCOUNT_CLOSED')),
    -- What the mail server answered, addresses struck out.
    receipt TEXT NOT NULL,
    CONSTRAINT attempt_pkey PRIMARY KEY (delivery_id, number)
);

-- Who is not here has the preferences of somebody who never said anything, as version 1.
CREATE TABLE preference (
    account_id UUID NOT NULL CONSTRAINT preference_pkey PRIMARY KEY,
    language TEXT NOT NULL CONSTRAINT preference_language_check CHECK (language IN ('zh-CN', 'en')),
    email_task BOOLEAN NOT NULL,
    email_progress BOOLEAN NOT NULL,
    email_reminder BOOLEAN NOT NULL,
    -- Minutes since midnight at UTC+08:00; both or neither.
    quiet_from BIGINT,
    quiet_until BIGINT,
    updated_at TIMESTAMPTZ NOT NULL,
    version BIGINT NOT NULL,
    CONSTRAINT preference_quiet_check CHECK ((quiet_from IS NULL) = (quiet_until IS NULL))
);
