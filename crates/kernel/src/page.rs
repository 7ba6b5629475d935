//! Pages of a list: an opaque token that only its own caller can use, for its own filter alone.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// How many rows a page holds: 1 to [`PageSize::MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageSize(u16);

impl PageSize {
    pub const DEFAULT: Self = Self(50);
    pub const MAX: Self = Self(500);

    /// 0 asks for the default, more than the maximum gives the maximum; negative is `None`.
    pub fn from_request(page_size: i32) -> Option<Self> {
        match u16::try_from(page_size) {
            Ok(0) => Some(Self::DEFAULT),
            Ok(size) => Some(Self(size.min(Self::MAX.0))),
            Err(_) => (page_size > 0).then_some(Self::MAX),
        }
    }

    /// Rows to ask of the database: one more than shown, to know whether another page follows.
    pub fn limit(self) -> i64 {
        i64::from(self.0) + 1
    }

    pub fn get(self) -> usize {
        usize::from(self.0)
    }
}

/// One page of rows, and the cursor of the next.
#[derive(Debug)]
pub struct Page<T> {
    pub rows: Vec<T>,
    /// Cursor of the last row shown, when more follow.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// Cuts the one row too many that [`PageSize::limit`] asked for.
    pub fn cut(mut rows: Vec<T>, size: PageSize, cursor: impl Fn(&T) -> String) -> Self {
        let more = size.get() < rows.len();
        rows.truncate(size.get());
        let next = if more { rows.last().map(cursor) } else { None };
        Self { rows, next }
    }
}

/// A token that is malformed, forged, or meant for another caller or filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a page token of this list")]
pub struct InvalidPageToken;

/// Seals and opens page tokens.
#[derive(Clone)]
pub struct PageKey([u8; 32]);

impl PageKey {
    pub const fn new(secret: [u8; 32]) -> Self {
        Self(secret)
    }

    /// Binds `cursor` to `scope`: the method, the caller and every part of the filter.
    pub fn seal(&self, scope: &[&str], cursor: &str) -> String {
        let mut bytes = self.mac(scope, cursor).finalize().into_bytes()[..16].to_vec();
        bytes.extend_from_slice(cursor.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The cursor that was sealed with the same `scope`.
    pub fn open(&self, scope: &[&str], token: &str) -> Result<String, InvalidPageToken> {
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| InvalidPageToken)?;
        let (tag, cursor) = bytes.split_at_checked(16).ok_or(InvalidPageToken)?;
        let cursor = std::str::from_utf8(cursor).map_err(|_| InvalidPageToken)?;
        self.mac(scope, cursor).verify_truncated_left(tag).map_err(|_| InvalidPageToken)?;
        Ok(cursor.to_owned())
    }

    fn mac(&self, scope: &[&str], cursor: &str) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        for part in scope.iter().chain([&cursor]) {
            // The length keeps ["ab", "c"] and ["a", "bc"] apart.
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        mac
    }
}

impl std::fmt::Debug for PageKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PageKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_token_opens_for_its_own_scope_alone() {
        let key = PageKey::new([7; 32]);
        let token = key.seal(&["ListIssues", "alice", "open"], "2026-01-01/42");
        assert_eq!(key.open(&["ListIssues", "alice", "open"], &token).unwrap(), "2026-01-01/42");
        for scope in [&["ListIssues", "bob", "open"][..], &["ListIssues", "aliceopen", ""], &[]] {
            assert_eq!(key.open(scope, &token), Err(InvalidPageToken));
        }
        assert_eq!(
            PageKey::new([8; 32]).open(&["ListIssues", "alice", "open"], &token),
            Err(InvalidPageToken)
        );
    }

    #[test]
    fn a_page_token_with_any_character_changed_is_refused() {
        let key = PageKey::new([7; 32]);
        let token = key.seal(&["x"], "cursor-1");
        for at in 0..token.len() {
            for other in ['A', 'b', '_'] {
                let mut changed = token.clone();
                changed.replace_range(at..=at, &other.to_string());
                if changed != token {
                    assert_eq!(key.open(&["x"], &changed), Err(InvalidPageToken), "{changed}");
                }
            }
        }
    }

    #[test]
    fn a_page_is_cut_to_its_size_and_says_whether_more_follow() {
        let size = PageSize::from_request(2).unwrap();
        let page = Page::cut(vec![1, 2, 3], size, ToString::to_string);
        assert_eq!((page.rows, page.next), (vec![1, 2], Some("2".to_owned())));
        assert_eq!(Page::cut(vec![1, 2], size, ToString::to_string).next, None);
        assert_eq!(PageSize::from_request(-1), None);
        assert_eq!(PageSize::from_request(0), Some(PageSize::DEFAULT));
        assert_eq!(PageSize::from_request(70_000), Some(PageSize::MAX));
    }
}
