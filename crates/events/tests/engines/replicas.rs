//! Several replicas of one consumer.

use chrono::TimeDelta;

use crate::town::{Town, modules};

testkit::both_engines! {
    modules: (modules());

    async fn of_two_replicas_one_consumes_and_the_other_takes_over(app: TestSuite) {
        let town = Town::new(app).await;
        let first = town.start(1);
        town.tell("issue/a", 1).await;
        town.caught_up(&first).await;
        let second = town.start(2);
        town.tell("issue/a", 2).await;
        town.caught_up(&first).await;
        assert_eq!(second.consumer.progress().borrow().position, "", "the lease is the first one's");
        first.stop().await;
        town.tell("issue/a", 3).await;
        town.caught_up(&second).await;
        second.stop().await;
        assert_eq!(town.notes("issue/a").await, [1, 2, 3]);
        assert_eq!(town.scribe.n_tries("issue/a"), 3);
    }

    async fn a_replica_that_another_went_on_for_takes_back_what_it_did(app: TestSuite) {
        let town = Town::new(app).await;
        let running = town.start(1);
        town.tell("issue/a", 1).await;
        town.caught_up(&running).await;
        // As another one does, which took the lease while this one stood still.
        town.meddle("UPDATE feed_position SET version = version + 10").await;
        town.tell("issue/a", 2).await;
        town.caught_up(&running).await;
        running.stop().await;
        assert_eq!(town.notes("issue/a").await, [1, 2]);
        assert_eq!(town.scribe.n_tries("issue/a"), 3, "its first try at the second event was in vain");
        assert!(town.dead("issue/a").await.is_empty());
    }

    async fn two_replicas_that_both_believe_in_their_lease_double_nothing_and_turn_nothing_back(app: TestSuite) {
        let town = Town::new(app).await;
        let first = town.start(1);
        town.tell("issue/a", 1).await;
        town.caught_up(&first).await;
        // The lease runs out unnoticed, as when a machine stood still: both have the feed open now.
        app.clock.advance(TimeDelta::minutes(1));
        let second = town.start(2);
        town.caught_up(&second).await;
        for number in 2..=40 {
            town.tell("issue/a", number).await;
        }
        town.caught_up(&second).await;
        let position = second.consumer.progress().borrow().position.clone();
        first.stop().await;
        second.stop().await;
        assert_eq!(town.notes("issue/a").await, (1..=40).collect::<Vec<_>>());
        assert!(town.dead("issue/a").await.is_empty());
        let mut tx = town.heard_db().snapshot().await.unwrap();
        let sql = "SELECT position, version FROM feed_position";
        let stored = store::rows!(&mut tx, "read the position", (String, i64), sql).unwrap();
        assert_eq!(stored, [(position, 40)], "each event moved it once, and forward");
    }
}
