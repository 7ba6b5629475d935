//! The workflow service: issues of enterprises, from the submission to the close.

pub mod domain;

mod error;
mod events;
mod rpc;
mod store;

use std::{sync::Arc, time::Duration};

use anyhow::Context as _;
use runtime::{Deps, Job, Module, ModuleSpec};
use tonic::service::RoutesBuilder;
use trail::{Ed25519Signer, Hash, Signer as _};

use crate::{
    events::{ladder::Ladder, sequence::Sequencer},
    rpc::WorkflowRpc,
};

/// The service as the runtime starts it.
pub fn spec() -> ModuleSpec {
    ModuleSpec::new("workflow", &store::MIGRATIONS, |deps| Box::pin(module(deps)))
}

/// Builds the service. Fails when the database does not take the guards of the events, or the key of the log is none.
async fn module(deps: Deps) -> anyhow::Result<Module> {
    store::append_only::guard(&deps.db).await?;
    let signer = Arc::new(signer(&deps)?);
    let consumers = vec![deps.consumer("registry", events::FromRegistry)];
    let rpc = WorkflowRpc::new(&deps)?;
    let jobs = jobs(&deps, &rpc, &signer);
    let limits = deps.limits;
    let routes = Box::new(move |routes: &mut RoutesBuilder| rpc.add_to(signer, routes, &limits));
    Ok(Module { routes, jobs, consumers })
}

/// The key that signs the heads of the log. Its public half lies beside it, for whoever checks an export.
fn signer(deps: &Deps) -> anyhow::Result<Ed25519Signer> {
    let make = || Ok(access::SigningKey::generate()?.to_pkcs8().to_vec());
    let der = deps.keys.load_or_make("trail-head.pk8", make)?;
    let signer = Ed25519Signer::from_pkcs8(&der).context("trail-head.pk8")?;
    // As long as a hash, and written as one: 64 hexadecimal digits.
    let public_key = Hash::try_from(signer.public_key()).context("trail-head.pk8")?;
    deps.keys.publish("trail-head.pub", format!("{public_key}\n").as_bytes())?;
    Ok(signer)
}

fn jobs(deps: &Deps, rpc: &WorkflowRpc, signer: &Arc<Ed25519Signer>) -> Vec<Job> {
    let ladder = Ladder {
        db: deps.db.clone(),
        clock: Arc::clone(&deps.clock),
        ids: Arc::clone(&deps.ids),
        rulebook: Arc::clone(&rpc.rulebook),
    };
    let sequencer = Sequencer {
        db: deps.db.clone(),
        clock: Arc::clone(&deps.clock),
        ids: Arc::clone(&deps.ids),
        signer: Arc::clone(signer),
    };
    let climb = Job::new("climb the ladder", Duration::from_secs(1), move || {
        let ladder = ladder.clone();
        async move { Ok(ladder.step().await?) }
    });
    let sequence = Job::new("append to the log", Duration::from_millis(500), move || {
        let sequencer = sequencer.clone();
        async move { Ok(sequencer.step().await?) }
    });
    vec![climb, sequence]
}
