//! Each event once, in the order of its subject, whatever fails.

use tower::ServiceExt as _;

use crate::town::{Town, Trouble, modules};

/// The JSON that the address of health answers with.
async fn ask(admin: &axum::Router, method: &str, path: &str) -> serde_json::Value {
    let request = axum::http::Request::builder().method(method).uri(path);
    let response = admin.clone().oneshot(request.body(axum::body::Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.status(), 200);
    serde_json::from_slice(&axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap()).unwrap()
}

testkit::both_engines! {
    modules: (modules());

    async fn an_event_that_comes_again_takes_effect_once(app: TestSuite) {
        let town = Town::new(app).await;
        for number in 1..=5 {
            town.tell("issue/a", number).await;
        }
        let running = town.start(1);
        town.caught_up(&running).await;
        running.stop().await;
        // As after a copy of the position was brought back: all of it is delivered anew.
        town.meddle("UPDATE feed_position SET position = ''").await;
        town.tell("issue/a", 6).await;
        let running = town.start(1);
        town.caught_up(&running).await;
        running.stop().await;
        assert_eq!(town.notes("issue/a").await, [1, 2, 3, 4, 5, 6]);
    }

    async fn a_consumer_goes_on_where_it_stood(app: TestSuite) {
        let town = Town::new(app).await;
        town.tell("issue/a", 1).await;
        let running = town.start(1);
        town.caught_up(&running).await;
        running.stop().await;
        town.tell("issue/a", 2).await;
        // Another process: nothing but the database knows how far the first one came.
        let running = town.start(2);
        town.caught_up(&running).await;
        running.stop().await;
        assert_eq!(town.notes("issue/a").await, [1, 2]);
        assert_eq!(town.scribe.n_tries("issue/a"), 2, "what was dealt with is not even delivered");
    }

    async fn a_poison_event_is_put_aside_after_five_tries_and_holds_up_its_own_subject_alone(app: TestSuite) {
        let town = Town::new(app).await;
        town.scribe.trouble("issue/bad", Trouble::Refuses, usize::MAX);
        for number in 1..=3 {
            town.tell("issue/bad", number).await;
            town.tell("issue/good", number).await;
        }
        let running = town.start(1);
        town.caught_up(&running).await;
        assert_eq!(running.consumer.progress().borrow().n_dead, 3);
        running.stop().await;
        assert_eq!(town.notes("issue/good").await, [1, 2, 3]);
        assert!(town.notes("issue/bad").await.is_empty());
        assert_eq!(town.dead("issue/bad").await, [5, 0, 0], "those behind it were not tried");
    }

    async fn a_handler_that_panics_holds_up_its_own_subject_alone(app: TestSuite) {
        let town = Town::new(app).await;
        town.scribe.trouble("issue/bad", Trouble::Panics, usize::MAX);
        town.tell("issue/bad", 1).await;
        town.tell("issue/good", 1).await;
        let running = town.start(1);
        town.caught_up(&running).await;
        running.stop().await;
        assert_eq!(town.notes("issue/good").await, [1]);
        assert_eq!(town.dead("issue/bad").await, [5]);
    }

    async fn an_event_waits_for_a_database_that_is_away_however_long(app: TestSuite) {
        let town = Town::new(app).await;
        // More often than an event's own failure would be forgiven.
        town.scribe.trouble("issue/a", Trouble::DatabaseAway, 6);
        town.tell("issue/a", 1).await;
        town.tell("issue/a", 2).await;
        let running = town.start(1);
        town.caught_up(&running).await;
        running.stop().await;
        assert_eq!(town.notes("issue/a").await, [1, 2]);
        assert!(town.dead("issue/a").await.is_empty());
    }

    async fn events_put_aside_are_taken_up_in_the_order_of_the_feed(app: TestSuite) {
        let town = Town::new(app).await;
        town.scribe.trouble("issue/a", Trouble::Refuses, 5);
        for number in 1..=12 {
            town.tell("issue/a", number).await;
        }
        let running = town.start(1);
        town.caught_up(&running).await;
        assert_eq!(town.dead("issue/a").await.len(), 12);
        // As when a second replica, whose clock is behind, put the last ones aside.
        town.meddle("UPDATE dead_event SET at = '2020-01-01T00:00:00+00:00' WHERE tries = 0").await;
        assert_eq!(running.consumer.redrive().await.unwrap(), 12);
        assert!(town.dead("issue/a").await.is_empty());
        town.tell("issue/a", 13).await;
        town.caught_up(&running).await;
        running.stop().await;
        assert_eq!(town.notes("issue/a").await, (1..=13).collect::<Vec<_>>());
    }

    async fn an_event_that_fails_again_keeps_no_other_subject_waiting(app: TestSuite) {
        let town = Town::new(app).await;
        town.scribe.trouble("issue/bad", Trouble::Refuses, usize::MAX);
        town.scribe.trouble("issue/good", Trouble::Refuses, 5);
        for number in 1..=2 {
            town.tell("issue/bad", number).await;
            town.tell("issue/good", number).await;
        }
        let running = town.start(1);
        town.caught_up(&running).await;
        assert_eq!(running.consumer.redrive().await.unwrap(), 2);
        running.stop().await;
        assert_eq!(town.notes("issue/good").await, [1, 2]);
        assert!(town.notes("issue/bad").await.is_empty());
        assert_eq!(town.dead("issue/bad").await.len(), 2);
    }

    async fn what_was_put_aside_is_seen_and_taken_up_from_outside(app: TestSuite) {
        let town = Town::new(app).await;
        town.scribe.trouble("issue/a", Trouble::Refuses, 5);
        town.tell("issue/a", 1).await;
        town.tell("issue/a", 2).await;
        let running = town.start(1);
        town.caught_up(&running).await;
        let admin = runtime::dead::admin(vec![running.consumer.clone()]);
        let listed = ask(&admin, "GET", "/events/dead").await;
        assert_eq!(listed[0]["cause"], "will not");
        assert_eq!((&listed[0]["tries"], &listed[1]["tries"]), (&5.into(), &0.into()));
        assert_eq!(ask(&admin, "POST", "/events/dead/redrive").await["taken_up"], 2);
        assert_eq!(ask(&admin, "GET", "/events/dead").await, serde_json::json!([]));
        running.stop().await;
        assert_eq!(town.notes("issue/a").await, [1, 2]);
    }

    async fn an_event_that_took_effect_and_was_put_aside_as_well_is_only_laid_down(app: TestSuite) {
        let town = Town::new(app).await;
        town.scribe.trouble("issue/a", Trouble::Refuses, 5);
        town.tell("issue/a", 1).await;
        let running = town.start(1);
        town.caught_up(&running).await;
        running.stop().await;
        // As when two replicas, before each knew of the other, came to different ends.
        town.meddle("INSERT INTO inbox (consumer, event_id) SELECT consumer, event_id FROM dead_event").await;
        assert_eq!(town.consumer(1).redrive().await.unwrap(), 1);
        assert!(town.notes("issue/a").await.is_empty());
        assert!(town.dead("issue/a").await.is_empty());
    }
}
