//! A course of events, as the inboxes show it.

use std::fmt::Write as _;

use kernel::AccountId;

use crate::town::{
    AGENT, AUDITOR, COLLEAGUE, DEPUTY, HANDLER, HELPER, LEADER, LIAISON, MANAGER, NEIGHBOUR, OPERATOR, OWNER,
    STRANGER, Town,
};

pub const PEOPLE: [(&str, AccountId); 13] = [
    ("operator", OPERATOR),
    ("manager", MANAGER),
    ("owner", OWNER),
    ("agent", AGENT),
    ("stranger", STRANGER),
    ("liaison", LIAISON),
    ("deputy", DEPUTY),
    ("neighbour", NEIGHBOUR),
    ("handler", HANDLER),
    ("colleague", COLLEAGUE),
    ("helper", HELPER),
    ("auditor", AUDITOR),
    ("leader", LEADER),
];

/// Whose inboxes have grown, by what.
pub async fn news(town: &Town, seen: &mut [usize; PEOPLE.len()]) -> String {
    let mut line = String::new();
    for ((name, account), seen) in PEOPLE.iter().zip(seen.iter_mut()) {
        let told = town.as_person(*account).told().await;
        for template in &told[*seen..] {
            write!(line, " {name}:{template}").unwrap();
        }
        *seen = told.len();
    }
    line
}

pub fn name_of<M: prost::Name>(_: &M) -> &'static str {
    M::NAME
}

/// Lets events about a subject happen one after another. Answers, a line for each, who was told what.
macro_rules! course {
    ($town:ident, $subject:expr, $($payload:expr;)*) => {{
        let mut seen = [0; $crate::course::PEOPLE.len()];
        let mut course = String::new();
        $(
            let payload = $payload;
            $town.emit_about($subject, &payload).await;
            $town.settle().await;
            let (name, news) = ($crate::course::name_of(&payload), $crate::course::news($town, &mut seen).await);
            course.push_str(&format!("{name}:{news}\n"));
        )*
        course
    }};
}

pub(crate) use course;
