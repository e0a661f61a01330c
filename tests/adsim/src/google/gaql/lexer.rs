//! Words, strings, numbers and symbols of a query.

use super::QueryError;

/// A token.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A keyword, a field or an enum value.
    Word(String),
    /// A quoted string.
    Text(String),
    /// A number, as written.
    Number(String),
    /// `=`, `!=`, `<`, `<=`, `>`, `>=`, `(`, `)`, `,`.
    Symbol(&'static str),
}

/// Splits a query.
pub(super) fn tokens(query: &str) -> Result<Vec<Token>, QueryError> {
    let mut tokens = Vec::new();
    let mut chars = query.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            c if c.is_whitespace() => {}
            '\'' | '"' => tokens.push(Token::Text(quoted(c, &mut chars)?)),
            'a'..='z' | 'A'..='Z' | '_' => {
                let end = run(&mut chars, |c| c.is_ascii_alphanumeric() || c == '_' || c == '.').unwrap_or(query.len());
                tokens.push(Token::Word(query[at..end].to_owned()));
            }
            '0'..='9' | '-' | '.' => {
                let end = run(&mut chars, |c| c.is_ascii_digit() || c == '.').unwrap_or(query.len());
                let number = &query[at..end];
                if number.parse::<f64>().is_err() {
                    return Err(QueryError::new("BAD_NUMBER", format!("Error in query: invalid number '{number}'.")));
                }
                tokens.push(Token::Number(number.to_owned()));
            }
            _ => {
                let two = matches!(chars.peek(), Some((_, '='))) && matches!(c, '!' | '<' | '>');
                let symbol = match (c, two) {
                    ('=', _) => "=",
                    ('!', true) => "!=",
                    ('<', true) => "<=",
                    ('>', true) => ">=",
                    ('<', false) => "<",
                    ('>', false) => ">",
                    ('(', _) => "(",
                    (')', _) => ")",
                    (',', _) => ",",
                    _ => return Err(QueryError::new("BAD_SYMBOL", format!("Error in query: invalid symbol '{c}'."))),
                };
                if two {
                    chars.next();
                }
                tokens.push(Token::Symbol(symbol));
            }
        }
    }
    Ok(tokens)
}

type Chars<'a> = std::iter::Peekable<std::str::CharIndices<'a>>;

/// Consumes while a test holds; the offset after the last character, none at the end.
fn run(chars: &mut Chars<'_>, test: impl Fn(char) -> bool) -> Option<usize> {
    loop {
        match chars.peek() {
            Some(&(_, c)) if test(c) => chars.next(),
            Some(&(at, _)) => return Some(at),
            None => return None,
        };
    }
}

fn quoted(quote: char, chars: &mut Chars<'_>) -> Result<String, QueryError> {
    let mut text = String::new();
    while let Some((_, c)) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some((_, c @ ('\\' | '\'' | '"' | '[' | ']' | '%' | '_' | '.'))) => {
                    // Only quotes and the escape itself are unescaped here; the rest belongs to LIKE and REGEXP_MATCH.
                    if !matches!(c, '\\' | '\'' | '"') {
                        text.push('\\');
                    }
                    text.push(c);
                }
                Some((_, c)) => {
                    let message = format!("Error in query: invalid escape sequence '\\{c}'.");
                    return Err(QueryError::new("BAD_ESCAPE_SEQUENCE", message));
                }
                None => break,
            },
            '\n' => {
                return Err(QueryError::new("PROHIBITED_NEWLINE_IN_STRING", "Error in query: newline in a string."));
            }
            c if c == quote => return Ok(text),
            c => text.push(c),
        }
    }
    Err(QueryError::new("STRING_NOT_TERMINATED", "Error in query: a string is not terminated."))
}
