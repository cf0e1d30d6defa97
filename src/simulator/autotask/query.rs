//! The query language: a tree of `and` and `or` over conditions on fields.
//!
//! Not published, so assumed: texts are compared without regard to case; null is “other than” every value.

use super::{
    records::{Cell, Row},
    schema::{Entity, Kind},
    values::number,
};
use serde_json::{Map, Value};
use std::{borrow::Cow, cmp::Ordering};

/// The most conditions joined by `or` in one query.
const OR_LIMIT: usize = 500;

/// A filter, checked against an entity.
#[derive(Debug)]
pub enum Filter {
    /// All of them.
    And(Vec<Self>),
    /// One of them at least.
    Or(Vec<Self>),
    /// A condition.
    Is {
        /// The field's position.
        field: usize,
        /// How it is compared.
        operator: Operator,
        /// With what; empty where the values can equal none of the field's.
        values: Vec<Cell>,
    },
}

/// How a condition compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Eq,
    NotEq,
    Gt,
    Gte,
    Lt,
    Lte,
    BeginsWith,
    EndsWith,
    Contains,
    Exist,
    NotExist,
    In,
    NotIn,
}

impl Operator {
    fn parse(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "eq" => Self::Eq,
            "noteq" => Self::NotEq,
            "gt" => Self::Gt,
            "gte" => Self::Gte,
            "lt" => Self::Lt,
            "lte" => Self::Lte,
            "beginswith" => Self::BeginsWith,
            "endswith" => Self::EndsWith,
            "contains" => Self::Contains,
            "exist" => Self::Exist,
            "notexist" => Self::NotExist,
            "in" => Self::In,
            "notin" => Self::NotIn,
            _ => return None,
        })
    }

    const fn of_parts(self) -> bool {
        matches!(self, Self::BeginsWith | Self::EndsWith | Self::Contains)
    }
}

/// A member of an object, by its name in any case.
pub fn member<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// Reads the elements of a query's `filter`.
///
/// # Errors
/// What the vendor would say of it.
pub fn filter(entity: &Entity, elements: &Value) -> Result<Filter, String> {
    let listed = elements.as_array().filter(|elements| !elements.is_empty());
    let listed = listed.ok_or("A filter is required: the query has none.")?;
    let mut counts = Counts::default();
    let parts = listed.iter().map(|element| part(entity, element, &mut counts)).collect::<Result<_, _>>()?;
    if counts.alternatives > OR_LIMIT {
        return Err(format!("A query may have at most {OR_LIMIT} OR conditions."));
    }
    if counts.udfs > 1 {
        return Err("A query may filter by one user-defined field only.".to_owned());
    }
    Ok(Filter::And(parts))
}

#[derive(Default)]
struct Counts {
    alternatives: usize,
    udfs: usize,
}

fn part(entity: &Entity, element: &Value, counts: &mut Counts) -> Result<Filter, String> {
    let element = element.as_object().ok_or("A filter element is not an object.")?;
    let op = member(element, "op").and_then(Value::as_str).ok_or("A filter element has no op.")?;
    if op.eq_ignore_ascii_case("and") || op.eq_ignore_ascii_case("or") {
        let items = member(element, "items").and_then(Value::as_array).filter(|items| !items.is_empty());
        let items = items.ok_or_else(|| format!("The group '{op}' has no items."))?;
        let parts = items.iter().map(|item| part(entity, item, counts)).collect::<Result<Vec<_>, _>>()?;
        if op.eq_ignore_ascii_case("and") {
            return Ok(Filter::And(parts));
        }
        counts.alternatives += parts.len();
        return Ok(Filter::Or(parts));
    }
    let operator = Operator::parse(op).ok_or_else(|| format!("'{op}' is not a valid operator."))?;
    let field = condition_field(entity, element, counts)?;
    let values = values(entity, field, operator, member(element, "value").unwrap_or(&Value::Null))?;
    Ok(Filter::Is { field, operator, values })
}

fn condition_field(entity: &Entity, element: &Map<String, Value>, counts: &mut Counts) -> Result<usize, String> {
    let name = member(element, "field").and_then(Value::as_str).ok_or("A filter element has no field.")?;
    let user_defined = member(element, "udf").and_then(Value::as_bool).unwrap_or(false);
    let found = if user_defined { entity.udf(name) } else { entity.field(name) };
    let field = found.ok_or_else(|| format!("Unable to find {name} in the {} Entity.", entity.name))?;
    if !entity.fields[field].queryable {
        return Err(format!(
            "The field {} of the {} Entity cannot be queried.",
            entity.fields[field].name, entity.name
        ));
    }
    counts.udfs += usize::from(user_defined);
    Ok(field)
}

/// The values to compare with. A text for a long field is found nowhere; one that is no number is an error for the
/// smaller numbers.
fn values(entity: &Entity, field: usize, operator: Operator, value: &Value) -> Result<Vec<Cell>, String> {
    let kind = entity.fields[field].kind;
    let name = &entity.fields[field].name;
    let listed = match operator {
        Operator::Exist | Operator::NotExist => return Ok(Vec::new()),
        Operator::In | Operator::NotIn => {
            value.as_array().ok_or_else(|| format!("The operator needs a list of values. Field: {name}."))?.as_slice()
        }
        _ => std::slice::from_ref(value),
    };
    let mut cells = Vec::with_capacity(listed.len());
    for value in listed {
        match (kind, value) {
            (_, Value::Null | Value::Array(_) | Value::Object(_)) => {
                return Err(format!("The operator needs a value. Field: {name}."));
            }
            (Kind::Text(_), Value::String(text)) => cells.push(Cell::Text(folded(text).into())),
            (Kind::Text(_), other) => cells.push(Cell::Text(folded(&other.to_string()).into())),
            (_, Value::String(text)) if operator.of_parts() => cells.push(Cell::Text(folded(text).into())),
            (Kind::Long, Value::String(_)) => {}
            (kind, value) => match number(value, kind) {
                Some(number) => cells.push(Cell::Int(number)),
                None => {
                    return Err(format!("Error converting value {value} to type '{}'. Field: {name}.", kind.name()));
                }
            },
        }
    }
    Ok(cells)
}

impl Filter {
    /// Whether a row passes.
    pub fn passes(&self, row: &Row) -> bool {
        match self {
            Self::And(parts) => parts.iter().all(|part| part.passes(row)),
            Self::Or(parts) => parts.iter().any(|part| part.passes(row)),
            Self::Is { field: 0, operator, values } => holds(Some(&Cell::Int(row.id)), *operator, values),
            Self::Is { field, operator, values } => holds(row.get(*field), *operator, values),
        }
    }
}

fn holds(given: Option<&Cell>, operator: Operator, values: &[Cell]) -> bool {
    let Some(given) = given else {
        return matches!(operator, Operator::NotExist | Operator::NotEq | Operator::NotIn);
    };
    let ordered =
        |wanted: fn(Ordering) -> bool| values.first().and_then(|value| compare(given, value)).is_some_and(wanted);
    let equal = || values.iter().any(|value| compare(given, value) == Some(Ordering::Equal));
    match operator {
        Operator::Exist => true,
        Operator::NotExist => false,
        Operator::Eq | Operator::In => equal(),
        Operator::NotEq | Operator::NotIn => !equal(),
        Operator::Gt => ordered(Ordering::is_gt),
        Operator::Gte => ordered(Ordering::is_ge),
        Operator::Lt => ordered(Ordering::is_lt),
        Operator::Lte => ordered(Ordering::is_le),
        Operator::BeginsWith | Operator::EndsWith | Operator::Contains => {
            let text = match given {
                Cell::Text(text) => folded(text),
                Cell::Int(value) => Cow::Owned(value.to_string()),
            };
            values.iter().any(|value| match (operator, value) {
                (_, Cell::Int(_)) => false,
                (Operator::BeginsWith, Cell::Text(part)) => text.starts_with(&**part),
                (Operator::EndsWith, Cell::Text(part)) => text.ends_with(&**part),
                (_, Cell::Text(part)) => text.contains(&**part),
            })
        }
    }
}

fn compare(given: &Cell, value: &Cell) -> Option<Ordering> {
    match (given, value) {
        (Cell::Int(given), Cell::Int(value)) => Some(given.cmp(value)),
        (Cell::Text(given), Cell::Text(value)) => Some((*folded(given)).cmp(&**value)),
        _ => None,
    }
}

/// Without regard to case.
fn folded(text: &str) -> Cow<'_, str> {
    if text.chars().any(char::is_uppercase) { Cow::Owned(text.to_lowercase()) } else { Cow::Borrowed(text) }
}
