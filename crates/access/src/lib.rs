//! Who is calling, and may they: tokens, the rules declared in the contracts, and their evaluation.
//!
//! Everything is refused that no rule lets in: an RPC without a rule keeps a server from starting, and a
//! fact that is missing relates nobody to the object.

mod caller;
mod evaluate;
mod role;
mod rule;
mod scope;
mod token;

pub use caller::{Caller, Client, InvalidServiceName, Person, ServiceName};
pub use evaluate::{Facts, allows, may_call, roles_allowed, scope};
pub use role::{Relation, Role, RoleGrant, UnknownName};
pub use rule::{MethodRule, Problem, RuleError, Rules};
pub use scope::Scope;
pub use token::{
    AUDIENCE, AccessClaims, CachedKeys, ClaimedRole, FetchError, ISSUER, InvalidKey, InvalidKeySet,
    InvalidKeyring, Jwk, KeySet, KeySource, KeysUnavailable, LEEWAY, MAX_LIFETIME, MAX_SERVICE_LIFETIME,
    ServiceIdentity, ServiceKeyring, SignError, Signer, SigningKey, StaticKeys, TokenError, TokenVerifier,
    Verified,
};
