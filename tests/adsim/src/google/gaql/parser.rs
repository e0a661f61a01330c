//! The grammar of the Google Ads Query Language.

use super::QueryError;
use super::lexer::{Token, tokens};

/// A parsed query. Fields are as written, in `snake_case`.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// Fields of the SELECT clause.
    pub select: Vec<String>,
    /// Resource of the FROM clause.
    pub from: String,
    /// Conditions of the WHERE clause; all must hold.
    pub conditions: Vec<Condition>,
    /// Fields of the ORDER BY clause; `true` for descending.
    pub order: Vec<(String, bool)>,
    /// LIMIT.
    pub limit: Option<usize>,
}

/// A condition of the WHERE clause.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// The field.
    pub field: String,
    /// The operator.
    pub op: Op,
    /// Its values: one, two for BETWEEN, any number for lists, none for IS NULL.
    pub values: Vec<Literal>,
}

/// A value in a query.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// Quoted.
    Text(String),
    /// A number, as written.
    Number(String),
    /// An enum value, a boolean or a date range.
    Word(String),
}

impl Literal {
    /// The value as text.
    pub fn text(&self) -> &str {
        match self {
            Literal::Text(s) | Literal::Number(s) | Literal::Word(s) => s,
        }
    }
}

/// An operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are GAQL's")]
pub enum Op {
    Eq,
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
    In,
    NotIn,
    Like,
    NotLike,
    ContainsAny,
    ContainsAll,
    ContainsNone,
    IsNull,
    IsNotNull,
    During,
    Between,
    RegexpMatch,
    NotRegexpMatch,
}

/// Parses a query.
pub fn parse(query: &str) -> Result<Query, QueryError> {
    let mut parser = Parser { tokens: tokens(query)?, next: 0 };
    if !parser.keyword("SELECT") {
        return Err(QueryError::new(
            "EXPECTED_SELECT",
            "Error in query: expected SELECT at the beginning of the query.",
        ));
    }
    let select = parser.fields()?;
    if !parser.keyword("FROM") {
        let found = parser.describe();
        return Err(QueryError::new("EXPECTED_FROM", format!("Error in query: expected FROM, found {found}.")));
    }
    let from = parser.word("BAD_RESOURCE_TYPE_IN_FROM_CLAUSE", "a resource")?;
    let mut query = Query { select, from, conditions: Vec::new(), order: Vec::new(), limit: None };
    if parser.keyword("WHERE") {
        query.conditions.push(parser.condition()?);
        while parser.keyword("AND") {
            query.conditions.push(parser.condition()?);
        }
        if parser.is_keyword("OR") {
            return Err(QueryError::new("EXPECTED_AND", "Error in query: conditions can be joined by AND only."));
        }
    }
    if parser.keyword("ORDER") {
        if !parser.keyword("BY") {
            return Err(QueryError::new("EXPECTED_BY", "Error in query: expected BY after ORDER."));
        }
        loop {
            let field = parser.word("BAD_FIELD_NAME", "a field")?;
            let descending = parser.keyword("DESC");
            if !descending {
                parser.keyword("ASC");
            }
            query.order.push((field, descending));
            if !parser.symbol(",") {
                break;
            }
        }
    }
    if parser.keyword("LIMIT") {
        query.limit = Some(parser.limit()?);
    }
    if parser.keyword("PARAMETERS") {
        parser.parameters()?;
    }
    if parser.next < parser.tokens.len() {
        let found = parser.describe();
        return Err(QueryError::new("UNEXPECTED_INPUT", format!("Error in query: unexpected input {found}.")));
    }
    Ok(query)
}

struct Parser {
    tokens: Vec<Token>,
    next: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next)
    }

    fn describe(&self) -> String {
        match self.peek() {
            None => "the end of the query".into(),
            Some(Token::Word(s) | Token::Text(s) | Token::Number(s)) => format!("'{s}'"),
            Some(Token::Symbol(s)) => format!("'{s}'"),
        }
    }

    fn is_keyword(&self, keyword: &str) -> bool {
        matches!(self.peek(), Some(Token::Word(w)) if w.eq_ignore_ascii_case(keyword))
    }

    fn keyword(&mut self, keyword: &str) -> bool {
        let found = self.is_keyword(keyword);
        self.next += usize::from(found);
        found
    }

    fn symbol(&mut self, symbol: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Symbol(s)) if *s == symbol);
        self.next += usize::from(found);
        found
    }

    fn word(&mut self, code: &str, what: &str) -> Result<String, QueryError> {
        match self.peek() {
            Some(Token::Word(word)) => {
                let word = word.clone();
                self.next += 1;
                Ok(word)
            }
            None => Err(QueryError::new("UNEXPECTED_END_OF_QUERY", "Error in query: unexpected end of query.")),
            Some(_) => {
                let found = self.describe();
                Err(QueryError::new(code, format!("Error in query: expected {what}, found {found}.")))
            }
        }
    }

    fn fields(&mut self) -> Result<Vec<String>, QueryError> {
        let mut fields = Vec::new();
        loop {
            if self.is_keyword("FROM") {
                return Err(QueryError::new("UNEXPECTED_FROM_CLAUSE", "Error in query: unexpected FROM clause."));
            }
            fields.push(self.word("BAD_FIELD_NAME", "a field")?);
            if !self.symbol(",") {
                return Ok(fields);
            }
        }
    }

    fn condition(&mut self) -> Result<Condition, QueryError> {
        let field = self.word("BAD_FIELD_NAME", "a field")?;
        let op = self.operator()?;
        let values = match op {
            Op::IsNull | Op::IsNotNull => Vec::new(),
            Op::In | Op::NotIn | Op::ContainsAny | Op::ContainsAll | Op::ContainsNone => self.list()?,
            Op::Between => {
                let low = self.value()?;
                if !self.keyword("AND") {
                    return Err(QueryError::new("EXPECTED_AND", "Error in query: expected AND in BETWEEN."));
                }
                vec![low, self.value()?]
            }
            _ if matches!(self.peek(), Some(Token::Symbol("("))) => {
                return Err(QueryError::new(
                    "EXPECTED_SINGLE_VALUE",
                    format!("Error in query: expected a single value for '{field}'."),
                ));
            }
            _ => vec![self.value()?],
        };
        Ok(Condition { field, op, values })
    }

    fn operator(&mut self) -> Result<Op, QueryError> {
        const SYMBOLS: [(&str, Op); 6] =
            [("=", Op::Eq), ("!=", Op::Ne), ("<", Op::Lt), ("<=", Op::Le), (">", Op::Gt), (">=", Op::Ge)];
        const WORDS: [(&[&str], Op); 13] = [
            (&["IS", "NOT", "NULL"], Op::IsNotNull),
            (&["IS", "NULL"], Op::IsNull),
            (&["NOT", "IN"], Op::NotIn),
            (&["NOT", "LIKE"], Op::NotLike),
            (&["NOT", "REGEXP_MATCH"], Op::NotRegexpMatch),
            (&["IN"], Op::In),
            (&["LIKE"], Op::Like),
            (&["CONTAINS", "ANY"], Op::ContainsAny),
            (&["CONTAINS", "ALL"], Op::ContainsAll),
            (&["CONTAINS", "NONE"], Op::ContainsNone),
            (&["DURING"], Op::During),
            (&["BETWEEN"], Op::Between),
            (&["REGEXP_MATCH"], Op::RegexpMatch),
        ];
        for (symbol, op) in SYMBOLS {
            if self.symbol(symbol) {
                return Ok(op);
            }
        }
        for (words, op) in WORDS {
            let start = self.next;
            if words.iter().all(|word| self.keyword(word)) {
                return Ok(op);
            }
            self.next = start;
        }
        let found = self.describe();
        Err(QueryError::new("BAD_OPERATOR", format!("Error in query: expected an operator, found {found}.")))
    }

    fn list(&mut self) -> Result<Vec<Literal>, QueryError> {
        if !self.symbol("(") {
            return Err(QueryError::new("EXPECTED_LIST", "Error in query: expected a list in parentheses."));
        }
        if self.symbol(")") {
            return Err(QueryError::new(
                "PROHIBITED_EMPTY_LIST_IN_CONDITION",
                "Error in query: a list must not be empty.",
            ));
        }
        let mut values = vec![self.value()?];
        while self.symbol(",") {
            values.push(self.value()?);
        }
        if self.symbol(")") {
            Ok(values)
        } else {
            Err(QueryError::new("EXPECTED_LIST", "Error in query: a list is not closed."))
        }
    }

    fn value(&mut self) -> Result<Literal, QueryError> {
        let literal = match self.peek() {
            Some(Token::Text(s)) => Literal::Text(s.clone()),
            Some(Token::Number(s)) => Literal::Number(s.clone()),
            Some(Token::Word(s)) => Literal::Word(s.clone()),
            None => return Err(QueryError::new("UNEXPECTED_END_OF_QUERY", "Error in query: unexpected end of query.")),
            Some(Token::Symbol(s)) => {
                return Err(QueryError::new("BAD_VALUE", format!("Error in query: expected a value, found '{s}'.")));
            }
        };
        self.next += 1;
        Ok(literal)
    }

    fn limit(&mut self) -> Result<usize, QueryError> {
        let value = self.value()?;
        match value.text().parse::<i64>() {
            Ok(n) if n > 0 => Ok(usize::try_from(n).unwrap_or(usize::MAX)),
            Ok(_) => Err(QueryError::new("LIMIT_VALUE_TOO_LOW", "Error in query: LIMIT must be positive.")),
            Err(_) => Err(QueryError::new("BAD_LIMIT_VALUE", "Error in query: LIMIT must be a whole number.")),
        }
    }

    fn parameters(&mut self) -> Result<(), QueryError> {
        loop {
            let name = self.word("BAD_PARAMETER_NAME", "a parameter")?;
            if !matches!(name.as_str(), "include_drafts" | "omit_unselected_resource_names") {
                return Err(QueryError::new(
                    "BAD_PARAMETER_NAME",
                    format!("Error in query: unknown parameter '{name}'."),
                ));
            }
            if !self.symbol("=") || !(self.keyword("true") || self.keyword("false")) {
                return Err(QueryError::new(
                    "BAD_PARAMETER_VALUE",
                    format!("Error in query: '{name}' is true or false."),
                ));
            }
            if !self.symbol(",") {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_with_every_clause() {
        let query = parse(
            "SELECT campaign.id, metrics.clicks FROM campaign WHERE campaign.status != 'REMOVED' AND campaign.id IN (1, 2) \
             AND segments.date BETWEEN '2026-11-01' AND '2026-11-23' AND campaign.name NOT LIKE '%x%' \
             AND campaign.labels CONTAINS ANY ('customers/1/labels/5') AND campaign.end_date_time IS NULL \
             ORDER BY campaign.id DESC, metrics.clicks LIMIT 5 PARAMETERS include_drafts=true",
        )
        .unwrap();
        assert_eq!(query.select, ["campaign.id", "metrics.clicks"]);
        let ops: Vec<Op> = query.conditions.iter().map(|c| c.op).collect();
        assert_eq!(ops, [Op::Ne, Op::In, Op::Between, Op::NotLike, Op::ContainsAny, Op::IsNull]);
        assert_eq!(query.order, [("campaign.id".into(), true), ("metrics.clicks".into(), false)]);
        assert_eq!(query.limit, Some(5));
    }

    #[test]
    fn mistakes_have_the_services_codes() {
        for (query, code) in [
            ("campaign.id FROM campaign", "EXPECTED_SELECT"),
            ("SELECT FROM campaign", "UNEXPECTED_FROM_CLAUSE"),
            ("SELECT campaign.id", "EXPECTED_FROM"),
            ("SELECT campaign.id FROM campaign WHERE campaign.id", "BAD_OPERATOR"),
            ("SELECT campaign.id FROM campaign WHERE campaign.id = 1 OR campaign.id = 2", "EXPECTED_AND"),
            ("SELECT campaign.id FROM campaign WHERE campaign.id IN 1", "EXPECTED_LIST"),
            ("SELECT campaign.id FROM campaign WHERE campaign.id IN ()", "PROHIBITED_EMPTY_LIST_IN_CONDITION"),
            ("SELECT campaign.id FROM campaign WHERE campaign.name = 'x", "STRING_NOT_TERMINATED"),
            ("SELECT campaign.id FROM campaign LIMIT 0", "LIMIT_VALUE_TOO_LOW"),
            ("SELECT campaign.id FROM campaign LIMIT 1 2", "UNEXPECTED_INPUT"),
            ("SELECT campaign.id FROM campaign; DROP", "BAD_SYMBOL"),
        ] {
            assert_eq!(parse(query).unwrap_err().code, code, "{query}");
        }
    }

    #[test]
    fn quotes_can_be_escaped() {
        let query = parse(r#"SELECT label.id FROM label WHERE label.name = 'it\'s' AND label.name != "a\"b""#).unwrap();
        assert_eq!(query.conditions[0].values, [Literal::Text("it's".into())]);
        assert_eq!(query.conditions[1].values, [Literal::Text("a\"b".into())]);
    }
}
