use proto::scoring::v1::{self as pb, BeneficiaryKind, Settlement};
use testkit::{TestSuite, bad_fields, reason};
use tonic::Code;

use crate::world::{operator, rule_book};

fn get(rule_id: &str, version: i32) -> pb::GetRuleRequest {
    pb::GetRuleRequest { rule_id: rule_id.to_owned(), version }
}

both_engines! {
    async fn the_rules_in_force_are_there_to_be_read(app: TestSuite) {
        let present = rule_book(operator(app)).list_rules(pb::ListRulesRequest { version: 0 }).await.unwrap();
        let first = rule_book(operator(app)).list_rules(pb::ListRulesRequest { version: 1 }).await.unwrap();
        let present = present.into_inner();
        assert_eq!(present, first.into_inner());
        assert_eq!((present.version, present.rules.len()), (1, 13));
        let overdue = rule_book(operator(app)).get_rule(get("reply_overdue", 0)).await.unwrap().into_inner();
        let overdue = overdue.rule.unwrap();
        assert!(present.rules.contains(&overdue));
        assert_eq!((overdue.points, overdue.cap_per_issue, overdue.cap_per_quarter), (-1, Some(10), None));
        assert_eq!((overdue.unit_working_seconds, overdue.once_per_firm_days), (Some(27_000), None));
        assert_eq!((overdue.kind(), overdue.settlement()), (BeneficiaryKind::SectionHandler, Settlement::Final));
    }

    async fn a_rule_or_version_that_never_was_is_not_found(app: TestSuite) {
        let refused = rule_book(operator(app)).get_rule(get("birthday", 1)).await.unwrap_err();
        assert_eq!(reason(&refused), (Code::NotFound, "RULE_NOT_FOUND".to_owned()));
        let refused = rule_book(operator(app)).get_rule(get("rectified", 2)).await.unwrap_err();
        assert_eq!(reason(&refused), (Code::NotFound, "RULE_VERSION_NOT_FOUND".to_owned()));
        let refused = rule_book(operator(app)).list_rules(pb::ListRulesRequest { version: 2 }).await.unwrap_err();
        assert_eq!(reason(&refused), (Code::NotFound, "RULE_VERSION_NOT_FOUND".to_owned()));
        let refused = rule_book(operator(app)).get_rule(get("", -1)).await.unwrap_err();
        assert_eq!(bad_fields(&refused), ["rule_id", "version"]);
    }
}
