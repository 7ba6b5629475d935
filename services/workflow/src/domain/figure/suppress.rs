//! What the public is not shown: cells over few issues or firms, and whatever would give them away.

use super::{Ratio, limits::PublicLimits};

/// A group of a figure, with the number of firms that its base is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    pub key: String,
    pub ratio: Ratio,
    /// Issues that it is over; where the parts have no issue in common, those of the smaller one that has any.
    pub n_issues: u64,
    /// Firms that these are of.
    pub n_firms: u64,
}

/// Which cells are hidden, and whether the whole that they add up to is. Cells over nothing are shown: they say so.
///
/// A single hidden cell would be the whole less the others; so would a few that together are small. Further cells are
/// hidden, the smallest first, until what is hidden is at least two cells and large enough together. Where no cell is
/// left to hide, the whole is.
pub fn suppress(whole: &Cell, cells: &[Cell], limits: PublicLimits) -> (Vec<bool>, bool) {
    let is_small = |n_issues: u64, n_firms: u64| {
        0 < n_issues && (n_issues < limits.min_issues || n_firms < limits.min_firms)
    };
    let small = |cell: &Cell| is_small(cell.n_issues, cell.n_firms);
    let mut hidden: Vec<bool> = cells.iter().map(small).collect();
    let mut by_size: Vec<usize> =
        (0..cells.len()).filter(|i| cells.get(*i).is_some_and(|cell| 0 < cell.n_issues)).collect();
    by_size.sort_by_key(|i| cells.get(*i).map(|cell| (cell.n_issues, cell.key.clone())));
    let mut hides_whole = small(whole);
    while !hides_whole && hidden.contains(&true) && !is_covered(cells, &hidden, limits) {
        let next = by_size.iter().find(|i| hidden.get(**i) == Some(&false));
        match next.and_then(|i| hidden.get_mut(*i)) {
            Some(hide) => *hide = true,
            None => hides_whole = true,
        }
    }
    (hidden, hides_whole)
}

/// Whether what is hidden does not follow from what is shown.
fn is_covered(cells: &[Cell], hidden: &[bool], limits: PublicLimits) -> bool {
    let hidden: Vec<_> =
        cells.iter().zip(hidden).filter(|(_, hidden)| **hidden).map(|(cell, _)| cell).collect();
    let n_issues: u64 = hidden.iter().map(|cell| cell.n_issues).sum();
    // Firms of two cells may be the same.
    let n_firms = hidden.iter().map(|cell| cell.n_firms).max().unwrap_or_default();
    // A single one never is: it is hidden because it is small.
    limits.min_issues <= n_issues && limits.min_firms <= n_firms
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: PublicLimits = PublicLimits { min_issues: 5, min_firms: 5 };

    fn cell(key: &str, n: u64, n_firms: u64) -> Cell {
        Cell { key: key.to_owned(), ratio: Ratio { numerator: n / 2, denominator: n }, n_issues: n, n_firms }
    }

    fn hidden(cells: &[Cell]) -> (Vec<bool>, bool) {
        let n = cells.iter().map(|cell| cell.ratio.denominator).sum();
        suppress(&cell("", n, cells.iter().map(|cell| cell.n_firms).sum()), cells, LIMITS)
    }

    #[test]
    fn large_cells_are_all_shown() {
        assert_eq!(hidden(&[cell("a", 5, 5), cell("b", 90, 40), cell("c", 0, 0)]), (vec![false; 3], false));
    }

    #[test]
    fn a_small_cell_takes_the_smallest_of_the_others_with_it() {
        let cells = [cell("a", 50, 20), cell("b", 4, 4), cell("c", 30, 9), cell("d", 0, 0)];
        assert_eq!(hidden(&cells), (vec![false, true, true, false], false));
    }

    #[test]
    fn many_issues_of_few_firms_are_hidden() {
        let cells = [cell("a", 50, 20), cell("b", 40, 4), cell("c", 60, 30)];
        assert_eq!(hidden(&cells), (vec![true, true, false], false));
    }

    #[test]
    fn two_small_cells_that_are_small_together_hide_a_third() {
        let cells = [cell("a", 2, 2), cell("b", 2, 2), cell("c", 70, 30), cell("d", 80, 30)];
        assert_eq!(hidden(&cells), (vec![true, true, true, false], false));
    }

    #[test]
    fn where_no_cell_is_left_to_hide_the_whole_is_hidden() {
        assert!(hidden(&[cell("a", 4, 4), cell("b", 0, 0)]).1);
        assert!(hidden(&[cell("a", 3, 3), cell("b", 3, 3)]).1);
        assert!(hidden(&[cell("a", 2, 1)]).1);
    }

    /// Whatever the cells are: nothing that is hidden is small and follows from what is shown.
    #[test]
    fn nothing_small_can_be_reckoned_back() {
        let mut dice = 20_260_302_u64;
        let mut roll = |n: u64| {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (dice >> 33) % n
        };
        for _ in 0..2_000 {
            let cells: Vec<_> = (0..=roll(6))
                .map(|i| {
                    let n = roll(12);
                    cell(&i.to_string(), n, n.min(roll(12)))
                })
                .collect();
            let (hidden, hides_whole) = hidden(&cells);
            let gone: Vec<_> =
                cells.iter().zip(&hidden).filter(|(_, hidden)| **hidden).map(|(cell, _)| cell).collect();
            for (cell, hidden) in cells.iter().zip(&hidden) {
                let small = 0 < cell.n_issues && (cell.n_issues < 5 || cell.n_firms < 5);
                assert!(*hidden || !small, "{cells:?}");
            }
            assert!(gone.is_empty() || hides_whole || 2 <= gone.len(), "{cells:?}");
            let sum: u64 = gone.iter().map(|cell| cell.n_issues).sum();
            assert!(gone.is_empty() || hides_whole || 5 <= sum, "{cells:?}");
        }
    }
}
