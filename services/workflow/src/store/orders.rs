//! Service orders: each row is the fold of its events, and clocks and rungs follow from it.

mod list;

use std::collections::HashMap;

use chrono::NaiveDate;
use kernel::{AccountId, EventId, OrderId, Origin, Timestamp};
use sqlx::FromRow;
use store::{Batch, Bind, Error, Tx, binds};
use trail::Link;
use uuid::Uuid;
use worktime::OutOfCalendar;

use super::chained::{NewEvent, NewText, ORDERS};
use crate::domain::{
    Party, Rules, Who, clocks, lights,
    order::{self, Event, Fact, Order, next_due, next_wake},
};

pub(crate) use list::{OrderFilter, Sort, count, list};

/// Manager of the firm of an order on the day `$2`: a value, or NULL.
const MANAGER_ON_DAY: &str = "(
    SELECT manager_id FROM firm_manager
    WHERE firm_manager.enterprise_id = service_order.enterprise_id
        AND from_date <= $2 AND (end_date IS NULL OR $2 < end_date)
    ORDER BY from_date DESC
    LIMIT 1
)";
const TITLE: &str =
    "(SELECT title FROM service_offering WHERE service_offering.offering_id = service_order.offering_id)";

/// An order, and what belongs to it.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub order: Order,
    /// The last link of its chain.
    pub link: Link,
    /// Manager of the firm on the day asked about.
    pub manager: Option<AccountId>,
    pub offering_title: String,
}

#[derive(FromRow)]
struct Row {
    order_id: Uuid,
    fold: String,
    link: Vec<u8>,
    manager_id: Option<Uuid>,
    offering_title: Option<String>,
}

/// Locks the order until the transaction ends. `today` decides who manages the firm.
pub(crate) async fn lock(tx: &mut Tx, id: OrderId, today: NaiveDate) -> Result<Option<Found>, Error> {
    let sql = by_id(tx.for_update());
    store::row!(tx, "lock the order", Row, sql, id.uuid(), today)?.map(Row::read).transpose()
}

/// The order as it is now.
pub(crate) async fn find(tx: &mut Tx, id: OrderId, today: NaiveDate) -> Result<Option<Found>, Error> {
    store::row!(tx, "get the order", Row, by_id(""), id.uuid(), today)?.map(Row::read).transpose()
}

fn by_id(for_update: &str) -> String {
    format!(
        "SELECT order_id, CAST(fold AS TEXT) AS fold, link, {MANAGER_ON_DAY} AS manager_id, {TITLE} AS offering_title
        FROM service_order
        WHERE order_id = $1{for_update}"
    )
}

/// The texts that are shown with an order, by the id of the note.
pub(crate) async fn texts(tx: &mut Tx, order: &Order) -> Result<HashMap<Uuid, String>, Error> {
    ORDERS.bodies(tx, order.texts().into_iter().map(|(_, note)| note)).await
}

impl Row {
    fn read(self) -> Result<Found, Error> {
        let Self { order_id, fold, link, manager_id, offering_title } = self;
        let unreadable = |column| Error::unreadable("service_order", column, &order_id);
        Ok(Found {
            order: read_fold(order_id, &fold)?,
            link: Link::try_from(link.as_slice()).map_err(|_| unreadable("link"))?,
            manager: manager_id.map(AccountId::new),
            offering_title: offering_title.ok_or_else(|| unreadable("offering_id"))?,
        })
    }
}

fn read_fold(id: Uuid, fold: &str) -> Result<Order, Error> {
    serde_json::from_str(fold).map_err(|_| Error::unreadable("service_order", "fold", &id))
}

/// An event that is to be recorded, with what it made of its order.
#[derive(Debug, Clone)]
pub(crate) struct Happened {
    pub id: EventId,
    pub event: Event,
    pub after: Order,
}

/// Everything that steps with one order leave in the tables of this service but the outbox and the request ledger.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Record<'a> {
    /// The order before, with the last link of its chain; `None` for a new one.
    pub before: Option<(&'a Order, Link)>,
    /// In order.
    pub happened: &'a [Happened],
    /// The texts that the events refer to.
    pub written: &'a [NewText],
    /// Those that the order is bound to.
    pub rules: Rules<'a>,
    /// The program and address that the steps were taken from.
    pub client: &'a Origin,
}

/// Puts steps into a unit of work. That nobody took another step in between is checked by the version.
pub(crate) fn record(batch: &mut Batch, record: Record<'_>) -> Result<(), OutOfCalendar> {
    let Record { before, happened, written, rules, client } = record;
    let Some(Happened { after, .. }) = happened.last() else { return Ok(()) };
    let events: Vec<NewEvent> = happened.iter().map(new_event).collect();
    let links = ORDERS.link(after.id.uuid(), before.map(|(_, link)| link), &events, client);
    let last = links.last().map_or(Link::ZERO, |(_, link)| *link);
    save(batch, before.map(|(order, _)| order), after, last, rules)?;
    ORDERS.append(batch, after.id.uuid(), events, &links, written, client);
    for Happened { event, .. } in happened {
        insert_rung(batch, after.id, event);
    }
    save_deadlines(batch, before.map(|(order, _)| order), after, rules)
}

fn new_event(happened: &Happened) -> NewEvent {
    let Happened { id, event, after } = happened;
    let actor = match event.by.who {
        Who::Account(id) => format!("account:{id}"),
        Who::Client(id) => format!("client:{id}"),
        Who::System => "service:workflow".to_owned(),
    };
    let for_the_firm = matches!(event.by.party, Party::Firm | Party::Manager);
    NewEvent {
        event_id: *id,
        seq: event.version.number(),
        kind: event.fact.kind(),
        at: event.at,
        actor,
        on_behalf_of: for_the_firm.then(|| format!("enterprise/{}", after.enterprise_id)),
        payload: serde_json::to_value(event).expect("an event has a JSON form"),
        state: after.state().name(),
        texts: event.fact.texts().into_iter().map(|(field, note)| (field.name(), note)).collect(),
    }
}

/// Writes the row over the version before the step.
fn save(
    batch: &mut Batch,
    before: Option<&Order>,
    order: &Order,
    link: Link,
    rules: Rules<'_>,
) -> Result<(), OutOfCalendar> {
    let mut values = columns(order, link, rules)?;
    match before {
        None => {
            values.extend(binds![
                order.offering_id.uuid(),
                order.enterprise_id.uuid(),
                order.department.uuid(),
                order.kind.as_str(),
                order.placed_at
            ]);
            batch.add(
                "insert the order",
                "INSERT INTO service_order (order_id, state, updated_at, closed_at, due_at, yellow_at, red_at, wake_at,
                    version, link, fold, offering_id, enterprise_id, department_id, kind, placed_at)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
                values,
            );
        }
        Some(before) => {
            values.push(before.version.number().into());
            batch.add_one(
                "save the order",
                "UPDATE service_order
                SET state = $2, updated_at = $3, closed_at = $4, due_at = $5, yellow_at = $6, red_at = $7,
                    wake_at = $8, version = $9, link = $10, fold = $11
                WHERE order_id = $1 AND version = $12",
                values,
            );
        }
    }
    Ok(())
}

fn columns(order: &Order, link: Link, rules: Rules<'_>) -> Result<Vec<Bind>, OutOfCalendar> {
    let lights = lights(order, rules)?;
    Ok(binds![
        order.id.uuid(),
        order.state().name(),
        order.updated_at,
        order.closed_at(),
        next_due(order, rules)?,
        lights.yellow_at,
        lights.red_at,
        next_wake(order, rules)?,
        order.version.number(),
        link.as_bytes().as_slice(),
        serde_json::to_value(order).expect("an order has a JSON form")
    ])
}

/// Writes the clocks that a step set going, moved or stopped.
fn save_deadlines(
    batch: &mut Batch,
    before: Option<&Order>,
    after: &Order,
    rules: Rules<'_>,
) -> Result<(), OutOfCalendar> {
    // Before the step, it may have gone by another calendar.
    let known = before.and_then(|before| Some((before, rules.rebound(before)?)));
    let known = known.map(|(before, rules)| clocks(before, rules, before.updated_at)).transpose()?;
    let known = known.unwrap_or_default();
    let row = |clock: &order::Clock| (clock.due_at, clock.stopped_at, clock.void);
    for clock in clocks(after, rules, after.updated_at)? {
        if known.iter().any(|known| known.key == clock.key && row(known) == row(&clock)) {
            continue;
        }
        batch.add(
            "keep the deadline",
            "INSERT INTO order_deadline (order_id, clock, started_at, due_at, stopped_at, void)
            VALUES ($1, $2, $3, $4, $5, $6)
            ON CONFLICT (order_id, clock) DO UPDATE
            SET due_at = excluded.due_at, stopped_at = excluded.stopped_at, void = excluded.void",
            binds![
                after.id.uuid(),
                clock.key.to_string(),
                clock.started_at,
                clock.due_at,
                clock.stopped_at,
                clock.void
            ],
        );
    }
    Ok(())
}

/// Writes the rung that an event tells of, if it does.
fn insert_rung(batch: &mut Batch, order: OrderId, event: &Event) {
    if let Fact::RungReached { clock, rung, .. } = &event.fact {
        batch.add(
            "mark the rung as reached",
            "INSERT INTO order_rung (order_id, clock, rung, reached_at) VALUES ($1, $2, $3, $4)",
            binds![order.uuid(), clock.to_string(), rung.as_str(), event.at],
        );
    }
}

/// An order that the system has to look at.
#[derive(Debug, Clone)]
pub(crate) struct Due {
    pub id: OrderId,
    /// `None`: the row cannot be read.
    pub found: Option<(Order, Link)>,
    /// Manager of the firm now.
    pub manager: Option<AccountId>,
}

/// Id, fold, last link, manager.
type ClaimRow = (Uuid, String, Vec<u8>, Option<Uuid>);

/// Claims the orders that were to be looked at before `now`, the longest waiting first. What another replica has
/// claimed is passed over.
pub(crate) async fn claim(
    tx: &mut Tx,
    now: Timestamp,
    today: NaiveDate,
    limit: i64,
) -> Result<Vec<Due>, Error> {
    let sql = claim_sql(tx.for_update_skip_locked());
    let rows = store::rows!(tx, "claim the orders that are due", ClaimRow, sql, now, today, limit)?;
    Ok(rows.into_iter().map(Due::read).collect())
}

/// Claims the next open orders after one that go by another calendar than this version. What another replica has
/// claimed is passed over.
pub(crate) async fn claim_with_other_calendar(
    tx: &mut Tx,
    version: &str,
    after: OrderId,
    today: NaiveDate,
    limit: i64,
) -> Result<Vec<Due>, Error> {
    let sql = other_calendar_sql(tx.for_update_skip_locked());
    let doing = "claim the orders with another calendar";
    let rows = store::rows!(tx, doing, ClaimRow, sql, version, today, after.uuid(), limit)?;
    Ok(rows.into_iter().map(Due::read).collect())
}

fn other_calendar_sql(locking: &str) -> String {
    format!(
        "SELECT order_id, CAST(fold AS TEXT) AS fold, link, {MANAGER_ON_DAY} AS manager_id
        FROM service_order
        WHERE closed_at IS NULL AND order_id > $3
            AND (fold ->> 'calendar_version' < $1 OR fold ->> 'calendar_version' > $1)
        ORDER BY order_id
        LIMIT $4{locking}"
    )
}

impl Due {
    fn read((id, fold, link, manager): ClaimRow) -> Self {
        Self {
            id: OrderId::new(id),
            found: read_fold(id, &fold).ok().zip(Link::try_from(link.as_slice()).ok()),
            manager: manager.map(AccountId::new),
        }
    }

    /// The order, if the row can be read.
    pub fn order(&self) -> Option<&Order> {
        self.found.as_ref().map(|(order, _)| order)
    }
}

fn claim_sql(locking: &str) -> String {
    format!(
        "SELECT order_id, CAST(fold AS TEXT) AS fold, link, {MANAGER_ON_DAY} AS manager_id
        FROM service_order
        WHERE wake_at < $1
        ORDER BY wake_at
        LIMIT $3{locking}"
    )
}

/// Has orders looked at later: what cannot be dealt with now must not keep the others waiting.
pub(crate) fn put_off(batch: &mut Batch, orders: &[OrderId], until: Timestamp) {
    for order in orders {
        batch.add(
            "put an order off",
            "UPDATE service_order SET wake_at = $1 WHERE order_id = $2",
            binds![until, order.uuid()],
        );
    }
}

#[cfg(test)]
mod tests;
