use proto::workflow::v1 as pb;
use rpc::{Call, parse::timestamp};

use super::version;
use crate::{
    domain::figure::{FigureId, Ratio, definition},
    error::WorkflowError,
    rpc::WorkflowRpc,
    store::figures::{self, Published},
};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    _: Call,
    req: pb::GetPublicFiguresRequest,
) -> Result<pb::GetPublicFiguresResponse, WorkflowError> {
    let pb::GetPublicFiguresRequest {} = req;
    let mut tx = rpc.db.snapshot().await?;
    let progress = figures::progress(&mut tx).await?;
    let cells = figures::published(&mut tx).await?;
    tx.commit().await?;
    let published = |figure: &&FigureId| cells.iter().any(|cell| cell.figure == **figure);
    Ok(pb::GetPublicFiguresResponse {
        figures: FigureId::ALL.iter().filter(published).map(|figure| shown(*figure, &cells)).collect(),
        as_of_time: progress.published_at.map(timestamp),
        limits_version: progress.published_limits.map(version).unwrap_or_default(),
    })
}

fn shown(figure: FigureId, cells: &[Published]) -> pb::PublicFigure {
    let of = |dimension: &'static str| {
        cells.iter().filter(move |cell| cell.figure == figure && cell.dimension == dimension).map(cell)
    };
    let definition = definition(figure);
    pb::PublicFigure {
        figure_id: figure.to_string(),
        name_zh: definition.name_zh.to_owned(),
        name_en: definition.name_en.to_owned(),
        definition_zh: definition.text_zh(),
        definition_en: definition.text_en(),
        whole: of("all").next(),
        categories: of("category").collect(),
        months: of("month").collect(),
    }
}

fn cell(cell: &Published) -> pb::PublicCell {
    let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let per_mille = cell.ratio.and_then(Ratio::per_mille);
    pb::PublicCell {
        key: cell.key.clone(),
        hidden: cell.ratio.is_none(),
        numerator: cell.ratio.map(|ratio| count(ratio.numerator)),
        denominator: cell.ratio.map(|ratio| count(ratio.denominator)),
        per_mille: per_mille.map(|per_mille| i32::try_from(per_mille).unwrap_or(i32::MAX)),
    }
}
