//! What somebody looks for.

use super::{
    Tokens,
    tokens::{Run, runs},
};

/// Words of one question.
pub const MAX_WORDS: usize = 8;

/// A word that is looked for, of at least one letter, digit or character. Characters that stand beside one another in
/// it must do so in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    text: String,
    /// Each must be in the text.
    phrases: Vec<Vec<String>>,
}

/// The words of a question, parted by blanks; what has neither letter nor digit is none.
pub fn words(question: &str) -> Vec<Word> {
    // The full-width blank is one of the blanks.
    let words: Vec<Word> = question.split_whitespace().filter_map(Word::new).collect();
    let mut each = Vec::with_capacity(words.len());
    for word in words {
        if !each.contains(&word) {
            each.push(word);
        }
    }
    each
}

impl Word {
    /// `None`: there is nothing in it that a text could have.
    fn new(text: &str) -> Option<Self> {
        let (mut phrases, mut phrase) = (Vec::new(), Vec::new());
        for run in runs(text) {
            match run {
                Run::Word(word) => phrase.push(word),
                // A text has a single character beside no other token: see `Tokens`.
                Run::Han(chars) if chars.len() == 1 => {
                    phrases.push(std::mem::take(&mut phrase));
                    phrases.push(chars.iter().map(char::to_string).collect());
                }
                Run::Han(chars) => {
                    phrase.extend(chars.windows(2).map(|pair| pair.iter().collect::<String>()));
                }
                Run::Break => phrases.push(std::mem::take(&mut phrase)),
            }
        }
        phrases.push(phrase);
        phrases.retain(|phrase| !phrase.is_empty());
        (!phrases.is_empty()).then(|| Self { text: text.to_owned(), phrases })
    }

    /// As it was asked.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether a text with these tokens has the word: as both engines find it.
    pub fn is_in(&self, tokens: &Tokens) -> bool {
        let tokens: Vec<&str> = tokens.iter().collect();
        self.phrases
            .iter()
            .all(|phrase| tokens.windows(phrase.len()).any(|window| window == phrase.as_slice()))
    }

    pub fn expression(&self) -> Expression {
        Expression { phrases: self.phrases.clone(), all: true }
    }
}

/// A text with any of these tokens.
pub fn any_of(tokens: &[&str]) -> Expression {
    let phrases = tokens.iter().map(|token| vec![(*token).to_owned()]).collect();
    Expression { phrases, all: false }
}

/// What a text must have, in the language of each engine. Tokens are letters and digits, so they need no escaping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expression {
    phrases: Vec<Vec<String>>,
    /// All of the phrases, or any of them.
    all: bool,
}

impl Expression {
    pub(super) fn for_sqlite(&self) -> String {
        self.joined("\"", " ", "\"", if self.all { " AND " } else { " OR " })
    }

    pub(super) fn for_postgres(&self) -> String {
        self.joined("(", " <-> ", ")", if self.all { " & " } else { " | " })
    }

    fn joined(&self, open: &str, within: &str, close: &str, between: &str) -> String {
        let phrases: Vec<_> =
            self.phrases.iter().map(|phrase| format!("{open}{}{close}", phrase.join(within))).collect();
        phrases.join(between)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(question: &str) -> Vec<String> {
        words(question).iter().map(|word| word.expression().for_sqlite()).collect()
    }

    #[test]
    fn words_are_parted_by_blanks_and_each_is_asked_once() {
        assert_eq!(asked("路灯　S328 路灯 ！"), ["\"路灯\"", "\"s328\""]);
        assert_eq!(asked(" ，。"), Vec::<String>::new());
    }

    #[test]
    fn what_stands_beside_one_another_must_do_so_in_the_text() {
        assert_eq!(asked("警示标志"), ["\"警示 示标 标志\""]);
        assert_eq!(asked("S328省道"), ["\"s328 省道\""]);
        assert_eq!(asked("S328路"), ["\"s328\" AND \"路\""]);
        assert_eq!(asked("路灯、广告牌"), ["\"路灯\" AND \"广告 告牌\""]);
        assert_eq!(words("警示标志，灯")[0].expression().for_postgres(), "(警示 <-> 示标 <-> 标志) & (灯)");
    }

    #[test]
    fn a_word_is_in_a_text_that_has_its_characters_in_a_row() {
        let word = |text: &str| words(text).remove(0);
        let is_in = |asked: &str, text: &str| word(asked).is_in(&Tokens::of(text));
        assert!(is_in("警示标志", "路口缺少警示标志。"));
        assert!(!is_in("警示标志", "有警示，无标志"));
        assert!(!is_in("警示标志", "标志 警示 示标"));
        assert!(is_in("灯", "路灯不亮") && is_in("灯", "灯"));
        assert!(is_in("Ｓ328", "在S328路上") && !is_in("S32", "S328"));
        assert!(is_in("S328路", "S328的路") && !is_in("bc", "abc"));
    }

    #[test]
    fn any_of_the_tokens_is_enough() {
        assert_eq!(any_of(&["路灯", "s328"]).for_sqlite(), "\"路灯\" OR \"s328\"");
        assert_eq!(any_of(&["路灯", "s328"]).for_postgres(), "(路灯) | (s328)");
    }
}
