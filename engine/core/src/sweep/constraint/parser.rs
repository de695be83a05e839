//! From words to a tree, by recursive descent: or, and, not, comparisons, sums, products, signs.

use super::{
    ConstraintError, Name, Node, Operator,
    lexer::{Token, tokens},
};

/// How deep parentheses and signs may be nested.
const DEPTH: usize = 64;

pub(super) fn parse(text: &str, names: &[Name]) -> Result<Node, ConstraintError> {
    let end = text.trim_end().chars().count();
    let mut parser = Parser { tokens: tokens(text)?, at: 0, end, depth: 0, names };
    let node = parser.any()?;
    match parser.tokens.get(parser.at) {
        None => Ok(node),
        Some((at, token)) => {
            Err(ConstraintError { at: *at, what: format!("'{}' is too much here", shown(token)) })
        }
    }
}

struct Parser<'a> {
    tokens: Vec<(usize, Token)>,
    at: usize,
    end: usize,
    depth: usize,
    names: &'a [Name],
}

/// A side of a comparison; a text has a meaning only beside a choice.
enum Side {
    Node(Node),
    Text(usize, String),
}

impl Parser<'_> {
    fn any(&mut self) -> Result<Node, ConstraintError> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(self.error("nested too deeply"));
        }
        let mut node = self.all()?;
        while self.takes(&["||"], "or").is_some() {
            node = two(Operator::Or, node, self.all()?);
        }
        self.depth -= 1;
        Ok(node)
    }

    fn all(&mut self) -> Result<Node, ConstraintError> {
        let mut node = self.negation()?;
        while self.takes(&["&&"], "and").is_some() {
            node = two(Operator::And, node, self.negation()?);
        }
        Ok(node)
    }

    fn negation(&mut self) -> Result<Node, ConstraintError> {
        let mut is_not = false;
        while self.takes(&["!"], "not").is_some() {
            is_not = !is_not;
        }
        let node = self.comparison()?;
        Ok(if is_not { Node::Not(Box::new(node)) } else { node })
    }

    /// `a < b < c` is `a < b and b < c`.
    fn comparison(&mut self) -> Result<Node, ConstraintError> {
        let mut left = self.side()?;
        let mut whole: Option<Node> = None;
        while let Some(sign) = self.takes(&["<=", ">=", "==", "!=", "<", ">", "="], "") {
            let right = self.side()?;
            let part = self.compared(comparison(sign), &left, &right)?;
            whole = Some(match whole {
                Some(before) => two(Operator::And, before, part),
                None => part,
            });
            left = right;
        }
        match (whole, left) {
            (Some(whole), _) => Ok(whole),
            (None, Side::Node(node)) => Ok(node),
            (None, Side::Text(at, text)) => Err(stray(at, &text)),
        }
    }

    fn compared(&self, by: Operator, left: &Side, right: &Side) -> Result<Node, ConstraintError> {
        let of_text = |param: &Node, at: usize, text: &str| {
            let (Node::Param(index), Operator::Equal | Operator::NotEqual) = (param, by) else {
                return Err(stray(at, text));
            };
            let Name { name, choices } = &self.names[*index as usize];
            if choices.is_empty() {
                return Err(stray(at, text));
            }
            let place = choices.iter().position(|choice| choice == text).ok_or_else(|| {
                let valid = choices.join(", ");
                ConstraintError {
                    at,
                    what: format!("'{text}' is none of the texts of {name}: {valid}"),
                }
            })?;
            Ok(two(by, param.clone(), Node::Number(place as f64)))
        };
        match (left, right) {
            (Side::Node(a), Side::Node(b)) => Ok(two(by, a.clone(), b.clone())),
            (Side::Node(node), Side::Text(at, text)) | (Side::Text(at, text), Side::Node(node)) => {
                of_text(node, *at, text)
            }
            (Side::Text(at, text), Side::Text(..)) => Err(stray(*at, text)),
        }
    }

    fn side(&mut self) -> Result<Side, ConstraintError> {
        if let Some((at, Token::Text(text))) = self.tokens.get(self.at) {
            let side = Side::Text(*at, text.clone());
            self.at += 1;
            return Ok(side);
        }
        self.sum().map(Side::Node)
    }

    fn sum(&mut self) -> Result<Node, ConstraintError> {
        let mut node = self.product()?;
        while let Some(sign) = self.takes(&["+", "-"], "") {
            let by = if sign == "+" { Operator::Add } else { Operator::Subtract };
            node = two(by, node, self.product()?);
        }
        Ok(node)
    }

    fn product(&mut self) -> Result<Node, ConstraintError> {
        let mut node = self.signed()?;
        while let Some(sign) = self.takes(&["*", "/", "%"], "") {
            let by = match sign {
                "*" => Operator::Multiply,
                "/" => Operator::Divide,
                _ => Operator::Remainder,
            };
            node = two(by, node, self.signed()?);
        }
        Ok(node)
    }

    fn signed(&mut self) -> Result<Node, ConstraintError> {
        let mut is_negative = false;
        while let Some(sign) = self.takes(&["-", "+"], "") {
            is_negative ^= sign == "-";
        }
        let node = self.value()?;
        Ok(if is_negative { Node::Negative(Box::new(node)) } else { node })
    }

    fn value(&mut self) -> Result<Node, ConstraintError> {
        let Some((at, token)) = self.tokens.get(self.at).cloned() else {
            return Err(ConstraintError { at: self.end, what: "a value is missing".to_owned() });
        };
        self.at += 1;
        match token {
            Token::Number(number) => Ok(Node::Number(number)),
            Token::Word(word) => self.named(at, &word),
            Token::Text(text) => Err(stray(at, &text)),
            Token::Sign("(") => {
                let node = self.any()?;
                match self.takes(&[")"], "") {
                    Some(_) => Ok(node),
                    None => Err(self.error("a ')' is missing")),
                }
            }
            Token::Sign(sign) => {
                Err(ConstraintError { at, what: format!("'{sign}' means nothing here") })
            }
        }
    }

    fn named(&self, at: usize, word: &str) -> Result<Node, ConstraintError> {
        let place = self.names.iter().position(|known| known.name == word);
        match (place.map(u32::try_from), word) {
            (Some(Ok(index)), _) => Ok(Node::Param(index)),
            (_, "true") => Ok(Node::Number(1.0)),
            (_, "false") => Ok(Node::Number(0.0)),
            _ => {
                let known: Vec<&str> = self.names.iter().map(|known| known.name.as_str()).collect();
                let what =
                    format!("there is no parameter '{word}'; there are {}", known.join(", "));
                Err(ConstraintError { at, what })
            }
        }
    }

    /// Takes the next word when it is one of the signs, or the word.
    fn takes(&mut self, signs: &[&str], word: &str) -> Option<&'static str> {
        let found = match &self.tokens.get(self.at)?.1 {
            Token::Sign(sign) if signs.contains(sign) => Some(*sign),
            Token::Word(is) if !word.is_empty() && is == word => Some(""),
            _ => None,
        };
        self.at += usize::from(found.is_some());
        found
    }

    fn error(&self, what: &str) -> ConstraintError {
        let at = self.tokens.get(self.at).map_or(self.end, |(at, _)| *at);
        ConstraintError { at, what: what.to_owned() }
    }
}

fn two(by: Operator, a: Node, b: Node) -> Node {
    Node::Two(by, Box::new(a), Box::new(b))
}

fn comparison(sign: &str) -> Operator {
    match sign {
        "<" => Operator::Less,
        "<=" => Operator::LessOrEqual,
        ">" => Operator::Greater,
        ">=" => Operator::GreaterOrEqual,
        "!=" => Operator::NotEqual,
        _ => Operator::Equal,
    }
}

fn stray(at: usize, text: &str) -> ConstraintError {
    let what = format!("the text '{text}' can only be compared (==, !=) with a choice parameter");
    ConstraintError { at, what }
}

fn shown(token: &Token) -> String {
    match token {
        Token::Number(number) => number.to_string(),
        Token::Word(text) | Token::Text(text) => text.clone(),
        Token::Sign(sign) => (*sign).to_owned(),
    }
}
