//! What can go wrong in identity, and how it appears on the wire.

use access::Role;
use kernel::{AccountId, ClientId, DepartmentId, GrantId, SectionId, SessionId};
use proto::identity::v1::ErrorReason as R;
use rpc::{Refusal, ServiceError, Wire};
use tonic::Code;

use crate::domain::{ClientScope, DepartmentCode, Refused};

/// Everything that an RPC of identity may fail with.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    #[error("there is no such account")]
    AccountNotFound(AccountId),
    #[error("the login name is taken")]
    LoginNameTaken,
    #[error("login name and password do not go together")]
    CredentialsInvalid,
    #[error("too many tries with this login name")]
    TooManyAttempts { retry_after_seconds: i64 },
    #[error("the password must be changed first")]
    PasswordChangeRequired,
    #[error("more passwords wait to be checked than the server takes on at once")]
    SignInBusy,
    #[error("the refresh token is not valid")]
    RefreshTokenInvalid,
    #[error("there is no such session")]
    SessionNotFound(SessionId),
    #[error("there is no such grant")]
    GrantNotFound(GrantId),
    #[error("the account has this role, or it has been asked for")]
    GrantExists { account: AccountId, role: Role },
    #[error("there is no such department")]
    DepartmentNotFound(DepartmentId),
    #[error("there is no department of this code")]
    DepartmentCodeNotFound(DepartmentCode),
    #[error("another department has this code")]
    DepartmentCodeTaken(DepartmentCode),
    #[error("there is no such section")]
    SectionNotFound(SectionId),
    #[error("the department has a section of this name")]
    SectionNameTaken(DepartmentId),
    #[error("there is no such machine client")]
    ClientNotFound(ClientId),
    #[error("another machine client has this name")]
    ClientNameTaken,
    #[error("client id and secret do not go together")]
    ClientCredentialsInvalid,
    #[error("the machine client does not have this scope")]
    ClientScopeDenied(ClientScope),
    #[error("no RPC asks for this scope")]
    ScopeUnknown(ClientScope),
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error(transparent)]
    Common(#[from] Refusal),
    #[error("the database did not do what it was asked")]
    Store(#[from] store::Error),
    #[error("could not sign a token")]
    Sign(#[from] access::SignError),
    #[error("could not hash a password")]
    Hash,
    #[error("the machine gives no random bytes")]
    Chance,
}

impl ServiceError for IdentityError {
    const DOMAIN: &'static str = "identity.qinqing";

    fn wire(&self) -> Option<Wire> {
        let (code, reason, metadata) = match self {
            Self::AccountNotFound(id) => {
                (Code::NotFound, R::AccountNotFound, vec![("account_id", id.to_string())])
            }
            Self::LoginNameTaken => (Code::AlreadyExists, R::LoginNameTaken, vec![]),
            Self::CredentialsInvalid => (Code::Unauthenticated, R::CredentialsInvalid, vec![]),
            Self::TooManyAttempts { retry_after_seconds } => (
                Code::ResourceExhausted,
                R::TooManyAttempts,
                vec![("retry_after_seconds", retry_after_seconds.to_string())],
            ),
            Self::PasswordChangeRequired => (Code::FailedPrecondition, R::PasswordChangeRequired, vec![]),
            Self::SignInBusy => (Code::ResourceExhausted, R::SignInBusy, vec![]),
            Self::RefreshTokenInvalid => (Code::Unauthenticated, R::RefreshTokenInvalid, vec![]),
            Self::SessionNotFound(id) => {
                (Code::NotFound, R::SessionNotFound, vec![("session_id", id.to_string())])
            }
            Self::GrantNotFound(id) => (Code::NotFound, R::GrantNotFound, vec![("grant_id", id.to_string())]),
            Self::GrantExists { account, role } => (
                Code::AlreadyExists,
                R::GrantExists,
                vec![("account_id", account.to_string()), ("role", role.to_string())],
            ),
            Self::DepartmentNotFound(id) => {
                (Code::NotFound, R::DepartmentNotFound, vec![("department_id", id.to_string())])
            }
            Self::DepartmentCodeNotFound(code) => {
                (Code::NotFound, R::DepartmentNotFound, vec![("code", code.as_str().to_owned())])
            }
            Self::DepartmentCodeTaken(code) => {
                (Code::AlreadyExists, R::DepartmentCodeTaken, vec![("code", code.as_str().to_owned())])
            }
            Self::SectionNotFound(id) => {
                (Code::NotFound, R::SectionNotFound, vec![("section_id", id.to_string())])
            }
            Self::SectionNameTaken(id) => {
                (Code::AlreadyExists, R::SectionNameTaken, vec![("department_id", id.to_string())])
            }
            Self::ClientNotFound(id) => {
                (Code::NotFound, R::ClientNotFound, vec![("client_id", id.to_string())])
            }
            Self::ClientNameTaken => (Code::AlreadyExists, R::ClientNameTaken, vec![]),
            Self::ClientCredentialsInvalid => (Code::Unauthenticated, R::ClientCredentialsInvalid, vec![]),
            Self::ClientScopeDenied(scope) => {
                (Code::PermissionDenied, R::ClientScopeDenied, vec![("scope", scope.as_str().to_owned())])
            }
            Self::ScopeUnknown(scope) => {
                (Code::InvalidArgument, R::ScopeUnknown, vec![("scope", scope.as_str().to_owned())])
            }
            Self::Refused(refused) => refused_on_the_wire(refused),
            Self::Common(_) | Self::Store(_) | Self::Sign(_) | Self::Hash | Self::Chance => return None,
        };
        Some(Wire { code, reason: reason.as_str_name().trim_start_matches("ERROR_REASON_"), metadata })
    }

    fn refusal(&self) -> Option<&Refusal> {
        if let Self::Common(refusal) = self { Some(refusal) } else { None }
    }

    fn store(&self) -> Option<&store::Error> {
        if let Self::Store(error) = self { Some(error) } else { None }
    }

    fn zh(reason: &str) -> Option<&'static str> {
        CHINESE.iter().find(|(name, _)| *name == reason).map(|(_, text)| *text)
    }
}

fn refused_on_the_wire(refused: &Refused) -> (Code, R, Vec<(&'static str, String)>) {
    let (reason, metadata) = match refused {
        Refused::AccountDisabled(id) => (R::AccountDisabled, vec![("account_id", id.to_string())]),
        Refused::AccountActive(id) => (R::AccountActive, vec![("account_id", id.to_string())]),
        Refused::OwnAccount => (R::OwnAccount, vec![]),
        Refused::WeakPassword(weakness) => {
            let rule = vec![("rule", weakness.name().to_owned())];
            return (Code::InvalidArgument, R::PasswordTooWeak, rule);
        }
        Refused::SessionEnded(id) => (R::SessionEnded, vec![("session_id", id.to_string())]),
        Refused::GrantNotRequested { grant, state } => {
            (R::GrantNotRequested, vec![("grant_id", grant.to_string()), ("state", (*state).to_owned())])
        }
        Refused::GrantNotActive { grant, state } => {
            (R::GrantNotActive, vec![("grant_id", grant.to_string()), ("state", (*state).to_owned())])
        }
        Refused::FourEyes(eyes) => (R::GrantFourEyes, vec![("rule", eyes.name().to_owned())]),
        Refused::RoleByMembership => (R::GrantRoleByMembership, vec![]),
        Refused::AdministratorsExclude { account, held } => {
            (R::AdministratorsExclude, vec![("account_id", account.to_string()), ("held", held.to_string())])
        }
        Refused::LiaisonRoleMissing { account, department } => (
            R::LiaisonRoleMissing,
            vec![("account_id", account.to_string()), ("department_id", department.to_string())],
        ),
        Refused::ClientDisabled(id) => (R::ClientDisabled, vec![("client_id", id.to_string())]),
    };
    (Code::FailedPrecondition, reason, metadata)
}

/// What a person reads, by reason.
const CHINESE: &[(&str, &str)] = &[
    ("ACCOUNT_NOT_FOUND", "账号不存在"),
    ("LOGIN_NAME_TAKEN", "登录名已被使用"),
    ("ACCOUNT_DISABLED", "账号已停用"),
    ("ACCOUNT_ACTIVE", "账号未停用"),
    ("OWN_ACCOUNT", "不能对自己的账号进行此操作"),
    ("CREDENTIALS_INVALID", "登录名或密码不正确"),
    ("TOO_MANY_ATTEMPTS", "尝试次数过多，请在 {retry_after_seconds} 秒后重试"),
    ("PASSWORD_CHANGE_REQUIRED", "请先修改密码"),
    ("PASSWORD_TOO_WEAK", "新密码须为 10 至 128 个字符，且不能与登录名或原密码相同"),
    ("REFRESH_TOKEN_INVALID", "登录已失效，请重新登录"),
    ("SESSION_NOT_FOUND", "会话不存在"),
    ("SESSION_ENDED", "会话已结束"),
    ("GRANT_NOT_FOUND", "授权不存在"),
    ("GRANT_NOT_REQUESTED", "该授权不在待审批状态"),
    ("GRANT_NOT_ACTIVE", "该授权未生效"),
    ("GRANT_EXISTS", "该账号已有此角色，或已在申请中"),
    ("GRANT_FOUR_EYES", "申请人、审批人和被授权人必须是不同的人"),
    ("GRANT_ROLE_BY_MEMBERSHIP", "企业角色随企业成员关系自动授予和收回"),
    ("ADMINISTRATORS_EXCLUDE", "系统管理员、安全管理员和审计管理员不能由同一账号兼任"),
    ("DEPARTMENT_NOT_FOUND", "部门不存在"),
    ("DEPARTMENT_CODE_TAKEN", "部门代码 {code} 已被使用"),
    ("SECTION_NOT_FOUND", "科室不存在"),
    ("SECTION_NAME_TAKEN", "该部门已有同名科室"),
    ("LIAISON_ROLE_MISSING", "该账号没有此部门的联络员角色，或已停用"),
    ("CLIENT_NOT_FOUND", "接入系统不存在"),
    ("CLIENT_NAME_TAKEN", "已有同名接入系统"),
    ("CLIENT_DISABLED", "接入系统已停用"),
    ("CLIENT_CREDENTIALS_INVALID", "接入系统的编号或密钥不正确"),
    ("CLIENT_SCOPE_DENIED", "接入系统没有权限 {scope}"),
    ("SIGN_IN_BUSY", "登录人数过多，请稍后重试"),
    ("SCOPE_UNKNOWN", "没有权限 {scope}"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_chinese_words() {
        for number in 1.. {
            let Ok(reason) = R::try_from(number) else { break };
            let name = reason.as_str_name().trim_start_matches("ERROR_REASON_");
            assert!(IdentityError::zh(name).is_some(), "{name}");
        }
        assert!(R::try_from(i32::try_from(CHINESE.len()).unwrap()).is_ok());
        assert!(R::try_from(i32::try_from(CHINESE.len()).unwrap() + 1).is_err());
    }
}
