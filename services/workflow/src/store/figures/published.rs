//! The public figures as they were last reckoned.

use kernel::Timestamp;
use sqlx::FromRow;
use store::{Batch, Error, Tx, binds};

use crate::domain::figure::{FigureId, Ratio};

/// A cell as the public sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Published {
    pub figure: FigureId,
    /// `all`, `category` or `month`.
    pub dimension: String,
    pub key: String,
    /// `None`: hidden.
    pub ratio: Option<Ratio>,
}

#[derive(FromRow)]
struct Row {
    figure: String,
    dimension: String,
    key: String,
    numerator: Option<i64>,
    denominator: Option<i64>,
}

/// All cells, in the order of figures, dimensions and keys.
pub(crate) async fn published(tx: &mut Tx) -> Result<Vec<Published>, Error> {
    let rows = store::rows!(
        tx,
        "read the public figures",
        Row,
        "SELECT figure, dimension, key, numerator, denominator
        FROM figure_published
        ORDER BY figure, dimension, key"
    )?;
    rows.into_iter().map(Row::read).collect()
}

/// Takes away what was published before.
pub(crate) async fn clear(tx: &mut Tx) -> Result<(), Error> {
    store::execute!(tx, "take the public figures away", "DELETE FROM figure_published WHERE figure <> ''")?;
    Ok(())
}

/// Publishes cells anew, after [`clear`], chosen and hidden by the limits of this version.
pub(crate) fn keep(batch: &mut Batch, cells: &[Published], at: Timestamp, limits_version: u32) {
    for Published { figure, dimension, key, ratio } in cells {
        batch.add(
            "publish a figure",
            "INSERT INTO figure_published (figure, dimension, key, numerator, denominator) VALUES ($1, $2, $3, $4, $5)",
            binds![
                figure.name(),
                dimension,
                key,
                ratio.map(|ratio| ratio.numerator.cast_signed()),
                ratio.map(|ratio| ratio.denominator.cast_signed())
            ],
        );
    }
    batch.add_one(
        "say when figures were published",
        "UPDATE figure_progress SET published_at = $1, published_limits = $2 WHERE only_row = 1",
        binds![at, i64::from(limits_version)],
    );
}

impl Row {
    fn read(self) -> Result<Published, Error> {
        let Self { figure, dimension, key, numerator, denominator } = self;
        let figure = figure.parse().map_err(|_| Error::unreadable("figure_published", "figure", &figure))?;
        let ratio = numerator.zip(denominator).map(|(numerator, denominator)| Ratio {
            numerator: numerator.cast_unsigned(),
            denominator: denominator.cast_unsigned(),
        });
        Ok(Published { figure, dimension, key, ratio })
    }
}
