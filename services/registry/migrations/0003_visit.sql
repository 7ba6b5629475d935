CREATE TABLE visit (
    visit_id UUID NOT NULL CONSTRAINT visit_pkey PRIMARY KEY,
    enterprise_id UUID NOT NULL CONSTRAINT visit_enterprise_fkey REFERENCES enterprise (enterprise_id),
    manager_id UUID NOT NULL,
    appointment_id UUID NOT NULL CONSTRAINT visit_appointment_fkey REFERENCES appointment (appointment_id),
    visit_date DATE NOT NULL,
    kind TEXT NOT NULL CONSTRAINT visit_kind_check CHECK (kind IN ('on_site', 'remote', 'meeting')),
    officials BIGINT NOT NULL CONSTRAINT visit_officials_check CHECK (officials BETWEEN 1 AND 50),
    findings TEXT NOT NULL,
    issue_ids JSONB NOT NULL,
    state TEXT NOT NULL
        CONSTRAINT visit_state_check CHECK (state IN ('recorded', 'confirmed', 'disputed', 'cancelled')),
    dispute_reason TEXT,
    answered_by UUID,
    answered_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    version BIGINT NOT NULL,
    CONSTRAINT visit_answer_check CHECK ((answered_by IS NULL) = (answered_at IS NULL)),
    CONSTRAINT visit_answered_check CHECK (state NOT IN ('confirmed', 'disputed') OR answered_by IS NOT NULL)
);

CREATE INDEX visit_date_idx ON visit (visit_date, visit_id);
CREATE INDEX visit_enterprise_idx ON visit (enterprise_id, visit_date, visit_id);
CREATE INDEX visit_manager_idx ON visit (manager_id, visit_date, visit_id);
