use proto::registry::v1 as pb;
use testkit::{TestSuite, reason};
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::world::{AGENT, DISABLED, LI, OWNER, UNKNOWN, WANG, operator, wait_days};

both_engines! {
    async fn a_membership_has_an_end_and_stays_in_the_list(app: TestSuite) {
        let id = operator(app).create(1).await.unwrap().enterprise_id;
        let owner = operator(app).add_member(&id, OWNER).await.unwrap();
        let agent = operator(app).add_member(&id, AGENT).await.unwrap();
        wait_days(app, 1);
        let removed = operator(app).remove_member(&owner).await.unwrap();
        assert_eq!((removed.add_time, removed.etag.as_str()), (owner.add_time, "v2"));
        assert!(removed.remove_time.is_some());
        assert_eq!(operator(app).members(&id, false).await.unwrap(), std::slice::from_ref(&agent));
        assert_eq!(operator(app).members(&id, true).await.unwrap(), [removed.clone(), agent]);

        let refused = operator(app).remove_member(&removed).await.unwrap_err();
        assert_eq!(reason(&refused), (Code::FailedPrecondition, "MEMBER_REMOVED".to_owned()));
        let again = operator(app).add_member(&id, OWNER).await.unwrap();
        assert_ne!(again.member_id, owner.member_id);
        assert_eq!(operator(app).members(&id, true).await.unwrap().len(), 3);
    }

    async fn an_account_acts_for_an_enterprise_once_at_a_time(app: TestSuite) {
        let id = operator(app).create(1).await.unwrap().enterprise_id;
        let other = operator(app).create(2).await.unwrap().enterprise_id;
        operator(app).add_member(&id, OWNER).await.unwrap();
        let refused = operator(app).add_member(&id, OWNER).await.unwrap_err();
        assert_eq!(reason(&refused), (Code::AlreadyExists, "MEMBER_EXISTS".to_owned()));
        operator(app).add_member(&other, OWNER).await.unwrap();
    }

    async fn only_an_account_in_use_becomes_a_member(app: TestSuite) {
        let id = operator(app).create(1).await.unwrap().enterprise_id;
        for (account, lacks) in [(DISABLED, "activity"), (UNKNOWN, "existence")] {
            let refused = operator(app).add_member(&id, account).await.unwrap_err();
            assert_eq!(reason(&refused), (Code::FailedPrecondition, "ACCOUNT_UNSUITABLE".to_owned()));
            assert_eq!(refused.get_details_error_info().unwrap().metadata["lacks"], lacks);
        }
    }

    async fn nobody_is_manager_and_member_of_one_enterprise(app: TestSuite) {
        let id = operator(app).create(1).await.unwrap().enterprise_id;
        let member = operator(app).add_member(&id, WANG).await.unwrap();
        let expected = (Code::FailedPrecondition, "MANAGER_IS_MEMBER".to_owned());
        let refused = operator(app).appoint(&id, WANG, None).await.unwrap_err();
        assert_eq!(reason(&refused), expected);

        operator(app).appoint(&id, LI, None).await.unwrap();
        assert_eq!(reason(&operator(app).add_member(&id, LI).await.unwrap_err()), expected);
        assert_eq!(reason(&operator(app).hand_over(LI, WANG, None, 1).await.unwrap_err()), expected);
        operator(app).remove_member(&member).await.unwrap();
        operator(app).hand_over(LI, WANG, None, 1).await.unwrap();
        operator(app).add_member(&id, LI).await.unwrap();
    }

    async fn a_member_is_one_of_its_own_enterprise_alone(app: TestSuite) {
        let id = operator(app).create(1).await.unwrap().enterprise_id;
        let other = operator(app).create(2).await.unwrap().enterprise_id;
        let member = operator(app).add_member(&id, OWNER).await.unwrap();
        let misplaced = pb::EnterpriseMember { enterprise_id: other, ..member.clone() };
        let refused = operator(app).remove_member(&misplaced).await.unwrap_err();
        assert_eq!(reason(&refused), (Code::NotFound, "MEMBER_NOT_FOUND".to_owned()));
        let stale = pb::EnterpriseMember { etag: "v7".to_owned(), ..member };
        let refused = operator(app).remove_member(&stale).await.unwrap_err();
        assert_eq!(reason(&refused), (Code::Aborted, "STALE_ETAG".to_owned()));
    }
}
