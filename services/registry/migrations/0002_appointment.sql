-- The appointments of one enterprise form a chain: each one that takes effect has the next place, and refers to the
-- end of the one before it, which must not lie after its own beginning. So whatever is written, no two of them
-- overlap, the order of their dates is that of their places, and only the last one may be without an end.
CREATE TABLE appointment (
    appointment_id UUID NOT NULL CONSTRAINT appointment_pkey PRIMARY KEY,
    enterprise_id UUID NOT NULL
        CONSTRAINT appointment_enterprise_fkey REFERENCES enterprise (enterprise_id),
    manager_id UUID NOT NULL,
    from_date DATE NOT NULL,
    -- The first day that no longer belongs to the appointment.
    end_date DATE,
    end_reason TEXT
        CONSTRAINT appointment_reason_check CHECK (end_reason IN ('ended', 'handed_over', 'enterprise_retired')),
    -- 1 for the first of the enterprise; absent when the appointment was ended before it took effect.
    place BIGINT CONSTRAINT appointment_place_check CHECK (place >= 1),
    prior_place BIGINT,
    prior_end_date DATE,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    version BIGINT NOT NULL,
    CONSTRAINT appointment_end_check CHECK ((end_date IS NULL) = (end_reason IS NULL)),
    CONSTRAINT appointment_effect_check CHECK (
        CASE WHEN end_date IS NULL OR from_date < end_date THEN place IS NOT NULL
        ELSE end_date = from_date AND place IS NULL END
    ),
    CONSTRAINT appointment_prior_check CHECK (
        CASE WHEN place > 1
            THEN prior_place IS NOT NULL AND prior_place = place - 1
                AND prior_end_date IS NOT NULL AND prior_end_date <= from_date
        ELSE prior_place IS NULL AND prior_end_date IS NULL END
    ),
    CONSTRAINT appointment_place_key UNIQUE (enterprise_id, place),
    -- What the next one refers to.
    CONSTRAINT appointment_end_key UNIQUE (enterprise_id, place, end_date),
    CONSTRAINT appointment_prior_fkey FOREIGN KEY (enterprise_id, prior_place, prior_end_date)
        REFERENCES appointment (enterprise_id, place, end_date)
);

CREATE INDEX appointment_manager_idx ON appointment (manager_id, from_date);
