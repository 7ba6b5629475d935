use std::time::Duration;

use proto::notification::v1 as pb;
use testkit::{bad_fields, reason};
use tokio::time::timeout;
use tonic::{Code, Streaming};

use crate::town::{AGENT, OWNER, STRANGER, Town, issue, issue_subject};

async fn next(stream: &mut Streaming<pb::StreamInboxResponse>) -> Option<pb::StreamInboxResponse> {
    timeout(Duration::from_secs(20), stream.message()).await.expect("something comes").unwrap()
}

async fn stream(town: &Town, position: &str) -> Streaming<pb::StreamInboxResponse> {
    let request = pb::StreamInboxRequest { position: position.to_owned() };
    town.as_person(OWNER).inbox().stream_inbox(request).await.unwrap().into_inner()
}

both_engines! {
    async fn an_inbox_is_listed_newest_first_in_pages_that_miss_nothing(town: &Town) {
        for number in 1..=3 {
            town.signed(number).await;
        }
        let owner = town.as_person(OWNER);
        let first = pb::ListMessagesRequest { page_size: 2, ..Default::default() };
        let first = owner.inbox().list_messages(first).await.unwrap().into_inner();
        assert_eq!((first.total_count, first.end_position.as_str()), (3, "3"));
        town.signed(4).await;
        let rest = pb::ListMessagesRequest {
            page_size: 2,
            page_token: first.next_page_token.clone(),
            ..Default::default()
        };
        let rest = owner.inbox().list_messages(rest).await.unwrap().into_inner();
        let numbers: Vec<_> = first.messages.iter().chain(&rest.messages).map(|m| m.issue_number.as_str()).collect();
        assert_eq!(numbers, ["2026-000003", "2026-000002", "2026-000001"]);
        assert_eq!((rest.next_page_token.as_str(), rest.total_count), ("", 4));

        // A token is good for its own caller and filter alone.
        let stolen = pb::ListMessagesRequest { page_token: first.next_page_token.clone(), ..Default::default() };
        let refused = town.as_person(AGENT).inbox().list_messages(stolen).await.unwrap_err();
        assert_eq!(reason(&refused), (Code::InvalidArgument, "PAGE_TOKEN_INVALID".to_owned()));
        let other =
            pb::ListMessagesRequest { unread_only: true, page_token: first.next_page_token, ..Default::default() };
        let refused = owner.inbox().list_messages(other).await.unwrap_err();
        assert_eq!(reason(&refused), (Code::InvalidArgument, "PAGE_TOKEN_INVALID".to_owned()));
    }

    async fn a_message_marked_as_read_counts_no_more_and_keeps_its_time(town: &Town) {
        town.signed(1).await;
        town.signed(2).await;
        let owner = town.as_person(OWNER);
        let messages = owner.messages().await;
        let request = pb::MarkReadRequest {
            message_ids: vec![messages[0].message_id.clone(), messages[0].message_id.clone()],
            request_id: town.app.request_id(),
        };
        let answer = owner.inbox().mark_read(request.clone()).await.unwrap().into_inner();
        assert_eq!(answer.unread_count, 1);
        let read_at = owner.messages().await[0].read_time;
        assert_eq!(read_at, Some(rpc::parse::timestamp(town.app.now())));

        town.app.clock.advance(chrono::TimeDelta::minutes(1));
        let all = pb::MarkReadRequest {
            message_ids: messages.iter().map(|message| message.message_id.clone()).collect(),
            request_id: town.app.request_id(),
        };
        assert_eq!(owner.inbox().mark_read(all).await.unwrap().into_inner().unread_count, 0);
        assert_eq!(owner.messages().await[0].read_time, read_at);
        // The repeat of the first call gets its first answer.
        let again = owner.inbox().mark_read(request).await.unwrap().into_inner();
        assert_eq!(again.unread_count, 1);
        let count = owner.inbox().count_unread(pb::CountUnreadRequest {}).await.unwrap().into_inner();
        assert_eq!(count.unread_count, 0);
        let unread = pb::ListMessagesRequest { unread_only: true, ..Default::default() };
        let unread = owner.inbox().list_messages(unread).await.unwrap().into_inner();
        assert_eq!((unread.messages.len(), unread.total_count), (0, 0));
    }

    /// S3, T1: another's message and none at all look the same.
    async fn nobody_sees_or_marks_a_message_of_somebody_else(town: &Town) {
        town.signed(1).await;
        let theirs = town.as_person(OWNER).messages().await.remove(0).message_id;
        let nowhere = town.app.uuid().to_string();
        let stranger = town.as_person(STRANGER);
        assert!(stranger.messages().await.is_empty());
        let get = |id: &str| pb::GetMessageRequest { message_id: id.to_owned() };
        let hidden = stranger.inbox().get_message(get(&theirs)).await.unwrap_err();
        let missing = stranger.inbox().get_message(get(&nowhere)).await.unwrap_err();
        assert_eq!(reason(&hidden), (Code::NotFound, "MESSAGE_NOT_FOUND".to_owned()));
        assert_eq!(hidden.message(), missing.message());
        let text = |status: &tonic::Status| String::from_utf8_lossy(status.details()).replace(&theirs, &nowhere);
        assert_eq!(text(&hidden), text(&missing));

        // One foreign id among the caller's own: none is marked.
        let mark = pb::MarkReadRequest {
            message_ids: vec![town.as_person(AGENT).messages().await.remove(0).message_id, theirs.clone()],
            request_id: town.app.request_id(),
        };
        let refused = town.as_person(AGENT).inbox().mark_read(mark).await.unwrap_err();
        assert_eq!(reason(&refused), (Code::NotFound, "MESSAGE_NOT_FOUND".to_owned()));
        for somebody in [OWNER, AGENT] {
            let message = town.as_person(somebody).messages().await.remove(0);
            assert_eq!(message.read_time, None);
            let own = town.as_person(somebody).inbox().get_message(get(&message.message_id)).await.unwrap();
            assert_eq!(own.into_inner().message, Some(message));
        }
    }

    async fn a_stream_brings_what_comes_and_resumes_where_it_was_left(town: &Town) {
        town.signed(1).await;
        let mut live = stream(town, "").await;
        let first = next(&mut live).await.unwrap();
        assert_eq!((first.message, first.position.as_str()), (None, "1"));
        town.signed(2).await;
        town.signed(3).await;
        for number in ["2026-000002", "2026-000003"] {
            let message = loop {
                // Word that the end was reached may come between two messages.
                if let Some(message) = next(&mut live).await.unwrap().message {
                    break message;
                }
            };
            assert_eq!(message.issue_number, number);
        }
        drop(live);

        let mut resumed = stream(town, "2").await;
        let response = next(&mut resumed).await.unwrap();
        assert_eq!(response.message.unwrap().issue_number, "2026-000003");
        assert_eq!(response.position, "3");
        assert_eq!(next(&mut resumed).await.unwrap().message, None);

        // A place that no message has yet is the end.
        let mut beyond = stream(town, "99").await;
        assert_eq!(next(&mut beyond).await.unwrap().position, "3");

        town.app.suite.drain().begin();
        assert_eq!(next(&mut resumed).await, None);
        assert_eq!(next(&mut beyond).await, None);
    }

    /// Rows of a time when every notice was about an issue, or of an older replica.
    async fn a_message_that_does_not_say_what_it_is_about_is_about_its_issue(town: &Town) {
        town.signed(1).await;
        let mut tx = town.db().begin().await.unwrap();
        store::execute!(&mut tx, "forget what it is about", "UPDATE message SET about = ''").unwrap();
        tx.commit().await.unwrap();
        let message = town.as_person(OWNER).messages().await.remove(0);
        assert_eq!((message.issue_id, message.about), (issue(1).to_string(), issue_subject(1)));
    }

    async fn every_bad_field_of_a_call_is_named(town: &Town) {
        let owner = town.as_person(OWNER);
        let list = pb::ListMessagesRequest { page_size: -1, ..Default::default() };
        assert_eq!(bad_fields(&owner.inbox().list_messages(list).await.unwrap_err()), ["page_size"]);
        let get = pb::GetMessageRequest { message_id: "7".to_owned() };
        assert_eq!(bad_fields(&owner.inbox().get_message(get).await.unwrap_err()), ["message_id"]);
        for position in ["-1", "+1", "01", "x"] {
            let request = pb::StreamInboxRequest { position: position.to_owned() };
            assert_eq!(bad_fields(&owner.inbox().stream_inbox(request).await.unwrap_err()), ["position"]);
        }
        let mark = |message_ids: Vec<String>, request_id: String| pb::MarkReadRequest { message_ids, request_id };
        let good = town.app.uuid().to_string();
        let refused = owner.inbox().mark_read(mark(vec![good.clone(), "x".to_owned()], town.app.request_id())).await;
        assert_eq!(bad_fields(&refused.unwrap_err()), ["message_ids[1]"]);
        for ids in [vec![], vec![good.clone(); 501]] {
            let refused = owner.inbox().mark_read(mark(ids, town.app.request_id())).await;
            assert_eq!(bad_fields(&refused.unwrap_err()), ["message_ids"]);
        }
        let refused = owner.inbox().mark_read(mark(vec![good], String::new())).await;
        assert_eq!(bad_fields(&refused.unwrap_err()), ["request_id"]);
    }
}
