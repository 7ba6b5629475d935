//! R1, R6: the whole suite killed twenty times under load, on each engine. What was acknowledged is there, once; and
//! everybody is told, once.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use futures::StreamExt as _;
use proto::{
    notification::v1::{ListMessagesRequest, inbox_service_client::InboxServiceClient},
    scoring::v1::{CheckLedgerRequest, ListEntriesRequest, ledger_service_client::LedgerServiceClient},
    workflow::v1::{
        Difficulty, Issue, ListIssuesRequest, SignIssueRequest, SubmitIssueRequest,
        issue_service_client::IssueServiceClient,
    },
};
use qinqing::{
    city::{City, request_id},
    desk::{Desk, Seat},
};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use rpc::Transport;
use testkit::postgres::PrivatePostgres;
use tonic::{Code, transport::Endpoint};

const N_KILLS: usize = 20;
const SEED: u64 = 328;

/// The executable, built first where it is not yet.
fn executable() -> PathBuf {
    let built =
        Command::new(env!("CARGO")).args(["build", "--quiet", "--package", "qinqing"]).status().unwrap();
    assert!(built.success());
    let tests = std::env::current_exe().unwrap();
    tests.ancestors().nth(2).unwrap().join("qinqing")
}

/// The suite in a process of its own; killed when dropped.
struct Victim {
    child: Child,
    desk: Desk,
}

impl Victim {
    fn start(executable: &Path, dir: &Path, database: Option<&str>) -> Self {
        let mut command = Command::new(executable);
        command.args([
            "up",
            "--demo",
            "--listen",
            "127.0.0.1:0",
            "--admin-listen",
            "127.0.0.1:0",
            "--log",
            "error",
        ]);
        command.arg("--data-dir").arg(dir);
        if let Some(url) = database {
            command.args(["--database-url", url]);
        }
        let mut child = command.stdout(Stdio::piped()).stdin(Stdio::null()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let address = output
            .lines()
            .map(Result::unwrap)
            .find_map(|line| {
                Some(line.strip_prefix("gRPC and JSON on ")?.split_whitespace().next()?.to_owned())
            })
            .expect("the suite says where it serves");
        let channel = Endpoint::from_shared(address).unwrap().connect_lazy();
        Self { child, desk: Desk::new(Transport::Remote(channel)) }
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the clients know: every request that they sent, and the answers that they heard.
#[derive(Default)]
struct Journal {
    submits: Mutex<BTreeMap<String, (SubmitIssueRequest, Option<Issue>)>>,
    signs: Mutex<BTreeMap<String, (SignIssueRequest, bool)>>,
    n_acknowledged: AtomicUsize,
}

struct Load<'a> {
    journal: &'a Journal,
    firm: Seat,
    liaison: Seat,
    enterprise_id: String,
}

impl Load<'_> {
    /// Submits one issue and has it signed; stops at the first call that is not answered.
    async fn one(&self, number: usize) -> Result<(), tonic::Status> {
        let request = SubmitIssueRequest {
            enterprise_id: self.enterprise_id.clone(),
            category: "municipal_facilities".to_owned(),
            title: format!("第{number}件"),
            description: "路灯不亮。".to_owned(),
            division_code: "370299".to_owned(),
            request_id: request_id(),
            about_department_id: String::new(),
            confidential: false,
            draft_id: String::new(),
        };
        let key = request.request_id.clone();
        self.journal.submits.lock().unwrap().insert(key.clone(), (request.clone(), None));
        let issue = self.submit(&key, request).await?;
        let request = SignIssueRequest {
            issue_id: issue.issue_id,
            difficulty: Difficulty::Normal.into(),
            etag: issue.etag,
            request_id: request_id(),
        };
        let key = request.request_id.clone();
        self.journal.signs.lock().unwrap().insert(key.clone(), (request.clone(), false));
        self.sign(&key, request).await
    }

    async fn submit(&self, key: &str, request: SubmitIssueRequest) -> Result<Issue, tonic::Status> {
        let mut issues = IssueServiceClient::new(self.firm.channel());
        let issue = issues.submit_issue(request).await?.into_inner().issue.unwrap();
        let mut submits = self.journal.submits.lock().unwrap();
        let known = &mut submits.get_mut(key).unwrap().1;
        if let Some(known) = known {
            assert_eq!(known.issue_id, issue.issue_id, "one request, two issues");
        }
        *known = Some(issue.clone());
        self.journal.n_acknowledged.fetch_add(1, Relaxed);
        Ok(issue)
    }

    async fn sign(&self, key: &str, request: SignIssueRequest) -> Result<(), tonic::Status> {
        IssueServiceClient::new(self.liaison.channel()).sign_issue(request).await?;
        self.journal.signs.lock().unwrap().get_mut(key).unwrap().1 = true;
        self.journal.n_acknowledged.fetch_add(1, Relaxed);
        Ok(())
    }

    /// Asks again for everything whose answer was not heard.
    async fn resolve(&self) {
        let unheard = |(key, (request, issue)): (&String, &(SubmitIssueRequest, Option<Issue>))| {
            issue.is_none().then(|| (key.clone(), request.clone()))
        };
        let submits: Vec<_> = self.journal.submits.lock().unwrap().iter().filter_map(unheard).collect();
        for (key, request) in submits {
            self.submit(&key, request).await.expect("the same request again is answered");
        }
        let unheard = |(key, (request, heard)): (&String, &(SignIssueRequest, bool))| {
            (!heard).then(|| (key.clone(), request.clone()))
        };
        let signs: Vec<_> = self.journal.signs.lock().unwrap().iter().filter_map(unheard).collect();
        for (key, request) in signs {
            self.sign(&key, request).await.expect("the same request again is answered");
        }
    }
}

async fn twenty_kills_lose_nothing_and_double_nothing(database: Option<String>) {
    let executable = executable();
    let dir = tempfile::tempdir().unwrap();
    let mut rng = StdRng::seed_from_u64(SEED);
    let journal = Journal::default();
    let city: Mutex<Option<City>> = Mutex::new(None);
    let load = async |victim: &Victim| {
        let text = std::fs::read_to_string(dir.path().join("demo-accounts.json")).unwrap();
        let known: City = serde_json::from_str(&text).unwrap();
        let load = Load {
            journal: &journal,
            firm: known.seat(&victim.desk, "firm").await.unwrap(),
            liaison: known.seat(&victim.desk, "liaison2").await.unwrap(),
            enterprise_id: known.enterprises["91370299MA3Q00A01U"].clone(),
        };
        *city.lock().unwrap() = Some(known);
        load
    };
    for life in 0..N_KILLS {
        let victim = Victim::start(&executable, dir.path(), database.as_deref());
        let load = load(&victim).await;
        load.resolve().await;
        let enough = journal.n_acknowledged.load(Relaxed) + rng.random_range(4..24);
        let work = futures::stream::iter(0..)
            .map(|number| load.one(life * 1_000 + number))
            .buffer_unordered(6)
            .take_while(|outcome| {
                if let Err(status) = outcome {
                    assert_eq!(status.code(), Code::Unavailable, "{status}");
                }
                let go_on = outcome.is_ok() && journal.n_acknowledged.load(Relaxed) < enough;
                async move { go_on }
            })
            .for_each(async |_| ());
        // Six calls are somewhere between their first and their last line when the process dies.
        work.await;
        victim.kill();
    }
    let victim = Victim::start(&executable, dir.path(), database.as_deref());
    let load = load(&victim).await;
    load.resolve().await;
    let city = city.lock().unwrap().clone().unwrap();
    check_issues(&journal, &load).await;
    check_effects(&journal, &load, &city, &victim.desk).await;
    victim.kill();
}

/// Each request has one issue, each issue one request.
async fn check_issues(journal: &Journal, load: &Load<'_>) {
    let mut there = Vec::new();
    let mut request = ListIssuesRequest { page_size: 500, ..ListIssuesRequest::default() };
    loop {
        let mut issues = IssueServiceClient::new(load.firm.channel());
        let page = issues.list_issues(request.clone()).await.unwrap().into_inner();
        there.extend(page.issues.into_iter().map(|issue| issue.issue_id));
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    let submits = journal.submits.lock().unwrap();
    let known: BTreeSet<String> =
        submits.values().map(|(_, issue)| issue.as_ref().unwrap().issue_id.clone()).collect();
    assert_eq!(known.len(), submits.len(), "two requests share an issue");
    assert_eq!(there.len(), known.len(), "there are more or fewer issues than requests");
    assert_eq!(there.into_iter().collect::<BTreeSet<_>>(), known);
}

/// The liaison was told of each issue once, and got points for each signature once.
async fn check_effects(journal: &Journal, load: &Load<'_>, city: &City, desk: &Desk) {
    let n_issues = journal.submits.lock().unwrap().len();
    let patience = Instant::now() + Duration::from_mins(1);
    loop {
        let told = told_to_sign(load).await;
        assert!(told.values().all(|n| *n == 1), "told twice: {told:?}");
        if told.len() == n_issues {
            break;
        }
        assert!(Instant::now() < patience, "{} of {n_issues} issues were told of", told.len());
        tokio::task::yield_now().await;
    }
    let operator = city.seat(desk, "operator").await.unwrap();
    let mut ledger = LedgerServiceClient::new(operator.channel());
    let check = ledger.check_ledger(CheckLedgerRequest::default()).await.unwrap().into_inner();
    assert_eq!((check.sum, check.unbalanced_postings, check.wrong_balances), (0, 0, 0), "{check:?}");
    let request = ListEntriesRequest {
        account_id: load.liaison.account_id.clone(),
        page_size: 500,
        ..ListEntriesRequest::default()
    };
    let entries = ledger.list_entries(request).await.unwrap().into_inner().entries;
    let sources: BTreeSet<_> = entries
        .iter()
        .map(|entry| (entry.rule_id.clone(), entry.source.as_ref().unwrap().event_id.clone()))
        .collect();
    assert!(!entries.is_empty());
    assert_eq!(sources.len(), entries.len(), "an event gave points twice");
}

async fn told_to_sign(load: &Load<'_>) -> BTreeMap<String, usize> {
    let mut told = BTreeMap::new();
    let mut request = ListMessagesRequest { page_size: 500, ..ListMessagesRequest::default() };
    loop {
        let mut inbox = InboxServiceClient::new(load.liaison.channel());
        let page = inbox.list_messages(request.clone()).await.unwrap().into_inner();
        for message in page.messages {
            if message.template_code == "issue-to-sign" {
                *told.entry(message.issue_id).or_default() += 1;
            }
        }
        if page.next_page_token.is_empty() {
            return told;
        }
        request.page_token = page.next_page_token;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_kills_lose_nothing_and_double_nothing_on_sqlite() {
    twenty_kills_lose_nothing_and_double_nothing(None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_kills_lose_nothing_and_double_nothing_on_postgres() {
    let url = PrivatePostgres::shared().fresh_database().await.unwrap();
    twenty_kills_lose_nothing_and_double_nothing(Some(url)).await;
}
