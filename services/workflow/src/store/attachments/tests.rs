//! Files as steps and submissions use them.

use store::Db;
use testkit::TestSuite;

use super::*;
use crate::{
    domain::{Draft, DraftText},
    store::{drafts, sample},
};

fn db(app: &TestSuite) -> &Db {
    app.suite.db("workflow").unwrap()
}

fn uuid(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn file(app: &TestSuite, number: u128, owner: Owner, audience: Audience, state: ScanState) -> Attachment {
    Attachment {
        id: AttachmentId::new(uuid(number)),
        owner,
        enterprise: EnterpriseId::new(uuid(1)),
        audience,
        file_name: "来信.pdf".to_owned(),
        media_type: "application/pdf".to_owned(),
        n_bytes: 3,
        sha256: Hash::new([u8::try_from(number).unwrap(); 32]),
        received: Hash::ZERO,
        blob_key: number.to_string(),
        state,
        finding: (state == ScanState::Infected).then(|| "Eicar".to_owned()),
        failed_scans: 0,
        uploader: AccountId::new(uuid(5)),
        of_firm: true,
        uploaded_at: app.now(),
        is_referred: false,
        version: Version::FIRST,
    }
}

fn draft(app: &TestSuite, number: u128) -> Draft {
    let now = app.now();
    Draft {
        id: DraftId::new(uuid(number)),
        enterprise: EnterpriseId::new(uuid(1)),
        author: AccountId::new(uuid(5)),
        on_behalf: false,
        text: DraftText::default(),
        created_at: now,
        updated_at: now,
        touched_at: now,
        version: Version::FIRST,
    }
}

async fn written(app: &TestSuite, batch: Batch) -> Result<(), Error> {
    let mut tx = db(app).begin().await?;
    batch.run(&mut tx).await?;
    tx.commit().await
}

/// The first event of a sample.
fn event(batch: &mut Batch, app: &TestSuite, issue: IssueId) {
    batch.add(
        "insert a sample's event",
        "INSERT INTO issue_event (issue_id, seq, event_id, kind, at, actor, client, payload, state, etag, prev, link)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        binds![
            issue.uuid(),
            1_i64,
            app.uuid(),
            "submitted",
            app.now(),
            "account:x",
            "test",
            serde_json::json!({}),
            "TRIAGE",
            1_i64,
            [0_u8; 32].as_slice(),
            [0_u8; 32].as_slice()
        ],
    );
}

testkit::both_engines! {
    modules: [crate::spec(), testkit::fake::identity().spec("identity"),
        testkit::fake::Fake::new().spec("registry")];

    async fn a_step_refers_to_files_of_its_issue_that_its_author_sees(app: TestSuite) {
        let (issue, other) = (sample::id(1), sample::id(2));
        let mut batch = Batch::new();
        for id in [issue, other] {
            sample::issue(&mut batch, id, kernel::DepartmentId::new(uuid(9)), app.now());
            event(&mut batch, app, id);
        }
        let here = Owner::Issue(issue);
        let states = [
            (11, here, Audience::Firm, ScanState::Clean),
            (12, here, Audience::Joint, ScanState::Quarantined),
            (13, here, Audience::Joint, ScanState::Infected),
            (14, here, Audience::Audit, ScanState::Clean),
            (15, Owner::Issue(other), Audience::Firm, ScanState::Clean),
        ];
        for (number, owner, audience, state) in states {
            insert(&mut batch, &file(app, number, owner, audience, state), "test");
        }
        written(app, batch).await.unwrap();

        let firm = Sight { audiences: vec![Audience::Firm, Audience::Joint], account: None };
        let ids = |numbers: &[u128]| numbers.iter().map(|n| AttachmentId::new(uuid(*n))).collect::<Vec<_>>();
        let mut tx = db(app).begin().await.unwrap();
        let refs = refer(&mut tx, issue, &firm, &ids(&[12, 11, 12])).await.unwrap();
        let found: Vec<_> = refs.iter().map(|file| (file.attachment_id, file.sha256)).collect();
        let expected = [12_u8, 11].map(|n| (AttachmentId::new(uuid(n.into())), Hash::new([n; 32])));
        assert_eq!(found, expected);
        let mut batch = Batch::new();
        referred(&mut batch, issue, 1, &refs);
        batch.run(&mut tx).await.unwrap();
        tx.commit().await.unwrap();

        let mut tx = db(app).begin().await.unwrap();
        let refused = refer(&mut tx, issue, &firm, &ids(&[11, 13])).await;
        assert!(matches!(refused, Err(Unfit::Infected(id)) if id.uuid() == uuid(13)), "{refused:?}");
        for unseen in [14, 15, 16] {
            let refused = refer(&mut tx, issue, &firm, &ids(&[unseen])).await;
            assert!(matches!(refused, Err(Unfit::Missing(id)) if id.uuid() == uuid(unseen)), "{refused:?}");
        }
        let own = Sight { audiences: vec![], account: Some(AccountId::new(uuid(5))) };
        assert_eq!(refer(&mut tx, issue, &own, &ids(&[14])).await.unwrap().len(), 1);
        let kept = find(&mut tx, AttachmentId::new(uuid(11))).await.unwrap().unwrap();
        let free = find(&mut tx, AttachmentId::new(uuid(14))).await.unwrap().unwrap();
        assert_eq!((kept.is_referred, free.is_referred), (true, false));
        tx.rollback().await.unwrap();
    }

    async fn a_draft_that_is_submitted_hands_its_files_to_the_issue(app: TestSuite) {
        let (before, issue) = (draft(app, 21), sample::id(1));
        let mut batch = Batch::new();
        drafts::insert(&mut batch, &before);
        let of_draft = Owner::Draft(before.id);
        for number in [31, 32, 33] {
            insert(&mut batch, &file(app, number, of_draft, Audience::Joint, ScanState::Clean), "test");
        }
        written(app, batch).await.unwrap();
        let removed = file(app, 33, of_draft, Audience::Joint, ScanState::Clean);
        let mut batch = Batch::new();
        remove(&mut batch, &removed, app.now(), app.now());
        written(app, batch).await.unwrap();

        let submit = || {
            let mut batch = Batch::new();
            sample::issue(&mut batch, issue, kernel::DepartmentId::new(uuid(9)), app.now());
            drafts::consume(&mut batch, &before, issue);
            batch
        };
        written(app, submit()).await.unwrap();
        let sight = Sight { audiences: vec![Audience::Joint], account: None };
        let mut tx = db(app).begin().await.unwrap();
        let files = list(&mut tx, Owner::Issue(issue), &sight, None, 10).await.unwrap();
        assert_eq!(files.iter().map(|file| file.id.uuid()).collect::<Vec<_>>(), [uuid(31), uuid(32)]);
        assert!(drafts::find(&mut tx, before.id).await.unwrap().is_none());
        assert_eq!(count_all(&mut tx, of_draft).await.unwrap(), 0);
        tx.rollback().await.unwrap();
        // A draft is submitted once.
        let mut batch = Batch::new();
        drafts::consume(&mut batch, &before, issue);
        assert!(matches!(written(app, batch).await, Err(Error::Conflict { .. })));
    }
}
