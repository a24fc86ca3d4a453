//! The audit log as a file (RFC 4180), written while it is read: memory stays flat, however long the log is.

use axum::body::{Body, Bytes};
use axum::extract::{Path, RawQuery, Request};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use domain::RequestContext;
use domain::audit_log::ExportRow;
use model::{OrganizationRole, Viewer};
use std::fmt::Write;
use tokio::sync::mpsc;

const HEAD: &str = "when,who,action,what,to_whom,from,details\r\n";

/// How many bytes are gathered before they are sent on.
const CHUNK_BYTES: usize = 16 * 1024;

/// The rows that the page of the same parameters shows, all of them.
pub async fn audit_log(Path(slug): Path<String>, RawQuery(search): RawQuery, request: Request) -> Response {
    let viewer = request.extensions().get::<Viewer>().and_then(|viewer| viewer.user.as_ref());
    let (Some(request_context), Some(OrganizationRole::Admin)) =
        (request.extensions().get::<RequestContext>(), viewer.map(|user| user.role))
    else {
        return axum::http::StatusCode::NOT_FOUND.into_response();
    };
    let query = app::paths::read_audit(&search.unwrap_or_default());
    let rows = match request_context.admin(&slug).await {
        Ok(admin) => domain::audit_log::export(&admin, query),
        Err(error) => return app::server::status(&request_context.report(error)).into_response(),
    };
    let mut response = Body::from_stream(stream(rows)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8; header=present"));
    let name = format!("attachment; filename=\"{slug}-audit-log.csv\"");
    if let Ok(name) = HeaderValue::from_str(&name) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    response
}

/// The file in pieces. One that can't be finished breaks off, so that nobody takes a part for the whole.
fn stream(
    rows: mpsc::Receiver<domain::Result<ExportRow>>,
) -> impl futures_util::Stream<Item = Result<Bytes, domain::Error>> {
    futures_util::stream::unfold((rows, Some(HEAD.to_owned())), |(mut rows, begun)| async move {
        let mut text = begun?;
        loop {
            match rows.recv().await {
                Some(Ok(row)) => line(&mut text, &row),
                Some(Err(error)) => {
                    tracing::error!(%error, "an export broke off");
                    return Some((Err(error), (rows, None)));
                }
                None if text.is_empty() => return None,
                None => return Some((Ok(Bytes::from(text)), (rows, None))),
            }
            if text.len() >= CHUNK_BYTES {
                return Some((Ok(Bytes::from(text)), (rows, Some(String::new()))));
            }
        }
    })
}

fn line(text: &mut String, ExportRow { event, details }: &ExportRow) {
    let when = event.at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    let none = details.as_object().is_some_and(serde_json::Map::is_empty);
    let details = if none { String::new() } else { details.to_string() };
    let target = event.target.as_deref().unwrap_or_default();
    let fields = [&when, &event.actor, &event.action, event.label(), target, &event.source, &details];
    for (at, field) in fields.into_iter().enumerate() {
        let _ = write!(text, "{}{}", if at == 0 { "" } else { "," }, cell(field));
    }
    text.push_str("\r\n");
}

/// A field in quotation marks. What a spreadsheet would take for a formula is text with an apostrophe before it (OWASP,
/// CSV injection).
fn cell(field: &str) -> String {
    let formula = field.starts_with(['=', '+', '-', '@', '\t', '\r']);
    format!("\"{}{}\"", if formula { "'" } else { "" }, field.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_what_it_was_and_never_a_formula() {
        assert_eq!(cell("Ada \"the\" Blob, PhD"), "\"Ada \"\"the\"\" Blob, PhD\"");
        assert_eq!(cell("=1+1"), "\"'=1+1\"");
        assert_eq!(cell("@SUM(A1)"), "\"'@SUM(A1)\"");
    }
}
