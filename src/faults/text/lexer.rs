//! Splits a line into tokens.

use std::borrow::Cow;

/// Bytes of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl Span {
    pub(crate) fn to(self, last: Self) -> Self {
        Self { start: self.start, end: last.end.max(self.start) }
    }
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A word, a number, a number with a unit, a glob: what is not quoted.
    Atom,
    /// Between double quotes.
    Text,
    Colon,
    At,
    Arrow,
    Open,
    Close,
    Comma,
    Plus,
    DotDot,
    Equal,
    NotEqual,
    Tilde,
    EqualTilde,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    /// The end of the line.
    End,
}

/// A token.
#[derive(Clone, Debug)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    pub(super) span: Span,
    /// The token as it stands; for texts what it means.
    pub(super) text: Cow<'a, str>,
}

/// Longer ones first, so that a prefix does not win.
const PUNCTUATION: [(&str, Kind); 16] = [
    ("->", Kind::Arrow),
    ("..", Kind::DotDot),
    ("!=", Kind::NotEqual),
    ("=~", Kind::EqualTilde),
    ("<=", Kind::LessOrEqual),
    (">=", Kind::GreaterOrEqual),
    (":", Kind::Colon),
    ("@", Kind::At),
    ("(", Kind::Open),
    (")", Kind::Close),
    (",", Kind::Comma),
    ("+", Kind::Plus),
    ("=", Kind::Equal),
    ("~", Kind::Tilde),
    ("<", Kind::Less),
    (">", Kind::Greater),
];

/// Splits a line up to its comment; the last token is [`Kind::End`]. An error says what is wrong with a place.
pub(super) fn tokens(line: &str) -> Result<Vec<Token<'_>>, (Span, String)> {
    let mut tokens = Vec::new();
    let mut at = 0;
    loop {
        at += line[at..].len() - line[at..].trim_start().len();
        let rest = &line[at..];
        let Some(first) = rest.chars().next().filter(|first| *first != '#') else {
            // The end is where the last token ended, so that a caret stands near it.
            let end = tokens.last().map_or(0, |token: &Token<'_>| token.span.end);
            tokens.push(Token { kind: Kind::End, span: Span { start: end, end }, text: Cow::Borrowed("") });
            return Ok(tokens);
        };
        let (kind, length, text) = if first == '"' {
            let (length, text) = quoted(rest, at)?;
            (Kind::Text, length, Cow::Owned(text))
        } else if let Some((mark, kind)) = PUNCTUATION.iter().find(|(mark, _)| rest.starts_with(mark)) {
            (*kind, mark.len(), Cow::Borrowed(*mark))
        } else {
            let length = atom_length(rest);
            if length == 0 {
                let span = Span { start: at, end: at + first.len_utf8() };
                let message = match first {
                    '\'' | '`' | '“' | '”' => "a text stands between double quotes (\")".to_owned(),
                    _ => format!("`{}` has no meaning here", first.escape_debug()),
                };
                return Err((span, message));
            }
            (Kind::Atom, length, Cow::Borrowed(&rest[..length]))
        };
        tokens.push(Token { kind, span: Span { start: at, end: at + length }, text });
        at += length;
    }
}

/// Letters, digits and the marks of names, numbers and globs. `->` and `..` end it.
fn atom_length(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let next = |position: usize| bytes.get(position + 1).copied();
    let belongs = |position: usize| match bytes[position] {
        b'-' => next(position) != Some(b'>'),
        b'.' => next(position) != Some(b'.'),
        byte => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'/' | b'*' | b'?' | b'%'),
    };
    (0..bytes.len()).take_while(|position| belongs(*position)).count()
}

/// Reads a text in quotes: how many bytes it takes and what it means.
fn quoted(rest: &str, at: usize) -> Result<(usize, String), (Span, String)> {
    let mut text = String::new();
    let mut letters = rest.char_indices().skip(1);
    while let Some((position, letter)) = letters.next() {
        match letter {
            '"' => return Ok((position + 1, text)),
            '\\' => {
                let escape = letters.next().map(|(_, letter)| letter);
                let meant = match escape {
                    Some('u') => unicode(&mut letters),
                    Some('n') => Some('\n'),
                    Some('t') => Some('\t'),
                    Some('r') => Some('\r'),
                    Some(letter @ ('"' | '\\')) => Some(letter),
                    _ => None,
                };
                let Some(meant) = meant else {
                    let length = 1 + escape.map_or(0, char::len_utf8);
                    let span = Span { start: at + position, end: at + position + length };
                    return Err((span, r#"an escape is \", \\, \n, \r, \t or \u{…}"#.to_owned()));
                };
                text.push(meant);
            }
            letter => text.push(letter),
        }
    }
    Err((Span { start: at, end: at + rest.trim_end().len() }, "the text has no closing quote".to_owned()))
}

/// Reads `{hex}`.
fn unicode(letters: &mut impl Iterator<Item = (usize, char)>) -> Option<char> {
    let (_, '{') = letters.next()? else { return None };
    let digits: String = letters.map(|(_, letter)| letter).take_while(|letter| *letter != '}').take(7).collect();
    char::from_u32(u32::from_str_radix(&digits, 16).ok()?)
}
