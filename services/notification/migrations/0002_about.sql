-- Notices are about orders, cases and calendars too, which have no issue or only tell of one: the column of the issue may
-- be empty now, and what a notice is about is said in a column of its own. Both engines make a column nullable so.

ALTER TABLE announcement ADD COLUMN of_issue_id UUID;
UPDATE announcement SET of_issue_id = issue_id;
ALTER TABLE announcement DROP COLUMN issue_id;
ALTER TABLE announcement RENAME COLUMN of_issue_id TO issue_id;
-- The event's subject, as order/<id>; empty where an older replica wrote the row, which is about its issue.
ALTER TABLE announcement ADD COLUMN about TEXT NOT NULL DEFAULT '';

ALTER TABLE message ADD COLUMN of_issue_id UUID;
UPDATE message SET of_issue_id = issue_id;
ALTER TABLE message DROP COLUMN issue_id;
ALTER TABLE message RENAME COLUMN of_issue_id TO issue_id;
ALTER TABLE message ADD COLUMN about TEXT NOT NULL DEFAULT '';
