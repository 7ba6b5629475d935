//! What is only read: the model says what everybody sees.

use std::collections::{BTreeMap, BTreeSet};

use proto::workflow::v1 as pb;

use super::{
    city::PEOPLE,
    reference::{access, calendar::Second},
    world::{CLERK, Difference, World},
};
use crate::on_record;

impl World {
    pub async fn look(&mut self, by: usize, id: usize, why: &str) -> Result<(), Difference> {
        let request = pb::GetIssueRequest { issue_id: self.ids[id].clone() };
        let answer = self.client(by).get_issue(request).await;
        let found = answer.map(|found| found.into_inner().issue.unwrap());
        let found = found.map_err(|status| self.refused(&status));
        let seen = access::sees(&PEOPLE[by], &self.model.issues[id]);
        let line = format!("{} {by} {} {why}s at {id}", self.now(), PEOPLE[by].account);
        match found {
            Ok(issue) if seen && issue.etag == self.etag(id) => self.same(&line, &[id], id, by, &issue, why),
            Err(reason) if !seen && reason == "ISSUE_NOT_FOUND" => {
                self.note(&format!("{line}: hidden"));
                Ok(())
            }
            found => {
                let found = found.map_or_else(|reason| reason, |issue| format!("etag {}", issue.etag));
                let text = format!("{line}: in sight {seen}, etag {}, found {found}", self.etag(id));
                Err(Difference { kind: format!("{why}: in sight {seen}, {found}"), issues: vec![id], text })
            }
        }
    }

    pub async fn ask(&mut self, by: usize, id: usize) -> Result<(), Difference> {
        let request = pb::ListNextActionsRequest { issue_id: self.ids[id].clone() };
        let answer = self.client(by).list_next_actions(request).await;
        let found = answer.map_err(|status| self.refused(&status));
        let expected = self.model.next_actions(&PEOPLE[by], id, self.now());
        let names = |actions: Vec<pb::IssueAction>| {
            let names = actions.iter().map(|action| action.as_str_name().trim_start_matches("ISSUE_ACTION_"));
            names.collect::<BTreeSet<_>>()
        };
        let found = match found {
            Ok(found) => Some(names(found.into_inner().actions().collect())),
            Err(reason) if reason == "ISSUE_NOT_FOUND" => None,
            Err(reason) => {
                let kind = format!("next actions {reason}");
                return Err(Difference { kind, issues: vec![id], text: String::new() });
            }
        };
        let expected = expected.map(names);
        let line = format!("{} {by} {} asks about {id}: {found:?}", self.now(), PEOPLE[by].account);
        self.note(&line);
        if found == expected {
            return Ok(());
        }
        let state = self.model.issues[id].state.as_str_name();
        let (all, none) = (found.unwrap_or_default(), expected.unwrap_or_default());
        let more: Vec<_> = all.difference(&none).collect();
        let less: Vec<_> = none.difference(&all).collect();
        let kind = format!("next actions in {state}: too many {more:?}, too few {less:?}");
        Err(Difference { kind, issues: vec![id], text: format!("{line}\n  expected {none:?}") })
    }

    pub async fn list(&mut self, by: usize) -> Result<(), Difference> {
        let now = self.now();
        let sees = |id: &usize| access::sees(&PEOPLE[by], &self.model.issues[*id]);
        let expected: BTreeSet<usize> = (0..self.model.issues.len()).filter(sees).collect();
        let mut client = self.client(by);
        let (mut found, mut page_token) = (BTreeSet::new(), String::new());
        loop {
            let request = pb::ListIssuesRequest { page_size: 500, page_token, ..Default::default() };
            let page = client.list_issues(request).await.unwrap().into_inner();
            found.extend(page.issues.iter().map(|issue| self.places[&issue.issue_id]));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        let counted = client.count_issues(pb::CountIssuesRequest::default()).await.unwrap().into_inner();
        let mut states: BTreeMap<i32, i64> = BTreeMap::new();
        for id in &expected {
            *states.entry(self.model.issues[*id].state.into()).or_default() += 1;
        }
        let by_state: BTreeMap<i32, i64> =
            counted.states.iter().map(|state| (state.state, state.count)).collect();
        let line = format!("{now} {by} {} lists {found:?} {by_state:?}", PEOPLE[by].account);
        self.note(&line);
        self.count("list".to_owned());
        let total = i64::try_from(expected.len()).unwrap();
        if found == expected && by_state == states && counted.total_count == total
            || !self.left_out.is_empty()
        {
            return Ok(());
        }
        let issues: Vec<usize> = found.symmetric_difference(&expected).copied().collect();
        let text = format!("{line}\n  expected {expected:?} {states:?}");
        Err(Difference { kind: "list".to_owned(), issues, text })
    }

    pub async fn explain(&mut self, id: usize) -> Result<(), Difference> {
        let mut clocks = pb::clock_service_client::ClockServiceClient::new(self.bearer(CLERK));
        let request = pb::ExplainDeadlinesRequest { issue_id: self.ids[id].clone() };
        let told = clocks.explain_deadlines(request).await.unwrap().into_inner();
        let issue = &self.model.issues[id];
        let open = issue.ended().unwrap_or_else(|| self.now()) - issue.submitted;
        let sum: i64 = told.segments.iter().map(|segment| segment.seconds).sum();
        let mut held: Vec<(pb::Holder, Second)> = Vec::new();
        for segment in &told.segments {
            if held.last().is_none_or(|(holder, _)| *holder != segment.holder()) {
                held.push((segment.holder(), segment.start_time.unwrap().seconds));
            }
        }
        let gaps = told.segments.windows(2).any(|pair| pair[0].end_time != pair[1].start_time);
        let expected: Vec<_> =
            issue.held.iter().copied().filter(|(holder, _)| *holder != pb::Holder::Nobody).collect();
        held.retain(|(holder, _)| *holder != pb::Holder::Nobody);
        let state = issue.state;
        let line = format!("{} explains {id}: {held:?} {sum}", self.now());
        self.note(&line);
        self.count("explained".to_owned());
        if (sum, told.open_seconds, gaps) == (open, open, false) && held == expected {
            return Ok(());
        }
        let text = format!("{line} of {}, gaps {gaps}\n  expected {expected:?} {open}", told.open_seconds);
        Err(Difference { kind: format!("explained in {state:?}"), issues: vec![id], text })
    }

    /// The service finds no fault with its trail: of one issue, or with an empty id of all.
    pub async fn verify(&mut self, issue_id: &str, issues: &[usize]) -> Result<(), Difference> {
        // Not every entry is in the log before the jobs ran.
        self.app.settle().await;
        let mut trail = pb::trail_service_client::TrailServiceClient::new(self.bearer(19));
        let request = pb::VerifyTrailRequest { issue_id: issue_id.to_owned(), ..Default::default() };
        let told = trail.verify_trail(request).await.unwrap().into_inner();
        self.count("verified".to_owned());
        // The jobs ran: what has fallen due is done in the model too.
        self.sweep().await?;
        if !told.intact {
            let text = format!("{told:?}");
            return Err(Difference { kind: "trail".to_owned(), issues: issues.to_vec(), text });
        }
        if issue_id.is_empty() { self.compare_access_log().await } else { Ok(()) }
    }

    /// Whatever took effect is on record once, and so is every refusal.
    async fn compare_access_log(&mut self) -> Result<(), Difference> {
        let db = self.app.suite.db("workflow").unwrap();
        let mut faults = on_record::faults(db).await;
        let n_denied = on_record::n_on_record(db, "denied").await;
        if n_denied != self.n_denied {
            faults.push(format!("{n_denied} refusals on record, and {} answers", self.n_denied));
        }
        if faults.is_empty() {
            return Ok(());
        }
        Err(Difference { kind: "access log".to_owned(), issues: Vec::new(), text: faults.join("\n") })
    }
}
