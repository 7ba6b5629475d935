//! Who may call each RPC, as the contracts declare it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::{self, Write as _},
    sync::Arc,
};

use prost_reflect::{DescriptorPool, ExtensionDescriptor, MethodDescriptor, Value};
use proto::options::v1 as pb;

use crate::{Relation, Role};

const OPTION: &str = "qinqing.options.v1.access";
const OURS: &str = "qinqing.";

/// Who may call one RPC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MethodRule {
    /// "/package.Service/Method".
    pub path: String,
    /// Everybody may.
    pub public: bool,
    /// The suite's own services may.
    pub services: bool,
    /// People may who hold the role and relate so to the object.
    pub grants: Vec<(Role, Relation)>,
    /// Machine clients may that hold any of these.
    pub scopes: Vec<String>,
}

/// The rules of all RPCs.
#[derive(Debug, Clone, Default)]
pub struct Rules(BTreeMap<String, Arc<MethodRule>>);

impl Rules {
    /// Reads the rule of every RPC of the suite's packages. Fails with every RPC whose rule is missing or
    /// makes no sense.
    pub fn from_pool(pool: &DescriptorPool) -> Result<Self, RuleError> {
        let option = pool.get_extension_by_name(OPTION);
        let mut rules = BTreeMap::new();
        let mut problems = Vec::new();
        for service in pool.services().filter(|service| service.package_name().starts_with(OURS)) {
            for method in service.methods() {
                let path = format!("/{}/{}", service.full_name(), method.name());
                let declared = option.as_ref().and_then(|option| declared(&method, option));
                match MethodRule::read(path.clone(), declared) {
                    Ok(rule) => _ = rules.insert(path, Arc::new(rule)),
                    Err(found) => problems.extend(found.into_iter().map(|problem| (path.clone(), problem))),
                }
            }
        }
        if problems.is_empty() { Ok(Self(rules)) } else { Err(RuleError { problems }) }
    }

    /// Makes RPCs public that are not ours to declare, such as "/grpc.health.v1.Health/Check". A path
    /// that has a rule keeps it.
    #[must_use]
    pub fn allow_builtin<'a>(mut self, paths: impl IntoIterator<Item = &'a str>) -> Self {
        for path in paths {
            let rule = MethodRule {
                path: path.to_owned(),
                public: true,
                services: false,
                grants: Vec::new(),
                scopes: Vec::new(),
            };
            self.0.entry(path.to_owned()).or_insert_with(|| Arc::new(rule));
        }
        self
    }

    /// The rule of "/package.Service/Method"; nobody may call an RPC that has none.
    pub fn get(&self, path: &str) -> Option<&Arc<MethodRule>> {
        self.0.get(path)
    }

    /// All rules, by path.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<MethodRule>> {
        self.0.values()
    }

    /// The table that review reads: RPCs by path, below each who may call it.
    pub fn table(&self) -> String {
        let mut table = String::new();
        for rule in self.0.values() {
            writeln!(table, "{rule}").expect("text takes every write");
        }
        table
    }
}

impl fmt::Display for MethodRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        if self.public {
            f.write_str("\n    public")?;
        }
        for (role, relation) in self.grants.iter().copied().collect::<BTreeSet<_>>() {
            write!(f, "\n    {role} {relation}")?;
        }
        for scope in self.scopes.iter().collect::<BTreeSet<_>>() {
            write!(f, "\n    scope {scope}")?;
        }
        if self.services {
            f.write_str("\n    services")?;
        }
        Ok(())
    }
}

/// The option of the RPC; `None` when it has none.
fn declared(method: &MethodDescriptor, option: &ExtensionDescriptor) -> Option<pb::Access> {
    let options = method.options();
    if !options.has_extension(option) {
        return None;
    }
    match options.get_extension(option).as_ref() {
        Value::Message(message) => message.transcode_to().ok(),
        _ => None,
    }
}

impl MethodRule {
    fn read(path: String, declared: Option<pb::Access>) -> Result<Self, Vec<Problem>> {
        let Some(pb::Access { public, services, grants, scopes }) = declared else {
            return Err(vec![Problem::Unclassified]);
        };
        let mut problems = Vec::new();
        let restricted = services || !grants.is_empty() || !scopes.is_empty();
        if !public && !restricted {
            problems.push(Problem::Empty);
        }
        if public && restricted {
            problems.push(Problem::PublicAndRestricted);
        }
        if scopes.iter().any(|scope| scope.trim().is_empty()) {
            problems.push(Problem::EmptyScope);
        }
        let mut pairs = Vec::with_capacity(grants.len());
        for pb::Grant { role, relation } in grants {
            let known_role = pb::Role::try_from(role).ok().and_then(Role::from_wire);
            let known_relation = pb::Relation::try_from(relation).ok().and_then(Relation::from_wire);
            if known_role.is_none() {
                problems.push(Problem::UnknownRole(role));
            }
            if known_relation.is_none() {
                problems.push(Problem::UnknownRelation(relation));
            }
            if let (Some(role), Some(relation)) = (known_role, known_relation) {
                if !relation.is_possible_for(role) {
                    problems.push(Problem::Impossible(role, relation));
                }
                pairs.push((role, relation));
            }
        }
        if problems.is_empty() {
            Ok(Self { path, public, services, grants: pairs, scopes })
        } else {
            Err(problems)
        }
    }
}

/// What is wrong with the rule of an RPC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    #[error("does not say who may call it")]
    Unclassified,
    #[error("lets nobody in")]
    Empty,
    #[error("is public, and restricted too")]
    PublicAndRestricted,
    #[error("names a scope without a name")]
    EmptyScope,
    #[error("names role {0}, which is none")]
    UnknownRole(i32),
    #[error("names relation {0}, which is none")]
    UnknownRelation(i32),
    #[error("lets {0} in by {1}, which a holder of that role never has")]
    Impossible(Role, Relation),
}

/// The contracts leave open who may call some RPCs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleError {
    /// Every path with what is wrong there, at least one.
    pub problems: Vec<(String, Problem)>,
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unusable access rules")?;
        for (n, (path, problem)) in self.problems.iter().enumerate() {
            write!(f, "{} {path} {problem}", if n == 0 { ":" } else { ";" })?;
        }
        Ok(())
    }
}

impl std::error::Error for RuleError {}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    /// The contracts in `tests/proto/<file>`, with the real option.
    fn pool(file: &str) -> DescriptorPool {
        let root = env!("CARGO_MANIFEST_DIR");
        let includes = [format!("{root}/tests/proto"), format!("{root}/../../proto")];
        let mut compiler = protox::Compiler::new(includes).unwrap();
        compiler.include_imports(true).open_file(file).unwrap();
        DescriptorPool::decode(compiler.encode_file_descriptor_set().as_slice()).unwrap()
    }

    #[test]
    fn the_rules_are_those_of_the_contract() {
        let rules = Rules::from_pool(&pool("classified.proto")).unwrap();
        expect![[r"
            /qinqing.sample.v1.CaseService/GetCase
                ENTERPRISE OWN_FIRM
                MANAGER APPOINTED
                LIAISON DEPARTMENT
                SECTION_HANDLER SECTION
                SECTION_HANDLER ASSIGNEE
                OPERATOR ANY
                scope cases.export
                scope cases.read
                services
            /qinqing.sample.v1.CaseService/GetTerms
                public
            /qinqing.sample.v1.CaseService/ListEvents
                scope cases.read
            /qinqing.sample.v1.CaseService/SetLanguage
                ENTERPRISE SELF
                LEADER SELF
            /qinqing.sample.v1.CaseService/WatchCases
                services
        "]]
        .assert_eq(&rules.table());
        let watch = rules.get("/qinqing.sample.v1.CaseService/WatchCases").unwrap();
        assert!(watch.services && !watch.public && watch.grants.is_empty() && watch.scopes.is_empty());
        assert_eq!(rules.iter().count(), 5);
    }

    #[test]
    fn packages_of_others_have_no_rules_until_they_are_allowed_by_name() {
        let rules = Rules::from_pool(&pool("foreign.proto")).unwrap();
        assert_eq!(rules.table(), "");
        assert!(rules.get("/foreign.v1.Probe/Check").is_none());
        let rules = rules.allow_builtin(["/foreign.v1.Probe/Check"]);
        assert!(rules.get("/foreign.v1.Probe/Check").unwrap().public);
        assert!(rules.get("/foreign.v1.Probe/Other").is_none());
    }

    #[test]
    fn a_declared_rule_cannot_be_made_public_from_outside() {
        let path = "/qinqing.sample.v1.CaseService/WatchCases";
        let rules = Rules::from_pool(&pool("classified.proto")).unwrap().allow_builtin([path]);
        assert!(!rules.get(path).unwrap().public);
    }

    #[test]
    fn every_rpc_without_a_sensible_rule_is_named() {
        let error = Rules::from_pool(&pool("unclassified.proto")).unwrap_err();
        let lines = error.problems.iter().map(|(path, problem)| format!("{path} {problem}\n"));
        let problems = lines.collect::<Vec<_>>().concat();
        expect![[r"
            /qinqing.sample.v1.LooseService/Bare does not say who may call it
            /qinqing.sample.v1.LooseService/Hollow lets nobody in
            /qinqing.sample.v1.LooseService/Denied lets nobody in
            /qinqing.sample.v1.LooseService/NoRole names role 0, which is none
            /qinqing.sample.v1.LooseService/NoRelation names relation 0, which is none
            /qinqing.sample.v1.LooseService/NeitherOfTwo names role 0, which is none
            /qinqing.sample.v1.LooseService/NeitherOfTwo names relation 0, which is none
            /qinqing.sample.v1.LooseService/Contradiction is public, and restricted too
            /qinqing.sample.v1.LooseService/BlankScope names a scope without a name
            /qinqing.sample.v1.LooseService/Never lets MANAGER in by OWN_FIRM, which a holder of that role never has
        "]]
        .assert_eq(&problems);
        let shown = error.to_string();
        assert!(error.problems.iter().all(|(path, _)| shown.contains(path)), "{shown}");
    }

    #[test]
    fn the_real_option_is_the_one_that_is_read() {
        assert!(proto::pool().get_extension_by_name(OPTION).is_some());
    }
}
