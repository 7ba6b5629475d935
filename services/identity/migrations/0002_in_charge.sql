-- Heads of sections and leaders of departments. `target` of such a grant differs from that of the same role without.
ALTER TABLE role_grant ADD COLUMN in_charge BOOLEAN NOT NULL DEFAULT FALSE;
