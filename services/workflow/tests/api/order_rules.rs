//! The pack and the calendar that orders go by.

use proto::workflow::v1::{self as pb, OrderState};
use testkit::TestSuite;
use tonic::Code;
use worktime::Calendar;

use crate::{
    calendars::{LATER, activate, data},
    orders::{
        LECTURER, accept_order, clerk, decline_order, deliver_order, desk, firm, last, offering_of, placed,
    },
    packs::{enact, ours},
    world::*,
};

const NEXT_YEAR: &str = "china-2028";

async fn get(app: &TestSuite, order: &pb::Order) -> pb::Order {
    let request = pb::GetOrderRequest { order_id: order.order_id.clone() };
    clerk(app).get_order(request).await.unwrap().into_inner().order.unwrap()
}

async fn schedule(app: &TestSuite, order: &pb::Order, start: &str) -> Answer<pb::Order> {
    let start: kernel::Timestamp = start.parse().unwrap();
    let request = pb::ScheduleOrderRequest {
        order_id: order.order_id.clone(),
        etag: order.etag.clone(),
        start_time: Some(rpc::parse::timestamp(start)),
        place: "厂区会议室".to_owned(),
        responsible_id: LECTURER.to_string(),
        note: String::new(),
        request_id: app.request_id(),
    };
    Ok(desk(app).schedule_order(request).await?.into_inner().order.unwrap())
}

/// As "O2 03-05 17:30", and whether it has stopped.
fn dues(order: &pb::Order) -> Vec<String> {
    let due = |clock: &pb::OrderClock| {
        let due = kernel::Timestamp::from_timestamp(clock.due_time.unwrap().seconds, 0).unwrap();
        let stopped = if clock.stop_time.is_some() { " stopped" } else { "" };
        format!("{} {}{stopped}", clock.clock, due.with_timezone(&worktime::ZONE).format("%m-%d %H:%M"))
    };
    order.clocks.iter().map(due).collect()
}

both_engines! {
    async fn orders_go_on_beyond_the_year_once_a_longer_calendar_is_in_force(app: TestSuite) {
        app.clock.set("2027-12-15T09:00:00+08:00".parse().unwrap());
        let order = accept_order(app, desk(app), &placed(app).await).await.unwrap();
        let january = "2028-01-07T14:00:00+08:00";
        let beyond = || was(Code::Unavailable, "CALENDAR_MISSING");
        assert_eq!(refusal(schedule(app, &order, january).await), beyond());
        activate(app, data(NEXT_YEAR, "2026-03-04", 2028), "2027-12-17").await;
        app.settle().await;
        assert_eq!(refusal(schedule(app, &order, january).await), beyond(), "not before its day");
        app.clock.set("2027-12-17T00:00:00+08:00".parse().unwrap());
        app.settle().await;
        let rebound = get(app, &order).await;
        assert_eq!((rebound.calendar_version.as_str(), &rebound.etag), (NEXT_YEAR, &order.etag));
        let order = schedule(app, &order, january).await.unwrap();
        app.clock.set("2028-01-07T16:00:00+08:00".parse().unwrap());
        let order = deliver_order(app, desk(app), &order).await.unwrap();
        assert_eq!((order.state(), dues(&order).last().unwrap().as_str()), (OrderState::Delivered, "O4 01-14 17:30"));
        // Whoever comes in the new year finds the new calendar, too.
        assert_eq!(placed(app).await.calendar_version, NEXT_YEAR);
    }

    async fn a_late_change_of_the_calendar_alters_the_running_clocks_of_open_orders_and_no_other(app: TestSuite) {
        let order = accept_order(app, desk(app), &placed(app).await).await.unwrap();
        let done = decline_order(app, desk(app), &placed(app).await).await.unwrap();
        assert_eq!(dues(&order), ["O1 03-03 17:30 stopped", "O2 03-05 17:30"]);
        activate(app, data(LATER, "2026-03-03", 2026), "03-03").await;
        app.clock.set("2026-03-03T08:00:00+08:00".parse().unwrap());
        app.settle().await;
        let after = get(app, &order).await;
        assert_eq!(dues(&after), ["O1 03-03 17:30 stopped", "O2 03-06 17:30"]);
        assert_eq!((after.calendar_version.as_str(), &after.etag), (LATER, &order.etag));
        let told: pb::OrderCalendarChanged = last(app).await;
        assert_eq!((told.calendar_version.as_str(), told.order.unwrap().order_id), (LATER, order.order_id.clone()));
        let kept = get(app, &done).await;
        assert_eq!((kept.calendar_version.as_str(), dues(&kept)), (Calendar::china().version(), dues(&done)));
        // Lists and the ladder go by the same deadline.
        let mut tx = db(app).snapshot().await.unwrap();
        let sql = "SELECT due_at FROM order_deadline WHERE clock = 'O2' AND stopped_at IS NULL";
        let due = store::scalar!(&mut tx, "read the deadline", kernel::Timestamp, sql).unwrap();
        tx.commit().await.unwrap();
        assert_eq!(due, "2026-03-06T17:30:00+08:00".parse::<kernel::Timestamp>().unwrap());
        app.clock.set("2026-03-05T17:30:01+08:00".parse().unwrap());
        app.settle().await;
        assert_eq!(get(app, &order).await.light(), pb::Light::Yellow);
        // An etag that was read before still holds, and the order goes on.
        schedule(app, &order, "2026-03-12T14:00:00+08:00").await.unwrap();
    }

    async fn many_orders_go_over_batch_by_batch_and_each_once(app: TestSuite) {
        for _ in 0..105 {
            placed(app).await;
        }
        activate(app, data(LATER, "2026-03-04", 2026), "03-03").await;
        app.clock.set("2026-03-03T00:00:01+08:00".parse().unwrap());
        tokio::join!(app.settle(), app.settle());
        let mut tx = db(app).snapshot().await.unwrap();
        let sql = "SELECT COUNT(*), COUNT(DISTINCT order_id) FROM order_event WHERE kind = 'calendar_changed'";
        let counted = store::row!(&mut tx, "count the changes", (i64, i64), sql).unwrap().unwrap();
        tx.commit().await.unwrap();
        assert_eq!(counted, (105, 105));
    }

    async fn an_order_keeps_the_pack_that_it_was_placed_under(app: TestSuite) {
        let before = placed(app).await;
        assert_eq!((before.policy_pack.as_str(), before.policy_version), ("default", 1));
        let text = ours(1, "O2 = \"3 working days\"", "O2 = \"8 working hours\"")
            .replace("code = \"legal_education\"", "code = \"first_aid\"");
        enact(app, text, "03-04").await;
        let unknown = was(Code::InvalidArgument, "OFFERING_KIND_UNKNOWN");
        assert_eq!(refusal(offering_of(app, "first_aid").await), unknown);
        offering_of(app, "legal_education").await.unwrap();
        app.clock.set("2026-03-04T00:00:00+08:00".parse().unwrap());
        // Nothing but the first placement of the day makes this process look.
        let after = placed(app).await;
        assert_eq!((after.policy_pack.as_str(), after.policy_version), ("ours", 1));
        offering_of(app, "first_aid").await.unwrap();
        assert_eq!(refusal(offering_of(app, "legal_education").await), unknown);
        let limit = |order: &pb::Order| order.clocks[1].limit.clone();
        let before = accept_order(app, desk(app), &before).await.unwrap();
        assert_eq!((before.policy_pack.as_str(), limit(&before).as_str()), ("default", "3 working days"));
        assert_eq!(limit(&accept_order(app, desk(app), &after).await.unwrap()), "8 working hours");
        let seen = firm(app).list_orders(pb::ListOrdersRequest::default()).await.unwrap().into_inner();
        let packs: Vec<_> = seen.orders.iter().map(|order| order.policy_pack.as_str()).collect();
        assert_eq!(packs, ["ours", "default"]);
    }
}
