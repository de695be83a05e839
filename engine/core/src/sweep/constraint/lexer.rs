//! An expression as a list of words, each with its place.

use super::ConstraintError;

/// A word.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Number(f64),
    Word(String),
    Text(String),
    Sign(&'static str),
}

/// Signs; those of two characters come first.
const SIGNS: [&str; 17] =
    ["<=", ">=", "==", "!=", "&&", "||", "<", ">", "=", "!", "+", "-", "*", "/", "%", "(", ")"];

/// Words of the longest expression: a tree of no more parts can be walked on any stack.
const MOST_WORDS: usize = 500;

/// The words of an expression with the number of characters before each.
pub(super) fn tokens(text: &str) -> Result<Vec<(usize, Token)>, ConstraintError> {
    let chars: Vec<char> = text.chars().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        if found.len() == MOST_WORDS {
            return Err(ConstraintError { at, what: "the expression is too long".to_owned() });
        }
        if c.is_whitespace() {
            at += 1;
            continue;
        }
        let (length, token) = one(&chars[at..]).map_err(|what| ConstraintError { at, what })?;
        found.push((at, token));
        at += length;
    }
    Ok(found)
}

fn one(rest: &[char]) -> Result<(usize, Token), String> {
    let first = rest[0];
    let run = |ok: &dyn Fn(char) -> bool| rest.iter().take_while(|c| ok(**c)).collect::<String>();
    if first.is_ascii_digit() || first == '.' {
        let length = number_length(rest);
        let text: String = rest[..length].iter().collect();
        let number = text.parse().map_err(|_| format!("'{text}' is not a number"))?;
        return Ok((length, Token::Number(number)));
    }
    if first.is_alphabetic() || first == '_' {
        let word = run(&|c| c.is_alphanumeric() || c == '_');
        return Ok((word.chars().count(), Token::Word(word)));
    }
    if matches!(first, '\'' | '"') {
        let length = rest[1..].iter().position(|c| *c == first);
        let length = length.ok_or_else(|| "the quote is not closed".to_owned())?;
        return Ok((length + 2, Token::Text(rest[1..=length].iter().collect())));
    }
    let is_here =
        |sign: &&&str| sign.chars().zip(rest).filter(|(a, b)| a == *b).count() == sign.len();
    match SIGNS.iter().find(is_here) {
        Some(sign) => Ok((sign.len(), Token::Sign(sign))),
        None => Err(format!("'{first}' means nothing here")),
    }
}

/// Characters of a number: digits, points, and an exponent with its sign.
fn number_length(rest: &[char]) -> usize {
    let mut length = 0;
    while let Some(&c) = rest.get(length) {
        let after_exponent = length > 0 && matches!(rest[length - 1], 'e' | 'E');
        if c.is_ascii_alphanumeric() || c == '.' || (matches!(c, '+' | '-') && after_exponent) {
            length += 1;
        } else {
            break;
        }
    }
    length
}
