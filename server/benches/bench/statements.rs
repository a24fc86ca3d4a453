//! Records the statements that the server sends, from the log of Postgres, so that `pgbench` can run exactly the same SQL.

use super::Result;
use super::config::Config;
use super::database::Database;
use std::fmt::Write;
use std::io::{Read, Seek, SeekFrom};
use std::time::Duration;
use tokio::time::sleep;

/// How long Postgres takes to reload its configuration, and to write its log.
const LOG_DELAY: Duration = Duration::from_millis(150);

/// A statement and its parameter values, as Postgres logs them.
pub struct Statement {
    sql: String,
    values: Vec<Option<String>>,
}

/// Records the statements that are sent during `work`. The mail worker may send some in between, so the shortest of three
/// recordings counts.
pub async fn record(
    config: &Config,
    database: &Database,
    work: impl AsyncFn() -> Result<()>,
) -> Result<Vec<Statement>> {
    let mut shortest: Option<Vec<Statement>> = None;
    // Warm up, so that statements are prepared before they are recorded.
    work().await?;
    for _ in 0..3 {
        database.run("alter system set log_statement = 'all'").await?;
        database.run("select pg_reload_conf()").await?;
        sleep(LOG_DELAY).await;
        let mut log = std::fs::File::open(&config.postgres_log)?;
        log.seek(SeekFrom::End(0))?;
        let result = work().await;
        sleep(LOG_DELAY).await;
        let mut recorded = String::new();
        log.read_to_string(&mut recorded)?;
        database.run("alter system reset log_statement").await?;
        database.run("select pg_reload_conf()").await?;
        result?;
        let statements = parse_log(&recorded);
        if shortest.as_ref().is_none_or(|shortest| statements.len() < shortest.len()) {
            shortest = Some(statements);
        }
    }
    shortest
        .filter(|statements| !statements.is_empty())
        .ok_or("the log of Postgres contains no statement".into())
}

/// The statements as a script for `pgbench`, with its variables.
pub fn script(statements: &[Statement]) -> (String, Vec<(String, String)>) {
    let (mut script, mut variables) = (String::new(), Vec::new());
    for (number, statement) in statements.iter().enumerate() {
        let mut sql = statement.sql.clone();
        // In reverse order, so that `$1` does not match within `$12`.
        for (index, value) in statement.values.iter().enumerate().rev() {
            let (placeholder, name) = (format!("${}", index + 1), format!("s{number}v{}", index + 1));
            if let Some(value) = value {
                sql = sql.replace(&placeholder, &format!(":{name}"));
                variables.push((name, value.clone()));
            } else {
                sql = sql.replace(&placeholder, "null");
            }
        }
        let _ = writeln!(script, "{sql};");
    }
    (script, variables)
}

/// Like [`script`], for statements that can't run twice with the same values, such as inserts. Values that differ between two
/// recordings are generated for each transaction: equal ids stay equal, and text gets a different number.
pub fn fresh_script(first: &[Statement], second: &[Statement]) -> (String, Vec<(String, String)>) {
    let (mut script, mut variables) = (String::new(), Vec::new());
    let mut ids: Vec<&str> = Vec::new();
    for (number, (statement, other)) in first.iter().zip(second).enumerate() {
        let mut sql = statement.sql.clone();
        for (index, value) in statement.values.iter().enumerate().rev() {
            let (placeholder, name) = (format!("${}", index + 1), format!("s{number}v{}", index + 1));
            let differs = value != other.values.get(index).unwrap_or(&None);
            let expression = match value {
                None => "null".to_owned(),
                Some(value) if !differs || is_time(value) => {
                    variables.push((name.clone(), value.clone()));
                    format!(":{name}")
                }
                Some(value) => {
                    variables.push((name.clone(), value.clone()));
                    fresh_value(value, &name, &mut ids)
                }
            };
            sql = sql.replace(&placeholder, &expression);
        }
        let _ = writeln!(script, "{sql};");
    }
    // `:transaction` makes the generated values unique.
    (format!("\\set transaction random(1, 1000000000)\n{script}"), variables)
}

/// A SQL expression for a fresh value of the same shape.
fn fresh_value<'a>(value: &'a str, name: &str, ids: &mut Vec<&'a str>) -> String {
    let unique = ":client_id || '-' || :repeat || '-' || :transaction";
    let list = value.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    let is_id = |value: &str| value.len() == 36 && value.bytes().filter(|byte| *byte == b'-').count() == 4;
    match list {
        Some(item) if is_id(item) => format!("array[{}]", fresh_value(item, name, ids)),
        _ if is_id(value) => {
            let known = ids.iter().position(|id| *id == value);
            let number = known.unwrap_or_else(|| {
                ids.push(value);
                ids.len() - 1
            });
            format!("md5({unique} || 'id{number}')::uuid")
        }
        // Text contains `one` followed by the number of the recording: replace that number.
        _ => {
            let digits = value.split("one").nth(1).unwrap_or_default();
            let digits: String = digits.chars().take_while(char::is_ascii_digit).collect();
            format!("replace(:{name}, 'one{digits}', 'one' || {unique})")
        }
    }
}

fn is_time(value: &str) -> bool {
    value.starts_with("20") && value.contains(':') && value.contains('-')
}

/// Parses lines such as `2026-11-24 06:00:00.000 UTC [7] LOG:  execute sqlx_s_1: select …`. A line that starts with a tab
/// continues the previous one; the parameter values are on the next line.
fn parse_log(log: &str) -> Vec<Statement> {
    let mut entries: Vec<String> = Vec::new();
    for line in log.lines() {
        match (line.strip_prefix('\t'), entries.last_mut()) {
            (Some(continuation), Some(entry)) => {
                entry.push('\n');
                entry.push_str(continuation);
            }
            _ => entries.push(line.to_owned()),
        }
    }
    let mut statements: Vec<Statement> = Vec::new();
    for entry in &entries {
        if let Some((_, rest)) = entry.split_once("LOG:  execute ")
            && let Some((_, sql)) = rest.split_once(": ")
        {
            statements.push(Statement { sql: sql.to_owned(), values: Vec::new() });
        } else if let Some((_, sql)) = entry.split_once("LOG:  statement: ")
            && !sql.starts_with("alter system")
        {
            statements.push(Statement { sql: sql.to_owned(), values: Vec::new() });
        } else if let Some((_, parameters)) = entry.split_once("DETAIL:  parameters: ")
            && let Some(statement) = statements.last_mut()
        {
            statement.values = parse_values(parameters);
        }
    }
    statements
}

/// Parses `$1 = 'a', $2 = NULL, $3 = 'it''s'`.
fn parse_values(parameters: &str) -> Vec<Option<String>> {
    let mut values = Vec::new();
    let mut rest = parameters;
    while let Some((_, after)) = rest.split_once(" = ") {
        let Some(quoted) = after.strip_prefix('\'') else {
            values.push(None);
            rest = after;
            continue;
        };
        let (mut value, mut unread) = (String::new(), quoted);
        while let Some((part, after)) = unread.split_once('\'') {
            value.push_str(part);
            unread = after;
            match unread.strip_prefix('\'') {
                Some(after) => {
                    value.push('\'');
                    unread = after;
                }
                None => break,
            }
        }
        values.push(Some(value));
        rest = unread;
    }
    values
}
