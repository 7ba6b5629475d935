-- What the steps beyond the straight way need: who may see what, extensions and pauses, co-sections, precedents.

ALTER TABLE issue ADD COLUMN confidential BOOLEAN NOT NULL DEFAULT FALSE;
-- Who raised it; absent if a machine client did.
ALTER TABLE issue ADD COLUMN raised_by_id UUID;
-- Level of supervision, 0 to 3.
ALTER TABLE issue ADD COLUMN supervision BIGINT NOT NULL DEFAULT 0;
-- Local day to which the plan in force is committed.
ALTER TABLE issue ADD COLUMN committed_on DATE;
-- The issue that is handled for this one too.
ALTER TABLE issue ADD COLUMN merged_into UUID;

CREATE INDEX issue_committed_idx ON issue (committed_on, issue_id) WHERE committed_on IS NOT NULL;

-- When a clock would be due without the extensions.
ALTER TABLE deadline ADD COLUMN original_due_at TIMESTAMPTZ;
-- Since when it stands still.
ALTER TABLE deadline ADD COLUMN paused_at TIMESTAMPTZ;

UPDATE deadline SET original_due_at = due_at;

-- Confidential issues are for who handles them, not for their section.
CREATE INDEX issue_handler_page_idx ON issue (handler_id, submitted_at, issue_id) WHERE confidential;

-- What other sections have to do for an issue.
CREATE TABLE co_task (
    issue_id UUID NOT NULL,
    -- From 1 without gaps.
    task BIGINT NOT NULL,
    department_id UUID NOT NULL,
    section_id UUID NOT NULL,
    started_at TIMESTAMPTZ NOT NULL,
    -- Answered, or not waited for any more; absent while it is open.
    ended_at TIMESTAMPTZ,
    CONSTRAINT co_task_pkey PRIMARY KEY (issue_id, task),
    CONSTRAINT co_task_issue_fkey FOREIGN KEY (issue_id) REFERENCES issue (issue_id)
);

CREATE INDEX co_task_department_idx ON co_task (department_id, issue_id);
CREATE INDEX co_task_section_idx ON co_task (section_id, issue_id);

-- Which department was found to be in charge, by an operator: of an assignment, or of a return that was upheld.
CREATE TABLE precedent (
    issue_id UUID NOT NULL,
    -- The event that tells of it.
    seq BIGINT NOT NULL,
    category TEXT NOT NULL,
    division_code TEXT NOT NULL,
    department_id UUID NOT NULL,
    decided_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT precedent_pkey PRIMARY KEY (issue_id, seq),
    CONSTRAINT precedent_event_fkey FOREIGN KEY (issue_id, seq) REFERENCES issue_event (issue_id, seq)
);

CREATE INDEX precedent_category_idx ON precedent (category, decided_at);
