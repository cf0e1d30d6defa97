//! What a request asks of a listing.

use super::{
    answers::Refusal,
    condition::Expression,
    schema::{Entity, Kind, Schema},
};
use axum::http::{HeaderMap, Uri};
use serde_json::Value;

const PAGE_DEFAULT: usize = 25;
const PAGE_MOST: usize = 1000;

/// The parameters; their names are understood in any case.
#[derive(Clone, Debug, Default)]
pub struct Query {
    pairs: Vec<(String, String)>,
    /// The page, from 1.
    pub page: usize,
    /// Rows of a page.
    pub size: usize,
    /// Forward only: only ids above this one.
    pub after: Option<u32>,
}

/// Which rows are wanted, in which order.
pub struct Selection {
    conditions: Option<Expression>,
    /// One filter for each list that it looks into.
    children: Vec<(String, Expression)>,
    /// Members to sort by, and whether downwards.
    pub order: Vec<(Vec<String>, bool)>,
}

impl Query {
    /// Reads the parameters of an address.
    ///
    /// # Errors
    /// A page or size that there cannot be.
    pub fn read(uri: &Uri, headers: &HeaderMap) -> Result<Self, Refusal> {
        let pairs: Vec<(String, String)> =
            url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
        let mut query = Self { pairs, page: 1, size: PAGE_DEFAULT, after: None };
        if let Some(page) = query.number("page")? {
            query.page = page;
        }
        if let Some(size) = query.number("pageSize")? {
            query.size = size;
        }
        // What the vendor does with larger pages is disputed; a refusal shows that a client asks for them.
        if query.size > PAGE_MOST {
            let message = format!("pageSize must be between 1 and {PAGE_MOST}");
            return Err(Refusal::invalid("query", "OutOfRange", "pageSize", message));
        }
        let forward = headers.get("pagination-type").and_then(|v| v.to_str().ok());
        if forward.is_some_and(|value| value.eq_ignore_ascii_case("forward-only")) {
            let after = query.get("pageId").map(str::parse).transpose();
            query.after = Some(after.map_err(|_| Refusal::body("pageId is no number"))?.unwrap_or(0));
        }
        Ok(query)
    }

    /// Takes filters from a body, as the search address does.
    pub fn with_body(mut self, body: &Value) -> Self {
        for name in ["conditions", "childConditions", "customFieldConditions", "orderBy"] {
            if let Some(text) = body.get(name).and_then(Value::as_str) {
                self.pairs.push((name.to_owned(), text.to_owned()));
            }
        }
        self
    }

    fn get(&self, name: &str) -> Option<&str> {
        let found = self.pairs.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }

    fn number(&self, name: &str) -> Result<Option<usize>, Refusal> {
        let Some(text) = self.get(name) else { return Ok(None) };
        match text.parse::<usize>() {
            Ok(number) if number > 0 => Ok(Some(number)),
            _ => Err(Refusal::invalid("query", "OutOfRange", name, format!("{name} must be 1 or more"))),
        }
    }

    /// The filters and the order as one text, which names a listing.
    pub fn key(&self) -> String {
        let names = ["conditions", "childConditions", "customFieldConditions", "orderBy"];
        format!("{:?}", names.map(|name| self.get(name)))
    }

    /// Checks filters and order against an entity.
    ///
    /// # Errors
    /// What cannot be filtered or sorted.
    pub fn selection(&self, entity: Entity, schema: &Schema) -> Result<Selection, Refusal> {
        let spec = schema.spec(entity);
        let mut conditions = self.get("conditions").map(Expression::parse).transpose()?;
        if let Some(conditions) = &mut conditions {
            conditions.bind(spec, schema)?;
        }
        let mut children = Vec::new();
        if let Some(text) = self.get("childConditions") {
            let mut expression = Expression::parse(text)?;
            children.push((expression.bind_children(spec)?, expression));
        }
        if let Some(text) = self.get("customFieldConditions") {
            children.push(("customFields".to_owned(), Expression::parse(text)?));
        }
        let order = self.get("orderBy").map(|text| self.order(text, entity, schema)).transpose()?.unwrap_or_default();
        Ok(Selection { conditions, children, order })
    }

    fn order(&self, text: &str, entity: Entity, schema: &Schema) -> Result<Vec<(Vec<String>, bool)>, Refusal> {
        if self.after.is_some() {
            return Err(Refusal::condition("orderBy cannot be used with forward-only pagination"));
        }
        let spec = schema.spec(entity);
        let each = text.split(',').map(|part| {
            let mut words = part.split_whitespace();
            let member = words.next().unwrap_or_default();
            let down = match words.next().map(str::to_ascii_lowercase).as_deref() {
                None | Some("asc") => false,
                Some("desc") => true,
                Some(other) => return Err(Refusal::condition(format!("{other} is no direction"))),
            };
            let mut path: Vec<String> = member.split('/').map(str::to_owned).collect();
            if spec.updated && path[0].eq_ignore_ascii_case("lastUpdated") {
                return Ok((vec!["_info".to_owned(), "lastUpdated".to_owned()], down));
            }
            let field = spec.filter(&path[0]).filter(|field| !field.hidden && field.kind != Kind::List);
            let field = field.ok_or_else(|| Refusal::condition(format!("{member} does not sort {}", spec.resource)))?;
            path[0] = field.name.to_string();
            if matches!(field.kind, Kind::Ref(_)) && path.len() == 1 {
                path.push("name".to_owned());
            }
            Ok((path, down))
        });
        each.collect()
    }

    /// The members that are wanted; all of them when none is named.
    ///
    /// # Errors
    /// A member that there is not.
    pub fn fields(&self, entity: Entity, schema: &Schema) -> Result<Option<Vec<String>>, Refusal> {
        let Some(text) = self.get("fields") else { return Ok(None) };
        let spec = schema.spec(entity);
        let each = text.split(',').map(|part| {
            let name = part.trim().split('/').next().unwrap_or_default();
            if name.eq_ignore_ascii_case("_info") {
                return Ok("_info".to_owned());
            }
            let field = spec.filter(name).filter(|field| !field.hidden);
            let unknown = || Refusal::condition(format!("{name} is not a member of {}", spec.resource));
            field.map(|field| field.name.to_string()).ok_or_else(unknown)
        });
        each.collect::<Result<Vec<_>, _>>().map(Some)
    }

    /// The same listing at another place. `page` comes last: a client looks for it there.
    pub fn elsewhere(&self, name: &str, value: usize) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let kept = |key: &str| !key.eq_ignore_ascii_case("page") && !key.eq_ignore_ascii_case("pageId");
        for (key, value) in self.pairs.iter().filter(|(key, _)| kept(key)) {
            query.append_pair(key, value);
        }
        query.append_pair(name, &value.to_string());
        query.finish()
    }
}

impl Selection {
    /// Whether a row fits; `member` gives the value of one of its members.
    pub fn fits(&self, member: &impl Fn(&str) -> Value) -> bool {
        let whole = self.conditions.as_ref().is_none_or(|conditions| conditions.fits(member));
        whole
            && self.children.iter().all(|(list, expression)| match member(list) {
                Value::Array(rows) => rows.iter().any(|row| expression.fits(&|name: &str| child(row, name))),
                _ => false,
            })
    }

    /// Whether every row fits.
    pub fn is_everything(&self) -> bool {
        self.conditions.is_none() && self.children.is_empty()
    }
}

/// A member of an element, whose name is understood in any case.
fn child(row: &Value, name: &str) -> Value {
    let found = row.as_object().and_then(|row| row.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)));
    found.map_or(Value::Null, |(_, value)| value.clone())
}
