use access::{Role, RoleGrant};
use kernel::{DepartmentId, EnterpriseId, SectionId};
use proto::notification::v1 as pb;
use testkit::reason;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::town::{Town, account};

fn grant(role: Role) -> RoleGrant {
    let id = Uuid::from_u128(1);
    match role {
        Role::Enterprise => RoleGrant::enterprise(EnterpriseId::new(id)),
        Role::Liaison => RoleGrant::liaison(DepartmentId::new(id)),
        Role::SectionHandler => RoleGrant::section_handler(DepartmentId::new(id), SectionId::new(id)),
        role => RoleGrant::of(role),
    }
}

/// `+` for whoever is let in, though it be to find nothing; `-` for whoever is not.
fn mark<T>(answer: Result<T, Status>) -> char {
    match answer {
        Ok(_) => '+',
        Err(status) if status.code() == Code::NotFound => '+',
        Err(status) => {
            assert_eq!(reason(&status), (Code::PermissionDenied, "NOT_PERMITTED".to_owned()));
            '-'
        }
    }
}

both_engines! {
    /// Inbox, preferences, templates, deliveries, retry.
    async fn each_role_gets_as_far_as_the_contract_says(town: &Town) {
        for role in Role::ALL {
            let somebody = town.as_holder(account(700), grant(*role));
            let retry = pb::RetryDeliveryRequest {
                delivery_id: town.app.uuid().to_string(),
                etag: "v1".to_owned(),
                request_id: town.app.request_id(),
            };
            let marks: String = [
                mark(somebody.inbox().count_unread(pb::CountUnreadRequest {}).await),
                mark(somebody.preferences().get_preferences(pb::GetPreferencesRequest {}).await),
                mark(somebody.templates().list_templates(pb::ListTemplatesRequest::default()).await),
                mark(somebody.deliveries().list_deliveries(pb::ListDeliveriesRequest::default()).await),
                mark(somebody.deliveries().retry_delivery(retry).await),
            ]
            .into_iter()
            .collect();
            let expected = match role {
                Role::Operator => "+++++",
                Role::SystemAdmin => "+++--",
                Role::AuditAdmin => "++-+-",
                _ => "++---",
            };
            assert_eq!(marks, expected, "{role}");
        }
    }

    async fn nobody_gets_in_without_a_token_and_no_machine_with_one(town: &Town) {
        let mut anonymous = pb::inbox_service_client::InboxServiceClient::new(town.app.anonymous());
        let refused = anonymous.count_unread(pb::CountUnreadRequest {}).await.unwrap_err();
        assert_eq!(reason(&refused), (Code::Unauthenticated, "TOKEN_MISSING".to_owned()));
        let machine = town.app.client(&["issues.read", "events.read"]);
        let mut machine = pb::inbox_service_client::InboxServiceClient::new(machine);
        let refused = machine.list_messages(pb::ListMessagesRequest::default()).await.unwrap_err();
        assert_eq!(reason(&refused), (Code::PermissionDenied, "NOT_PERMITTED".to_owned()));
    }
}
