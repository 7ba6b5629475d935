use access::{Role, RoleGrant};
use proto::identity::v1::{self as pb, account_service_client::AccountServiceClient};
use rpc::Bearer;
use testkit::TestSuite;
use tonic::{Code, Status};

use crate::world::{PASSWORD, Person, World, precondition, refused};

testkit::both_engines! {
    modules: [qinqing_identity::spec()];

    async fn contacts_are_masked_for_everybody_but_their_owner(app: TestSuite) {
        let world = World::new(app).await;
        let person = world.person("li.wei").await;
        for login in ["security-admin-1", "audit-admin", "operator"] {
            let account = get(world.admin(login), &person).await.unwrap();
            assert_eq!((account.phone.as_str(), account.email.as_str()), ("138****5678", "l***@example.cn"));
            assert!(account.contact_masked);
        }
        let own = get(app.person(person.id, vec![RoleGrant::of(Role::Auditor)]), &person).await.unwrap();
        assert_eq!((own.phone.as_str(), own.email.as_str()), ("13812345678", "li.wei@example.cn"));
        let all = world.accounts().list_accounts(pb::ListAccountsRequest::default()).await.unwrap().into_inner();
        assert!(all.accounts.iter().all(|account| account.contact_masked && !account.phone.ends_with("12345678")));
    }

    async fn somebody_elses_account_looks_like_none_at_all(app: TestSuite) {
        let world = World::new(app).await;
        let person = world.person("li.wei").await;
        let stranger = || app.person(app.uuid_account(), vec![RoleGrant::of(Role::Auditor)]);
        let hidden = get(stranger(), &person).await.unwrap_err();
        let absent = Person { id: app.uuid_account(), ..person.clone() };
        let absent_status = get(stranger(), &absent).await.unwrap_err();
        assert_eq!(hidden.code(), Code::NotFound);
        let text = |status: &Status, id: &Person| {
            let details = String::from_utf8_lossy(status.details()).replace(&id.id.to_string(), "ID");
            (status.code(), status.message().to_owned(), details)
        };
        assert_eq!(text(&hidden, &person), text(&absent_status, &absent));
    }

    async fn a_login_name_is_taken_once(app: TestSuite) {
        let world = World::new(app).await;
        world.newcomer("li.wei").await;
        let again = world.accounts().create_account(create(app, "li.wei")).await;
        assert_eq!(refused(again), (Code::AlreadyExists, "LOGIN_NAME_TAKEN".to_owned()));
    }

    async fn a_repeated_creation_gives_the_same_account_and_no_password(app: TestSuite) {
        let world = World::new(app).await;
        let request = create(app, "li.wei");
        let first = world.accounts().create_account(request.clone()).await.unwrap().into_inner();
        let second = world.accounts().create_account(request.clone()).await.unwrap();
        assert!(second.metadata().contains_key(rpc::REPLAYED));
        let second = second.into_inner();
        assert_eq!((&second.account, second.initial_password.as_str()), (&first.account, ""));
        assert!(!first.initial_password.is_empty());
        let other = pb::CreateAccountRequest { display_name: "别人".to_owned(), ..request };
        assert_eq!(refused(world.accounts().create_account(other).await).1, "REQUEST_ID_REUSED");
    }

    async fn every_bad_field_is_named(app: TestSuite) {
        let world = World::new(app).await;
        let request = pb::CreateAccountRequest {
            login_name: "Li Wei".to_owned(),
            display_name: String::new(),
            phone: "12".to_owned(),
            email: "nowhere".to_owned(),
            request_id: app.request_id(),
        };
        let refusal = world.accounts().create_account(request).await.unwrap_err();
        assert_eq!(testkit::bad_fields(&refusal), ["login_name", "display_name", "phone", "email"]);
    }

    async fn only_what_the_mask_names_is_changed(app: TestSuite) {
        let world = World::new(app).await;
        let person = world.person("li.wei").await;
        let update = |paths: &[&str], etag: &str| pb::UpdateAccountRequest {
            account_id: person.id.to_string(),
            display_name: "李伟".to_owned(),
            phone: String::new(),
            email: "new@example.cn".to_owned(),
            update_mask: Some(prost_types::FieldMask { paths: paths.iter().map(ToString::to_string).collect() }),
            etag: etag.to_owned(),
            request_id: app.request_id(),
        };
        let changed = world.accounts().update_account(update(&["display_name", "phone"], "v2")).await.unwrap();
        let account = changed.into_inner().account.unwrap();
        assert_eq!((account.display_name.as_str(), account.phone.as_str()), ("李伟", ""));
        assert_eq!((account.email.as_str(), account.etag.as_str()), ("l***@example.cn", "v3"));

        let stale = world.accounts().update_account(update(&["email"], "v2")).await;
        assert_eq!(refused(stale), (Code::Aborted, "STALE_ETAG".to_owned()));
        let same = world.accounts().update_account(update(&["display_name"], "v3")).await.unwrap().into_inner();
        assert_eq!(same.account.unwrap().etag, "v3");
        for paths in [&[][..], &["login_name"]] {
            let refusal = world.accounts().update_account(update(paths, "v3")).await.unwrap_err();
            assert_eq!(testkit::bad_fields(&refusal), ["update_mask"]);
        }
    }

    async fn a_disabled_account_comes_back_with_its_roles(app: TestSuite) {
        let world = World::new(app).await;
        let person = world.person("li.wei").await;
        world.give(&person, Role::Auditor, "").await;
        let account = disable(&world, &person).await.unwrap();
        assert_eq!(account.state(), pb::AccountState::Disabled);
        let again = Person { etag: account.etag.clone(), ..person.clone() };
        assert_eq!(precondition(disable(&world, &again).await), "ACCOUNT_DISABLED");
        assert_eq!(refused(world.login("li.wei", PASSWORD).await).1, "CREDENTIALS_INVALID");
        assert_eq!(precondition(world.request(person.id, Role::Leader, "").await), "ACCOUNT_DISABLED");

        let enable = |etag: &str| pb::EnableAccountRequest {
            account_id: person.id.to_string(),
            reason: "返岗".to_owned(),
            etag: etag.to_owned(),
            request_id: app.request_id(),
        };
        let enabled = world.accounts().enable_account(enable(&account.etag)).await.unwrap().into_inner();
        let etag = enabled.account.unwrap().etag;
        assert_eq!(precondition(world.accounts().enable_account(enable(&etag)).await), "ACCOUNT_ACTIVE");
        assert_eq!(world.session(&person).await.grants.len(), 1);
    }

    async fn nobody_disables_their_own_account(app: TestSuite) {
        let world = World::new(app).await;
        let id = world.first("security-admin-1").account_id;
        let own = Person { id, login_name: String::new(), etag: "v1".to_owned() };
        assert_eq!(precondition(disable(&world, &own).await), "OWN_ACCOUNT");
    }

    async fn pages_hold_each_account_once_and_count_them_all(app: TestSuite) {
        let world = World::new(app).await;
        let police = world.department("police").await.department_id;
        for n in 0..4 {
            let (person, _) = world.newcomer(&format!("user{n}")).await;
            if n % 2 == 0 {
                world.give(&person, Role::Liaison, &police).await;
            }
        }
        let all = pb::ListAccountsRequest { page_size: 2, ..Default::default() };
        assert_eq!(pages(&world, all).await.len(), 9);
        let named = pb::ListAccountsRequest { page_size: 2, name_prefix: "user".to_owned(), ..Default::default() };
        assert_eq!(pages(&world, named.clone()).await, ["user3", "user2", "user1", "user0"]);
        let liaisons = pb::ListAccountsRequest {
            role: Role::Liaison.wire().into(),
            department_id: police,
            ..named.clone()
        };
        assert_eq!(pages(&world, liaisons).await, ["user2", "user0"]);
        let disabled = pb::ListAccountsRequest { state: pb::AccountState::Disabled.into(), ..named.clone() };
        assert!(pages(&world, disabled).await.is_empty());

        let first = world.accounts().list_accounts(named.clone()).await.unwrap().into_inner();
        let page_token = first.next_page_token;
        let other_filter =
            pb::ListAccountsRequest { name_prefix: "use".to_owned(), page_token: page_token.clone(), ..named.clone() };
        assert_eq!(refused(world.accounts().list_accounts(other_filter).await).1, "PAGE_TOKEN_INVALID");
        let mut other_caller = AccountServiceClient::new(world.admin("audit-admin"));
        let request = pb::ListAccountsRequest { page_token, ..named };
        assert_eq!(refused(other_caller.list_accounts(request).await).1, "PAGE_TOKEN_INVALID");
    }
}

trait AccountOf {
    fn uuid_account(&self) -> kernel::AccountId;
}

impl AccountOf for TestSuite {
    /// An account that nobody has.
    fn uuid_account(&self) -> kernel::AccountId {
        kernel::AccountId::new(self.uuid())
    }
}

fn create(app: &TestSuite, login_name: &str) -> pb::CreateAccountRequest {
    pb::CreateAccountRequest {
        login_name: login_name.to_owned(),
        display_name: "李伟".to_owned(),
        phone: String::new(),
        email: String::new(),
        request_id: app.request_id(),
    }
}

async fn get(bearer: Bearer, person: &Person) -> Result<pb::Account, Status> {
    let request = pb::GetAccountRequest { account_id: person.id.to_string() };
    Ok(AccountServiceClient::new(bearer).get_account(request).await?.into_inner().account.unwrap())
}

async fn disable(world: &World<'_>, person: &Person) -> Result<pb::Account, Status> {
    let request = pb::DisableAccountRequest {
        account_id: person.id.to_string(),
        reason: "离职".to_owned(),
        etag: person.etag.clone(),
        request_id: world.app.request_id(),
    };
    Ok(world.accounts().disable_account(request).await?.into_inner().account.unwrap())
}

/// Login names on all pages; each page says the same total.
async fn pages(world: &World<'_>, mut request: pb::ListAccountsRequest) -> Vec<String> {
    let (mut names, mut totals) = (Vec::new(), Vec::new());
    loop {
        let page = world.accounts().list_accounts(request.clone()).await.unwrap().into_inner();
        names.extend(page.accounts.into_iter().map(|account| account.login_name));
        totals.push(page.total_count);
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    assert!(
        totals.iter().all(|total| usize::try_from(*total).unwrap() == names.len()),
        "{totals:?} {names:?}"
    );
    names
}
