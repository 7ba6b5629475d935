//! Pages of lists that are ordered by id.

use kernel::{Page, PageSize};
use rpc::{Call, Refusal};
use uuid::Uuid;

use super::Rpc;
use crate::store::PageOf;

impl Rpc {
    /// Which page a token asks for; `filter` holds every part of the list's filter.
    pub(super) fn page(
        &self,
        call: &Call,
        filter: &[&str],
        token: &str,
        size: PageSize,
    ) -> Result<PageOf, Refusal> {
        let cursor = call.open_page(&self.page_key, filter, token)?;
        let after =
            cursor.map(|cursor| Uuid::try_parse(&cursor)).transpose().map_err(|_| Refusal::PageToken)?;
        Ok(PageOf { after, size })
    }

    /// The rows of a page, and the token of the next.
    pub(super) fn cut<T>(
        &self,
        call: &Call,
        filter: &[&str],
        rows: Vec<T>,
        size: PageSize,
        id: impl Fn(&T) -> Uuid,
    ) -> (Vec<T>, String) {
        let page = Page::cut(rows, size, |row| id(row).to_string());
        let next = call.seal_page(&self.page_key, filter, page.next.as_deref());
        (page.rows, next)
    }
}
