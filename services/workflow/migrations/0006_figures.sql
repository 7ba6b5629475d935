-- What figures are counted from, reckoned from the histories of the issues by a job, and what the city publishes.
-- From here on the tables closing, rating and deadline_gap are neither read nor written.

-- Histories that have changed since they were last reckoned with: a row for each step.
CREATE TABLE figure_due (
    issue_id UUID NOT NULL,
    -- Version of the issue after the step.
    version BIGINT NOT NULL,
    CONSTRAINT figure_due_pkey PRIMARY KEY (issue_id, version)
);

-- All that there are.
INSERT INTO figure_due (issue_id, version) SELECT issue_id, version FROM issue;

-- What is so of an issue: from when on, and until when. Of a kind one mark is in force at a time.
CREATE TABLE figure_mark (
    issue_id UUID NOT NULL,
    kind TEXT NOT NULL,
    from_at TIMESTAMPTZ NOT NULL,
    -- Excluded; absent while it is so.
    until_at TIMESTAMPTZ,
    -- Local day that it is dated by.
    day DATE NOT NULL,
    -- Bits, whose meaning the kind decides.
    flags BIGINT NOT NULL,
    -- How long it took, in seconds, rounded up as percentiles are told; absent where that means nothing.
    took BIGINT,
    -- It begins when something falls due, and not with an event.
    timed BOOLEAN NOT NULL,
    CONSTRAINT figure_mark_pkey PRIMARY KEY (issue_id, kind, from_at)
);

CREATE INDEX figure_mark_kind_idx ON figure_mark (kind, day);
CREATE INDEX figure_mark_timed_idx ON figure_mark (from_at) WHERE timed;

-- What an issue is grouped by: from when on, and until when. An empty text: nothing.
CREATE TABLE figure_subject (
    issue_id UUID NOT NULL,
    from_at TIMESTAMPTZ NOT NULL,
    until_at TIMESTAMPTZ,
    firm UUID NOT NULL,
    by_category TEXT NOT NULL,
    by_department TEXT NOT NULL,
    by_section TEXT NOT NULL,
    by_town TEXT NOT NULL,
    by_manager TEXT NOT NULL,
    CONSTRAINT figure_subject_pkey PRIMARY KEY (issue_id, from_at)
);

-- Sums of the marks that were in force at figure_progress.reckoned_at.
CREATE TABLE figure_cell (
    -- Grouped by what: `all`, `category`, `department`, `section`, `town`, `manager`.
    dimension TEXT NOT NULL,
    -- `M`: day and other are the first of a month and stand for all of it. `D`: they are days.
    grain TEXT NOT NULL,
    kind TEXT NOT NULL,
    day DATE NOT NULL,
    -- The group; empty for `all`.
    key TEXT NOT NULL,
    flags BIGINT NOT NULL,
    -- -1 for a sum over all durations.
    took BIGINT NOT NULL,
    -- A second day for the kinds that have one, otherwise 1970-01-01.
    other DATE NOT NULL,
    n BIGINT NOT NULL,
    CONSTRAINT figure_cell_pkey PRIMARY KEY (dimension, grain, kind, day, key, flags, took, other)
);

-- How far the sums have come: one row.
CREATE TABLE figure_progress (
    only_row BIGINT NOT NULL,
    reckoned_at TIMESTAMPTZ NOT NULL,
    -- When the public figures were last reckoned; absent before the first time.
    published_at TIMESTAMPTZ,
    -- Version of the limits of figures that they were reckoned by.
    published_limits BIGINT,
    CONSTRAINT figure_progress_pkey PRIMARY KEY (only_row),
    CONSTRAINT figure_progress_only_row_check CHECK (only_row = 1)
);

INSERT INTO figure_progress (only_row, reckoned_at) VALUES (1, '1970-01-01T00:00:00+00:00');

-- The public figures as they were last reckoned, cells that are hidden without their numbers.
CREATE TABLE figure_published (
    figure TEXT NOT NULL,
    -- `all`, `category` or `month`.
    dimension TEXT NOT NULL,
    key TEXT NOT NULL,
    -- Both absent where the cell is hidden.
    numerator BIGINT,
    denominator BIGINT,
    CONSTRAINT figure_published_pkey PRIMARY KEY (figure, dimension, key),
    CONSTRAINT figure_published_hidden_check CHECK ((numerator IS NULL) = (denominator IS NULL))
);
