use proto::workflow::v1 as pb;
use rpc::{Call, Fields, parse::timestamp};

use super::{grouping, question, reading::Reading, require_groups, unknown, version};
use crate::{
    domain::{
        figure::{FigureId, Grouping, Limits, Question, Tier, Value, definition},
        local_date,
    },
    error::WorkflowError,
    rpc::WorkflowRpc,
    store::{figures::Tally, issues::Viewer},
};

pub(super) async fn handle(
    rpc: WorkflowRpc,
    call: Call,
    req: pb::QueryFiguresRequest,
) -> Result<pb::QueryFiguresResponse, WorkflowError> {
    let pb::QueryFiguresRequest { figure_ids, start_date, end_date, as_of_time, group_by } = req;
    let now = rpc.clock.now();
    let mut f = Fields::new();
    let asked_about = question(&mut f, start_date, end_date, as_of_time, now);
    let grouping = grouping(&mut f, group_by);
    let Some(question) = asked_about else {
        return Err(f.refuse().into());
    };
    f.finish()?;
    let wanted = wanted(&figure_ids, grouping)?;

    let scope = call.scope();
    let viewer = Viewer { scope: &scope, now, today: local_date(now) };
    // One snapshot: the figures of an answer fit together.
    let mut tx = rpc.db.snapshot().await?;
    let reading = Reading::open(&rpc, &mut tx, &viewer, question).await?;
    let tally = reading.tally(&mut tx, &wanted, grouping).await?;
    let uncounted = reading.n_uncounted(&mut tx).await?;
    tx.commit().await?;
    let limits = &*rpc.figure_limits;
    let shown = |figure| shown(figure, &tally, grouping, &reading.question, limits);
    Ok(pb::QueryFiguresResponse {
        figures: wanted.into_iter().map(shown).collect(),
        limits_version: version(limits.version),
        uncounted,
    })
}

/// In the order of their definition, each once; all for none.
fn wanted(names: &[String], grouping: Option<Grouping>) -> Result<Vec<FigureId>, WorkflowError> {
    if names.is_empty() {
        return Ok(FigureId::ALL.to_vec());
    }
    let mut found_ids = Vec::new();
    for name in names {
        let found = FigureId::named(name);
        if found.is_empty() {
            return Err(unknown(name));
        }
        for figure in &found {
            require_groups(*figure, grouping)?;
        }
        found_ids.extend(found);
    }
    Ok(FigureId::ALL.iter().copied().filter(|figure| found_ids.contains(figure)).collect())
}

fn shown(
    figure: FigureId,
    tally: &Tally,
    grouping: Option<Grouping>,
    question: &Question,
    limits: &Limits,
) -> pb::Figure {
    let definition = definition(figure);
    // Sums add up over groups, also those of a figure whose issues belong to none.
    let sums: Vec<_> = tally.values().flatten().copied().collect();
    let (value, numbers) = numbers(figure, figure.value(&sums));
    let groups = tally.iter().filter(|_| grouping.is_some_and(|grouping| figure.groups_by(grouping)));
    let groups = groups
        .map(|(key, sums)| (key, figure.value(sums)))
        .filter(|(_, value)| 0 < value.ratio.numerator + value.ratio.denominator);
    let groups = groups
        .map(|(key, value)| {
            let (Numbers { numerator, denominator, per_mille }, spread) = {
                let (value, numbers) = self::numbers(figure, value);
                (numbers, value.spread)
            };
            let tier = figure.is_rank().then(|| limits.tier(value.ratio));
            pb::FigureGroup {
                key: key.clone(),
                numerator,
                denominator,
                per_mille,
                p50_seconds: spread.map(|spread| spread.p50),
                p90_seconds: spread.map(|spread| spread.p90),
                tier: tier.map_or(pb::FigureTier::Unspecified, tier_to).into(),
                lower_bound_per_mille: tier.and(value.ratio.lower_bound()).map(small),
            }
        })
        .collect();
    pb::Figure {
        figure_id: figure.to_string(),
        name_zh: definition.name_zh.to_owned(),
        name_en: definition.name_en.to_owned(),
        definition_zh: definition.text_zh(),
        definition_en: definition.text_en(),
        numerator: numbers.numerator,
        denominator: numbers.denominator,
        per_mille: numbers.per_mille,
        as_of_time: Some(timestamp(question.as_of)),
        p50_seconds: value.spread.map(|spread| spread.p50),
        p90_seconds: value.spread.map(|spread| spread.p90),
        groups,
    }
}

struct Numbers {
    numerator: i64,
    denominator: i64,
    per_mille: Option<i32>,
}

/// A duration has no ratio.
fn numbers(figure: FigureId, value: Value) -> (Value, Numbers) {
    let per_mille = if figure.has_spread() { None } else { value.ratio.per_mille().map(small) };
    let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let (numerator, denominator) = (count(value.ratio.numerator), count(value.ratio.denominator));
    (value, Numbers { numerator, denominator, per_mille })
}

fn small(per_mille: u64) -> i32 {
    i32::try_from(per_mille).unwrap_or(i32::MAX)
}

const fn tier_to(tier: Tier) -> pb::FigureTier {
    match tier {
        Tier::First => pb::FigureTier::First,
        Tier::Second => pb::FigureTier::Second,
        Tier::Third => pb::FigureTier::Third,
        Tier::Unranked => pb::FigureTier::Unranked,
    }
}
