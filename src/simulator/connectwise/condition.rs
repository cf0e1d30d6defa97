//! The filter language of `conditions`: parsed, checked against the members of an entity, evaluated.
//!
//! `field op value`, joined by `and`, `or`, `not` and parentheses. Texts stand in double quotes, moments in square
//! brackets. `and` binds closer than `or` and texts are compared without case, as the vendor's database does; neither
//! is documented.

use super::{
    answers::Refusal,
    schema::{Entity, Kind, Schema, Spec},
};
use serde_json::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// The deepest nesting of parentheses.
const DEEPEST: usize = 40;

/// How a value is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Op {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Contains,
    Like,
}

/// What a value is compared with.
#[derive(Clone, Debug, PartialEq)]
enum Literal {
    /// Lower case.
    Text(String),
    Number(f64),
    /// As rows have it.
    Moment(String),
    Flag(bool),
    Null,
}

/// A parsed filter.
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    /// All of them.
    And(Vec<Self>),
    /// One of them.
    Or(Vec<Self>),
    /// Not this.
    Not(Box<Self>),
    /// A comparison.
    Test(Test),
}

/// A comparison with one value, or with several of which one must fit.
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    path: Vec<String>,
    op: Op,
    literals: Vec<Literal>,
}

impl Expression {
    /// Reads a filter.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let tokens = tokens(text)?;
        let mut parser = Parser { tokens: &tokens, at: 0, depth: 0 };
        let expression = parser.either()?;
        match parser.peek() {
            None => Ok(expression),
            Some(token) => Err(Refusal::condition(format!("unexpected {token:?} in the conditions"))),
        }
    }

    /// Checks it against the members of an entity and writes their names as they are.
    ///
    /// # Errors
    /// A member that there is not, that does not filter, or that holds another kind of value.
    pub fn bind(&mut self, spec: &Spec, schema: &Schema) -> Result<(), Refusal> {
        self.each(&mut |test| test.bind(spec, schema))
    }

    /// Checks it against the members of a list, and says which list: all of its paths begin with it.
    ///
    /// # Errors
    /// No list begins that way, or two different ones do.
    pub fn bind_children(&mut self, spec: &Spec) -> Result<String, Refusal> {
        let mut list: Option<String> = None;
        self.each(&mut |test| {
            let first = test.path.remove(0);
            let field = spec.filter(&first).filter(|field| field.kind == Kind::List && !field.hidden);
            let name = field.map(|field| field.name.to_string());
            let name = name.ok_or_else(|| Refusal::condition(format!("{first} is not a list of {}", spec.resource)))?;
            if test.path.is_empty() {
                return Err(Refusal::condition(format!("childConditions need a member of {first}")));
            }
            match &list {
                Some(list) if *list != name => Err(Refusal::condition("childConditions are about one list")),
                _ => {
                    list = Some(name);
                    Ok(())
                }
            }
        })?;
        list.ok_or_else(|| Refusal::condition("childConditions are empty"))
    }

    fn each(&mut self, change: &mut impl FnMut(&mut Test) -> Result<(), Refusal>) -> Result<(), Refusal> {
        match self {
            Self::And(all) | Self::Or(all) => all.iter_mut().try_for_each(|one| one.each(change)),
            Self::Not(one) => one.each(change),
            Self::Test(test) => change(test),
        }
    }

    /// Whether a record fits; `member` gives the value of one of its members.
    pub fn fits(&self, member: &impl Fn(&str) -> Value) -> bool {
        match self {
            Self::And(all) => all.iter().all(|one| one.fits(member)),
            Self::Or(all) => all.iter().any(|one| one.fits(member)),
            Self::Not(one) => !one.fits(member),
            Self::Test(test) => test.fits(member),
        }
    }
}

impl Test {
    fn bind(&mut self, spec: &Spec, schema: &Schema) -> Result<(), Refusal> {
        let unknown = || Refusal::condition(format!("{} is not a member of {}", self.path.join("/"), spec.resource));
        // The moment of the last change comes back inside `_info` and filters without it.
        if let [name] = &self.path[..]
            && spec.updated
            && let Some(stamp) =
                ["lastUpdated", "dateEntered"].into_iter().find(|stamp| stamp.eq_ignore_ascii_case(name))
        {
            self.path = vec!["_info".to_owned(), stamp.to_owned()];
            return self.check(Kind::Moment);
        }
        let field = spec.filter(&self.path[0]).ok_or_else(unknown)?;
        let kind = match (field.kind, self.path.get(1).map(String::as_str)) {
            (Kind::List, _) => {
                let what = format!("{} is a list: use childConditions", field.name);
                return Err(Refusal::condition(what));
            }
            (Kind::Ref(target), Some(member)) if self.path.len() == 2 => {
                part_of_reference(target, member, schema).ok_or_else(unknown)?
            }
            (Kind::Object, Some(_)) if self.path.len() == 2 => Kind::Text(usize::MAX),
            (Kind::Ref(_), None) if self.literals == [Literal::Null] => Kind::Object,
            (Kind::Ref(_) | Kind::Object, _) => return Err(unknown()),
            (kind, None) if !field.hidden || field.readonly => kind,
            _ => return Err(unknown()),
        };
        let name = field.name.to_string();
        self.path[0] = name;
        if let Some(member) = self.path.get_mut(1) {
            // Members of references are written in one way only.
            if let Some(known) = ["id", "name", "identifier"].into_iter().find(|k| k.eq_ignore_ascii_case(member)) {
                known.clone_into(member);
            }
        }
        self.check(kind)
    }

    fn check(&self, kind: Kind) -> Result<(), Refusal> {
        let wrong = self.literals.iter().find(|literal| {
            !matches!(
                (literal, kind),
                (Literal::Null, _)
                    | (Literal::Text(_), Kind::Text(_))
                    | (Literal::Number(_), Kind::Int | Kind::Float)
                    | (Literal::Moment(_), Kind::Moment)
                    | (Literal::Flag(_), Kind::Flag)
            )
        });
        let text_only = matches!(self.op, Op::Contains | Op::Like) && !matches!(kind, Kind::Text(_));
        match wrong {
            Some(literal) => {
                Err(Refusal::condition(format!("{} cannot be compared with {literal:?}", self.path.join("/"))))
            }
            None if text_only => Err(Refusal::condition(format!("{} is no text", self.path.join("/")))),
            None => Ok(()),
        }
    }

    fn fits(&self, member: &impl Fn(&str) -> Value) -> bool {
        let mut value = member(&self.path[0]);
        for part in &self.path[1..] {
            value = match value.get_mut(part) {
                Some(inner) => inner.take(),
                None => Value::Null,
            };
        }
        self.literals.iter().any(|literal| compare(&value, self.op, literal))
    }
}

/// A reference shows an id and a name, some an identifier.
fn part_of_reference(target: Entity, member: &str, schema: &Schema) -> Option<Kind> {
    match member.to_ascii_lowercase().as_str() {
        "id" => Some(Kind::Int),
        "name" => Some(Kind::Text(usize::MAX)),
        "identifier" if schema.spec(target).field("identifier").is_some() => Some(Kind::Text(usize::MAX)),
        _ => None,
    }
}

/// As the vendor's database compares: what is missing fits nothing but the question for it.
fn compare(value: &Value, op: Op, literal: &Literal) -> bool {
    use std::cmp::Ordering;
    let order = match (value, literal) {
        (Value::Null, Literal::Null) => return op == Op::Equal,
        (_, Literal::Null) => return op == Op::Unequal,
        (Value::String(text), Literal::Text(wanted)) => {
            let text = text.to_lowercase();
            match op {
                Op::Contains => return text.contains(wanted.as_str()),
                Op::Like => return like(&text, wanted),
                _ => text.cmp(wanted),
            }
        }
        (Value::String(moment), Literal::Moment(wanted)) => moment.cmp(wanted),
        (Value::Number(number), Literal::Number(wanted)) => {
            let Some(order) = number.as_f64().and_then(|number| number.partial_cmp(wanted)) else { return false };
            order
        }
        (Value::Bool(flag), Literal::Flag(wanted)) => flag.cmp(wanted),
        _ => return false,
    };
    match op {
        Op::Equal => order == Ordering::Equal,
        Op::Unequal => order != Ordering::Equal,
        Op::Less => order == Ordering::Less,
        Op::LessOrEqual => order != Ordering::Greater,
        Op::Greater => order == Ordering::Greater,
        Op::GreaterOrEqual => order != Ordering::Less,
        Op::Contains | Op::Like => false,
    }
}

/// `%` and `*` stand for any text.
fn like(text: &str, pattern: &str) -> bool {
    let parts: Vec<&str> = pattern.split(['%', '*']).collect();
    let [first, middle @ .., last] = &parts[..] else { return text == pattern };
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

/// A word of the language.
#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Sign(Op),
    Value(Literal),
    Open,
    Close,
    Comma,
}

fn tokens(text: &str) -> Result<Vec<Token>, Refusal> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            ',' => (Token::Comma, 1),
            '=' => (Token::Sign(Op::Equal), 1),
            '!' if rest.starts_with("!=") => (Token::Sign(Op::Unequal), 2),
            '<' if rest.starts_with("<=") => (Token::Sign(Op::LessOrEqual), 2),
            '>' if rest.starts_with(">=") => (Token::Sign(Op::GreaterOrEqual), 2),
            '<' => (Token::Sign(Op::Less), 1),
            '>' => (Token::Sign(Op::Greater), 1),
            '"' => quoted(rest)?,
            '[' => moment(rest)?,
            '-' | '0'..='9' => number(rest)?,
            c if c.is_ascii_alphabetic() || c == '_' => word(rest),
            c => {
                return Err(Refusal::condition(format!(
                    "unexpected “{c}” in the conditions: texts stand in double quotes"
                )));
            }
        };
        found.push(token);
        rest = rest[length..].trim_start();
    }
    Ok(found)
}

fn quoted(rest: &str) -> Result<(Token, usize), Refusal> {
    let mut text = String::new();
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            '\\' if !escaped => escaped = true,
            '"' if !escaped => return Ok((Token::Value(Literal::Text(text.to_lowercase())), at + 1)),
            c => {
                text.push(c);
                escaped = false;
            }
        }
    }
    Err(Refusal::condition("a text in the conditions has no end"))
}

/// With or without time and zone; without a zone it is UTC.
fn moment(rest: &str) -> Result<(Token, usize), Refusal> {
    let end = rest.find(']').ok_or_else(|| Refusal::condition("a moment in the conditions has no end"))?;
    let text = rest[1..end].trim();
    let wrong = || Refusal::condition(format!("[{text}] is no moment"));
    let whole = match text.split_once('T') {
        None => format!("{text}T00:00:00Z"),
        Some((_, time)) if time.contains(['Z', 'z', '+', '-']) => text.to_owned(),
        Some(_) => format!("{text}Z"),
    };
    let at = OffsetDateTime::parse(&whole, &Rfc3339).map_err(|_| wrong())?;
    Ok((Token::Value(Literal::Moment(super::values::moment(at.unix_timestamp()))), end + 1))
}

fn number(rest: &str) -> Result<(Token, usize), Refusal> {
    let end = rest.find(|c: char| !matches!(c, '-' | '.' | '0'..='9')).unwrap_or(rest.len());
    let number = rest[..end].parse().map_err(|_| Refusal::condition(format!("{} is no number", &rest[..end])))?;
    Ok((Token::Value(Literal::Number(number)), end))
}

fn word(rest: &str) -> (Token, usize) {
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '/' | '.'))).unwrap_or(rest.len());
    let token = match rest[..end].to_ascii_lowercase().as_str() {
        "true" => Token::Value(Literal::Flag(true)),
        "false" => Token::Value(Literal::Flag(false)),
        "null" => Token::Value(Literal::Null),
        "contains" => Token::Sign(Op::Contains),
        "like" => Token::Sign(Op::Like),
        _ => Token::Word(rest[..end].to_owned()),
    };
    (token, end)
}

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Result<Token, Refusal> {
        let token = self.peek().cloned().ok_or_else(|| Refusal::condition("the conditions end too early"))?;
        self.at += 1;
        Ok(token)
    }

    fn takes(&mut self, wanted: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Word(word)) if word.eq_ignore_ascii_case(wanted));
        self.at += usize::from(found);
        found
    }

    fn either(&mut self) -> Result<Expression, Refusal> {
        let mut all = vec![self.both()?];
        while self.takes("or") {
            all.push(self.both()?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Expression::Or(all) })
    }

    fn both(&mut self) -> Result<Expression, Refusal> {
        let mut all = vec![self.one()?];
        while self.takes("and") {
            all.push(self.one()?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Expression::And(all) })
    }

    fn one(&mut self) -> Result<Expression, Refusal> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Refusal::condition("the conditions are nested too deeply"));
        }
        let expression = if self.takes("not") {
            Expression::Not(Box::new(self.one()?))
        } else if self.peek() == Some(&Token::Open) {
            self.at += 1;
            let inner = self.either()?;
            self.close()?;
            inner
        } else {
            self.test()?
        };
        self.depth -= 1;
        Ok(expression)
    }

    fn close(&mut self) -> Result<(), Refusal> {
        match self.next()? {
            Token::Close => Ok(()),
            token => Err(Refusal::condition(format!("{token:?} where a parenthesis closes"))),
        }
    }

    fn test(&mut self) -> Result<Expression, Refusal> {
        let path = match self.next()? {
            Token::Word(word) => word.split('/').map(str::to_owned).collect(),
            token => return Err(Refusal::condition(format!("{token:?} where a member is expected"))),
        };
        let not = self.takes("not");
        let test = if self.takes("in") {
            Test { path, op: Op::Equal, literals: self.several()? }
        } else {
            match self.next()? {
                Token::Sign(op) => Test { path, op, literals: vec![self.value()?] },
                token => return Err(Refusal::condition(format!("{token:?} where a comparison is expected"))),
            }
        };
        let test = Expression::Test(test);
        Ok(if not { Expression::Not(Box::new(test)) } else { test })
    }

    fn value(&mut self) -> Result<Literal, Refusal> {
        match self.next()? {
            Token::Value(value) => Ok(value),
            token => Err(Refusal::condition(format!("{token:?} where a value is expected"))),
        }
    }

    fn several(&mut self) -> Result<Vec<Literal>, Refusal> {
        match self.next()? {
            Token::Open => {}
            token => return Err(Refusal::condition(format!("{token:?} where a list opens"))),
        }
        let mut all = vec![self.value()?];
        while self.peek() == Some(&Token::Comma) {
            self.at += 1;
            all.push(self.value()?);
        }
        self.close()?;
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fits(conditions: &str, row: &Value) -> bool {
        let schema = Schema::built_in();
        let mut expression = Expression::parse(conditions).unwrap();
        expression.bind(schema.spec(Entity::Companies), &schema).unwrap();
        expression.fits(&|name: &str| row[name].clone())
    }

    fn refused(conditions: &str) -> String {
        let schema = Schema::built_in();
        let bound = Expression::parse(conditions).and_then(|mut e| e.bind(schema.spec(Entity::Companies), &schema));
        bound.unwrap_err().value()["message"].as_str().unwrap().to_owned()
    }

    #[test]
    fn every_operator_compares_its_kind() {
        let row = json!({"id": 7, "name": "Northwind Dental", "deletedFlag": false, "status": {"id": 1, "name": "Active"},
            "_info": {"lastUpdated": "2026-02-01T08:15:00Z"}});
        for yes in [
            r#"name = "northwind dental""#,
            "id=7 and deletedFlag=false",
            r#"name contains "WIND" and not id in (1, 2)"#,
            r#"name like "north%dent%" or id = 1"#,
            r#"name like "*dental""#,
            "id >= 7 and id <= 7 and id < 8 and id > 6 and id != 8",
            r#"status/name="Active" and status/ID in (1,2)"#,
            "lastUpdated > [2026-01-31T10:00:00+02:00] and lastUpdated < [2026-02-02]",
            "parentCompany/id = null and city = null and name != null",
            r#"id = 1 or id = 7 and name not like "x%""#,
            r#"(id = 7 or id = 1) and NOT (name = "b\"c")"#,
        ] {
            assert!(fits(yes, &row), "{yes}");
        }
        for no in [
            "id = 7 and (deletedFlag = true or id = 9)",
            "lastUpdated > [2026-02-01T08:15:00Z]",
            r#"city != "Bath""#,
            r#"name like "north""#,
            "id not in (7)",
        ] {
            assert!(!fits(no, &row), "{no}");
        }
    }

    #[test]
    fn what_cannot_be_carried_out_is_said() {
        assert!(refused("colour = 1").contains("colour is not a member of company"));
        assert!(refused(r#"types/name = "Client""#).contains("childConditions"));
        assert!(refused("name = 5").contains("cannot be compared"));
        assert!(refused("name = 'x'").contains("double quotes"));
        assert!(refused(r#"lastUpdated > "2026-01-01""#).contains("cannot be compared"));
        assert!(refused("(id = 1").contains("end too early"));
        assert!(refused("id = 1 id = 2").contains("unexpected"));
        assert!(refused("id contains 5").contains("cannot be") || refused("id contains 5").contains("no text"));
        assert!(refused("company/status/name = null").contains("not a member"));
        assert!(refused(&"(".repeat(500)).contains("too deeply"));
    }

    #[test]
    fn children_are_members_of_one_list() {
        let schema = Schema::built_in();
        let mut expression = Expression::parse(r#"types/name="Client" and types/id>0"#).unwrap();
        assert_eq!(expression.bind_children(schema.spec(Entity::Companies)), Ok("types".to_owned()));
        assert!(expression.fits(&|name: &str| json!({"id": 1, "name": "client"})[name].clone()));
        let mut expression = Expression::parse("name = \"x\"").unwrap();
        assert!(expression.bind_children(schema.spec(Entity::Companies)).is_err());
    }
}
