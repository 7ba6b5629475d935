use std::collections::BTreeMap;

use prost::{Message, Name};
use proto::registry::v1 as pb;
use store::outbox::{self, OutboxRow, Position};
use testkit::TestSuite;

use crate::world::{LI, OWNER, WANG, day, firm, manager, operator};

/// The last part of an event's type.
fn kind(event: &OutboxRow) -> &str {
    event.r#type.rsplit('.').next().unwrap()
}

/// Every event, as a reader gets them. PostgreSQL holds events back while any older transaction of the server runs,
/// those of other tests included; so this waits until none is missing.
async fn all(app: &TestSuite) -> Vec<OutboxRow> {
    loop {
        let mut tx = app.suite.db("registry").unwrap().snapshot().await.unwrap();
        let n_events = store::scalar!(&mut tx, "count", i64, "SELECT COUNT(*) FROM outbox").unwrap();
        let rows = outbox::read_after(&mut tx, &Position::START, 1_000).await.unwrap();
        tx.commit().await.unwrap();
        if i64::try_from(rows.len()).unwrap() == n_events {
            return rows.into_iter().map(|(_, event)| event).collect();
        }
    }
}

async fn kinds(app: &TestSuite) -> Vec<String> {
    all(app).await.iter().map(|event| kind(event).to_owned()).collect()
}

async fn last<M: Message + Name + Default>(app: &TestSuite) -> M {
    let event = all(app).await.into_iter().rfind(|event| event.r#type == M::full_name()).unwrap();
    M::decode(event.data.as_slice()).unwrap()
}

both_engines! {
    async fn every_change_is_told_once_and_in_order(app: TestSuite) {
        let enterprise = operator(app).create(1).await.unwrap();
        let id = enterprise.enterprise_id.as_str();
        let member = operator(app).add_member(id, OWNER).await.unwrap();
        operator(app).appoint(id, WANG, None).await.unwrap();
        let visit = manager(app, WANG).visit(id, None).await.unwrap();
        let visit = firm(app, OWNER, id).dispute(&visit, "没有来过").await.unwrap();
        firm(app, OWNER, id).confirm(&visit).await.unwrap();
        let visit = manager(app, WANG).visit(id, None).await.unwrap();
        manager(app, WANG).cancel(&visit).await.unwrap();
        operator(app).hand_over(WANG, LI, Some("03-10"), 1).await.unwrap();
        operator(app).remove_member(&member).await.unwrap();
        operator(app).add_member(id, OWNER).await.unwrap();
        let etag = operator(app).get(id).await.unwrap().etag;
        operator(app).retire(id, &etag).await.unwrap();
        assert_eq!(kinds(app).await, [
            "EnterpriseCreated",
            "EnterpriseMemberAdded",
            "ManagerAppointed",
            "VisitRecorded",
            "VisitDisputed",
            "VisitConfirmed",
            "VisitRecorded",
            "VisitCancelled",
            "AppointmentEnded",
            "ManagerAppointed",
            "EnterpriseMemberRemoved",
            "EnterpriseMemberAdded",
            "AppointmentEnded",
            "AppointmentEnded",
            "EnterpriseMemberRemoved",
            "EnterpriseRetired",
        ]);
    }

    async fn the_versions_of_a_subject_have_no_gap(app: TestSuite) {
        let enterprise = operator(app).create(1).await.unwrap();
        let id = enterprise.enterprise_id.as_str();
        for account in [OWNER, crate::world::AGENT] {
            operator(app).add_member(id, account).await.unwrap();
        }
        let appointment = operator(app).appoint(id, WANG, None).await.unwrap();
        let appointment = operator(app).end(&appointment, Some("04-01")).await.unwrap();
        operator(app).end(&appointment, Some("05-01")).await.unwrap();
        let etag = operator(app).get(id).await.unwrap().etag;
        operator(app).retire(id, &etag).await.unwrap();
        let mut versions: BTreeMap<String, Vec<i64>> = BTreeMap::new();
        for event in all(app).await {
            versions.entry(event.subject).or_default().push(event.subject_version);
        }
        assert_eq!(versions[&format!("enterprise/{id}")], [1, 2, 3, 4, 5, 6]);
        assert_eq!(versions[&format!("appointment/{}", appointment.appointment_id)], [1, 2, 3, 4]);
        assert_eq!(operator(app).get(id).await.unwrap().etag, "v6");
    }

    async fn an_event_tells_ids_and_days(app: TestSuite) {
        let enterprise = operator(app).create(1).await.unwrap();
        let id = enterprise.enterprise_id.as_str();
        let member = operator(app).add_member(id, OWNER).await.unwrap();
        let added: pb::EnterpriseMemberAdded = last(app).await;
        assert_eq!((added.enterprise_id.as_str(), added.member_id.as_str()), (id, member.member_id.as_str()));
        assert_eq!(added.account_id, OWNER.to_string());
        operator(app).appoint(id, WANG, Some("01-05")).await.unwrap();
        let appointed: pb::ManagerAppointed = last(app).await;
        assert_eq!((appointed.manager_id, day(appointed.from_date)), (WANG.to_string(), "01-05".to_owned()));
        assert_eq!(appointed.end_date, None);
        let visit = manager(app, WANG).visit(id, Some("02-27")).await.unwrap();
        let recorded: pb::VisitRecorded = last(app).await;
        assert_eq!((day(recorded.visit_date), recorded.officials), ("02-27".to_owned(), 3));
        firm(app, OWNER, id).confirm(&visit).await.unwrap();
        let confirmed: pb::VisitConfirmed = last(app).await;
        assert_eq!((confirmed.manager_id, confirmed.confirmed_by_id), (WANG.to_string(), OWNER.to_string()));
        operator(app).hand_over(WANG, LI, Some("03-10"), 1).await.unwrap();
        let ended: pb::AppointmentEnded = last(app).await;
        assert_eq!((day(ended.end_date), ended.reason()), ("03-10".into(), pb::AppointmentEndReason::HandedOver));
    }

    async fn a_refused_call_tells_nothing(app: TestSuite) {
        let id = operator(app).create(1).await.unwrap().enterprise_id;
        operator(app).create(1).await.unwrap_err();
        manager(app, WANG).visit(&id, None).await.unwrap_err();
        operator(app).hand_over(WANG, LI, None, 1).await.unwrap_err();
        assert_eq!(kinds(app).await, ["EnterpriseCreated"]);
    }

    async fn no_text_that_people_wrote_leaves_in_an_event(app: TestSuite) {
        let id = operator(app).create(1).await.unwrap().enterprise_id;
        operator(app).add_member(&id, OWNER).await.unwrap();
        operator(app).appoint(&id, WANG, None).await.unwrap();
        let visit = manager(app, WANG).visit(&id, None).await.unwrap();
        firm(app, OWNER, &id).dispute(&visit, "没有来过").await.unwrap();
        let data: Vec<u8> = all(app).await.into_iter().flat_map(|event| event.data).collect();
        let data = String::from_utf8_lossy(&data).into_owned();
        for text in ["乳业", "泉州路", "经办人", "校园奶", "没有来过", "91370281"] {
            assert!(!data.contains(text), "{text}");
        }
    }
}
