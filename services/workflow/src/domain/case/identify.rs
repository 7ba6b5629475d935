//! What in a text tells whom it is about: the firm's name, numbers that look like somebody's, persons, addresses.
//!
//! Characters are compared as they read: full-width and half-width, capital and small letters are the same, and spaces
//! or hyphens within a name or a number hide nothing. Where in doubt something is found rather than not.

use std::{fmt, ops::Range};

use crate::domain::named::named;

named! {
    /// What a piece of text gives away.
    Trait {
        FirmName = "FIRM_NAME",
        /// 18 characters after GB 32100.
        Uscc = "USCC",
        /// 18 or 15 characters after GB 11643.
        IdCard = "ID_CARD",
        /// Mobile, fixed or service number.
        Phone = "PHONE",
        Person = "PERSON",
        Address = "ADDRESS",
    }
}

/// A piece of text that gives somebody away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finding {
    pub what: Trait,
    /// First and last character, counted from 1.
    pub first: usize,
    pub last: usize,
}

/// What is known of the firm and of whoever had to do with the issue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    pub firm_name: String,
    /// Place of business; may be empty.
    pub address: String,
    /// Names of persons.
    pub persons: Vec<String>,
}

/// Forms of firms that stand at the end of a name and tell nothing.
const FORMS: [&str; 12] = [
    "有限责任公司",
    "股份有限公司",
    "集团有限公司",
    "有限公司",
    "分公司",
    "公司",
    "集团",
    "合作社",
    "工厂",
    "厂",
    "COLTD",
    "LTD",
];
/// What a name in front of a form may begin with: a place.
const PLACES: [char; 5] = ['省', '市', '县', '区', '镇'];
/// Characters of a name without its form; without its place too.
const MIN_NAME: usize = 3;
const MIN_CORE: usize = 4;
/// Common surnames that are hardly ever anything else before a title.
const SURNAMES: &str = "王李张刘陈杨赵黄吴徐孙胡朱林何郭马罗梁宋郑谢韩唐冯董萧程曹袁邓许傅沈吕苏卢蒋蔡贾丁魏薛叶阎潘杜戴夏钟汪田姜范姚谭廖邹熊陆郝孔崔邱秦江史顾侯邵孟龙万钱汤尹黎武贺赖龚";
const TITLES: [&str; 13] =
    ["先生", "女士", "经理", "主任", "科长", "局长", "厂长", "所长", "队长", "老师", "师傅", "小姐", "某"];
/// What stands before a number that is a telephone's, however short it is.
const PHONE_WORDS: [&str; 9] = ["电话", "手机", "热线", "传真", "致电", "拨打", "联系方式", "TEL", "PHONE"];
/// What a house number stands behind, and what follows one.
const STREETS: [char; 10] = ['路', '街', '巷', '道', '弄', '村', '园', '区', '里', '组'];
const HOUSES: [char; 8] = ['号', '弄', '室', '幢', '栋', '层', '楼', '座'];

/// The firm's name, and numbers that look like a credit code, an identity card or a telephone, in the order of the text.
pub fn findings(text: &str, firm_name: &str) -> Vec<Finding> {
    let chars = normal(text);
    let mut spans = names(&chars, &firm_names(firm_name), Trait::FirmName);
    spans.extend(numbers(&chars));
    in_order(spans)
        .into_iter()
        .map(|(what, range)| Finding { what, first: range.start + 1, last: range.end })
        .collect()
}

/// The text with a mark in the place of everything that gives somebody away.
pub fn redact(text: &str, known: &Known) -> String {
    let chars = normal(text);
    let mut spans = names(&chars, &firm_names(&known.firm_name), Trait::FirmName);
    spans.extend(numbers(&chars));
    spans.extend(names(&chars, &[letters(&known.address)], Trait::Address));
    let persons: Vec<_> = known.persons.iter().map(|name| letters(name)).collect();
    spans.extend(names(&chars, &persons, Trait::Person));
    spans.extend(titled(&chars));
    spans.extend(houses(&chars));
    let mut redacted = String::with_capacity(text.len());
    let mut from = 0;
    let original: Vec<char> = text.chars().collect();
    for (what, range) in in_order(spans) {
        redacted.extend(&original[from..range.start]);
        redacted.push_str(mark(what));
        from = range.end;
    }
    redacted.extend(&original[from..]);
    redacted
}

const fn mark(what: Trait) -> &'static str {
    match what {
        Trait::FirmName => "【企业】",
        Trait::Uscc => "【信用代码】",
        Trait::IdCard => "【证件号码】",
        Trait::Phone => "【电话】",
        Trait::Person => "【人员】",
        Trait::Address => "【地址】",
    }
}

type Span = (Trait, Range<usize>);

/// Without overlaps: of two that overlap the one that begins first goes on to where the later one ends.
fn in_order(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_by_key(|(_, range)| (range.start, usize::MAX - range.end));
    let mut kept: Vec<Span> = Vec::new();
    for (what, range) in spans {
        match kept.last_mut() {
            Some((_, last)) if range.start < last.end => last.end = last.end.max(range.end),
            _ => kept.push((what, range)),
        }
    }
    kept
}

/// A character as it reads, and its place in the text.
#[derive(Clone, Copy)]
struct Char {
    c: char,
    at: usize,
}

/// The text as it reads; what is invisible is left out.
fn normal(text: &str) -> Vec<Char> {
    let visible = |c: &char| !matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}');
    text.chars()
        .enumerate()
        .filter(|(_, c)| visible(c))
        .map(|(at, c)| Char { c: half_width(c).to_ascii_uppercase(), at })
        .collect()
}

fn half_width(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{3000}' => ' ',
        _ => c,
    }
}

/// Letters, digits and characters alone.
fn letters(text: &str) -> Vec<char> {
    normal(text).into_iter().map(|char| char.c).filter(|c| c.is_alphanumeric()).collect()
}

/// The name, and what is left of it without form and place, if that is long enough to be somebody's.
fn firm_names(name: &str) -> Vec<Vec<char>> {
    let whole = letters(name);
    let mut names = vec![whole.clone()];
    let text: String = whole.iter().collect();
    let bare = FORMS.iter().find_map(|form| text.strip_suffix(form)).unwrap_or(&text);
    let mut core: Vec<char> = bare.chars().collect();
    if MIN_NAME <= core.len() {
        names.push(core.clone());
    }
    while let Some(at) = core.iter().take(5).position(|c| PLACES.contains(c)) {
        core.drain(..=at);
    }
    if MIN_CORE <= core.len() {
        names.push(core);
    }
    names
}

/// Wherever one of the names stands; of those at one place the longest.
fn names(chars: &[Char], names: &[Vec<char>], what: Trait) -> Vec<Span> {
    let text: Vec<Char> = chars.iter().copied().filter(|char| char.c.is_alphanumeric()).collect();
    let mut spans = Vec::new();
    for name in names.iter().filter(|name| 2 <= name.len()) {
        for window in text.windows(name.len()) {
            if window.iter().map(|char| char.c).eq(name.iter().copied())
                && let (Some(first), Some(last)) = (window.first(), window.last())
            {
                spans.push((what, first.at..last.at + 1));
            }
        }
    }
    spans
}

/// Digits, or letters, in a row.
struct Token {
    text: String,
    /// Places in the normal text.
    range: Range<usize>,
    /// Whether nothing but a hyphen, a bracket or the like stands between it and the one before.
    joined: bool,
}

fn tokens(chars: &[Char]) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    for (i, char) in chars.iter().enumerate().filter(|(_, char)| char.c.is_ascii_alphanumeric()) {
        let digit = |text: &str| text.ends_with(|c: char| c.is_ascii_digit());
        match tokens.last_mut() {
            Some(token) if token.range.end == i && digit(&token.text) == char.c.is_ascii_digit() => {
                token.text.push(char.c);
                token.range.end = i + 1;
            }
            last => {
                let between = last.map_or(0..0, |last| last.range.end..i);
                let is_separator = |char: &Char| " -‐‑–—._·()/".contains(char.c);
                let joined = between.len() <= 2 && chars[between].iter().all(is_separator);
                tokens.push(Token { text: char.c.to_string(), range: i..i + 1, joined });
            }
        }
    }
    tokens
}

/// The longest number that looks like one of somebody, from each token on.
fn numbers(chars: &[Char]) -> Vec<Span> {
    const LONGEST: usize = 18;
    let tokens = tokens(chars);
    let mut spans = Vec::new();
    let mut i = 0;
    while i < tokens.len() {
        let mut number = String::new();
        let mut found = None;
        for (j, token) in tokens.iter().enumerate().skip(i) {
            if i < j && !token.joined || LONGEST < number.len() + token.text.len() {
                break;
            }
            number.push_str(&token.text);
            let called = || follows_a_phone_word(chars, tokens[i].range.start);
            if let Some(what) = number_of(&number, called) {
                found = Some((what, j));
            }
        }
        match found {
            Some((what, j)) => {
                let (first, last) = (tokens[i].range.start, tokens[j].range.end - 1);
                spans.push((what, chars[first].at..chars[last].at + 1));
                i = j + 1;
            }
            None => i += 1,
        }
    }
    spans
}

fn follows_a_phone_word(chars: &[Char], start: usize) -> bool {
    let before: String = chars[start.saturating_sub(8)..start].iter().map(|char| char.c).collect();
    PHONE_WORDS.iter().any(|word| before.contains(word))
}

/// What a number in one piece looks like. `called`: the text says that it is a telephone's.
fn number_of(number: &str, called: impl Fn() -> bool) -> Option<Trait> {
    if is_id_card(number) {
        Some(Trait::IdCard)
    } else if is_uscc(number) {
        Some(Trait::Uscc)
    } else if is_phone(number) || (7..=8).contains(&number.len()) && all_digits(number) && called() {
        Some(Trait::Phone)
    } else {
        None
    }
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|c| c.is_ascii_digit())
}

fn is_id_card(number: &str) -> bool {
    let month_and_day = |text: &str| {
        let (month, day) = text.split_at(2);
        let within = |text: &str, max| text.parse().is_ok_and(|n: u32| (1..=max).contains(&n));
        within(month, 12) && within(day, 31)
    };
    match number.len() {
        18 => {
            let (digits, check) = number.split_at(17);
            let century = &number[6..8];
            all_digits(digits)
                && (all_digits(check) || check == "X")
                && matches!(century, "18" | "19" | "20")
                && month_and_day(&number[10..14])
        }
        15 => all_digits(number) && month_and_day(&number[8..12]),
        _ => false,
    }
}

fn is_uscc(number: &str) -> bool {
    let allowed = |c: u8| c.is_ascii_digit() || c.is_ascii_uppercase() && !b"IOSVZ".contains(&c);
    number.len() == 18 && number.bytes().all(allowed) && all_digits(&number[2..8])
}

fn is_phone(number: &str) -> bool {
    if !all_digits(number) {
        return false;
    }
    let national = number.strip_prefix("0086").or_else(|| number.strip_prefix("86")).unwrap_or(number);
    let is_mobile = |text: &str| {
        let mut digits = text.bytes();
        text.len() == 11 && digits.next() == Some(b'1') && digits.next().is_some_and(|c| b'3' <= c)
    };
    let is_fixed =
        |text: &str| (10..=12).contains(&text.len()) && text.starts_with('0') && !text.starts_with("00");
    let is_service = |text: &str| text.len() == 10 && (text.starts_with("400") || text.starts_with("800"));
    [number, national].into_iter().any(|text| {
        is_mobile(text) || text.strip_prefix('0').is_some_and(is_mobile) || is_fixed(text) || is_service(text)
    })
}

/// Surnames before a title.
fn titled(chars: &[Char]) -> Vec<Span> {
    let is_titled = |rest: &[Char]| {
        TITLES
            .iter()
            .any(|title| rest.iter().map(|char| char.c).take(title.chars().count()).eq(title.chars()))
    };
    let surnames = chars.iter().enumerate().filter(|(_, char)| SURNAMES.contains(char.c));
    surnames
        .filter(|(i, _)| is_titled(&chars[i + 1..]))
        .map(|(_, char)| (Trait::Person, char.at..char.at + 1))
        .collect()
}

/// House numbers behind a street, with floor and room.
fn houses(chars: &[Char]) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut i = 1;
    while i < chars.len() {
        let mut end = i;
        if STREETS.contains(&chars[i - 1].c) {
            while let Some(next) = house(chars, end) {
                end = next;
            }
        }
        if i < end {
            spans.push((Trait::Address, chars[i].at..chars[end - 1].at + 1));
        }
        i = end.max(i) + 1;
    }
    spans
}

/// The end of "128号", "3幢", "2单元" that begins there.
fn house(chars: &[Char], start: usize) -> Option<usize> {
    let rest = &chars[start..];
    let n_digits = rest.iter().take_while(|char| char.c.is_ascii_digit() || char.c == '-').count();
    let is_unit = rest.get(n_digits..n_digits + 2).is_some_and(|two| two[0].c == '单' && two[1].c == '元');
    match rest.get(n_digits) {
        _ if n_digits == 0 => None,
        Some(_) if is_unit => Some(start + n_digits + 2),
        Some(char) if HOUSES.contains(&char.c) => Some(start + n_digits + 1),
        _ => None,
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{} {}", self.first, self.last, self.what)
    }
}
