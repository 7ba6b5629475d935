use proto::workflow::v1 as pb;
use rpc::Call;

use super::version;
use crate::{
    domain::figure::{Definition, FigureId, Grouping, definition},
    error::WorkflowError,
    rpc::WorkflowRpc,
};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    _: Call,
    req: pb::ListFiguresRequest,
) -> Result<pb::ListFiguresResponse, WorkflowError> {
    let pb::ListFiguresRequest {} = req;
    let definitions = FigureId::ALL.iter().map(|figure| shown(definition(*figure))).collect();
    Ok(pb::ListFiguresResponse { definitions, limits_version: version(rpc.figure_limits.version) })
}

fn shown(definition: Definition) -> pb::FigureDefinition {
    let Definition {
        id,
        name_zh,
        name_en,
        numerator_zh,
        numerator_en,
        denominator_zh,
        denominator_en,
        exclusions_zh: _,
        exclusions_en: _,
    } = definition;
    let unit = match id {
        FigureId::M23Total => pb::FigureUnit::CalendarSeconds,
        figure if figure.has_spread() => pb::FigureUnit::WorkingSeconds,
        figure if figure.is_rank() => pb::FigureUnit::Tier,
        _ => pb::FigureUnit::PerMille,
    };
    pb::FigureDefinition {
        figure_id: id.to_string(),
        name_zh: name_zh.to_owned(),
        name_en: name_en.to_owned(),
        numerator_zh: numerator_zh.to_owned(),
        numerator_en: numerator_en.to_owned(),
        denominator_zh: denominator_zh.to_owned(),
        denominator_en: denominator_en.to_owned(),
        exclusions_zh: definition.left_out_zh(),
        exclusions_en: definition.left_out_en(),
        unit: unit.into(),
        grouped_by_month: id.groups_by(Grouping::Month),
    }
}
