//! Compares people of the same kind over the same period.

use proto::scoring::v1 as pb;
use rpc::{Call, Fields, Refusal, parse::timestamp};
use uuid::Uuid;

use super::{Rpc, convert};
use crate::{
    domain::{Place, Standing, places},
    error::ScoringError,
    store::boards,
};

pub(super) async fn handle(
    rpc: Rpc,
    call: Call,
    req: pb::GetBoardRequest,
) -> Result<pb::GetBoardResponse, ScoringError> {
    let pb::GetBoardRequest { kind, period, page_size, page_token } = req;
    let mut f = Fields::new();
    let kind = f.enumeration("kind", kind).and_then(convert::kind_of_wire);
    let period = f.required("period", period).and_then(|period| convert::period(&mut f, Some(period)));
    let size = f.page_size(page_size);
    let (Some(kind), Some(period), Some(size)) = (kind, period, size) else { return Err(f.refuse().into()) };
    f.finish()?;
    let label = period.label();
    let filter = [kind.name(), label.as_str()];
    let cursor = call.open_page(&rpc.page_key, &filter, &page_token)?;
    let after = cursor.map(|cursor| read_cursor(&cursor).ok_or(Refusal::PageToken)).transpose()?;

    let now = rpc.clock.now();
    let mut tx = rpc.db.snapshot().await?;
    let board = boards::standings(&mut tx, kind, period, after, size).await?;
    let own = match call.caller.account_id() {
        Some(account) => boards::standing_of(&mut tx, kind, period, account).await?,
        None => None,
    };
    tx.commit().await?;
    let n_people = board.n_people;
    let rules = rpc.rules.present(now);
    Ok(pb::GetBoardResponse {
        next_page_token: call.seal_page(&rpc.page_key, &filter, board.page.next.as_deref()),
        places: places(&board.page.rows, n_people, rules).into_iter().map(place).collect(),
        total_count: n_people,
        own_place: places(own.as_slice(), n_people, rules).into_iter().map(place).next(),
        as_of_time: Some(timestamp(now)),
    })
}

fn place(place: Place<'_>) -> pb::BoardPlace {
    let Place { standing: Standing { account, rank, points }, tier } = place;
    pb::BoardPlace {
        account_id: account.to_string(),
        rank,
        tier: tier.code.clone(),
        tier_zh: tier.zh.clone(),
        tier_en: tier.en.clone(),
        points,
    }
}

fn read_cursor(cursor: &str) -> Option<(i64, Uuid)> {
    let (rank, account) = cursor.split_once('/')?;
    Some((rank.parse().ok()?, account.parse().ok()?))
}
