use chrono::TimeDelta;
use prost::{Message as _, Name as _};
use proto::workflow::v1 as pb;
use testkit::TestSuite;

use crate::{
    orders::{accept_order, delivered, desk, firm, last, placed, rate_order},
    world::*,
};

/// Everything that was told of rungs, as "O1 half", what is overdue with a mark, in the order in which it was told.
async fn told(app: &TestSuite) -> Vec<String> {
    let mut tx = db(app).snapshot().await.unwrap();
    let (early, overdue) = (pb::OrderRungReached::full_name(), pb::OrderOverdue::full_name());
    let rows = store::rows!(
        &mut tx,
        "read the rungs told of",
        (String, Vec<u8>),
        "SELECT type, data FROM outbox WHERE type IN ($1, $2) ORDER BY seq",
        &early,
        &overdue
    )
    .unwrap();
    let name = |(kind, data): (String, Vec<u8>)| {
        let data = data.as_slice();
        if kind == overdue {
            let told = pb::OrderOverdue::decode(data).unwrap();
            format!("{} {}!", told.clock, told.rung)
        } else {
            let told = pb::OrderRungReached::decode(data).unwrap();
            format!("{} {}", told.clock, told.rung)
        }
    };
    rows.into_iter().map(name).collect()
}

async fn n_rungs(app: &TestSuite) -> i64 {
    let mut tx = db(app).snapshot().await.unwrap();
    store::scalar!(&mut tx, "count the rungs", i64, "SELECT COUNT(*) FROM order_rung").unwrap()
}

both_engines! {
    async fn an_order_climbs_its_ladder_rung_by_rung_and_each_once(app: TestSuite) {
        let order = placed(app).await;
        app.settle().await;
        assert!(told(app).await.is_empty());
        app.clock.set("2026-03-03T08:45:00.000001+08:00".parse().unwrap());
        for _ in 0..3 {
            app.settle().await;
            assert_eq!(told(app).await, ["O1 half"]);
        }
        // What is done at the due time is done in time.
        app.clock.set("2026-03-03T17:30:00+08:00".parse().unwrap());
        app.settle().await;
        assert_eq!(told(app).await, ["O1 half"]);
        app.clock.advance(TimeDelta::microseconds(1));
        app.settle().await;
        assert_eq!(told(app).await, ["O1 half", "O1 due!"]);
        let due: pb::OrderOverdue = last(app).await;
        assert_eq!((due.light(), due.notify().collect::<Vec<_>>()), (
            pb::Light::Red, vec![pb::NotifyTarget::Holder, pb::NotifyTarget::Liaison]
        ));
        let parties = due.order.unwrap();
        assert_eq!((parties.actor_party(), parties.actor_id.as_str()), (pb::IssueParty::System, ""));
        // An etag that was read before still holds.
        let accepted = accept_order(app, desk(app), &order).await.unwrap();
        assert!(accepted.clocks[0].late);
        assert!(!last::<pb::OrderAccepted>(app).await.on_time);
    }

    async fn replicas_that_climb_at_once_reach_each_rung_once(app: TestSuite) {
        for _ in 0..10 {
            placed(app).await;
        }
        app.clock.set("2026-03-03T18:00:00+08:00".parse().unwrap());
        tokio::join!(app.settle(), app.settle(), app.settle());
        // Half and due.
        assert_eq!((told(app).await.len(), n_rungs(app).await), (20, 20));
    }

    async fn the_window_for_rating_lapses_and_the_order_stays_unrated(app: TestSuite) {
        let order = delivered(app).await;
        app.clock.set("2026-03-19T17:30:00+08:00".parse().unwrap());
        app.settle().await;
        let still = pb::GetOrderRequest { order_id: order.order_id.clone() };
        let still = firm(app).get_order(still).await.unwrap().into_inner().order.unwrap();
        assert_eq!(still.state(), pb::OrderState::Delivered);
        app.clock.advance(TimeDelta::microseconds(1));
        app.settle().await;
        let lapsed: pb::OrderRatingLapsed = last(app).await;
        assert_eq!(lapsed.order.unwrap().state(), pb::OrderState::Unrated);
        assert_eq!(told(app).await, ["O4 reminder_1", "O4 reminder_2"]);
        let late = rate_order(app, firm(app), &order, 5).await;
        assert_eq!(refusal(late).1, "STALE_ETAG");
        let request = pb::GetOrderRequest { order_id: order.order_id.clone() };
        let unrated = firm(app).get_order(request).await.unwrap().into_inner().order.unwrap();
        assert_eq!((unrated.stars, unrated.clocks.last().unwrap().void), (0, true));
        assert_eq!(refusal(rate_order(app, firm(app), &unrated, 5).await).1, "ORDER_TRANSITION_NOT_ALLOWED");
    }

    async fn an_order_that_cannot_be_dealt_with_keeps_no_other_waiting(app: TestSuite) {
        let broken = placed(app).await;
        placed(app).await;
        let id: uuid::Uuid = broken.order_id.parse().unwrap();
        let mut tx = db(app).begin().await.unwrap();
        let sql = "UPDATE service_order SET fold = $2, wake_at = $3 WHERE order_id = $1";
        store::execute!(&mut tx, "break the row", sql, id, serde_json::json!({}), app.now()).unwrap();
        tx.commit().await.unwrap();
        app.clock.set("2026-03-03T09:00:00+08:00".parse().unwrap());
        app.settle().await;
        assert_eq!(told(app).await, ["O1 half"]);
    }
}
