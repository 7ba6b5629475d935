CREATE TABLE thing (
    thing_id UUID NOT NULL,
    number BIGINT NOT NULL,
    year BIGINT NOT NULL CONSTRAINT thing_year_check CHECK (year >= 2000),
    name TEXT NOT NULL,
    version BIGINT NOT NULL DEFAULT 1,
    CONSTRAINT thing_pkey PRIMARY KEY (thing_id),
    CONSTRAINT thing_number_key UNIQUE (year, number)
);

CREATE UNIQUE INDEX thing_name_idx ON thing (name) WHERE name <> '';

CREATE TABLE part (
    thing_id UUID NOT NULL,
    position BIGINT NOT NULL,
    CONSTRAINT part_pkey PRIMARY KEY (thing_id, position),
    CONSTRAINT part_thing_fkey FOREIGN KEY (thing_id) REFERENCES thing (thing_id)
);
