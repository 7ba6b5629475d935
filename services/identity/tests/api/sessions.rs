use access::Role;
use chrono::TimeDelta;
use proto::identity::v1::{
    self as pb, account_service_client::AccountServiceClient, auth_service_client::AuthServiceClient,
};
use tonic::{Code, Status};

use crate::world::{PASSWORD, World, precondition, refused};

testkit::both_engines! {
    modules: [qinqing_identity::spec()];

    async fn a_refresh_gives_the_roles_of_now(app: TestSuite) {
        let world = World::new(app).await;
        let person = world.person("li.wei").await;
        let session = world.session(&person).await;
        let account_id = person.id.to_string();
        let get = async |token: &str| {
            let mut accounts = AccountServiceClient::new(app.suite.connect(Some(token)));
            accounts.get_account(pb::GetAccountRequest { account_id: account_id.clone() }).await
        };
        assert_eq!(refused(get(&session.access_token).await).0, Code::PermissionDenied);

        let grant = world.give(&person, Role::Auditor, "").await;
        let next = refresh(&world, &session.refresh_token).await.unwrap();
        get(&next.access_token).await.unwrap();

        world.revoke(&grant).await.unwrap();
        let last = refresh(&world, &next.refresh_token).await.unwrap();
        assert_eq!(refused(get(&last.access_token).await).0, Code::PermissionDenied);
    }

    async fn a_refresh_token_used_twice_ends_the_session(app: TestSuite) {
        let world = World::new(app).await;
        let person = world.person("li.wei").await;
        let (session, other) = (world.session(&person).await, world.session(&person).await);
        let next = refresh(&world, &session.refresh_token).await.unwrap();
        let invalid = (Code::Unauthenticated, "REFRESH_TOKEN_INVALID".to_owned());
        assert_eq!(refused(refresh(&world, &session.refresh_token).await), invalid);
        assert_eq!(refused(refresh(&world, &next.refresh_token).await), invalid);
        refresh(&world, &other.refresh_token).await.unwrap();

        let ended = sessions_of(&world, &person.id.to_string()).await;
        let ended = ended.into_iter().find(|found| found.session_id == session.session_id).unwrap();
        assert_eq!(ended.end(), pb::SessionEnd::TokenReused);
    }

    async fn of_two_refreshes_at_the_same_time_one_ends_the_session(app: TestSuite) {
        let world = World::new(app).await;
        let person = world.person("li.wei").await;
        let session = world.session(&person).await;
        let (a, b) =
            tokio::join!(refresh(&world, &session.refresh_token), refresh(&world, &session.refresh_token));
        assert_eq!(u8::from(a.is_ok()) + u8::from(b.is_ok()), 1);
        let next = a.or(b).unwrap().refresh_token;
        assert_eq!(refused(refresh(&world, &next).await).1, "REFRESH_TOKEN_INVALID");
    }

    async fn a_session_that_rests_too_long_or_lasts_too_long_is_over(app: TestSuite) {
        let world = World::new(app).await;
        let person = world.person("li.wei").await;
        let idle = world.session(&person).await;
        let mut busy = world.session(&person).await.refresh_token;
        for _ in 0..14 {
            app.clock.advance(TimeDelta::hours(12) - TimeDelta::seconds(1));
            busy = refresh(&world, &busy).await.unwrap().refresh_token;
        }
        assert_eq!(refused(refresh(&world, &idle.refresh_token).await).1, "REFRESH_TOKEN_INVALID");
        app.clock.advance(TimeDelta::seconds(13));
        let last = refresh(&world, &busy).await.unwrap();
        app.clock.advance(TimeDelta::seconds(1));
        assert_eq!(refused(refresh(&world, &last.refresh_token).await).1, "REFRESH_TOKEN_INVALID");
        app.settle().await;
        assert!(sessions_of(&world, &person.id.to_string()).await.is_empty());
    }

    async fn logout_ends_the_session_and_a_second_time_changes_nothing(app: TestSuite) {
        let world = World::new(app).await;
        let person = world.person("li.wei").await;
        let session = world.session(&person).await;
        for _ in 0..2 {
            let request = pb::LogoutRequest { refresh_token: session.refresh_token.clone() };
            world.auth().logout(request).await.unwrap();
        }
        assert_eq!(refused(refresh(&world, &session.refresh_token).await).1, "REFRESH_TOKEN_INVALID");
        let nonsense = pb::LogoutRequest { refresh_token: "nonsense".to_owned() };
        assert_eq!(refused(world.auth().logout(nonsense).await).1, "REFRESH_TOKEN_INVALID");
    }

    async fn a_new_password_and_a_disabled_account_end_every_session(app: TestSuite) {
        let world = World::new(app).await;
        let person = world.person("li.wei").await;
        let before = [world.session(&person).await, world.session(&person).await];
        let request = pb::ChangePasswordRequest {
            login_name: "li.wei".to_owned(),
            password: PASSWORD.to_owned(),
            new_password: "another password".to_owned(),
        };
        world.auth().change_password(request).await.unwrap();
        for session in before {
            assert_eq!(refused(refresh(&world, &session.refresh_token).await).1, "REFRESH_TOKEN_INVALID");
        }
        let after = world.login("li.wei", "another password").await.unwrap();
        let request = pb::DisableAccountRequest {
            account_id: person.id.to_string(),
            reason: "离职".to_owned(),
            etag: after.account.unwrap().etag,
            request_id: app.request_id(),
        };
        world.accounts().disable_account(request).await.unwrap();
        assert_eq!(refused(refresh(&world, &after.refresh_token).await).1, "REFRESH_TOKEN_INVALID");
        let ends: Vec<_> = sessions_of(&world, &person.id.to_string()).await.iter().map(pb::Session::end).collect();
        let changed = pb::SessionEnd::PasswordChanged;
        assert_eq!(ends, [pb::SessionEnd::AccountDisabled, changed, changed]);
    }

    async fn people_see_and_end_their_own_sessions_alone(app: TestSuite) {
        let world = World::new(app).await;
        let (li, wang) = (world.person("li.wei").await, world.person("wang.min").await);
        for person in [&li, &wang] {
            world.give(person, Role::Auditor, "").await;
        }
        let (own, foreign) = (world.session(&li).await, world.session(&wang).await);
        let mut auth = AuthServiceClient::new(app.suite.connect(Some(&own.access_token)));

        let all = pb::ListSessionsRequest::default();
        let seen = auth.list_sessions(all).await.unwrap().into_inner();
        assert_eq!((seen.total_count, &seen.sessions[0].session_id), (1, &own.session_id));
        let of_wang = pb::ListSessionsRequest { account_id: wang.id.to_string(), ..Default::default() };
        assert_eq!(auth.list_sessions(of_wang).await.unwrap().into_inner().total_count, 0);

        let revoke = |session_id: &str| pb::RevokeSessionRequest {
            session_id: session_id.to_owned(),
            request_id: app.request_id(),
        };
        let foreign = auth.revoke_session(revoke(&foreign.session_id)).await;
        let absent = auth.revoke_session(revoke(&app.request_id())).await;
        let not_found = (Code::NotFound, "SESSION_NOT_FOUND".to_owned());
        assert_eq!((refused(foreign), refused(absent)), (not_found.clone(), not_found));
        auth.revoke_session(revoke(&own.session_id)).await.unwrap();
        assert_eq!(precondition(auth.revoke_session(revoke(&own.session_id)).await), "SESSION_ENDED");
        assert_eq!(refused(refresh(&world, &own.refresh_token).await).1, "REFRESH_TOKEN_INVALID");
    }
}

async fn refresh(world: &World<'_>, refresh_token: &str) -> Result<pb::RefreshResponse, Status> {
    let request = pb::RefreshRequest { refresh_token: refresh_token.to_owned() };
    Ok(world.auth().refresh(request).await?.into_inner())
}

/// As the audit administrator sees them, the newest first.
async fn sessions_of(world: &World<'_>, account_id: &str) -> Vec<pb::Session> {
    let mut auth = AuthServiceClient::new(world.admin("audit-admin"));
    let request = pb::ListSessionsRequest { account_id: account_id.to_owned(), ..Default::default() };
    auth.list_sessions(request).await.unwrap().into_inner().sessions
}
