//! The contracts: complete, in one manner, and never changed in a way that breaks a client.

use std::collections::{BTreeMap, BTreeSet};

use prost_reflect::{
    Cardinality, DescriptorPool, EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor, MethodDescriptor,
    ServiceDescriptor, prost_types::FileDescriptorProto,
};

use crate::golden;

fn ours(name: &str) -> bool {
    name.starts_with("qinqing.")
}

fn pool() -> &'static DescriptorPool {
    proto::pool()
}

fn messages() -> Vec<MessageDescriptor> {
    pool().all_messages().filter(|message| ours(message.full_name()) && !message.is_map_entry()).collect()
}

fn enums() -> Vec<EnumDescriptor> {
    pool().all_enums().filter(|item| ours(item.full_name())).collect()
}

fn services() -> Vec<ServiceDescriptor> {
    pool().services().filter(|service| ours(service.full_name())).collect()
}

fn methods() -> Vec<MethodDescriptor> {
    services().into_iter().flat_map(|service| service.methods().collect::<Vec<_>>()).collect()
}

/// Fails with every complaint, not only the first.
fn none(complaints: &[String]) {
    assert!(complaints.is_empty(), "{} complaints:\n{}", complaints.len(), complaints.join("\n"));
}

/// Leading comment of the element at `path` of a file.
fn comment(file: &FileDescriptorProto, path: &[i32]) -> Option<String> {
    let info = file.source_code_info.as_ref()?;
    let location = info.location.iter().find(|location| location.path == path)?;
    location.leading_comments.clone().filter(|text| !text.trim().is_empty())
}

#[test]
fn every_element_says_what_it_means() {
    let mut complaints = Vec::new();
    for message in messages() {
        let file = message.parent_file().file_descriptor_proto().clone();
        if comment(&file, message.path()).is_none() {
            complaints.push(message.full_name().to_owned());
        }
        for field in message.fields() {
            if comment(&file, field.path()).is_none() {
                complaints.push(field.full_name().to_owned());
            }
        }
    }
    for item in enums() {
        let file = item.parent_file().file_descriptor_proto().clone();
        if comment(&file, item.path()).is_none() {
            complaints.push(item.full_name().to_owned());
        }
        for value in item.values() {
            if comment(&file, value.path()).is_none() {
                complaints.push(value.full_name().to_owned());
            }
        }
    }
    for service in services() {
        let file = service.parent_file().file_descriptor_proto().clone();
        if comment(&file, service.path()).is_none() {
            complaints.push(service.full_name().to_owned());
        }
        for method in service.methods() {
            if comment(&file, method.path()).is_none() {
                complaints.push(method.full_name().to_owned());
            }
        }
    }
    none(&complaints);
}

#[test]
fn every_field_says_what_it_holds() {
    let data = pool().get_extension_by_name("qinqing.options.v1.data").unwrap();
    let complaints: Vec<_> = messages()
        .iter()
        .filter(|message| !message.full_name().starts_with("qinqing.options."))
        .flat_map(|message| message.fields().collect::<Vec<_>>())
        .filter(|field| field.options().get_extension(&data).as_enum_number().unwrap_or_default() == 0)
        .map(|field| field.full_name().to_owned())
        .collect();
    none(&complaints);
}

#[test]
fn every_rpc_has_its_own_messages_an_address_and_a_rule() {
    let http = pool().get_extension_by_name("google.api.http").unwrap();
    let mut complaints = Vec::new();
    let mut used = BTreeMap::new();
    for method in methods() {
        let name = method.name();
        if method.input().name() != format!("{name}Request")
            || method.output().name() != format!("{name}Response")
        {
            complaints.push(format!("{}: takes or gives somebody else's message", method.full_name()));
        }
        if let Some(other) = used.insert(method.input().full_name().to_owned(), method.full_name().to_owned())
        {
            complaints.push(format!("{} shares its request with {other}", method.full_name()));
        }
        let client_streaming = method.is_client_streaming();
        if !client_streaming && !method.options().has_extension(&http) {
            complaints.push(format!("{}: no google.api.http", method.full_name()));
        }
    }
    none(&complaints);
    if let Err(error) = access::Rules::from_pool(pool()) {
        panic!("{error}");
    }
}

/// What reads, by the first word of its name; everything else changes something.
const READS: &[&str] = &[
    "Get", "List", "Count", "Batch", "Watch", "Stream", "Query", "Search", "Export", "Download", "Drill",
    "Explain", "Preview", "Simulate", "Suggest", "Validate", "Verify", "Prove", "Check",
];
/// Credentials: answered anew each time, and no hash of a request with a password in it is kept.
const CREDENTIALS: &[&str] = &["Login", "Refresh", "Logout", "IssueClientToken", "ChangePassword"];

#[test]
fn every_mutation_has_a_request_id() {
    let complaints: Vec<_> = methods()
        .iter()
        .filter(|method| !READS.iter().any(|word| method.name().starts_with(word)))
        .filter(|method| !CREDENTIALS.contains(&method.name()))
        .filter(|method| method.input().get_field_by_name("request_id").is_none())
        .map(|method| method.full_name().to_owned())
        .collect();
    none(&complaints);
}

#[test]
fn lists_come_in_pages() {
    let complaints: Vec<_> = methods()
        .iter()
        .filter(|method| method.input().get_field_by_name("page_token").is_some())
        .filter(|method| {
            method.input().get_field_by_name("page_size").is_none()
                || method.output().get_field_by_name("next_page_token").is_none()
        })
        .map(|method| method.full_name().to_owned())
        .collect();
    none(&complaints);
}

#[test]
fn enum_values_carry_their_enums_name_and_zero_is_unspecified() {
    let mut complaints = Vec::new();
    for item in enums() {
        let prefix = upper_snake(item.name());
        for value in item.values() {
            if !value.name().starts_with(&format!("{prefix}_")) {
                complaints.push(value.full_name().to_owned());
            }
            if value.number() == 0 && value.name() != format!("{prefix}_UNSPECIFIED") {
                complaints.push(format!("{} is zero", value.full_name()));
            }
        }
    }
    none(&complaints);
}

#[test]
fn names_tell_their_kind() {
    let mut complaints = Vec::new();
    for message in messages() {
        for field in message.fields() {
            let timestamp =
                matches!(field.kind(), Kind::Message(m) if m.full_name() == "google.protobuf.Timestamp");
            // An event of CloudEvents names its time `time`.
            if timestamp && !field.name().ends_with("_time") && field.name() != "time" {
                complaints.push(format!("{}: a timestamp is named …_time", field.full_name()));
            }
            if field.name() != field.name().to_lowercase() {
                complaints.push(format!("{}: fields are lower_snake_case", field.full_name()));
            }
        }
    }
    for service in services() {
        if !service.name().ends_with("Service") {
            complaints.push(format!("{}: services are named …Service", service.full_name()));
        }
    }
    none(&complaints);
}

#[test]
fn every_error_reason_says_its_code() {
    let codes = [
        "INVALID_ARGUMENT",
        "NOT_FOUND",
        "ALREADY_EXISTS",
        "PERMISSION_DENIED",
        "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION",
        "ABORTED",
        "UNIMPLEMENTED",
        "INTERNAL",
        "UNAVAILABLE",
        "UNAUTHENTICATED",
        "DEADLINE_EXCEEDED",
        "OUT_OF_RANGE",
    ];
    let mut complaints = Vec::new();
    for item in enums().into_iter().filter(|item| item.name() == "ErrorReason") {
        let file = item.parent_file().file_descriptor_proto().clone();
        for value in item.values().filter(|value| value.number() != 0) {
            let text = comment(&file, value.path()).unwrap_or_default();
            if !codes.iter().any(|code| text.contains(code)) {
                complaints.push(value.full_name().to_owned());
            }
        }
    }
    none(&complaints);
}

/// What a client built against these contracts relies on, one line each.
fn wire() -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    for message in messages() {
        for field in message.fields() {
            lines.insert(format!("field {} = {} {}", field.full_name(), field.number(), shape(&field)));
        }
        lines.insert(format!("message {}", message.full_name()));
    }
    for item in enums() {
        for value in item.values() {
            lines.insert(format!("value {}.{} = {}", item.full_name(), value.name(), value.number()));
        }
    }
    let http = pool().get_extension_by_name("google.api.http").unwrap();
    for method in methods() {
        let stream = |yes: bool| if yes { "stream " } else { "" };
        lines.insert(format!(
            "rpc {}({}{}) -> {}{}",
            method.full_name(),
            stream(method.is_client_streaming()),
            method.input().full_name(),
            stream(method.is_server_streaming()),
            method.output().full_name(),
        ));
        lines.insert(format!("http {} {}", method.full_name(), method.options().get_extension(&http)));
    }
    lines
}

fn shape(field: &FieldDescriptor) -> String {
    let kind = match field.kind() {
        Kind::Message(message) => message.full_name().to_owned(),
        Kind::Enum(item) => item.full_name().to_owned(),
        other => format!("{other:?}"),
    };
    let repeated = if field.cardinality() == Cardinality::Repeated { "repeated " } else { "" };
    let oneof = field.containing_oneof().map(|oneof| format!(" oneof {}", oneof.name())).unwrap_or_default();
    format!("{repeated}{kind}{oneof}")
}

#[test]
fn nothing_that_clients_rely_on_is_taken_away_or_changed() {
    let now = wire();
    let before = golden::read("contracts.txt");
    let gone: Vec<String> = before.lines().filter(|line| !now.contains(*line)).map(str::to_owned).collect();
    // To break a contract on purpose, delete its lines from the file and say why in the commit.
    none(&gone);
    let text = now.into_iter().fold(String::new(), |text, line| text + &line + "\n");
    golden::check("contracts.txt", &text);
}

#[test]
fn who_may_call_what_is_as_reviewed() {
    let rules = access::Rules::from_pool(pool()).unwrap();
    golden::check("access.txt", &rules.table());
}

fn upper_snake(name: &str) -> String {
    let mut text = String::new();
    for (at, c) in name.char_indices() {
        if c.is_ascii_uppercase() && at > 0 {
            text.push('_');
        }
        text.push(c.to_ascii_uppercase());
    }
    text
}
