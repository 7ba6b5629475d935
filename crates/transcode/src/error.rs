use thiserror::Error;

/// Why a descriptor pool cannot be served. RPCs are named in full (`pkg.Service.Method`), so that the
/// offending annotation can be found; nothing is served until it is mended.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The path template does not follow the grammar of `google.api.http`.
    #[error("{rpc}: path template `{template}`: {problem}")]
    Template { rpc: String, template: String, problem: &'static str },
    /// The rule itself is unusable: no pattern, an unknown HTTP method, a client stream.
    #[error("{rpc}: http rule: {problem}")]
    Rule { rpc: String, problem: &'static str },
    /// A field that the rule names does not exist in the request or response message.
    #[error("{rpc}: `{template}` names the field `{field}`, which {message} does not have")]
    UnknownField { rpc: String, template: String, field: String, message: String },
    /// A field that the rule names exists, but cannot stand in that place.
    #[error("{rpc}: `{template}` cannot use the field `{field}`: {problem}")]
    UnusableField { rpc: String, template: String, field: String, problem: &'static str },
    /// Two rules match exactly the same requests.
    #[error("{first_rpc} (`{first}`) and {second_rpc} (`{second}`) collide: both match the same requests")]
    Collision { first_rpc: String, first: String, second_rpc: String, second: String },
    /// Some requests match two rules, and neither is the more specific one.
    #[error(
        "{first_rpc} (`{first}`) and {second_rpc} (`{second}`) are ambiguous: some requests match both, \
         and neither is the more specific"
    )]
    Ambiguous { first_rpc: String, first: String, second_rpc: String, second: String },
}
