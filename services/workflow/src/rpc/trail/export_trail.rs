use std::panic::resume_unwind;

use futures::{Stream, StreamExt as _, stream};
use proto::workflow::v1 as pb;
use rpc::{Call, Fields, Refusal, put_on_record};
use store::Batch;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use trail::{ChainExportWriter, ExportWriter, Signer as _, Start};

use super::{TrailRpc, chain, pipe::Pipe, plan};
use crate::{
    domain::local_date,
    error::WorkflowError,
    store::{
        chained::Chain,
        trail::{self as log, Head},
    },
};

/// Entries read at a time.
pub(super) const PAGE: u64 = 500;
/// Bytes of a piece, at most; those of an export cut it wherever that falls.
const CHUNK: usize = 64 * 1024;
/// Pieces made ahead of the caller.
const AHEAD: usize = 4;

type Chunk = Result<pb::ExportTrailResponse, WorkflowError>;

pub(super) async fn handle(
    rpc: TrailRpc,
    call: Call,
    req: pb::ExportTrailRequest,
) -> Result<impl Stream<Item = Chunk> + Send + 'static, WorkflowError> {
    let chain = parse(req)?;
    let now = rpc.workflow.clock.now();
    let mut tx = rpc.workflow.db.snapshot().await?;
    if let Some(chain) = chain {
        chain::admit(&rpc.workflow, &call, &mut tx, chain, local_date(now)).await?;
    }
    let head = log::last_head(&mut tx).await?.ok_or(WorkflowError::TreeHeadMissing)?;
    let mut earlier_keys = log::public_keys(&mut tx).await?;
    tx.commit().await?;
    earlier_keys.retain(|key| key != rpc.signer.public_key());
    let start = Start {
        log_id: head.signed.head.log_id.clone(),
        created_micros: now.timestamp_micros(),
        earlier_keys,
    };
    let subject = chain.map_or("trail".to_owned(), |chain| format!("trail/{chain}"));
    put_on_record(&rpc.workflow.db, move || {
        let mut batch = Batch::new();
        call.disclose(&mut batch, subject.clone(), now);
        batch
    })
    .await?;
    let (sender, receiver) = mpsc::channel(AHEAD);
    let making = tokio::spawn(async move {
        let export = Export { rpc, pipe: Pipe::default(), sender };
        let written = match chain {
            Some(chain) => export.one_chain(chain, &head, start).await,
            None => export.whole_log(&head, start).await,
        };
        match written {
            Ok(()) | Err(Ended::CallerLeft) => {}
            // A caller that has left takes no error either.
            Err(Ended::Failed(error)) => drop(export.sender.send(Err(error)).await),
        }
    });
    // An export whose making panicked must not end as if it were whole.
    let end = stream::once(making).filter_map(async |made| match made {
        Err(ended) if ended.is_panic() => resume_unwind(ended.into_panic()),
        _ => None,
    });
    Ok(ReceiverStream::new(receiver).chain(end))
}

fn parse(req: pb::ExportTrailRequest) -> Result<Option<Chain>, Refusal> {
    let pb::ExportTrailRequest { issue_id, chain } = req;
    let mut f = Fields::new();
    let chain = chain::named(&mut f, &issue_id, &chain);
    f.finish()?;
    Ok(chain)
}

/// An export on its way to the caller.
struct Export {
    rpc: TrailRpc,
    pipe: Pipe,
    sender: mpsc::Sender<Chunk>,
}

/// Why an export ended early.
enum Ended {
    CallerLeft,
    Failed(WorkflowError),
}

impl<E: Into<WorkflowError>> From<E> for Ended {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl Export {
    /// Up to the newest head, which covers the last entry of the file.
    async fn whole_log(&self, newest: &Head, start: Start) -> Result<(), Ended> {
        let size = newest.signed.head.size;
        let mut writer = ExportWriter::begin(self.pipe.clone(), &*self.rpc.signer, start)?;
        let mut from = 0;
        while from < size {
            let until = size.min(from + PAGE);
            let mut tx = self.rpc.workflow.db.snapshot().await?;
            let records = log::records(&mut tx, from, until).await?;
            let heads = log::heads(&mut tx, from, until).await?;
            tx.commit().await?;
            let mut records = records.iter().peekable();
            for head in &heads {
                while let Some(record) = records.next_if(|record| record.log_index < head.signed.head.size) {
                    writer.entry(record)?;
                }
                writer.head(&head.signed)?;
            }
            for record in records {
                writer.entry(record)?;
            }
            from = until;
            self.send().await?;
        }
        writer.finish()?;
        self.send().await
    }

    /// Each entry with the proof that it stands in the log under the newest head.
    async fn one_chain(&self, chain: Chain, newest: &Head, start: Start) -> Result<(), Ended> {
        let size = newest.signed.head.size;
        let mut tx = self.rpc.workflow.db.snapshot().await?;
        let records = log::chain_records(&mut tx, chain, size).await?;
        let plans: Vec<_> = records.iter().map(|record| plan::inclusion(record.log_index, size)).collect();
        let nodes = log::nodes(&mut tx, &plan::nodes(&plans)).await?;
        tx.commit().await?;
        let mut writer = ChainExportWriter::begin(
            self.pipe.clone(),
            &*self.rpc.signer,
            start,
            chain.to_string(),
            &newest.signed,
        )?;
        for (record, plan) in records.iter().zip(&plans) {
            writer.entry(record, &plan::fold(plan, &nodes))?;
        }
        writer.finish()?;
        self.send().await
    }

    /// Sends what was written, piece by piece.
    async fn send(&self) -> Result<(), Ended> {
        for piece in self.pipe.take().chunks(CHUNK) {
            let response = pb::ExportTrailResponse { chunk: piece.to_vec().into() };
            self.sender.send(Ok(response)).await.map_err(|_| Ended::CallerLeft)?;
        }
        Ok(())
    }
}
