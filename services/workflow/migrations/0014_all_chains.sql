-- The log is over the chains of issues, orders and cases.
-- A build from before this cannot append to the log and waits; what it recorded meanwhile is appended by the next one.

-- The same entries at the same places, each named by its chain.
CREATE TABLE trail_log_before AS SELECT log_index, issue_id, seq FROM trail_log;
DROP TABLE trail_log;

-- The log: the events of all chains, in the order in which they were committed.
CREATE TABLE trail_log (
    -- From 0 without gaps.
    log_index BIGINT NOT NULL,
    -- `issue`, `order` or `case`: where the event stands.
    subject TEXT NOT NULL,
    subject_id UUID NOT NULL,
    seq BIGINT NOT NULL,
    CONSTRAINT trail_log_pkey PRIMARY KEY (log_index),
    -- The id first: whoever reads a stretch of the log goes by log_index, whatever the subjects are.
    CONSTRAINT trail_log_event_key UNIQUE (subject_id, subject, seq)
);

INSERT INTO trail_log (log_index, subject, subject_id, seq)
SELECT log_index, 'issue', issue_id, seq FROM trail_log_before ORDER BY log_index;
DROP TABLE trail_log_before;
