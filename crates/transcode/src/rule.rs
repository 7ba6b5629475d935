//! Reads the `google.api.http` option of each method into checked bindings.

use std::ops::Range;

use http::{Method, uri::PathAndQuery};
use prost_reflect::{
    DescriptorPool, DynamicMessage, ExtensionDescriptor, FieldDescriptor, Kind, MessageDescriptor,
    MethodDescriptor,
};

use crate::{
    BuildError,
    template::{Segment, Template},
    tree::{Overlap, overlap},
};

/// One HTTP method and path template that leads to an RPC.
#[derive(Clone)]
pub struct Binding {
    pub(crate) rpc: MethodDescriptor,
    pub(crate) method: Method,
    pub(crate) template: Template,
    pub(crate) variables: Vec<BoundVariable>,
    pub(crate) body: BodyRule,
    pub(crate) response_body: Option<FieldDescriptor>,
    pub(crate) grpc_path: PathAndQuery,
    /// 0 for the rule itself, then 1… for its additional bindings.
    pub(crate) index: usize,
}

/// A field of the request that the path gives.
#[derive(Clone)]
pub(crate) struct BoundVariable {
    /// The fields from the request message down to the one that is set.
    pub(crate) fields: Vec<FieldDescriptor>,
    pub(crate) segments: Range<usize>,
    /// Whether the value may hold several segments, so that `%2F` stays encoded.
    pub(crate) multi: bool,
    /// Whether the value runs to the end of the path, by a `**`.
    pub(crate) to_end: bool,
}

/// What the HTTP request body holds.
#[derive(Clone)]
pub enum BodyRule {
    /// Nothing; fields that the path does not give come from the query.
    None,
    /// Every field that the path does not give.
    Whole,
    /// This field; the others come from the query.
    Field(FieldDescriptor),
}

impl Binding {
    /// The RPC that is called.
    pub fn rpc(&self) -> &MethodDescriptor {
        &self.rpc
    }

    /// The HTTP method.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The path template as annotated, such as `/v1/{name=shelves/*}:close`.
    pub fn template(&self) -> &str {
        &self.template.text
    }

    /// What the request body holds.
    pub fn body(&self) -> &BodyRule {
        &self.body
    }

    /// The path of the gRPC call, `/pkg.Service/Method`.
    pub fn grpc_path(&self) -> &PathAndQuery {
        &self.grpc_path
    }
}

/// All bindings in the pool, in the order of its files, services and methods.
pub(crate) fn bindings(pool: &DescriptorPool) -> Result<Vec<Binding>, BuildError> {
    let Some(option) = pool.get_extension_by_name("google.api.http") else { return Ok(Vec::new()) };
    let mut bindings = Vec::new();
    for service in pool.services() {
        for rpc in service.methods() {
            read_method(&rpc, &option, &mut bindings)?;
        }
    }
    refuse_overlaps(&bindings)?;
    Ok(bindings)
}

fn read_method(
    rpc: &MethodDescriptor,
    option: &ExtensionDescriptor,
    bindings: &mut Vec<Binding>,
) -> Result<(), BuildError> {
    let options = rpc.options();
    if !options.has_extension(option) {
        return Ok(());
    }
    let value = options.get_extension(option);
    let broken = |problem| BuildError::Rule { rpc: rpc.full_name().to_owned(), problem };
    let rule = value.as_message().ok_or_else(|| broken("it is not a message"))?;
    if rpc.is_client_streaming() {
        return Err(broken("a client stream cannot be called over plain HTTP"));
    }
    bindings.push(read_rule(rpc, rule, 0)?);
    let additional = rule.get_field_by_name("additional_bindings");
    let additional = additional.as_ref().and_then(|value| value.as_list()).unwrap_or_default();
    for (at, value) in additional.iter().enumerate() {
        let rule = value.as_message().ok_or_else(|| broken("an additional binding is not a message"))?;
        if rule.has_field_by_name("additional_bindings") {
            return Err(broken("an additional binding has additional bindings of its own"));
        }
        bindings.push(read_rule(rpc, rule, at + 1)?);
    }
    Ok(())
}

fn read_rule(rpc: &MethodDescriptor, rule: &DynamicMessage, index: usize) -> Result<Binding, BuildError> {
    let rpc_name = rpc.full_name().to_owned();
    let broken = |problem| BuildError::Rule { rpc: rpc_name.clone(), problem };
    let (method, text) =
        pattern(rule).ok_or_else(|| broken("it has no HTTP method and path, or an unusable one"))?;
    let template = Template::parse(&text).map_err(|problem| BuildError::Template {
        rpc: rpc_name.clone(),
        template: text.clone(),
        problem,
    })?;
    let place = Place { rpc: &rpc_name, template: &text };

    let mut variables = Vec::new();
    for variable in &template.variables {
        let fields = place.resolve(&rpc.input(), &variable.field)?;
        if fields.last().is_some_and(|field| {
            field.is_list() || field.is_map() || matches!(field.kind(), Kind::Message(_) | Kind::Bytes)
        }) {
            return Err(place.unusable(&variable.field, "the path can only give a single scalar or enum"));
        }
        let covered = template.segments.get(variable.segments.clone()).unwrap_or_default();
        let to_end = covered.contains(&Segment::Rest);
        let multi = to_end || covered.len() != 1;
        variables.push(BoundVariable { fields, segments: variable.segments.clone(), multi, to_end });
    }

    let body = match string_field(rule, "body").as_str() {
        "" => BodyRule::None,
        _ if method == Method::GET => return Err(broken("a GET request has no body")),
        "*" => BodyRule::Whole,
        name => {
            let field = place.own_field(&rpc.input(), name)?;
            if variables.iter().any(|variable| variable.fields.first() == Some(&field)) {
                return Err(place.unusable(name, "both the path and the body give it"));
            }
            BodyRule::Field(field)
        }
    };
    let response_body = match string_field(rule, "response_body").as_str() {
        "" => None,
        name => Some(place.own_field(&rpc.output(), name)?),
    };
    let grpc_path = format!("/{}/{}", rpc.parent_service().full_name(), rpc.name());
    let grpc_path = PathAndQuery::try_from(grpc_path).map_err(|_| broken("the RPC's name is not a path"))?;
    Ok(Binding { rpc: rpc.clone(), method, template, variables, body, response_body, grpc_path, index })
}

fn pattern(rule: &DynamicMessage) -> Option<(Method, String)> {
    for (field, method) in [
        ("get", Method::GET),
        ("put", Method::PUT),
        ("post", Method::POST),
        ("delete", Method::DELETE),
        ("patch", Method::PATCH),
    ] {
        if rule.has_field_by_name(field) {
            return Some((method, string_field(rule, field)));
        }
    }
    let custom = rule.get_field_by_name("custom").filter(|_| rule.has_field_by_name("custom"))?;
    let custom = custom.as_message()?;
    let method = Method::from_bytes(string_field(custom, "kind").as_bytes()).ok()?;
    // HEAD is answered by the binding of GET; the rest are the protocol's own.
    (!matches!(method, Method::HEAD | Method::CONNECT | Method::OPTIONS | Method::TRACE))
        .then(|| (method, string_field(custom, "path")))
}

fn string_field(message: &DynamicMessage, name: &str) -> String {
    message.get_field_by_name(name).and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

/// Where in the contract a field is named, for errors.
struct Place<'a> {
    rpc: &'a str,
    template: &'a str,
}

impl Place<'_> {
    fn resolve(&self, message: &MessageDescriptor, path: &str) -> Result<Vec<FieldDescriptor>, BuildError> {
        let mut fields: Vec<FieldDescriptor> = Vec::new();
        let mut message = message.clone();
        for name in path.split('.') {
            if let Some(outer) = fields.last() {
                message = match outer.kind() {
                    Kind::Message(inner) if !outer.is_list() && !outer.is_map() => inner,
                    _ => {
                        return Err(
                            self.unusable(path, "it reaches into something that is not a single message")
                        );
                    }
                };
            }
            let field = message.get_field_by_name(name).ok_or_else(|| self.unknown(path, &message))?;
            fields.push(field);
        }
        Ok(fields)
    }

    fn own_field(&self, message: &MessageDescriptor, name: &str) -> Result<FieldDescriptor, BuildError> {
        message.get_field_by_name(name).ok_or_else(|| self.unknown(name, message))
    }

    fn unknown(&self, field: &str, message: &MessageDescriptor) -> BuildError {
        BuildError::UnknownField {
            rpc: self.rpc.to_owned(),
            template: self.template.to_owned(),
            field: field.to_owned(),
            message: message.full_name().to_owned(),
        }
    }

    fn unusable(&self, field: &str, problem: &'static str) -> BuildError {
        BuildError::UnusableField {
            rpc: self.rpc.to_owned(),
            template: self.template.to_owned(),
            field: field.to_owned(),
            problem,
        }
    }
}

fn refuse_overlaps(bindings: &[Binding]) -> Result<(), BuildError> {
    for (at, second) in bindings.iter().enumerate() {
        for first in bindings.iter().take(at) {
            if first.method != second.method || first.template.verb != second.template.verb {
                continue;
            }
            let (first_rpc, second_rpc) =
                (first.rpc.full_name().to_owned(), second.rpc.full_name().to_owned());
            let (first_text, second_text) = (first.template.text.clone(), second.template.text.clone());
            match overlap(&first.template.segments, &second.template.segments) {
                Overlap::Disjoint | Overlap::Ordered => {}
                Overlap::Same => {
                    return Err(BuildError::Collision {
                        first_rpc,
                        first: first_text,
                        second_rpc,
                        second: second_text,
                    });
                }
                Overlap::Crossed => {
                    return Err(BuildError::Ambiguous {
                        first_rpc,
                        first: first_text,
                        second_rpc,
                        second: second_text,
                    });
                }
            }
        }
    }
    Ok(())
}
