//! A workbook of one sheet in which every cell is text: nothing in it is ever a formula, a number or a link.
//!
//! Rows go to a temporary file as they are written; memory holds one row.

use std::io::Write;

use rust_xlsxwriter::{DocProperties, Workbook, XlsxError};

/// What a workbook says of itself.
pub(super) struct Properties<'a> {
    pub title: &'a str,
    pub export_id: &'a str,
    /// Who, when, what was asked for.
    pub comment: &'a str,
}

pub(super) struct Sheet {
    workbook: Workbook,
    n_rows: u32,
}

impl Sheet {
    pub(super) fn begin(properties: &Properties<'_>) -> Result<Self, XlsxError> {
        let Properties { title, export_id, comment } = properties;
        let mut workbook = Workbook::new();
        let properties = DocProperties::new()
            .set_title(*title)
            .set_comment(*comment)
            .set_custom_property("export_id", *export_id);
        workbook.set_properties(&properties);
        workbook.add_worksheet_with_constant_memory()?.set_name(*title)?;
        Ok(Self { workbook, n_rows: 0 })
    }

    pub(super) fn record(&mut self, cells: &[String]) -> Result<(), XlsxError> {
        let sheet = self.workbook.worksheet_from_index(0)?;
        for (column, cell) in (0_u16..).zip(cells) {
            sheet.write_string(self.n_rows, column, expressible(cell))?;
        }
        self.n_rows += 1;
        Ok(())
    }

    pub(super) fn finish(mut self, out: impl Write + Send) -> Result<(), XlsxError> {
        self.workbook.save_to_writer(out)
    }
}

/// Two code points that are no characters cannot stand in XML in any form.
fn expressible(cell: &str) -> String {
    cell.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}
