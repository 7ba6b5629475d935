-- Policy packs and working calendars that operators store, and from when on each is in force.

-- A version of a pack; never changed. Those that come with the suite are not here.
CREATE TABLE policy_pack (
    name TEXT NOT NULL,
    version BIGINT NOT NULL,
    -- As it was given, TOML or JSON.
    body TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    created_by UUID NOT NULL,
    CONSTRAINT policy_pack_pkey PRIMARY KEY (name, version),
    CONSTRAINT policy_pack_version_check CHECK (version >= 1)
);

-- A version of the working calendar; never changed. That of the suite is not here.
CREATE TABLE working_calendar (
    version TEXT NOT NULL,
    -- The data file as it was given.
    body TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    created_by UUID NOT NULL,
    CONSTRAINT working_calendar_pkey PRIMARY KEY (version)
);

-- That a pack or a calendar comes into force.
CREATE TABLE activation (
    activation_id UUID NOT NULL,
    kind TEXT NOT NULL,
    -- As `strict-2h/1`, or the version of a calendar.
    subject TEXT NOT NULL,
    -- The day in the municipality with which it comes into force.
    from_date DATE NOT NULL,
    CONSTRAINT activation_pkey PRIMARY KEY (activation_id),
    CONSTRAINT activation_kind_check CHECK (kind IN ('PACK', 'CALENDAR'))
);

-- Who did what about an activation, and when: append-only.
CREATE TABLE activation_step (
    activation_id UUID NOT NULL,
    -- From 1 without gaps.
    seq BIGINT NOT NULL,
    kind TEXT NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    by_id UUID NOT NULL,
    CONSTRAINT activation_step_pkey PRIMARY KEY (activation_id, seq),
    CONSTRAINT activation_step_activation_fkey FOREIGN KEY (activation_id) REFERENCES activation (activation_id),
    CONSTRAINT activation_step_kind_check CHECK (kind IN ('PROPOSED', 'APPROVED', 'CANCELLED'))
);

-- Alarms that the calendar in force ends: one a day.
CREATE TABLE calendar_alarm (
    -- The day in the municipality.
    day DATE NOT NULL,
    calendar_version TEXT NOT NULL,
    last_date DATE NOT NULL,
    raised_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT calendar_alarm_pkey PRIMARY KEY (day)
);

-- Issues with running clocks: the open ones, and merged ones whose firm has a vote, by the calendar that they go by.
-- Those of another than the one in force go over to it.
CREATE INDEX issue_calendar_idx ON issue ((fold ->> 'calendar_version'), issue_id)
    WHERE (holder <> 'NOBODY' OR wake_at IS NOT NULL);
CREATE INDEX issue_running_idx ON issue (issue_id) WHERE (holder <> 'NOBODY' OR wake_at IS NOT NULL);
