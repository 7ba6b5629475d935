//! Everything that can go wrong in the registry, and how callers see it.

use kernel::{AccountId, AppointmentId, EnterpriseId, MemberId, Version, VisitId};
use proto::registry::v1::ErrorReason as R;
use rpc::{Refusal, ServiceError, Wire};
use tonic::Code;

use crate::{
    domain::{refused::Refused, uscc::Uscc},
    rpc::convert,
};

#[derive(Debug, thiserror::Error)]
pub(crate) enum RegistryError {
    #[error("there is no such enterprise")]
    EnterpriseNotFound(EnterpriseId),
    #[error("another enterprise has this credit code")]
    UsccTaken(Uscc),
    #[error("the enterprise has no such member")]
    MemberNotFound(MemberId),
    #[error("the account acts for the enterprise already")]
    MemberExists { enterprise: EnterpriseId, account: AccountId },
    #[error("the account lacks what this asks for: {lacks}")]
    AccountUnsuitable { account: AccountId, lacks: &'static str },
    #[error("there is no such appointment")]
    AppointmentNotFound(AppointmentId),
    #[error("there is no such visit")]
    VisitNotFound(VisitId),
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error(transparent)]
    Refusal(#[from] Refusal),
    #[error("the database did not serve")]
    Store(#[from] store::Error),
}

impl RegistryError {
    /// Refuses a change that was meant for another version.
    pub(crate) fn unless_current(present: Version, expected: Version) -> Result<(), Self> {
        if present == expected {
            Ok(())
        } else {
            Err(Refusal::StaleEtag { etag: present.to_string() }.into())
        }
    }
}

impl ServiceError for RegistryError {
    const DOMAIN: &'static str = "registry.qinqing";

    fn wire(&self) -> Option<Wire> {
        let (code, reason, metadata) = match self {
            Self::EnterpriseNotFound(id) => {
                (Code::NotFound, R::EnterpriseNotFound, vec![("enterprise_id", id.to_string())])
            }
            Self::UsccTaken(uscc) => (Code::AlreadyExists, R::UsccTaken, vec![("uscc", uscc.to_string())]),
            Self::MemberNotFound(id) => {
                (Code::NotFound, R::MemberNotFound, vec![("member_id", id.to_string())])
            }
            Self::MemberExists { enterprise, account } => (
                Code::AlreadyExists,
                R::MemberExists,
                vec![("enterprise_id", enterprise.to_string()), ("account_id", account.to_string())],
            ),
            Self::AccountUnsuitable { account, lacks } => (
                Code::FailedPrecondition,
                R::AccountUnsuitable,
                vec![("account_id", account.to_string()), ("lacks", (*lacks).to_owned())],
            ),
            Self::AppointmentNotFound(id) => {
                (Code::NotFound, R::AppointmentNotFound, vec![("appointment_id", id.to_string())])
            }
            Self::VisitNotFound(id) => (Code::NotFound, R::VisitNotFound, vec![("visit_id", id.to_string())]),
            Self::Refused(refused) => refused_wire(refused),
            Self::Refusal(_) | Self::Store(_) => return None,
        };
        let reason = reason.as_str_name().trim_start_matches("ERROR_REASON_");
        Some(Wire { code, reason, metadata })
    }

    fn refusal(&self) -> Option<&Refusal> {
        if let Self::Refusal(refusal) = self { Some(refusal) } else { None }
    }

    fn store(&self) -> Option<&store::Error> {
        if let Self::Store(error) = self { Some(error) } else { None }
    }

    fn zh(reason: &str) -> Option<&'static str> {
        Some(match reason {
            "ENTERPRISE_NOT_FOUND" => "没有这家企业",
            "USCC_TAKEN" => "统一社会信用代码 {uscc} 已登记",
            "ENTERPRISE_RETIRED" => "该企业已停止服务",
            "MEMBER_NOT_FOUND" => "该企业没有这名成员",
            "MEMBER_EXISTS" => "该账号已是该企业成员",
            "MEMBER_REMOVED" => "该成员已移除",
            "MANAGER_IS_MEMBER" => "同一人不能既是企业成员又是该企业的经理人",
            "ACCOUNT_UNSUITABLE" => "该账号不存在、已停用或缺少所需角色",
            "APPOINTMENT_NOT_FOUND" => "没有这项任命",
            "APPOINTMENT_OVERLAPS" => "该企业在此日期或之后已有经理人",
            "APPOINTMENT_OVER" => "该任命已结束，历史不可更改",
            "END_DATE_PAST" => "任命最早只能于今日（{today}）结束",
            "SUCCESSOR_PLANNED" => "请先结束该企业后续的任命",
            "NOTHING_TO_HAND_OVER" => "该经理人没有可交接的企业",
            "HANDOVER_CHANGED" => "待交接的企业为 {found} 家，与预期的 {expected} 家不符，请核对后重试",
            "VISIT_NOT_FOUND" => "没有这条走访记录",
            "VISIT_STEP_NOT_ALLOWED" => "走访记录的当前状态不允许此操作",
            "VISIT_DATE_AHEAD" => "走访日期不能晚于今日（{today}）",
            "MANAGER_NOT_APPOINTED" => "您在 {visit_date} 不是该企业的经理人",
            "ANSWERED_BY_MANAGER" => "不能代表企业确认自己的走访",
            "VISIT_OF_ANOTHER" => "该走访由其他经理人记录",
            _ => return None,
        })
    }
}

type Row = (Code, R, Vec<(&'static str, String)>);

fn refused_wire(refused: &Refused) -> Row {
    let (reason, metadata) = match refused {
        Refused::EnterpriseRetired(id) => (R::EnterpriseRetired, vec![("enterprise_id", id.to_string())]),
        Refused::MemberRemoved(id) => (R::MemberRemoved, vec![("member_id", id.to_string())]),
        Refused::ManagerIsMember { enterprise, account } => (
            R::ManagerIsMember,
            vec![("enterprise_id", enterprise.to_string()), ("account_id", account.to_string())],
        ),
        Refused::Overlaps { enterprise, latest, free_from } => {
            let mut metadata =
                vec![("enterprise_id", enterprise.to_string()), ("appointment_id", latest.to_string())];
            metadata.extend(free_from.map(|day| ("free_from", day.to_string())));
            (R::AppointmentOverlaps, metadata)
        }
        Refused::AppointmentOver(id) => (R::AppointmentOver, vec![("appointment_id", id.to_string())]),
        Refused::EndDatePast { today } => (R::EndDatePast, vec![("today", today.to_string())]),
        Refused::SuccessorPlanned { enterprise, successor } => (
            R::SuccessorPlanned,
            vec![("enterprise_id", enterprise.to_string()), ("appointment_id", successor.to_string())],
        ),
        Refused::NothingToHandOver(manager) => {
            (R::NothingToHandOver, vec![("manager_id", manager.to_string())])
        }
        Refused::HandoverChanged { expected, found } => {
            let metadata = vec![("expected", expected.to_string()), ("found", found.to_string())];
            return (Code::Aborted, R::HandoverChanged, metadata);
        }
        Refused::StepNotAllowed { visit, state, step } => (
            R::VisitStepNotAllowed,
            vec![
                ("visit_id", visit.to_string()),
                ("state", convert::state_name(*state).to_owned()),
                ("step", convert::step_name(*step).to_owned()),
            ],
        ),
        Refused::VisitDateAhead { today } => (R::VisitDateAhead, vec![("today", today.to_string())]),
        Refused::NotAppointed { enterprise, on } => (
            R::ManagerNotAppointed,
            vec![("enterprise_id", enterprise.to_string()), ("visit_date", on.to_string())],
        ),
        Refused::AnsweredByManager(id) => (R::AnsweredByManager, vec![("visit_id", id.to_string())]),
        Refused::VisitOfAnother(id) => (R::VisitOfAnother, vec![("visit_id", id.to_string())]),
    };
    (Code::FailedPrecondition, reason, metadata)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_of_the_contract_has_chinese_words() {
        for number in 1.. {
            let Ok(reason) = R::try_from(number) else { break };
            let name = reason.as_str_name().trim_start_matches("ERROR_REASON_");
            assert!(RegistryError::zh(name).is_some(), "{name}");
        }
    }
}
