//! Who has how many points beside the others.

use kernel::{AccountId, Page, PageSize};
use store::{Error, Filter, Select, Tx};
use uuid::Uuid;

use crate::domain::{Kind, Period, Standing};

const DOING: &str = "read the board";

#[derive(sqlx::FromRow)]
struct Row {
    account_id: Uuid,
    points: i64,
    place: i64,
    n_people: i64,
}

impl Row {
    fn standing(&self) -> Standing {
        Standing { account: AccountId::new(self.account_id), rank: self.place, points: self.points }
    }
}

/// A page of a board.
#[derive(Debug)]
pub(crate) struct Board {
    /// Best first. The cursor is a rank and an account.
    pub page: Page<Standing>,
    /// On every page together.
    pub n_people: i64,
}

/// Those who come after a place (rank and account).
pub(crate) async fn standings(
    tx: &mut Tx,
    kind: Kind,
    period: Period,
    after: Option<(i64, Uuid)>,
    size: PageSize,
) -> Result<Board, Error> {
    let mut select = board(kind, period);
    if let Some((rank, account)) = after {
        select = select.filter_by(Filter::new("(place, account_id) > (?, ?)", [rank.into(), account.into()]));
    }
    let rows = select.raw(" ORDER BY place, account_id").limit(size.limit()).rows::<Row>(tx, DOING).await?;
    let n_people = match rows.first() {
        Some(row) => row.n_people,
        None => count(tx, kind, period).await?,
    };
    let standings = rows.iter().map(Row::standing).collect();
    let page = Page::cut(standings, size, |place: &Standing| format!("{}/{}", place.rank, place.account));
    Ok(Board { page, n_people })
}

async fn count(tx: &mut Tx, kind: Kind, period: Period) -> Result<i64, Error> {
    let row = board(kind, period).limit(1).row::<Row>(tx, DOING).await?;
    Ok(row.map_or(0, |row| row.n_people))
}

/// Where one person stands.
pub(crate) async fn standing_of(
    tx: &mut Tx,
    kind: Kind,
    period: Period,
    account: AccountId,
) -> Result<Option<Standing>, Error> {
    let row = board(kind, period).filter("account_id = ?", account.uuid()).row::<Row>(tx, DOING).await?;
    Ok(row.map(|row| row.standing()))
}

fn board(kind: Kind, period: Period) -> Select {
    let (quarters, mut binds) = match period.quarter {
        Some(quarter) => (" AND quarter = ?", vec![i64::from(quarter).into()]),
        None => ("", vec![]),
    };
    binds.splice(0..0, [kind.name().into(), period.year.into()]);
    Select::new(format!(
        "SELECT account_id, points, place, n_people FROM (
             SELECT account_id, points, RANK() OVER (ORDER BY points DESC) AS place, COUNT(*) OVER () AS n_people
             FROM (
                 SELECT account_id, CAST(SUM(posted) AS BIGINT) AS points
                 FROM balance WHERE kind = ? AND year = ?{quarters}
                 GROUP BY account_id
             ) AS sums
         ) AS board"
    ))
    .with(binds)
}
