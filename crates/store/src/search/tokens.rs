//! What a text is found by.

use std::collections::{BTreeSet, HashMap};

use unicode_normalization::UnicodeNormalization as _;

/// Tokens of a text: PostgreSQL keeps no place beyond 16,383.
const MAX_TOKENS: usize = 16_000;
/// Places of one token in a text: PostgreSQL keeps 256.
const MAX_PLACES: usize = 250;
/// Characters of a word; what follows is left away, in texts and in questions.
const MAX_WORD: usize = 64;
/// Stands between texts, so that no phrase reaches from one into the next; no text has such a token.
const BETWEEN: &str = "¶";

/// The tokens of a text, in its order, with blanks between them: words of letters and digits, and every two characters
/// of Chinese that follow on one another; behind them every single character of Chinese, once.
///
/// The form is NFKC in small letters, so `Ｓ３２８` and `s328` are the same. Everything but letters and digits parts
/// tokens and is none. Of an over-long text the end is not found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tokens(String);

impl Tokens {
    pub fn of(text: &str) -> Self {
        Self::of_all(&[text])
    }

    /// The tokens of several texts that are found as one, without phrases across them.
    pub fn of_all(texts: &[&str]) -> Self {
        let mut tokens = Writer::default();
        for text in texts {
            tokens.begin();
            let mut singles = BTreeSet::new();
            for run in runs(text) {
                match run {
                    Run::Word(word) => tokens.push(&word),
                    Run::Han(chars) => {
                        for pair in chars.windows(2) {
                            tokens.push(&pair.iter().collect::<String>());
                        }
                        singles.extend(chars);
                    }
                    Run::Break => {}
                }
            }
            if !singles.is_empty() {
                tokens.begin();
            }
            for single in singles {
                tokens.push(single.encode_utf8(&mut [0; 4]));
            }
        }
        Self(tokens.text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.split(' ').filter(|token| !token.is_empty())
    }

    /// The words and the pairs of characters: what a text is about, without its single characters.
    pub fn grams(&self) -> impl Iterator<Item = &str> {
        self.iter().filter(|token| *token != BETWEEN && !is_single(token))
    }
}

/// Tokens as [`Tokens::as_str`] gave them.
impl From<String> for Tokens {
    fn from(text: String) -> Self {
        Self(text)
    }
}

#[derive(Default)]
struct Writer {
    text: String,
    n_tokens: usize,
    n_places: HashMap<String, usize>,
}

impl Writer {
    /// Begins with something that follows on nothing.
    fn begin(&mut self) {
        if !self.text.is_empty() {
            self.push(BETWEEN);
        }
    }

    fn push(&mut self, token: &str) {
        let n_places = self.n_places.entry(token.to_owned()).or_default();
        if self.n_tokens == MAX_TOKENS || *n_places == MAX_PLACES {
            return;
        }
        *n_places += 1;
        self.n_tokens += 1;
        if !self.text.is_empty() {
            self.text.push(' ');
        }
        self.text.push_str(token);
    }
}

/// A stretch of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Run {
    /// Letters and digits.
    Word(String),
    /// Characters of Chinese, or of another script without blanks.
    Han(Vec<char>),
    /// Anything else.
    Break,
}

/// Cuts a text into stretches.
pub(super) fn runs(text: &str) -> Vec<Run> {
    let mut runs = Vec::new();
    for c in text.nfkc().flat_map(char::to_lowercase) {
        match (runs.last_mut(), is_han(c), c.is_alphanumeric()) {
            (Some(Run::Han(chars)), true, _) => chars.push(c),
            (_, true, _) => runs.push(Run::Han(vec![c])),
            (Some(Run::Word(word)), false, true) => word.push(c),
            (_, false, true) => runs.push(Run::Word(c.to_string())),
            (Some(Run::Break), false, false) => {}
            (_, false, false) => runs.push(Run::Break),
        }
    }
    for run in &mut runs {
        if let Run::Word(word) = run
            && let Some((end, _)) = word.char_indices().nth(MAX_WORD)
        {
            word.truncate(end);
        }
    }
    runs
}

/// Chinese, and the scripts of Japan and Korea, which do not part words either.
fn is_han(c: char) -> bool {
    matches!(c,
        '々'..='〇' | 'ぁ'..='ヿ' | '㄀'..='ㄯ' | '㐀'..='䶿' | '一'..='\u{9fff}' | '가'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
        && c.is_alphanumeric()
}

pub(super) fn is_single(token: &str) -> bool {
    let mut chars = token.chars();
    chars.next().is_some_and(is_han) && chars.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> String {
        Tokens::of(text).as_str().to_owned()
    }

    #[test]
    fn chinese_is_found_by_two_characters_and_by_each_and_other_scripts_by_words() {
        assert_eq!(of("警示标志"), "警示 示标 标志 ¶ 志 标 示 警");
        assert_eq!(of("S328 省道"), "s328 省道 ¶ 省 道");
        assert_eq!(of("灯"), "灯");
        assert_eq!(of("ISO 9001"), "iso 9001");
        assert_eq!(of("，。！ "), "");
        assert_eq!(of(""), "");
    }

    #[test]
    fn one_thing_has_one_form() {
        for text in ["Ｓ３２８", "s328", "S328", " 𝐒328 "] {
            assert_eq!(of(text), "s328", "{text}");
        }
        assert_eq!(of("①号"), of("1号"));
        assert_eq!(of("路灯　不亮"), of("路灯 不亮"));
        assert_eq!(of("ÉCOLE"), of("e\u{301}cole"));
    }

    #[test]
    fn punctuation_parts_what_it_stands_between() {
        assert_eq!(of("路灯，不亮"), "路灯 不亮 ¶ 不 亮 灯 路");
        assert_eq!(of("GB/T 4754-2017"), "gb t 4754 2017");
    }

    #[test]
    fn texts_found_as_one_stay_apart() {
        let both = Tokens::of_all(&["abc", "def 路灯"]);
        assert_eq!(both.as_str(), "abc ¶ def 路灯 ¶ 灯 路");
        assert_eq!(both.grams().collect::<Vec<_>>(), ["abc", "def", "路灯"]);
    }

    #[test]
    fn no_text_gives_more_than_both_engines_keep() {
        let endless = Tokens::of(&"哈".repeat(1_000));
        assert_eq!(endless.iter().filter(|token| *token == "哈哈").count(), MAX_PLACES);
        let long: Vec<String> = (0..20_000_u32).map(|n| format!("w{n}")).collect();
        assert_eq!(Tokens::of(&long.join(" ")).iter().count(), MAX_TOKENS);
        let word = Tokens::of(&"x".repeat(500));
        assert_eq!(word.as_str().len(), MAX_WORD);
    }

    #[test]
    fn a_token_has_nothing_in_it_that_an_engine_would_read_as_syntax() {
        let every: String = (0..0x1_1000_u32).filter_map(char::from_u32).collect();
        for token in Tokens::of(&every).iter().chain(Tokens::of("a'b\"c\\d:e*f(g)h&i|j!k<->l").iter()) {
            assert!(token == BETWEEN || token.chars().all(char::is_alphanumeric), "{token:?}");
            assert_eq!(token.to_ascii_lowercase(), token);
        }
    }
}
