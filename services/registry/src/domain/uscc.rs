//! Unified social credit codes (统一社会信用代码).

use std::{fmt, str::FromStr};

/// The characters of a code; the place of each is its value. I, O, S, V and Z are left out of the standard.
const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
/// Powers of 3 modulo 31, one for each character before the check character.
const WEIGHTS: [usize; 17] = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];

/// A unified social credit code after GB 32100-2015: registering office, kind of organisation, six digits of
/// the division, nine characters of the organisation, and a check character over all of them.
///
/// One code has one spelling: lower-case and full-width letters are refused, so that the uniqueness of codes
/// never hangs on a conversion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Uscc(String);

/// Why a text is no credit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidUscc {
    #[error("a credit code has 18 characters")]
    Length,
    #[error("a credit code has digits and upper-case letters but I, O, S, V and Z")]
    Character,
    #[error("the third to the eighth character of a credit code are digits")]
    Division,
    #[error("the check character is wrong")]
    Check,
}

impl Uscc {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Uscc {
    type Err = InvalidUscc;

    fn from_str(text: &str) -> Result<Self, InvalidUscc> {
        if text.chars().count() != WEIGHTS.len() + 1 {
            return Err(InvalidUscc::Length);
        }
        let values = text.bytes().map(value).collect::<Option<Vec<_>>>().ok_or(InvalidUscc::Character)?;
        if values.iter().skip(2).take(6).any(|value| *value > 9) {
            return Err(InvalidUscc::Division);
        }
        let sum: usize = values.iter().zip(WEIGHTS).map(|(value, weight)| value * weight).sum();
        // A remainder of 0 leaves 31, which stands for the character 0.
        let check = (31 - sum % 31) % 31;
        if values.last() == Some(&check) { Ok(Self(text.to_owned())) } else { Err(InvalidUscc::Check) }
    }
}

fn value(character: u8) -> Option<usize> {
    ALPHABET.iter().position(|known| *known == character)
}

impl fmt::Display for Uscc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> Option<InvalidUscc> {
        text.parse::<Uscc>().err()
    }

    /// Body, and the check character that belongs to it; the second has a remainder of 0.
    const CODES: [(&str, char); 3] =
        [("91350100M000100Y4", '3'), ("91370281MA3000010", '0'), ("11370281004271234", 'P')];

    #[test]
    fn exactly_one_check_character_fits_a_code() {
        for (body, check) in CODES {
            for character in ALPHABET.map(char::from) {
                let expected = (character != check).then_some(InvalidUscc::Check);
                assert_eq!(problem(&format!("{body}{character}")), expected, "{body}{character}");
            }
        }
    }

    #[test]
    fn any_single_wrong_character_is_found() {
        for (body, check) in CODES {
            let code = format!("{body}{check}");
            for at in 0..code.len() {
                for character in ALPHABET.map(char::from) {
                    let mut wrong = code.clone();
                    wrong.replace_range(at..=at, &character.to_string());
                    assert_eq!(problem(&wrong).is_none(), wrong == code, "{wrong}");
                }
            }
        }
    }

    #[test]
    fn letters_outside_the_standard_are_refused() {
        for letter in ['I', 'O', 'S', 'V', 'Z'] {
            assert_eq!(problem(&format!("91350100M000100{letter}43")), Some(InvalidUscc::Character));
        }
    }

    #[test]
    fn other_spellings_of_a_code_are_refused() {
        assert_eq!(problem("91350100m000100y43"), Some(InvalidUscc::Character));
        assert_eq!(problem("９１３５０１００Ｍ０００１００Ｙ４３"), Some(InvalidUscc::Character));
        for text in
            ["", " 91350100M000100Y43", "91350100M000100Y43 ", "91350100-M000100Y43", "91350100M000100Y4"]
        {
            assert_eq!(problem(text), Some(InvalidUscc::Length), "{text}");
        }
    }

    #[test]
    fn the_division_is_digits() {
        assert_eq!(problem("91A50100M000100Y43"), Some(InvalidUscc::Division));
    }
}
