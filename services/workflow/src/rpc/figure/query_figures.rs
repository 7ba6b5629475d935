use proto::workflow::v1 as pb;
use rpc::{Call, Fields, parse::timestamp};

use super::question;
use crate::{
    domain::{
        figure::{FigureId, Question, Ratio, definition},
        local_date,
    },
    error::WorkflowError,
    rpc::WorkflowRpc,
    store::{
        figures::{self, Asked},
        issues::Viewer,
    },
};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::QueryFiguresRequest,
) -> Result<pb::QueryFiguresResponse, WorkflowError> {
    let pb::QueryFiguresRequest { figure_ids, start_date, end_date, as_of_time } = req;
    let now = rpc.clock.now();
    let mut f = Fields::new();
    let Some(question) = question(&mut f, start_date, end_date, as_of_time, now) else {
        return Err(f.refuse().into());
    };
    f.finish()?;
    let wanted = wanted(&figure_ids)?;

    let scope = call.scope();
    let viewer = Viewer { scope: &scope, now, today: local_date(now) };
    let policy = rpc.rulebook.in_force().policy;
    let mut figures = Vec::with_capacity(wanted.len());
    // One snapshot: the figures of an answer fit together.
    let mut tx = rpc.db.snapshot().await?;
    for figure in wanted {
        let asked = Asked { figure, question: &question, policy };
        let ratio = figures::ratio(&mut tx, &viewer, asked).await?;
        figures.push(shown(figure, ratio, &question));
    }
    tx.commit().await?;
    Ok(pb::QueryFiguresResponse { figures })
}

/// In the order of their definition, each once; all for none.
fn wanted(names: &[String]) -> Result<Vec<FigureId>, WorkflowError> {
    if names.is_empty() {
        return Ok(FigureId::ALL.to_vec());
    }
    let mut found_ids = Vec::new();
    for name in names {
        let found = FigureId::named(name);
        if found.is_empty() {
            return Err(WorkflowError::FigureUnknown(name.chars().take(64).collect()));
        }
        found_ids.extend(found);
    }
    Ok(FigureId::ALL.iter().copied().filter(|figure| found_ids.contains(figure)).collect())
}

fn shown(figure: FigureId, ratio: Ratio, question: &Question) -> pb::Figure {
    let definition = definition(figure);
    let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    pb::Figure {
        figure_id: figure.to_string(),
        name_zh: definition.name_zh.to_owned(),
        name_en: definition.name_en.to_owned(),
        definition_zh: definition.text_zh(),
        definition_en: definition.text_en(),
        numerator: count(ratio.numerator),
        denominator: count(ratio.denominator),
        per_mille: ratio.per_mille().map(|per_mille| i32::try_from(per_mille).unwrap_or(i32::MAX)),
        as_of_time: Some(timestamp(question.as_of)),
    }
}
