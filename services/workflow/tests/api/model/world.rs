//! The service and the model side by side: what is done to one is done to the other, and what they say is compared.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::TimeDelta;
use kernel::{EventId, Timestamp, Version};
use proto::{
    common::v1::Date,
    registry::v1 as registry,
    workflow::v1::{self as pb, issue_service_client::IssueServiceClient},
};
use rpc::Bearer;
use sha2::{Digest as _, Sha256};
use store::Batch;
use testkit::{Engine, TestSuite};
use tonic::{Code, Status};

use super::{
    city::{self, Firm, PEOPLE, account_id},
    reference::{
        Model,
        act::{Act, Submission},
        calendar::Second,
        view::{self, Places, View},
    },
    script::Entry,
    send::{self, Envelope, Sent},
};

/// The operator who looks at what changed beside the issue of a step.
pub const CLERK: usize = 17;

/// Where the service and the model say different things.
#[derive(Debug, Clone)]
pub struct Difference {
    /// What the differences of one cause have in common.
    pub kind: String,
    pub issues: Vec<usize>,
    pub text: String,
}

pub struct World {
    pub app: TestSuite,
    pub model: Model,
    pub coverage: BTreeMap<String, u64>,
    pub clients: HashMap<usize, (IssueServiceClient<Bearer>, Second)>,
    pub ids: Vec<String>,
    pub places: Places,
    /// Every etag that each issue had.
    pub etags: Vec<Vec<String>>,
    /// What was taken last with each issue, with its answer.
    pub last: HashMap<usize, (usize, Act, Envelope, pb::Issue)>,
    pub hash: Sha256,
    /// Answers so far that must be on record as refusals.
    pub n_denied: i64,
    /// Places of issues with a difference, which are not looked at any more.
    pub left_out: HashSet<usize>,
    _dir: tempfile::TempDir,
}

/// The answer of the service, as it is compared.
enum Answer {
    Issue(Box<pb::Issue>, bool),
    Refused(String),
}

fn reason(status: &Status) -> String {
    let (code, reason) = testkit::reason(status);
    if reason.is_empty() { format!("{code:?} {}", status.message()) } else { reason }
}

impl World {
    /// A fresh world that begins at this moment.
    pub async fn start(engine: Engine, at: Second) -> Self {
        let modules = [qinqing_workflow::spec(), city::identity(), city::registry()];
        // In memory where there is such a place: what a power failure would leave behind is not asked here.
        let memory = std::path::Path::new("/dev/shm");
        let dir = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap();
        let place = |config: &mut runtime::Config| dir.path().clone_into(&mut config.data_dir);
        let app = TestSuite::start_configured(engine, &modules, rpc::Limits::default(), place).await.unwrap();
        app.clock.set(Timestamp::from_timestamp(at, 0).unwrap());
        let world = Self {
            app,
            model: Model::default(),
            coverage: BTreeMap::new(),
            clients: HashMap::new(),
            ids: Vec::new(),
            places: Places::new(),
            etags: Vec::new(),
            last: HashMap::new(),
            hash: Sha256::new(),
            n_denied: 0,
            left_out: HashSet::new(),
            _dir: dir,
        };
        world.appoint(Firm::Dairy).await;
        world.appoint(Firm::Steel).await;
        world.app.settle().await;
        world
    }

    /// The registry tells who manages the firm, from long ago on.
    async fn appoint(&self, firm: Firm) {
        let appointment = self.app.uuid();
        let told = registry::ManagerAppointed {
            appointment_id: appointment.to_string(),
            enterprise_id: firm.id().to_string(),
            manager_id: account_id(city::manager_of(firm)).to_string(),
            from_date: Some(Date { year: 2016, month: 1, day: 1 }),
            end_date: None,
        };
        let mut batch = Batch::new();
        let outgoing = ::events::Outgoing {
            event_id: EventId::new(self.app.uuid()),
            subject: format!("appointment/{appointment}"),
            subject_version: Version::new(1),
            time: self.app.now(),
            traceparent: "",
        };
        ::events::append(&mut batch, outgoing, &told);
        let mut tx = self.app.suite.db("registry").unwrap().begin().await.unwrap();
        batch.run(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
    }

    pub fn now(&self) -> Second {
        self.app.now().timestamp()
    }

    /// SHA-256 over all that was done and what came of it.
    pub fn hash(&self) -> Vec<u8> {
        self.hash.clone().finalize().to_vec()
    }

    pub fn bearer(&self, by: usize) -> Bearer {
        let person = &PEOPLE[by];
        self.app.person(account_id(person.account), city::grants(person))
    }

    /// A connection of this person; its token is good for a while.
    pub fn client(&mut self, by: usize) -> IssueServiceClient<Bearer> {
        let now = self.now();
        let fresh = self.clients.get(&by).filter(|(_, until)| now < *until).map(|(client, _)| client.clone());
        fresh.unwrap_or_else(|| {
            let client = IssueServiceClient::new(self.bearer(by));
            self.clients.insert(by, (client.clone(), now + 600));
            client
        })
    }

    pub fn etag(&self, id: usize) -> String {
        self.etags[id].last().cloned().unwrap_or_default()
    }

    pub fn count(&mut self, what: String) {
        *self.coverage.entry(what).or_default() += 1;
    }

    pub fn note(&mut self, line: &str) {
        self.hash.update(line.as_bytes());
        self.hash.update(b"\n");
    }

    fn answer(&mut self, sent: Sent) -> Answer {
        match sent {
            Ok((issue, replayed)) => Answer::Issue(Box::new(issue), replayed),
            Err(status) => Answer::Refused(self.refused(&status)),
        }
    }

    /// The reason of a refusal, which is counted.
    pub fn refused(&mut self, status: &Status) -> String {
        self.n_denied += i64::from(matches!(status.code(), Code::PermissionDenied | Code::NotFound));
        reason(status)
    }

    /// Does one thing in both.
    pub async fn run(&mut self, entry: &Entry) -> Result<(), Difference> {
        match entry {
            Entry::Submit { by, asked } => self.submit(*by, asked).await,
            Entry::Step { by, id, act, stale } => self.step(*by, *id, act, *stale).await,
            Entry::Repeat { id } => self.repeat(*id).await,
            Entry::Reuse { id } => self.reuse(*id).await,
            Entry::Pass(seconds) => {
                self.app.clock.advance(TimeDelta::seconds(*seconds));
                self.note(&format!("pass {seconds}"));
                Ok(())
            }
            Entry::Sweep => self.sweep().await,
            Entry::Look { by, id } => self.look(*by, *id, "look").await,
            Entry::Ask { by, id } => self.ask(*by, *id).await,
            Entry::List { by } => self.list(*by).await,
            Entry::Explain { id } => self.explain(*id).await,
            Entry::Verify { id } => self.verify(&self.ids[*id].clone(), &[*id]).await,
        }
    }

    async fn submit(&mut self, by: Option<usize>, asked: &Submission) -> Result<(), Difference> {
        let now = self.now();
        let expected = self.model.submit(by.map(|by| &PEOPLE[by]), asked, now);
        let mut client = match by {
            Some(by) => self.client(by),
            None => IssueServiceClient::new(self.app.client(&["issues.submit"])),
        };
        let sent = send::submit(&mut client, asked, self.app.request_id()).await;
        let found = self.answer(sent);
        let line = format!("{now} {by:?} submits {asked:?}");
        match (expected, found) {
            (Err(expected), Answer::Refused(found)) if expected == found => {
                self.count(format!("SUBMIT refused {found}"));
                self.note(&format!("{line}: {found}"));
                Ok(())
            }
            (Ok(id), Answer::Issue(issue, false)) => {
                self.ids.push(issue.issue_id.clone());
                self.places.insert(issue.issue_id.clone(), id);
                self.etags.push(vec![issue.etag.clone()]);
                self.count("SUBMIT".to_owned());
                self.same(&line, &[id], id, by.unwrap_or(0), &issue, "SUBMIT")
            }
            (expected, found) => {
                if expected.is_ok() {
                    self.model.issues.pop();
                }
                Err(disagreement("SUBMIT", &[], &line, &expected.map(|_| ()), &found))
            }
        }
    }

    fn envelope(&self, id: usize, act: &Act, etag: String) -> Envelope {
        let other = |child: &usize| (self.ids[*child].clone(), self.etag(*child));
        let others =
            if let Act::Merge(children) = act { children.iter().map(other).collect() } else { Vec::new() };
        Envelope { issue_id: self.ids[id].clone(), etag, request_id: self.app.request_id(), others }
    }

    /// Two steps at once, each with the etag that the issue has. One is taken, the other is refused as if it came after
    /// it, and everything looks as after the one.
    pub async fn race(&mut self, one: (usize, usize, Act), other: (usize, usize, Act)) {
        let now = self.now();
        let sent = [&one, &other].map(|(by, id, act)| (*by, self.envelope(*id, act, self.etag(*id)), act));
        let (mut first, mut second) = (self.client(one.0), self.client(other.0));
        let [(_, to_one, act_one), (_, to_other, act_other)] = sent;
        let (a, b) =
            tokio::join!(send::act(&mut first, act_one, to_one), send::act(&mut second, act_other, to_other));
        let (won, lost, issue, refused) = match (a, b) {
            (Ok((issue, _)), Err(status)) => (&one, &other, issue, status),
            (Err(status), Ok((issue, _))) => (&other, &one, issue, status),
            both => panic!("{one:?} against {other:?}: {both:?}"),
        };
        let what = format!("{won:?} won against {lost:?}");
        self.model.step(&PEOPLE[won.0], won.1, &won.2, true, now).expect(&what);
        let expected = self.model.step(&PEOPLE[lost.0], lost.1, &lost.2, false, now).expect_err(&what);
        // The merged issue that somebody else has changed is the stale one, not the lead.
        let expected = if matches!(lost.2, Act::Merge(_)) { "STALE_ETAG" } else { expected };
        assert_eq!(self.refused(&refused), expected, "{what}");
        self.etags[won.1].push(issue.etag.clone());
        self.same(&what, &[won.1], won.1, won.0, &issue, "race")
            .unwrap_or_else(|found| panic!("{}", found.text));
        for id in [one.1, other.1] {
            self.refresh(id, "race", &[id]).await.unwrap_or_else(|found| panic!("{}", found.text));
        }
        assert_eq!(self.etag(won.1), issue.etag, "{what}");
    }

    async fn step(&mut self, by: usize, id: usize, act: &Act, stale: bool) -> Result<(), Difference> {
        let now = self.now();
        let present = self.etag(id);
        let earlier = self.etags[id].iter().find(|etag| **etag != present).filter(|_| stale).cloned();
        let fresh = earlier.is_none();
        let issue = &self.model.issues[id];
        let from = issue.state.as_str_name().trim_start_matches("ISSUE_STATE_");
        let name = format!("{from} {}", act.name());
        let mut touched = BTreeSet::from([id]);
        let mut merged = Vec::new();
        if let Act::Merge(children) = act {
            touched.extend(children);
            merged.extend(children.iter().map(|child| self.model.issues[*child].state));
        } else {
            touched.extend(issue.merged_into);
        }
        let to = self.envelope(id, act, earlier.unwrap_or(present));
        let expected = self.model.step(&PEOPLE[by], id, act, fresh, now);
        let mut client = self.client(by);
        let sent = send::act(&mut client, act, to.clone()).await;
        let found = self.answer(sent);
        let line = format!("{now} {by} {} on {id} fresh {fresh} {act:?}", PEOPLE[by].account);
        let touched: Vec<usize> = touched.into_iter().collect();
        match (&expected, found) {
            (Err(expected), Answer::Refused(found)) if *expected == found => {
                self.count(format!("refused {found}"));
                self.note(&format!("{line}: {found}"));
                Ok(())
            }
            (Ok(()), Answer::Issue(issue, false)) => {
                self.count(name.clone());
                for state in merged {
                    self.count(format!("{} MERGED", state.as_str_name().trim_start_matches("ISSUE_STATE_")));
                }
                let keeps = matches!(act, Act::Urge | Act::Comment(_));
                let kept = self.etag(id) == issue.etag;
                if kept != keeps {
                    let text = format!("{line}: the etag {}", if kept { "stayed" } else { "changed" });
                    return Err(Difference { kind: format!("{name}: etag"), issues: touched, text });
                }
                if !kept {
                    self.etags[id].push(issue.etag.clone());
                }
                self.last.insert(id, (by, act.clone(), to, (*issue).clone()));
                self.same(&line, &touched, id, by, &issue, &name)?;
                for other in touched.iter().filter(|other| **other != id) {
                    self.refresh(*other, &name, &touched).await?;
                }
                Ok(())
            }
            (_, found) => Err(disagreement(&name, &touched, &line, &expected, &found)),
        }
    }

    /// Compares an issue that the service gave with that of the model.
    pub fn same(
        &mut self,
        line: &str,
        touched: &[usize],
        id: usize,
        by: usize,
        issue: &pb::Issue,
        name: &str,
    ) -> Result<(), Difference> {
        let expected = self.model.view(id, &PEOPLE[by], self.now());
        let found = view::shown(issue, &self.places);
        self.note(&format!("{line}: {found:?}"));
        let aspects: BTreeSet<&String> = expected.keys().chain(found.keys()).collect();
        let differ: Vec<&String> =
            aspects.into_iter().filter(|aspect| expected.get(*aspect) != found.get(*aspect)).collect();
        if differ.is_empty() {
            return Ok(());
        }
        let show =
            |view: &View, aspect: &String| view.get(aspect).cloned().unwrap_or_else(|| "nothing".to_owned());
        let lines = differ.iter().map(|aspect| {
            format!(
                "  {aspect}: expected {}\n  {aspect}:    found {}",
                show(&expected, aspect),
                show(&found, aspect)
            )
        });
        let text = format!("{line}\n{}", lines.collect::<Vec<_>>().join("\n"));
        let kind = format!("{name}: {differ:?}");
        Err(Difference { kind, issues: touched.to_vec(), text })
    }

    /// Reads an issue that something was done to besides.
    pub async fn refresh(&mut self, id: usize, name: &str, touched: &[usize]) -> Result<(), Difference> {
        let request = pb::GetIssueRequest { issue_id: self.ids[id].clone() };
        let issue = self.client(CLERK).get_issue(request).await.unwrap().into_inner().issue.unwrap();
        if self.etag(id) != issue.etag {
            self.etags[id].push(issue.etag.clone());
        }
        self.same(&format!("and {id}"), touched, id, CLERK, &issue, &format!("{name} besides"))
    }

    async fn repeat(&mut self, id: usize) -> Result<(), Difference> {
        let Some((by, act, to, first)) = self.last.get(&id).cloned() else { return Ok(()) };
        let mut client = self.client(by);
        // What is not theirs any more is kept from them, also as the answer to a repeated request.
        let sent = send::act(&mut client, &act, to).await;
        let found = self.answer(sent);
        let line = format!("{} repeats {act:?} on {id}", self.now());
        let text = match found {
            Answer::Issue(issue, true) if *issue == first => {
                self.count("repeated".to_owned());
                self.note(&line);
                return Ok(());
            }
            Answer::Issue(issue, replayed) => {
                format!("{line}: replayed {replayed}\n{issue:?}\nfirst was\n{first:?}")
            }
            Answer::Refused(reason) => format!("{line}: {reason}"),
        };
        Err(Difference { kind: format!("repeated {}", act.name()), issues: vec![id], text })
    }

    async fn reuse(&mut self, id: usize) -> Result<(), Difference> {
        let Some((by, act, to, _)) = self.last.get(&id).cloned() else { return Ok(()) };
        let Some(etag) = self.etags[id].iter().find(|etag| **etag != to.etag).cloned() else { return Ok(()) };
        let mut client = self.client(by);
        let sent = send::act(&mut client, &act, Envelope { etag, ..to }).await;
        let found = self.answer(sent);
        let line = format!("{} {by} uses the request of {id} anew", self.now());
        match found {
            Answer::Refused(reason) if reason == "REQUEST_ID_REUSED" => {
                self.count("refused REQUEST_ID_REUSED".to_owned());
                self.note(&line);
                Ok(())
            }
            Answer::Refused(reason) => {
                Err(Difference { kind: format!("reused: {reason}"), issues: vec![id], text: line })
            }
            Answer::Issue(..) => Err(Difference { kind: "reused".to_owned(), issues: vec![id], text: line }),
        }
    }

    pub async fn sweep(&mut self) -> Result<(), Difference> {
        self.app.suite.run_jobs("climb the ladder").await.unwrap();
        let now = self.now();
        let before: Vec<_> = self.model.issues.iter().map(|issue| issue.state).collect();
        let changed = self.model.sweep(now);
        self.note(&format!("{now} sweep"));
        let mut first = Ok(());
        for id in changed {
            if self.left_out.contains(&id) {
                continue;
            }
            let name = format!("{} SWEEP", before[id].as_str_name().trim_start_matches("ISSUE_STATE_"));
            self.count(name.clone());
            first = first.and(self.refresh(id, &name, &[id]).await);
        }
        first
    }
}

fn disagreement(
    name: &str,
    issues: &[usize],
    line: &str,
    expected: &Result<(), super::reference::guard::Reason>,
    found: &Answer,
) -> Difference {
    let expected = match expected {
        Ok(()) => "taken",
        Err(reason) => reason,
    };
    let found = match found {
        Answer::Issue(_, false) => "taken".to_owned(),
        Answer::Issue(_, true) => "replayed".to_owned(),
        Answer::Refused(reason) => reason.clone(),
    };
    let kind = format!("{name}: expected {expected}, found {found}");
    Difference { kind, issues: issues.to_vec(), text: line.to_owned() }
}
