//! Every RPC answers what it cannot use with a defined code and reason, and changes nothing.

use access::Rules;
use bytes::Bytes;
use kernel::{IdGen as _, Timestamp, UuidV7};
use prost::Message as _;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MethodDescriptor, Value};
use rpc::Bearer;
use store::Engine;
use tonic::{Code, Status};

use crate::{raw, world::World};

/// Words that a mutation's name does not begin with.
const READS: &[&str] = &[
    "Get",
    "List",
    "Count",
    "Batch",
    "Watch",
    "Stream",
    "Query",
    "Search",
    "Export",
    "Download",
    "Drill",
    "Explain",
    "Preview",
    "Simulate",
    "Suggest",
    "Validate",
    "VerifyTrail",
    "Prove",
    "Check",
];

fn is_read(method: &MethodDescriptor) -> bool {
    READS.iter().any(|word| method.name().starts_with(word))
}

/// Somebody whom the contract lets in, related to nothing that exists.
fn permitted(world: &World, rules: &Rules, method: &MethodDescriptor) -> Option<Bearer> {
    let rule = rules.get(&raw::path(method)).unwrap();
    if rule.public {
        return Some(world.suite.connect(None));
    }
    let grant = rule.grants.first()?;
    Some(world.stranger(grant.0))
}

fn uuid() -> String {
    UuidV7.uuid(Timestamp::UNIX_EPOCH + chrono::TimeDelta::days(20_000)).to_string()
}

/// A value that the field's form allows, and that belongs to nothing.
fn plausible(field: &FieldDescriptor) -> Value {
    let one = match field.kind() {
        Kind::String => Value::String(match field.name() {
            name if name.ends_with("_id") || name.ends_with("_ids") => uuid(),
            "etag" => "v1".to_owned(),
            "division_code" => "370299".to_owned(),
            "uscc" => "91350100M000100Y43".to_owned(),
            name if name.ends_with("token") || name.ends_with("position") => String::new(),
            _ => "某文字".to_owned(),
        }),
        Kind::Enum(_) => Value::EnumNumber(1),
        Kind::Message(message) if message.full_name() == "qinqing.common.v1.Date" => {
            let mut date = DynamicMessage::new(message);
            for (name, number) in [("year", 2026), ("month", 3), ("day", 3)] {
                date.set_field_by_name(name, Value::I32(number));
            }
            Value::Message(date)
        }
        Kind::Message(message) => Value::Message(DynamicMessage::new(message)),
        Kind::Bool => Value::Bool(true),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => Value::I32(3),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Value::I64(3),
        Kind::Uint32 | Kind::Fixed32 => Value::U32(3),
        Kind::Uint64 | Kind::Fixed64 => Value::U64(3),
        Kind::Float => Value::F32(1.0),
        Kind::Double => Value::F64(1.0),
        Kind::Bytes => Value::Bytes(Bytes::from_static(b"x")),
    };
    if field.is_list() { Value::List(vec![one]) } else { one }
}

fn filled(method: &MethodDescriptor) -> DynamicMessage {
    let mut message = DynamicMessage::new(method.input());
    for field in method.input().fields() {
        message.set_field(&field, plausible(&field));
    }
    message
}

fn bytes(message: &DynamicMessage) -> Bytes {
    message.encode_to_vec().into()
}

struct Walk {
    world: World,
    wrong: Vec<String>,
    n_calls: usize,
}

impl Walk {
    async fn call(
        &mut self,
        to: &Bearer,
        method: &MethodDescriptor,
        what: &str,
        message: Bytes,
    ) -> Option<Status> {
        self.n_calls += 1;
        let answer = raw::call(to.clone(), method, message).await;
        let status = answer.err();
        if let Some(status) = &status {
            let (code, reason) = testkit::reason(status);
            let text = status.message().to_lowercase();
            let leaks = ["select ", "insert ", "sqlite", "postgres", "panicked", "/src/", ".rs:"];
            if matches!(code, Code::Internal | Code::Unknown | Code::Unavailable | Code::DeadlineExceeded)
                || reason.is_empty()
                || leaks.iter().any(|leak| text.contains(leak))
            {
                self.wrong.push(format!(
                    "{} {what}: {code:?} {reason} {}",
                    raw::path(method),
                    status.message()
                ));
            }
        }
        status
    }

    fn expect(
        &mut self,
        method: &MethodDescriptor,
        what: &str,
        status: Option<&Status>,
        expected: &[(Code, &str)],
    ) {
        let got = status.map(testkit::reason);
        let fits = got.as_ref().is_some_and(|(code, reason)| {
            expected.iter().any(|(c, r)| c == code && (r.is_empty() || r == reason))
        });
        if !fits {
            self.wrong.push(format!("{} {what}: {got:?}, expected one of {expected:?}", raw::path(method)));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_used_is_refused_with_a_reason_and_changes_nothing() {
    let world = World::start(Engine::Sqlite).await;
    world.suite.settle().await.unwrap();
    let rules = Rules::from_pool(proto::pool()).unwrap();
    let before = world.heads().await;
    let mut walk = Walk { world, wrong: Vec::new(), n_calls: 0 };
    for method in raw::methods() {
        let Some(to) = permitted(&walk.world, &rules, &method) else { continue };
        let invalid = |reason: &'static str| (Code::InvalidArgument, reason);

        let status = walk.call(&to, &method, "garbage", Bytes::from_static(&[0xff; 40])).await;
        walk.expect(&method, "garbage", status.as_ref(), &[invalid("MESSAGE_MALFORMED")]);

        let status = walk.call(&to, &method, "6 MiB", vec![0x0a_u8; 6 << 20].into()).await;
        walk.expect(&method, "6 MiB", status.as_ref(), &[(Code::ResourceExhausted, "MESSAGE_TOO_LARGE")]);

        let status = walk.call(&to, &method, "nothing", Bytes::new()).await;
        let takes_fields = method.input().fields().len() > 0;
        if !is_read(&method) && takes_fields {
            let refused = [invalid("FIELD_INVALID"), (Code::Unauthenticated, "")];
            walk.expect(&method, "nothing", status.as_ref(), &refused);
        }

        for field in method.input().fields() {
            let mut message = filled(&method);
            let what = match field.kind() {
                Kind::Enum(_) if !field.is_list() => {
                    message.set_field(&field, Value::EnumNumber(9_999));
                    "an unknown value"
                }
                Kind::String if field.name().ends_with("_id") => {
                    message.set_field(&field, Value::String("'; DROP TABLE issue; --".to_owned()));
                    "a malformed id"
                }
                Kind::String if field.name() == "etag" => {
                    message.set_field(&field, Value::String("nonsense".to_owned()));
                    "a malformed etag"
                }
                Kind::String if field.name() == "page_token" => {
                    message.set_field(&field, Value::String("bm9uc2Vuc2U".to_owned()));
                    "a forged page token"
                }
                _ => continue,
            };
            let status = walk.call(&to, &method, what, bytes(&message)).await;
            let expected = [invalid(""), (Code::Unauthenticated, "")];
            walk.expect(&method, &format!("{what} in {}", field.name()), status.as_ref(), &expected);
        }

        // Ids of the right form that belong to nothing, or to somebody else.
        if !is_read(&method) {
            let status = walk.call(&to, &method, "foreign ids", bytes(&filled(&method))).await;
            let refused = [
                (Code::NotFound, ""),
                (Code::InvalidArgument, ""),
                (Code::FailedPrecondition, ""),
                (Code::PermissionDenied, ""),
                (Code::Unauthenticated, ""),
                (Code::ResourceExhausted, ""),
            ];
            let harmless = ["MarkRead", "Logout", "UpdatePreferences", "CreateDepartment"];
            if !harmless.contains(&method.name()) {
                walk.expect(&method, "foreign ids", status.as_ref(), &refused);
            }
        }
    }
    let Walk { world, wrong, n_calls } = walk;
    assert!(wrong.is_empty(), "{} of {n_calls} calls:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(world.heads().await, before, "something was changed");
    world.stop().await;
}
