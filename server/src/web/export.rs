//! The audit log as a CSV file (RFC 4180), streamed while it is read from the database, so that memory use does not depend on
//! its length.

use axum::body::{Body, Bytes};
use axum::extract::{Path, RawQuery, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use csv::{QuoteStyle, Terminator, WriterBuilder};
use domain::RequestContext;
use domain::audit_log::ExportRow;
use model::{OrganizationRole, Viewer};
use tokio::sync::mpsc;

const CSV_HEADER: &str = "time,actor,action,event,target,source,details\r\n";

/// How many bytes are buffered before they are sent.
const CHUNK_BYTES: usize = 16 * 1024;

/// Exports every event that the audit log page with the same query parameters shows.
pub async fn audit_log(Path(slug): Path<String>, RawQuery(search): RawQuery, request: Request) -> Response {
    let viewer = request.extensions().get::<Viewer>().and_then(|viewer| viewer.user.as_ref());
    let (Some(request_context), Some(OrganizationRole::Admin)) =
        (request.extensions().get::<RequestContext>(), viewer.map(|user| user.role))
    else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let query = app::paths::parse_audit(&search.unwrap_or_default());
    let events = match request_context.admin(&slug).await {
        Ok(admin) => domain::audit_log::export(&admin, query),
        Err(error) => return app::runtime::server::status(&request_context.report(error)).into_response(),
    };
    let mut response = Body::from_stream(csv_stream(events)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8; header=present"));
    let disposition = format!("attachment; filename=\"{slug}-audit-log.csv\"");
    if let Ok(disposition) = HeaderValue::from_str(&disposition) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    response
}

/// The file in chunks. On an error the connection is aborted, so that a truncated file is not mistaken for a complete one.
fn csv_stream(
    events: mpsc::Receiver<domain::Result<ExportRow>>,
) -> impl futures_util::Stream<Item = Result<Bytes, domain::Error>> {
    futures_util::stream::unfold(
        (events, Some(CSV_HEADER.as_bytes().to_vec())),
        |(mut events, buffer)| async move {
            let mut writer = WriterBuilder::new()
                .quote_style(QuoteStyle::Always)
                .terminator(Terminator::CRLF)
                .from_writer(buffer?);
            while writer.get_ref().len() < CHUNK_BYTES {
                match events.recv().await {
                    Some(Ok(event)) => writer.write_record(fields(&event)).unwrap_or_default(),
                    Some(Err(error)) => {
                        tracing::error!(%error, "CSV export aborted");
                        return Some((Err(error), (events, None)));
                    }
                    None => break,
                }
            }
            let chunk = writer.into_inner().unwrap_or_default();
            (!chunk.is_empty()).then(|| (Ok(Bytes::from(chunk)), (events, Some(Vec::new()))))
        },
    )
}

fn fields(ExportRow { event, details }: &ExportRow) -> [String; 7] {
    let time = event.at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    let has_no_details = details.as_object().is_some_and(serde_json::Map::is_empty);
    let details = if has_no_details { String::new() } else { details.to_string() };
    let target = event.target.as_deref().unwrap_or_default();
    [&time, &event.actor, &event.action, event.label(), target, &event.source, &details].map(escape_formula)
}

/// An apostrophe keeps spreadsheets from evaluating a field as a formula (OWASP, CSV injection).
fn escape_formula(field: &str) -> String {
    let is_formula = field.starts_with(['=', '+', '-', '@', '\t', '\r']);
    format!("{}{field}", if is_formula { "'" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_field_is_never_a_formula() {
        assert_eq!(escape_formula("Ada = @Blob"), "Ada = @Blob");
        assert_eq!(escape_formula("=1+1"), "'=1+1");
        assert_eq!(escape_formula("@SUM(A1)"), "'@SUM(A1)");
    }
}
