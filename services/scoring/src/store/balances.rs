//! Sums of the ledger, and whether they are right.

use kernel::AccountId;
use store::{Error, Select, Tx};

use crate::domain::{Account, Balance, Period};

/// Points of an account in a period, or at all; zeros when it has no entry.
pub(crate) async fn of_account(
    tx: &mut Tx,
    account: AccountId,
    period: Option<Period>,
) -> Result<Balance, Error> {
    let (pending, posted, voided) = Select::new(
        "SELECT CAST(COALESCE(SUM(pending), 0) AS BIGINT), CAST(COALESCE(SUM(posted), 0) AS BIGINT),
                CAST(COALESCE(SUM(voided), 0) AS BIGINT)
         FROM balance",
    )
    .filter("account_id = ?", account.uuid())
    .filter_some("year = ?", period.map(|period| period.year))
    .filter_some("quarter = ?", period.and_then(|period| period.quarter).map(i64::from))
    .row::<(i64, i64, i64)>(tx, "sum the account's balances")
    .await?
    .unwrap_or_default();
    Ok(Balance { pending, posted, voided })
}

/// What the books come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct Check {
    /// Of all balances, the issuer's included.
    pub sum: i64,
    pub unbalanced_postings: i64,
    pub wrong_balances: i64,
    pub n_entries: i64,
    pub n_postings: i64,
}

/// Adds up the whole ledger anew, and compares it with the stored balances.
pub(crate) async fn check(tx: &mut Tx) -> Result<Check, Error> {
    let row = store::row!(
        tx,
        "check the ledger",
        Check,
        "WITH rebuilt AS (
             SELECT l.account_id,
                    CASE WHEN l.account_id = $1 THEN 'ISSUER' ELSE e.kind END AS kind,
                    e.year,
                    e.quarter,
                    CAST(SUM(CASE WHEN l.book = 'PENDING' THEN l.amount ELSE 0 END) AS BIGINT) AS pending,
                    CAST(SUM(CASE WHEN l.book = 'POSTED' THEN l.amount ELSE 0 END) AS BIGINT) AS posted,
                    CAST(SUM(CASE WHEN l.book = 'VOIDED' THEN l.amount ELSE 0 END) AS BIGINT) AS voided
             FROM leg AS l
             JOIN posting AS p ON p.posting_id = l.posting_id
             JOIN entry AS e ON e.entry_id = p.entry_id
             GROUP BY 1, 2, 3, 4
         ),
         stored AS (
             SELECT account_id, kind, year, quarter, pending, posted, voided FROM balance
         ),
         wrong AS (
             SELECT account_id, kind, year, quarter
             FROM (SELECT * FROM rebuilt EXCEPT SELECT * FROM stored) AS missing
             UNION
             SELECT account_id, kind, year, quarter
             FROM (SELECT * FROM stored EXCEPT SELECT * FROM rebuilt) AS surplus
         )
         SELECT (SELECT CAST(COALESCE(SUM(pending + posted + voided), 0) AS BIGINT) FROM stored) AS sum,
                (SELECT COUNT(*) FROM (
                     SELECT p.posting_id FROM posting AS p LEFT JOIN leg AS l ON l.posting_id = p.posting_id
                     GROUP BY p.posting_id HAVING COALESCE(SUM(l.amount), 1) <> 0
                 ) AS unbalanced) AS unbalanced_postings,
                (SELECT COUNT(*) FROM wrong) AS wrong_balances,
                (SELECT COUNT(*) FROM entry) AS n_entries,
                (SELECT COUNT(*) FROM posting) AS n_postings",
        Account::Issuer.uuid()
    )?;
    row.ok_or(Error::Conflict { doing: "check the ledger" })
}
