use chrono::TimeDelta;
use proto::identity::v1 as pb;
use testkit::TestSuite;
use tonic::{Code, Status};

use crate::world::{PASSWORD, World, precondition, refused};

testkit::both_engines! {
    modules: [qinqing_identity::spec()];

    async fn an_initial_password_opens_no_session_until_it_is_changed(app: TestSuite) {
        let world = World::new(app).await;
        let (_, initial) = world.newcomer("li.wei").await;
        assert_eq!(precondition(world.login("li.wei", &initial).await), "PASSWORD_CHANGE_REQUIRED");
        change(&world, "li.wei", &initial, PASSWORD).await.unwrap();
        let session = world.login("Li.Wei ", PASSWORD).await.unwrap();
        let account = session.account.unwrap();
        assert_eq!((account.phone.as_str(), account.contact_masked), ("13812345678", false));
        assert!(account.last_login_time.is_some() && !account.must_change_password);
        assert_eq!(refused(world.login("li.wei", &initial).await).1, "CREDENTIALS_INVALID");
    }

    async fn the_first_administrators_are_made_once(app: TestSuite) {
        let world = World::new(app).await;
        let db = app.suite.db("identity").unwrap();
        let again = qinqing_identity::bootstrap(db, &*app.clock, &kernel::UuidV7).await.unwrap();
        assert!(again.is_empty());
        let admin = world.first("system-admin");
        assert_eq!(precondition(world.login(&admin.login, &admin.password).await), "PASSWORD_CHANGE_REQUIRED");
        change(&world, &admin.login, &admin.password, PASSWORD).await.unwrap();
        let session = world.login(&admin.login, PASSWORD).await.unwrap();
        assert_eq!(session.grants[0].role(), proto::options::v1::Role::SystemAdmin);
    }

    async fn unknown_name_wrong_password_and_disabled_account_get_the_same_answer(app: TestSuite) {
        let world = World::new(app).await;
        let person = world.person("li.wei").await;
        let request = pb::DisableAccountRequest {
            account_id: world.person("gone").await.id.to_string(),
            reason: "离职".to_owned(),
            etag: "v2".to_owned(),
            request_id: app.request_id(),
        };
        world.accounts().disable_account(request).await.unwrap();
        let wrong = world.login(&person.login_name, "not the password").await.unwrap_err();
        assert_eq!(testkit::reason(&wrong), (Code::Unauthenticated, "CREDENTIALS_INVALID".to_owned()));
        for (login_name, password) in [("nobody", PASSWORD), ("", ""), ("gone", PASSWORD), ("gone", "wrong")] {
            let answer = world.login(login_name, password).await.unwrap_err();
            assert_eq!(parts(&answer), parts(&wrong), "{login_name}");
        }
    }

    async fn the_sixth_try_is_refused_whoever_it_is_and_whatever_the_password(app: TestSuite) {
        let world = World::new(app).await;
        world.person("li.wei").await;
        let mut refusals = Vec::new();
        for login_name in ["li.wei", "nobody"] {
            for _ in 0..5 {
                assert_eq!(refused(world.login(login_name, "wrong").await).1, "CREDENTIALS_INVALID");
            }
            let refusal = world.login(login_name, PASSWORD).await.unwrap_err();
            assert_eq!(testkit::reason(&refusal), (Code::ResourceExhausted, "TOO_MANY_ATTEMPTS".to_owned()));
            refusals.push(parts(&refusal));
        }
        assert_eq!(refusals[0], refusals[1]);
        let changed = change(&world, "li.wei", PASSWORD, "another password").await;
        assert_eq!(refused(changed).1, "TOO_MANY_ATTEMPTS");

        app.clock.advance(TimeDelta::minutes(15) - TimeDelta::microseconds(1));
        assert_eq!(refused(world.login("li.wei", PASSWORD).await).1, "TOO_MANY_ATTEMPTS");
        app.clock.advance(TimeDelta::microseconds(1));
        world.login("li.wei", PASSWORD).await.unwrap();
    }

    async fn a_success_forgets_the_tries_before_it(app: TestSuite) {
        let world = World::new(app).await;
        world.person("li.wei").await;
        for _ in 0..3 {
            for _ in 0..4 {
                assert_eq!(refused(world.login("li.wei", "wrong").await).1, "CREDENTIALS_INVALID");
            }
            world.login("li.wei", PASSWORD).await.unwrap();
        }
    }

    async fn tries_at_the_same_time_do_not_pass_together(app: TestSuite) {
        let world = World::new(app).await;
        let tries = (0..12).map(|_| {
            let mut auth = world.auth();
            let request = pb::LoginRequest { login_name: "nobody".to_owned(), password: "guess".to_owned() };
            tokio::spawn(async move { refused(auth.login(request).await).1 })
        });
        let mut reasons = Vec::new();
        for answer in tries.collect::<Vec<_>>() {
            reasons.push(answer.await.unwrap());
        }
        let n_looked_at = reasons.iter().filter(|reason| *reason == "CREDENTIALS_INVALID").count();
        let n_refused = reasons.iter().filter(|reason| *reason == "TOO_MANY_ATTEMPTS").count();
        assert_eq!((n_looked_at, n_refused), (5, 7), "{reasons:?}");
    }

    async fn a_weak_password_is_refused_and_the_old_one_stays(app: TestSuite) {
        let world = World::new(app).await;
        world.person("li.wei.the.great").await;
        for weak in ["too short", "LI.WEI.THE.GREAT", PASSWORD] {
            let answer = change(&world, "li.wei.the.great", PASSWORD, weak).await;
            assert_eq!(refused(answer), (Code::InvalidArgument, "PASSWORD_TOO_WEAK".to_owned()), "{weak}");
        }
        world.login("li.wei.the.great", PASSWORD).await.unwrap();
    }

    async fn a_token_with_any_character_changed_is_refused(app: TestSuite) {
        let world = World::new(app).await;
        let person = world.person("li.wei").await;
        world.give(&person, access::Role::Auditor, "").await;
        let token = world.session(&person).await.access_token;
        get_own_account(app, &person, &token).await.unwrap();
        let mut n_flipped = 0;
        for at in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert_eq!(refused(get_own_account(app, &person, &changed).await).0, Code::Unauthenticated, "{at}");
            n_flipped += 1;
        }
        assert!(n_flipped > 300, "{n_flipped}");
        app.clock.advance(TimeDelta::minutes(16));
        assert_eq!(refused(get_own_account(app, &person, &token).await).0, Code::Unauthenticated);
    }
}

async fn change(
    world: &World<'_>,
    login_name: &str,
    password: &str,
    new_password: &str,
) -> Result<(), Status> {
    let request = pb::ChangePasswordRequest {
        login_name: login_name.to_owned(),
        password: password.to_owned(),
        new_password: new_password.to_owned(),
    };
    world.auth().change_password(request).await.map(drop)
}

async fn get_own_account(app: &TestSuite, person: &crate::world::Person, token: &str) -> Result<(), Status> {
    let mut accounts = pb::account_service_client::AccountServiceClient::new(app.suite.connect(Some(token)));
    let request = pb::GetAccountRequest { account_id: person.id.to_string() };
    accounts.get_account(request).await.map(drop)
}

/// Everything of a refusal that a caller can tell apart.
fn parts(status: &Status) -> (Code, String, Vec<u8>) {
    (status.code(), status.message().to_owned(), status.details().to_vec())
}
