//! The first pass over a body.

use std::{borrow::Cow, cell::RefCell, collections::HashSet, fmt};

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::problem::{Problem, Reason};

/// Deepest nesting of JSON objects and lists.
const MAX_DEPTH: usize = 100;

/// What a JSON value stands for, as far as its keys are concerned.
pub(crate) enum Shape {
    /// An object whose keys are the fields of this message.
    Message(MessageDescriptor),
    /// A list of this.
    List(Kind),
    /// An object with any keys and values of this.
    Map(Kind),
    /// Anything; keys must still differ. Scalars, and messages with a JSON form of their own.
    Free,
}

impl Shape {
    pub(crate) fn of_message(message: &MessageDescriptor) -> Self {
        if message.package_name() == "google.protobuf" { Self::Free } else { Self::Message(message.clone()) }
    }

    pub(crate) fn of_kind(kind: &Kind) -> Self {
        match kind {
            Kind::Message(message) => Self::of_message(message),
            _ => Self::Free,
        }
    }

    pub(crate) fn of_field(field: &FieldDescriptor) -> Self {
        match field.kind() {
            Kind::Message(entry) if field.is_map() => Self::Map(entry.map_entry_value_field().kind()),
            kind if field.is_list() => Self::List(kind),
            kind => Self::of_kind(&kind),
        }
    }
}

/// The way from the root of a message to a value in it.
#[derive(Clone, Default)]
pub(crate) struct Path(Vec<Step>);

#[derive(Clone)]
pub(crate) enum Step {
    Field(FieldDescriptor),
    Index(usize),
    /// Some key of a map; it came with the request, so it is not repeated.
    Key,
}

impl Path {
    pub(crate) fn push(&mut self, step: Step) {
        self.0.push(step);
    }
}

impl<const N: usize> From<[Step; N]> for Path {
    fn from(steps: [Step; N]) -> Self {
        Self(steps.into())
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            match step {
                Step::Field(field) if at == 0 => f.write_str(field.name())?,
                Step::Field(field) => write!(f, ".{}", field.name())?,
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Key => f.write_str("[*]")?,
            }
        }
        Ok(())
    }
}

/// What is wrong with a body, and where.
pub(crate) struct Fault {
    reason: Reason,
    path: Path,
    line: usize,
    column: usize,
}

impl Fault {
    pub(crate) fn into_problem(self) -> Problem {
        let what = match self.reason {
            Reason::JsonTooDeep => "nested too deeply",
            Reason::FieldUnknown => "there is a field that the message does not have",
            Reason::FieldDuplicate => "there is a field that is given twice",
            _ => return Problem::malformed_json(self.line, self.column),
        };
        let description = format!("{what} (line {}, column {})", self.line, self.column);
        Problem::field(self.reason, &self.path.to_string(), &description)
    }
}

/// Checks one JSON value that begins at `path`, and that nothing follows it.
pub(crate) fn check(body: &[u8], shape: Shape, path: Path) -> Result<(), Fault> {
    let trail = RefCell::new(Trail { path, reason: None });
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let scanned = Scan { shape, depth: 0, trail: &trail }.deserialize(&mut deserializer);
    scanned.and_then(|()| deserializer.end()).map_err(|err| {
        let Trail { path, reason } = trail.into_inner();
        Fault {
            reason: reason.unwrap_or(Reason::JsonMalformed),
            path,
            line: err.line(),
            column: err.column(),
        }
    })
}

/// Where the scan is, and what stopped it. A step is taken back only when its value was good.
struct Trail {
    path: Path,
    reason: Option<Reason>,
}

struct Scan<'t> {
    shape: Shape,
    depth: usize,
    trail: &'t RefCell<Trail>,
}

impl<'t> Scan<'t> {
    fn stop<E: Error>(&self, reason: Reason) -> E {
        self.trail.borrow_mut().reason = Some(reason);
        E::custom(reason.as_str())
    }

    fn enter<E: Error>(&self) -> Result<(), E> {
        if self.depth == MAX_DEPTH { Err(self.stop(Reason::JsonTooDeep)) } else { Ok(()) }
    }

    fn step(&self, step: Step, shape: Shape) -> Scan<'t> {
        self.trail.borrow_mut().path.push(step);
        Scan { shape, depth: self.depth + 1, trail: self.trail }
    }

    fn back(&self) {
        self.trail.borrow_mut().path.0.pop();
    }

    fn fields<'de, A: MapAccess<'de>>(
        &self,
        message: &MessageDescriptor,
        mut map: A,
    ) -> Result<(), A::Error> {
        let mut seen = HashSet::new();
        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
            let field = message.get_field_by_json_name(&name).or_else(|| message.get_field_by_name(&name));
            let field = field.ok_or_else(|| self.stop(Reason::FieldUnknown))?;
            let shape = Shape::of_field(&field);
            let number = field.number();
            let inner = self.step(Step::Field(field), shape);
            if !seen.insert(number) {
                return Err(self.stop(Reason::FieldDuplicate));
            }
            map.next_value_seed(inner)?;
            self.back();
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Scan<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Scan<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        self.enter()?;
        for at in 0.. {
            let shape = if let Shape::List(kind) = &self.shape { Shape::of_kind(kind) } else { Shape::Free };
            let more = seq.next_element_seed(self.step(Step::Index(at), shape))?;
            self.back();
            if more.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        self.enter()?;
        let values = match &self.shape {
            Shape::Message(message) => return self.fields(message, map),
            Shape::Map(kind) => Some(kind),
            Shape::List(_) | Shape::Free => None,
        };
        let mut seen = HashSet::new();
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            let shape = values.map_or(Shape::Free, Shape::of_kind);
            let inner = self.step(Step::Key, shape);
            if !seen.insert(key) {
                return Err(self.stop(Reason::FieldDuplicate));
            }
            map.next_value_seed(inner)?;
            self.back();
        }
        Ok(())
    }
}
