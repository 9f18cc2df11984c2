//! Fills the templates of a request: every value is encoded for the place where it stands, and
//! what cannot stand there is refused.

use std::sync::Arc;

use percent_encoding::utf8_percent_encode;
use serde_json::Value;

use super::super::unfit::{refused, too_long};
use crate::{
    base::{
        limits::{HTTP_HEADER_BYTES_MAX, HTTP_URL_BYTES_MAX},
        problem::Problem,
        secret::Secret,
        url::{RESERVED, is_dots},
    },
    catalog::{
        plan::{HttpBody, HttpPlan, fits_header},
        template::{ConfidentialTemplate, TextTemplate},
    },
};

/// What a value is given to, in words.
const SERVICE: &str = "service";

/// A request with its values. Good for every attempt.
#[derive(Clone, Debug)]
pub(crate) struct Prepared {
    pub(super) plan: Arc<HttpPlan>,
    pub(super) url: Secret,
    pub(super) headers: Vec<(String, Secret)>,
    pub(super) body: Option<Secret>,
}

/// Fills the templates with the effective arguments. Absent arguments take their parameter, their
/// header or their member with them.
///
/// # Errors
/// `NORMALIZATION_REFUSED` for a value that may not stand where it would, `VALIDATION_FAILED` for
/// one that is too long.
pub(crate) fn prepare(plan: &Arc<HttpPlan>, arguments: &Value) -> Result<Prepared, Box<Problem>> {
    let url = url(plan, arguments)?;
    let mut headers = headers(&plan.headers, arguments)?;
    let (content_type, body) = match &plan.body {
        HttpBody::None => (None, None),
        HttpBody::Json(json) => {
            let json = json.fill(arguments).to_string();
            (Some("application/json"), Some(json))
        }
        HttpBody::Form(fields) => {
            let form = pairs(fields, arguments);
            (Some("application/x-www-form-urlencoded"), Some(form))
        }
        HttpBody::Text(text) => {
            let text = text.fill(arguments).unwrap_or_default();
            (Some("text/plain; charset=utf-8"), Some(text))
        }
    };
    if let Some(content_type) = content_type
        && !names(&headers, "content-type")
    {
        headers.push(("content-type".to_owned(), Secret::new(content_type)));
    }
    Ok(Prepared {
        plan: Arc::clone(plan),
        url: Secret::new(url),
        headers,
        body: body.map(Secret::new),
    })
}

fn names(headers: &[(String, Secret)], name: &str) -> bool {
    let mut headers = headers.iter();
    headers.any(|(given, _)| given.eq_ignore_ascii_case(name))
}

/// Scheme and host. The port stands there only where it is not that of the scheme, as in the
/// header `Host`.
pub(super) fn origin(plan: &HttpPlan) -> String {
    let (scheme, usual) = if plan.tls {
        ("https", 443)
    } else {
        ("http", 80)
    };
    match (&plan.host.name, plan.host.port) {
        (name, port) if port == usual => format!("{scheme}://{name}"),
        (name, port) => format!("{scheme}://{name}:{port}"),
    }
}

fn url(plan: &HttpPlan, arguments: &Value) -> Result<String, Box<Problem>> {
    let mut url = origin(plan);
    for template in &plan.path {
        url.push('/');
        url.push_str(&segment(template, arguments)?);
    }
    if plan.path.is_empty() {
        url.push('/');
    }
    let query = pairs(&plan.query, arguments);
    if !query.is_empty() {
        url.push('?');
        url.push_str(&query);
    }
    match url.len() > HTTP_URL_BYTES_MAX {
        true => Err(too_long("", SERVICE, HTTP_URL_BYTES_MAX)),
        false => Ok(url),
    }
}

/// A value is one segment: without a value, or with one that is resolved, the request would go to
/// another place.
fn segment(template: &TextTemplate, arguments: &Value) -> Result<String, Box<Problem>> {
    let filled = template.fill_with(arguments, encode).unwrap_or_default();
    let why = if filled.is_empty() {
        "it is empty, and the path would be another one"
    } else if is_dots(&filled) {
        "`.` and `..` lead to another path"
    } else {
        return Ok(filled);
    };
    match template.as_literal() {
        Some(_) => Ok(filled),
        None => Err(refused(&template.pointer(), SERVICE, why)),
    }
}

/// Names and values as a query and a form have them.
fn pairs(templates: &[(String, ConfidentialTemplate)], arguments: &Value) -> String {
    let mut pairs = String::new();
    for (name, template) in templates {
        let Some(value) = template.fill(arguments) else {
            continue;
        };
        if !pairs.is_empty() {
            pairs.push('&');
        }
        encode(name, &mut pairs);
        pairs.push('=');
        encode(value.reveal(), &mut pairs);
    }
    pairs
}

fn encode(value: &str, into: &mut String) {
    into.extend(utf8_percent_encode(value, RESERVED));
}

fn headers(
    templates: &[(String, ConfidentialTemplate)],
    arguments: &Value,
) -> Result<Vec<(String, Secret)>, Box<Problem>> {
    let mut headers = Vec::with_capacity(templates.len() + 1);
    for (name, template) in templates {
        let Some(value) = template.fill(arguments) else {
            continue;
        };
        if !fits_header(value.reveal()) {
            let why = "a header holds visible ASCII characters and spaces only";
            return Err(refused(&template.pointer(), SERVICE, why));
        }
        if value.reveal().len() > HTTP_HEADER_BYTES_MAX {
            return Err(too_long(
                &template.pointer(),
                SERVICE,
                HTTP_HEADER_BYTES_MAX,
            ));
        }
        headers.push((name.clone(), value));
    }
    Ok(headers)
}
