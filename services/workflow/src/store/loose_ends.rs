//! What no hash shows: rows that should be joined to others and are not.

use std::collections::HashMap;

use store::{Error, Filter, Select, Tx, outbox, outbox::Position};
use trail::Record;
use uuid::Uuid;

use super::{
    chained::{Chain, Chains, Subject},
    trail::{RecordRow, records_sql},
};

/// Rows looked at in one statement.
const PAGE: i64 = 1_000;

/// A place in a chain where something is wrong.
pub(crate) type Place = (Chain, i64);

/// The kinds of chains to look at: that of `only`, or all.
fn kinds(only: Option<Chain>) -> Vec<Chains> {
    match only {
        Some(chain) => vec![chain.subject.chains()],
        None => Subject::ALL.map(Subject::chains).to_vec(),
    }
}

fn places(subject: Subject, rows: Vec<(Uuid, i64)>) -> impl Iterator<Item = Place> {
    rows.into_iter().map(move |(id, seq)| (Chain { subject, id }, seq))
}

/// Events that are not in the log although its place in the outbox has passed them, or that the outbox never had.
pub(crate) async fn unlogged(
    tx: &mut Tx,
    only: Option<Chain>,
    looked_at: &Position,
) -> Result<Vec<Place>, Error> {
    let mut found = Vec::new();
    for kind in kinds(only) {
        let Chains { subject, id, events, .. } = kind;
        let mut after: Option<(Uuid, i64)> = None;
        loop {
            let mut select = Select::new(format!(
                "SELECT {events}.{id}, {events}.seq, event_id FROM {events}
                LEFT JOIN trail_log ON trail_log.subject = '{}' AND trail_log.subject_id = {events}.{id}
                    AND trail_log.seq = {events}.seq",
                subject.name()
            ))
            .filter_by(Filter::new("trail_log.log_index IS NULL", []))
            .filter_some(&format!("{events}.{id} = ?"), only.map(|chain| chain.id));
            if let Some((id_before, seq)) = after {
                let beyond = format!("({events}.{id}, {events}.seq) > (?, ?)");
                select = select.filter_by(Filter::new(beyond, [id_before.into(), seq.into()]));
            }
            let rows = select
                .raw(&format!(" ORDER BY {events}.{id}, {events}.seq"))
                .limit(PAGE)
                .rows::<(Uuid, i64, Uuid)>(tx, "look for events that are not in the log")
                .await?;
            let Some((last, seq, _)) = rows.last() else { break };
            after = Some((*last, *seq));
            let ids: Vec<Uuid> = rows.iter().map(|(_, _, event_id)| *event_id).collect();
            let waiting: HashMap<Uuid, Position> = outbox::positions_of(tx, &ids).await?;
            let missing = rows.iter().filter(|(_, _, id)| waiting.get(id).is_none_or(|at| at <= looked_at));
            found.extend(places(subject, missing.map(|(id, seq, _)| (*id, *seq)).collect()));
        }
    }
    Ok(found)
}

/// Entries that the log names and that are not there, with their places in the log.
pub(crate) async fn vanished(tx: &mut Tx, only: Option<Chain>) -> Result<Vec<(Place, i64)>, Error> {
    let mut found = Vec::new();
    for Chains { subject, id, events, .. } in kinds(only) {
        let rows = Select::new(format!(
            "SELECT trail_log.subject_id, trail_log.seq, log_index FROM trail_log
            LEFT JOIN {events} ON {events}.{id} = trail_log.subject_id AND {events}.seq = trail_log.seq"
        ))
        .filter("trail_log.subject = ?", subject.name())
        .filter_by(Filter::new(format!("{events}.event_id IS NULL"), []))
        .filter_some("trail_log.subject_id = ?", only.map(|chain| chain.id))
        .raw(" ORDER BY log_index")
        .limit(PAGE)
        .rows::<(Uuid, i64, i64)>(tx, "look for entries that are gone")
        .await?;
        found.extend(rows.into_iter().map(|(id, seq, index)| ((Chain { subject, id }, seq), index)));
    }
    Ok(found)
}

/// Subjects that are not as the last event of their chain left them.
pub(crate) async fn cut(tx: &mut Tx, only: Option<Chain>) -> Result<Vec<Place>, Error> {
    let mut found = Vec::new();
    for Chains { subject, subjects, id, events, .. } in kinds(only) {
        let rows = Select::new(format!(
            "SELECT {subjects}.{id}, {subjects}.version FROM {subjects}
            LEFT JOIN {events} ON {events}.{id} = {subjects}.{id} AND {events}.seq = {subjects}.version"
        ))
        .filter_by(Filter::new(format!("({events}.link IS NULL OR {events}.link <> {subjects}.link)"), []))
        .filter_some(&format!("{subjects}.{id} = ?"), only.map(|chain| chain.id))
        .raw(&format!(" ORDER BY {subjects}.{id}"))
        .limit(PAGE)
        .rows::<(Uuid, i64)>(tx, "look for chains that were cut")
        .await?;
        found.extend(places(subject, rows));
    }
    Ok(found)
}

/// Events behind the last one that their subject knows of.
pub(crate) async fn beyond(tx: &mut Tx, only: Option<Chain>) -> Result<Vec<Place>, Error> {
    let mut found = Vec::new();
    for Chains { subject, subjects, id, events, .. } in kinds(only) {
        let rows = Select::new(format!(
            "SELECT {events}.{id}, {events}.seq FROM {events}
            LEFT JOIN {subjects} ON {subjects}.{id} = {events}.{id}"
        ))
        .filter_by(Filter::new(
            format!("({subjects}.version IS NULL OR {subjects}.version < {events}.seq)"),
            [],
        ))
        .filter_some(&format!("{events}.{id} = ?"), only.map(|chain| chain.id))
        .raw(&format!(" ORDER BY {events}.{id}, {events}.seq"))
        .limit(PAGE)
        .rows::<(Uuid, i64)>(tx, "look for events behind the end of a chain")
        .await?;
        found.extend(places(subject, rows));
    }
    Ok(found)
}

/// Entries of a chain that stand in the log at `from` or later, in order.
pub(crate) async fn uncovered(tx: &mut Tx, chain: Chain, from: u64) -> Result<Vec<Record>, Error> {
    let sql = format!(
        "{} AND trail_log.subject_id = $1 AND log_index >= $2 ORDER BY trail_log.seq",
        records_sql(chain.subject)
    );
    let doing = "read the end of a chain";
    let rows = store::rows!(tx, doing, RecordRow, sql, chain.id, from.cast_signed())?;
    Ok(rows.into_iter().map(RecordRow::read).collect())
}
