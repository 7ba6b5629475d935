//! What a person with the database in their hands can do to history, and who finds it.

use chrono::TimeDelta;
use proto::workflow::v1::{self as pb, TrailFaultKind as Kind};
use testkit::TestSuite;
use trail::{
    Ed25519Signer, Hash, Record, Report, Sha256Ed25519, SignedHead, Witness, chain,
    merkle::{Frontier, NodeId},
    verify_export,
};

use crate::{dba::*, trail_log::*, world::*};

/// Two issues and two heads, the first over the whole of the first issue and the second over both.
async fn history(app: &TestSuite) -> (pb::Issue, pb::Issue) {
    let first = closed(app).await;
    log_all(app).await;
    app.clock.advance(TimeDelta::minutes(2));
    let second = closed(app).await;
    log_all(app).await;
    assert_eq!(faults(app, "").await, []);
    assert_eq!(faults(app, &first.issue_id).await, []);
    (first, second)
}

/// The heads of the witness file.
fn kept(app: &TestSuite) -> Vec<SignedHead> {
    let file = app.suite.config().data_dir.join("witness/trail-heads.jsonl");
    let text = std::fs::read_to_string(file).unwrap();
    text.lines().map(|line| SignedHead::from_json(line).unwrap()).collect()
}

/// What the export shows to whoever has the witness file, too.
async fn witnessed(app: &TestSuite) -> Report {
    let file = export(app, "").await.unwrap();
    let heads = kept(app).into_iter().map(Witness::from);
    verify_export(file.as_slice(), &trust(app).witnesses(heads)).unwrap()
}

/// Places in a chain that the export shows to be wrong.
async fn exported(app: &TestSuite, issue: &pb::Issue) -> Vec<Option<u64>> {
    let report = verified(app, &export(app, "").await.unwrap());
    let chain = format!("issue/{}", issue.issue_id);
    report
        .faults
        .iter()
        .filter(|fault| fault.chain.as_deref() == Some(&chain))
        .map(|fault| fault.seq)
        .collect()
}

/// Rows of an issue's chain.
fn of(app: &TestSuite, issue: &pb::Issue, seq: i64) -> String {
    format!("issue_id = {} AND seq = {seq}", id(app, &issue.issue_id))
}

/// The entry with its links, and all that follow in its chain, as somebody without the key can write them anew.
fn forged(records: &[Record], at: usize, actor: &str) -> Vec<Record> {
    let mut forged = records.to_vec();
    actor.clone_into(&mut forged[at].entry.actor);
    let chain = forged[at].entry.chain.clone();
    let mut prev = forged[at].prev;
    for record in forged[at..].iter_mut().filter(|record| record.entry.chain == chain) {
        record.prev = prev;
        record.link = chain::append(&Sha256Ed25519, prev, &record.entry);
        prev = record.link;
    }
    forged
}

/// SQL that makes the rows of events and issues those records.
fn rows_of(app: &TestSuite, records: &[Record]) -> Vec<String> {
    let mut sql = Vec::new();
    for Record { log_index: _, entry, prev, link } in records {
        let issue = id(app, entry.chain.strip_prefix("issue/").unwrap());
        let (prev, link) = (bytes(app, *prev), bytes(app, *link));
        sql.push(format!(
            "UPDATE issue_event SET actor = '{}', prev = {prev}, link = {link} WHERE issue_id = {issue} AND seq = {}",
            entry.actor, entry.seq
        ));
        sql.push(format!(
            "UPDATE issue SET link = {link} WHERE issue_id = {issue} AND version = {}",
            entry.seq
        ));
    }
    sql
}

both_engines! {
    async fn an_edit_is_found_where_it_was_made(app: TestSuite) {
        let (first, second) = history(app).await;
        let place = of(app, &first, 4);
        dba(app, &[format!("UPDATE issue_event SET client = 'elsewhere' WHERE {place}")]).await;
        let expected = [(Kind::Hash, first.issue_id.clone(), 4)];
        assert_eq!(faults(app, "").await, expected);
        assert_eq!(faults(app, &first.issue_id).await, expected);
        assert_eq!(faults(app, &second.issue_id).await, []);
        assert_eq!(exported(app, &first).await, [Some(4)]);
    }

    async fn an_event_that_was_deleted_is_missed_where_it_was(app: TestSuite) {
        let (first, _) = history(app).await;
        let place = of(app, &first, 4);
        dba(app, &[format!("DELETE FROM issue_event WHERE {place}")]).await;
        let gone = (Kind::LogIndex, first.issue_id.clone(), 4);
        assert!(faults(app, "").await.contains(&gone));
        let of_one = faults(app, &first.issue_id).await;
        assert!(of_one.contains(&gone) && of_one.contains(&(Kind::Sequence, first.issue_id.clone(), 5)), "{of_one:?}");
        assert!(exported(app, &first).await.contains(&Some(5)));

        // With its place in the log closed behind it, as if it had never been.
        let at = "(SELECT log_index FROM trail_log WHERE log_index >= 3 ORDER BY log_index LIMIT 1)";
        dba(app, &[
            format!("DELETE FROM trail_log WHERE log_index = {at}"),
            "UPDATE trail_log SET log_index = -log_index WHERE log_index > 3".to_owned(),
            "UPDATE trail_log SET log_index = -log_index - 1 WHERE log_index < 0".to_owned(),
            "UPDATE trail_progress SET size = size - 1".to_owned(),
        ]).await;
        let closed_up = faults(app, "").await;
        assert!(closed_up.contains(&(Kind::Sequence, first.issue_id.clone(), 5)), "{closed_up:?}");
        assert!(exported(app, &first).await.contains(&Some(5)));
    }

    async fn an_event_that_was_inserted_is_found_where_it_stands(app: TestSuite) {
        let (first, _) = history(app).await;
        let last = records(app, &export(app, &first.issue_id).await.unwrap()).pop().unwrap();
        let mut entry = last.entry.clone();
        (entry.seq, entry.id) = (11, app.uuid().to_string());
        let link = chain::append(&Sha256Ed25519, last.link, &entry);
        let (issue, event) = (id(app, &first.issue_id), id(app, &entry.id));
        let (prev, link) = (bytes(app, last.link), bytes(app, link));
        // It follows from its chain, and the issue knows of it.
        dba(app, &[
            format!(
                "INSERT INTO issue_event (issue_id, seq, event_id, kind, at, actor, on_behalf_of, client, payload, state,
                    etag, prev, link)
                SELECT issue_id, 11, {event}, kind, at, actor, on_behalf_of, client, payload, state, etag, {prev}, {link}
                FROM issue_event WHERE {}", of(app, &first, 10)
            ),
            format!("UPDATE issue SET version = 11, link = {link} WHERE issue_id = {issue}"),
        ]).await;
        let inserted = [(Kind::NotInLog, first.issue_id.clone(), 11)];
        assert_eq!(faults(app, "").await, inserted);
        assert_eq!(faults(app, &first.issue_id).await, inserted);

        // It is put into the log, before what was there.
        dba(app, &[
            "UPDATE trail_log SET log_index = -log_index WHERE log_index >= 10".to_owned(),
            "UPDATE trail_log SET log_index = -log_index + 1 WHERE log_index < 0".to_owned(),
            format!("INSERT INTO trail_log (log_index, issue_id, seq) VALUES (10, {issue}, 11)"),
            "UPDATE trail_progress SET size = size + 1".to_owned(),
        ]).await;
        let in_log = faults(app, "").await;
        assert!(in_log.contains(&(Kind::Root, String::new(), 0)), "{in_log:?}");
        let of_one = faults(app, &first.issue_id).await;
        assert!(of_one.contains(&(Kind::Proof, first.issue_id.clone(), 11)), "{of_one:?}");
        assert!(!verified(app, &export(app, "").await.unwrap()).is_intact());
        let file = verified(app, &export(app, &first.issue_id).await.unwrap());
        assert_eq!(file.faults[0].seq, Some(11));
    }

    async fn events_that_were_swapped_are_found_where_they_stand(app: TestSuite) {
        let (first, second) = history(app).await;
        let swap = |from: i64, to: i64| format!("UPDATE issue_event SET seq = {to} WHERE {}", of(app, &first, from));
        dba(app, &[swap(3, 99), swap(4, 3), swap(99, 4)]).await;
        for issue_id in ["", first.issue_id.as_str()] {
            let found = faults(app, issue_id).await;
            assert_eq!(found[0], (Kind::Previous, first.issue_id.clone(), 3), "{found:?}");
            assert!(found.contains(&(Kind::Hash, first.issue_id.clone(), 4)), "{found:?}");
        }
        assert_eq!(exported(app, &first).await.first(), Some(&Some(3)));
        dba(app, &[swap(3, 99), swap(4, 3), swap(99, 4)]).await;
        assert_eq!(faults(app, "").await, []);

        // Two issues change their places in the log.
        let place = |index: i64, from: i64| format!("UPDATE trail_log SET log_index = {index} WHERE log_index = {from}");
        dba(app, &[place(99, 9), place(9, 10), place(10, 99)]).await;
        let found = faults(app, "").await;
        assert!(found.contains(&(Kind::Root, String::new(), 0)), "{found:?}");
        for (issue, seq) in [(&first, 10), (&second, 1)] {
            let of_one = faults(app, &issue.issue_id).await;
            assert!(of_one.contains(&(Kind::Proof, issue.issue_id.clone(), seq)), "{of_one:?}");
        }
    }

    async fn an_event_given_to_somebody_else_with_its_links_contradicts_the_tree(app: TestSuite) {
        let (first, _) = history(app).await;
        let genuine = records(app, &export(app, "").await.unwrap());
        let forged = forged(&genuine, 3, "account:somebody");
        dba(app, &rows_of(app, &forged)).await;
        assert_eq!(faults(app, "").await, [(Kind::Root, String::new(), 0)]);
        let found = faults(app, &first.issue_id).await;
        assert_eq!(found[0], (Kind::Proof, first.issue_id.clone(), 4), "{found:?}");
        let explanation = &verify(app, "").await.faults[0].explanation;
        assert!(explanation.contains("log index 0 to 9"), "{explanation}");
        assert!(!verified(app, &export(app, "").await.unwrap()).is_intact());
        let of_one = verified(app, &export(app, &first.issue_id).await.unwrap());
        assert_eq!(of_one.faults[0].seq, Some(4));
    }

    async fn a_head_that_was_changed_or_taken_away_is_found(app: TestSuite) {
        let (first, _) = history(app).await;
        dba(app, &["CREATE TABLE kept_head AS SELECT * FROM trail_head".to_owned()]).await;
        dba(app, &["DELETE FROM trail_head WHERE size = 10".to_owned()]).await;
        let found = faults(app, "").await;
        assert_eq!(found, [(Kind::HeadOrder, String::new(), 0), (Kind::Witness, String::new(), 0)]);
        dba(app, &["INSERT INTO trail_head SELECT * FROM kept_head WHERE size = 10".to_owned()]).await;
        assert_eq!(faults(app, "").await, []);
        let line = "REPLACE(line, '\"size\":10', '\"size\":9')";
        dba(app, &[format!("UPDATE trail_head SET line = {line} WHERE size = 10")]).await;
        let found = faults(app, "").await;
        assert!(found.contains(&(Kind::Signature, String::new(), 0)), "{found:?}");
        dba(app, &["UPDATE trail_head SET line = 'nothing' WHERE size = 10".to_owned()]).await;
        let found = faults(app, "").await;
        assert!(found.contains(&(Kind::Unreadable, String::new(), 0)), "{found:?}");
        assert_eq!(faults(app, &first.issue_id).await, []);
    }

    async fn a_node_of_the_tree_that_was_changed_or_is_gone_spoils_proofs_and_no_verdict_on_the_log(app: TestSuite) {
        let (first, _) = history(app).await;
        let zero = bytes(app, Hash::ZERO);
        for sql in [
            format!("UPDATE trail_node SET hash = {zero} WHERE level = 1 AND position = 1"),
            "DELETE FROM trail_node WHERE level = 1 AND position = 1".to_owned(),
        ] {
            dba(app, &[sql]).await;
            assert_eq!(faults(app, "").await, []);
            let found = faults(app, &first.issue_id).await;
            assert_eq!(found, [(Kind::Proof, first.issue_id.clone(), 1), (Kind::Proof, first.issue_id.clone(), 2)]);
        }
    }

    async fn a_tail_that_was_cut_off_is_found(app: TestSuite) {
        let (first, second) = history(app).await;
        // The last event of an issue, and the issue put back to where it was before.
        let (issue, before) = (id(app, &second.issue_id), of(app, &second, 9));
        dba(app, &[
            format!("DELETE FROM issue_event WHERE {}", of(app, &second, 10)),
            format!("UPDATE issue SET version = 9, link = (SELECT link FROM issue_event WHERE {before}) WHERE issue_id = {issue}"),
        ]).await;
        for issue_id in ["", second.issue_id.as_str()] {
            let found = faults(app, issue_id).await;
            assert!(found.contains(&(Kind::LogIndex, second.issue_id.clone(), 10)), "{found:?}");
        }
        // Everything after the first head: what is left is flawless by itself.
        dba(app, &[
            format!("DELETE FROM issue_event WHERE issue_id = {issue}"),
            format!("DELETE FROM issue WHERE issue_id = {issue}"),
            "DELETE FROM trail_log WHERE log_index >= 10".to_owned(),
            "DELETE FROM trail_head WHERE size > 10".to_owned(),
            "DELETE FROM trail_node WHERE (level = 0 AND position >= 10) OR (level = 1 AND position >= 5)
                OR (level = 2 AND position >= 2) OR (level = 3 AND position >= 1) OR level > 3".to_owned(),
            "UPDATE trail_progress SET size = 10".to_owned(),
        ]).await;
        assert!(verified(app, &export(app, "").await.unwrap()).is_intact(), "the file alone cannot tell");
        assert_eq!(faults(app, "").await, [(Kind::Witness, String::new(), 0)]);
        assert_eq!(faults(app, &first.issue_id).await, [(Kind::Witness, String::new(), 0)]);
        let explanation = &verify(app, "").await.faults[0].explanation;
        assert!(explanation.contains("over 20 entries, and the log has 10"), "{explanation}");
        assert!(!witnessed(app).await.is_intact());

        // The log goes on, and it is not forgotten.
        app.clock.advance(TimeDelta::minutes(2));
        submitted(app).await;
        log_all(app).await;
        let sizes: Vec<u64> = kept(app).iter().map(|head| head.head.size).collect();
        assert_eq!(sizes, [10, 20, 11]);
        for issue_id in ["", first.issue_id.as_str()] {
            assert!(faults(app, issue_id).await.contains(&(Kind::Witness, String::new(), 0)));
        }
    }

    async fn a_history_rewritten_whole_with_the_server_s_own_key_is_found_by_the_witness(app: TestSuite) {
        let (first, _) = history(app).await;
        let genuine = records(app, &export(app, "").await.unwrap());
        let forged = forged(&genuine, 3, "account:somebody");
        let mut sql = rows_of(app, &forged);
        sql.push("DELETE FROM trail_node".to_owned());
        let der = app.suite.keys().load_or_make("trail-head.pk8", || anyhow::bail!("it is there")).unwrap();
        let signer = Ed25519Signer::from_pkcs8(&der).unwrap();
        let (mut frontier, mut previous) = (Frontier::new(), Hash::ZERO);
        let mut heads = kept(app).into_iter().peekable();
        for record in &forged {
            for (NodeId { level, index }, hash) in frontier.append(&Sha256Ed25519, record.link.as_bytes()) {
                let hash = bytes(app, hash);
                sql.push(format!("INSERT INTO trail_node (level, position, hash) VALUES ({level}, {index}, {hash})"));
            }
            if let Some(SignedHead { mut head, .. }) = heads.next_if(|head| head.head.size == frontier.size()) {
                (head.root, head.previous) = (frontier.root(&Sha256Ed25519), previous);
                previous = head.hash(&Sha256Ed25519);
                let (size, line) = (head.size, head.sign(&signer).unwrap().to_json());
                sql.push(format!("UPDATE trail_head SET line = '{line}' WHERE size = {size}"));
            }
        }
        assert!(heads.next().is_none());
        dba(app, &sql).await;
        for issue_id in ["", first.issue_id.as_str()] {
            let report = verified(app, &export(app, issue_id).await.unwrap());
            assert!(report.is_intact(), "the file alone cannot tell: {:?}", report.faults);
        }
        let witness = (Kind::Witness, String::new(), 0);
        assert_eq!(faults(app, "").await, [witness.clone(), witness.clone()]);
        assert_eq!(faults(app, &first.issue_id).await, [witness]);
        let explanation = &verify(app, "").await.faults[0].explanation;
        assert!(explanation.contains("another head over 10 entries"), "{explanation}");
        assert!(!witnessed(app).await.is_intact());
    }
}
