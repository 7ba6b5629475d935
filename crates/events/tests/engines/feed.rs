//! The feed itself.

use proto::common::v1::{WatchEventsRequest, event_feed_service_client::EventFeedServiceClient};
use tonic::Code;

use crate::town::{Town, modules};

testkit::both_engines! {
    modules: (modules());

    async fn a_reader_ahead_of_the_source_is_told_so(app: TestSuite) {
        let town = Town::new(app).await;
        town.tell("issue/a", 1).await;
        let mut feed = EventFeedServiceClient::new(app.client(&["events.read"]));
        let mut ask = async |position: &str| {
            let request = WatchEventsRequest {
                source: "registry".to_owned(),
                position: position.to_owned(),
                types: Vec::new(),
            };
            feed.watch_events(request).await
        };
        let mut events = ask("").await.unwrap().into_inner();
        let first = events.message().await.unwrap().unwrap();
        assert!(first.event.is_some());
        assert!(ask(&first.position).await.is_ok());
        // Written by a database that was set back since: what it writes next would lie before the reader.
        let (xid, seq) = first.position.split_once('.').unwrap();
        let ahead = format!("{xid}.{}", seq.parse::<u64>().unwrap() + 1);
        let refused = testkit::reason(&ask(&ahead).await.unwrap_err());
        assert_eq!(refused, (Code::InvalidArgument, "FEED_POSITION_INVALID".to_owned()));
    }
}
