//! One request from URL to response.

use std::{borrow::Cow, sync::Arc};

use axum::{body::Body, response::Response};
use bytes::Bytes;
use http::{Extensions, HeaderValue, Method, Request, header, request::Parts};
use http_body::Body as _;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use prost_reflect::DynamicMessage;
use tonic::{Status, client::Grpc};

use crate::{
    assign,
    codec::DynCodec,
    download, headers, json, percent,
    problem::Problem,
    rule::{Binding, BodyRule, BoundVariable},
    stream::{self, Framing},
    transcoder::{Inner, Shared},
    tree::{Found, Part},
};

pub(crate) async fn answer(
    shared: &Arc<Shared>,
    inner: Inner,
    request: Request<Body>,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let route = route(shared, &parts)?;
    let binding = route.binding;
    let metadata = headers::request_metadata(&parts.headers, &shared.config)?;
    let body = read_body(&parts, body, shared.config.max_body_bytes).await?;
    let message = build_message(&route, &parts, &body)?;
    let request = outgoing(shared, &parts, metadata, message);

    let mut client = Grpc::new(inner).max_decoding_message_size(shared.config.max_response_bytes);
    let failed = |status: Status| Problem::from_status(&status, &shared.pool);
    client.ready().await.map_err(failed)?;
    let codec = DynCodec(binding.rpc.output());
    if binding.rpc.is_server_streaming() {
        let framing = if headers::accepts_events(&parts.headers) { Framing::Events } else { Framing::Lines };
        let answer =
            client.server_streaming(request, binding.grpc_path.clone(), codec).await.map_err(failed)?;
        let (metadata, messages, _) = answer.into_parts();
        if let Some(field) = download::piece_field(binding) {
            let headers = headers::response_headers(metadata, &shared.config);
            return download::response(messages, headers, field.clone(), shared).await;
        }
        let mut response =
            Response::new(stream::body(messages, framing, binding.clone(), Arc::clone(shared)));
        *response.headers_mut() = headers::response_headers(metadata, &shared.config);
        response.headers_mut().insert(header::CONTENT_TYPE, framing.content_type());
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        return Ok(response);
    }
    let answer = client.unary(request, binding.grpc_path.clone(), codec).await.map_err(failed)?;
    let (metadata, message, _) = answer.into_parts();
    let json = shared.write(binding, &message)?;
    let length = json.len();
    let mut response =
        Response::new(if parts.method == Method::HEAD { Body::empty() } else { Body::from(json) });
    *response.headers_mut() = headers::response_headers(metadata, &shared.config);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    Ok(response)
}

/// A binding, and the segments of the path that its variables are taken from.
struct Route<'a> {
    binding: &'a Binding,
    segments: Vec<Part<'a>>,
}

fn route<'a>(shared: &'a Shared, parts: &'a Parts) -> Result<Route<'a>, Problem> {
    let path = parts.uri.path().strip_prefix('/').ok_or_else(Problem::not_found)?;
    let mut segments = path.split('/').map(part).collect::<Result<Vec<_>, _>>()?;
    // HEAD is GET without the body; a stream would have to be started for nothing.
    let head = parts.method == Method::HEAD;
    let method = if head { &Method::GET } else { &parts.method };

    let mut found = Found::Nothing;
    if let Some((head, verb)) = segments.last().and_then(|last| last.raw.rsplit_once(':')) {
        // A known verb claims the path; any other colon is part of a value.
        let (head, verb) = (part(head)?, part(verb)?);
        let mut before = segments.clone();
        if let Some(last) = before.last_mut() {
            *last = head;
        }
        found = shared.tree.find(&before, Some(&verb.decoded), method);
        if found != Found::Nothing {
            segments = before;
        }
    }
    if found == Found::Nothing {
        found = shared.tree.find(&segments, None, method);
    }
    match found {
        Found::Binding(at) => {
            let binding = shared.bindings.get(at).ok_or_else(Problem::not_found)?;
            if head && binding.rpc.is_server_streaming() {
                return Err(Problem::wrong_method(&[Method::GET]));
            }
            Ok(Route { binding, segments })
        }
        Found::OtherMethods(methods) => Err(Problem::wrong_method(&methods)),
        Found::Nothing => Err(Problem::not_found()),
    }
}

fn part(raw: &str) -> Result<Part<'_>, Problem> {
    Ok(Part { raw, decoded: percent::decode(raw).ok_or_else(Problem::malformed_url)? })
}

async fn read_body(parts: &Parts, body: Body, max_bytes: usize) -> Result<Bytes, Problem> {
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    if usize::try_from(body.size_hint().lower()).map_or(true, |bytes| bytes > max_bytes) {
        return Err(Problem::too_large(max_bytes));
    }
    let bytes = match Limited::new(body, max_bytes).collect().await {
        Ok(collected) => collected.to_bytes(),
        Err(err) if err.is::<LengthLimitError>() => return Err(Problem::too_large(max_bytes)),
        Err(_) => return Err(Problem::unreadable_body()),
    };
    if !bytes.is_empty() && !headers::is_json(&parts.headers) {
        return Err(Problem::unsupported_type());
    }
    Ok(bytes)
}

/// The request message: the body, then the path, then the query.
fn build_message(route: &Route<'_>, parts: &Parts, body: &[u8]) -> Result<DynamicMessage, Problem> {
    let binding = route.binding;
    let input = binding.rpc.input();
    let mut message = match &binding.body {
        BodyRule::None if !body.is_empty() => return Err(Problem::unexpected_body()),
        _ if body.is_empty() => DynamicMessage::new(input),
        BodyRule::Field(field) => json::read_field(body, &input, field)?,
        BodyRule::Whole | BodyRule::None => json::read(body, &input)?,
    };
    for variable in &binding.variables {
        assign::variable(&mut message, variable, &captured(variable, &route.segments)?)?;
    }
    if let Some(query) = parts.uri.query() {
        assign::query(&mut message, binding, query)?;
    }
    Ok(message)
}

fn captured<'a>(variable: &BoundVariable, segments: &'a [Part<'_>]) -> Result<Cow<'a, str>, Problem> {
    if !variable.multi {
        let part = segments.get(variable.segments.start).ok_or_else(Problem::not_found)?;
        return Ok(Cow::Borrowed(&part.decoded));
    }
    // A variable ends where its template does, or, with `**` in it, with the path.
    let covered = if variable.to_end {
        segments.get(variable.segments.start..)
    } else {
        segments.get(variable.segments.clone())
    };
    let covered = covered.unwrap_or_default().iter().map(|part| percent::decode_keeping_slash(part.raw));
    let covered = covered.collect::<Option<Vec<_>>>().ok_or_else(Problem::malformed_url)?;
    Ok(Cow::Owned(covered.join("/")))
}

pub(crate) fn outgoing<T>(
    shared: &Shared,
    parts: &Parts,
    mut metadata: tonic::metadata::MetadataMap,
    message: T,
) -> tonic::Request<T> {
    let mut extensions = Extensions::new();
    if let Some(hook) = &shared.config.on_request {
        hook(parts, &mut metadata, &mut extensions);
    }
    tonic::Request::from_parts(metadata, extensions, message)
}
