//! Issues that say much the same as another.

use std::cmp::Reverse;

use chrono::TimeDelta;
use kernel::{EnterpriseId, IssueId};
use store::{
    Engine, Error, Filter, Select, Tx,
    search::{self, Kept},
};
use uuid::Uuid;

use super::index::Text;
use crate::{
    domain::{
        Issue,
        similarity::{Measure, Sketch},
    },
    store::{
        filter::{Viewer, is_open},
        issues::read_fold,
    },
};

/// To what similar issues are looked for, and among which.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub viewer: Viewer<'a>,
    pub measure: &'a Measure,
    pub sketch: &'a Sketch,
    /// Of this firm alone.
    pub enterprise: Option<EnterpriseId>,
    /// But for this one.
    pub other_than: Option<IssueId>,
    pub open_only: bool,
}

/// The similar issues, with their scores: the most similar first, of equals the newest.
pub(crate) async fn similar(tx: &mut Tx, asked: &Asked<'_>) -> Result<Vec<(Issue, String, u32)>, Error> {
    let Asked { measure, sketch, .. } = asked;
    let Words { first, then } = words(tx, asked).await?;
    // Those with a word that the fewest have are not crowded out by newer ones.
    let mut candidates = of_any(tx, asked, &first).await?;
    let n_left =
        usize::try_from(measure.effort.candidates).unwrap_or_default().saturating_sub(candidates.len());
    let others = if n_left == 0 { Vec::new() } else { of_any(tx, asked, &then).await? };
    let is_new =
        |(issue, _): &(Issue, String)| candidates.iter().all(|(candidate, _)| candidate.id != issue.id);
    let others: Vec<(Issue, String)> = others.into_iter().filter(is_new).take(n_left).collect();
    candidates.extend(others);

    let ids: Vec<Uuid> = candidates.iter().map(|(issue, _)| issue.id.uuid()).collect();
    let texts = search::of_subjects(tx, &ids).await?;
    let mut similar = Vec::new();
    for (issue, title) in candidates {
        let score = measure.score(sketch, &sketch_of(&issue, &texts));
        if measure.threshold <= score {
            similar.push((issue, title, score));
        }
    }
    similar.sort_by_key(|(issue, _, score)| Reverse((*score, issue.submitted_at, issue.id.uuid())));
    similar.truncate(measure.effort.shown);
    Ok(similar)
}

/// Words that candidates are found by.
struct Words<'a> {
    /// The rarest.
    first: Vec<&'a str>,
    /// The others, and the most telling of those that many texts have.
    then: Vec<&'a str>,
}

async fn words<'a>(tx: &mut Tx, asked: &Asked<'a>) -> Result<Words<'a>, Error> {
    let effort = asked.measure.effort;
    let telling = asked.measure.telling(asked.sketch);
    let expressions: Vec<_> = telling.iter().map(|word| search::any_of(&[*word])).collect();
    let counts = search::count_each(tx, &expressions, effort.common_from.into()).await?;
    let counted = counts.into_iter().zip(telling).filter(|(count, _)| 0 < *count);
    let (mut rare, common): (Vec<_>, Vec<_>) =
        counted.partition(|(count, _)| *count < i64::from(effort.common_from));
    rare.sort_by_key(|(count, _)| *count);
    let others = rare.split_off(effort.asked_first.min(rare.len()));
    let common = common.into_iter().take(effort.asked_common);
    let word = |(_, word): (i64, &'a str)| word;
    Ok(Words {
        first: rare.into_iter().map(word).collect(),
        then: others.into_iter().chain(common).map(word).collect(),
    })
}

async fn of_any(tx: &mut Tx, asked: &Asked<'_>, words: &[&str]) -> Result<Vec<(Issue, String)>, Error> {
    if words.is_empty() {
        return Ok(Vec::new());
    }
    let select =
        candidates(tx.engine(), "SELECT", asked, words).limit(asked.measure.effort.candidates.into());
    let rows = select.rows::<(Uuid, String, String)>(tx, "look for similar issues").await?;
    rows.into_iter().map(|(id, fold, title)| Ok((read_fold(id, &fold)?, title))).collect()
}

/// The newest issues with any of the words, without a limit.
pub(super) fn candidates(engine: Engine, select: &str, asked: &Asked<'_>, words: &[&str]) -> Select {
    let Asked { viewer, measure, sketch: _, enterprise, other_than, open_only } = asked;
    let submitted = Filter::in_list("part", [Text::Title.name(), Text::Description.name()]);
    let with_words = search::subjects(engine, &search::any_of(words)).filter_by(submitted);
    let since = viewer.now - TimeDelta::days(measure.window_days.into());
    let select = Select::new(format!("{select} issue_id, CAST(fold AS TEXT) AS fold, title FROM issue"))
        .filter_by(viewer.sees())
        .filter_by(Filter::in_rows_of("issue_id", with_words))
        .filter("submitted_at >= ?", since)
        .filter_some("enterprise_id = ?", enterprise.map(EnterpriseId::uuid))
        .filter_some("issue_id <> ?", other_than.map(IssueId::uuid));
    let select = if *open_only { select.filter_by(is_open()) } else { select };
    select.raw(" ORDER BY submitted_at DESC, issue_id DESC")
}

fn sketch_of(issue: &Issue, texts: &[Kept]) -> Sketch {
    let grams = |text: Text| {
        let of_it = texts.iter().filter(|kept| kept.subject_id == issue.id.uuid());
        of_it.filter(move |kept| kept.part == text.name()).flat_map(|kept| kept.tokens.grams())
    };
    Sketch::new(
        grams(Text::Title),
        grams(Text::Description),
        Some(issue.category.clone()),
        Some(issue.division.clone()),
    )
}
