//! What the server asks the database, from Postgres' own log: so that no statement is written twice, and `pgbench` runs
//! the very same.

use super::Result;
use super::config::Config;
use super::database::Database;
use std::fmt::Write;
use std::io::{Read, Seek, SeekFrom};
use std::time::Duration;
use tokio::time::sleep;

/// How long Postgres takes to hear of a config, and to write its log.
const MOMENT: Duration = Duration::from_millis(150);

/// A statement and its values, as Postgres writes them.
pub struct Statement {
    sql: String,
    values: Vec<Option<String>>,
}

/// What is asked while `work` is done. The mail worker asks now and then, too: of three looks the shortest counts.
pub async fn asked(
    config: &Config,
    database: &Database,
    work: impl AsyncFn() -> Result<()>,
) -> Result<Vec<Statement>> {
    let mut shortest: Option<Vec<Statement>> = None;
    // What is prepared already is asked the same way the next time.
    work().await?;
    for _ in 0..3 {
        database.run("alter system set log_statement = 'all'").await?;
        database.run("select pg_reload_conf()").await?;
        sleep(MOMENT).await;
        let mut log = std::fs::File::open(&config.postgres_log)?;
        log.seek(SeekFrom::End(0))?;
        let worked = work().await;
        sleep(MOMENT).await;
        let mut written = String::new();
        log.read_to_string(&mut written)?;
        database.run("alter system reset log_statement").await?;
        database.run("select pg_reload_conf()").await?;
        worked?;
        let statements = read(&written);
        if shortest.as_ref().is_none_or(|shortest| statements.len() < shortest.len()) {
            shortest = Some(statements);
        }
    }
    shortest.filter(|statements| !statements.is_empty()).ok_or("Postgres' log tells of no statement".into())
}

/// The same as a script for `pgbench`, and its variables.
pub fn script(statements: &[Statement]) -> (String, Vec<(String, String)>) {
    let (mut script, mut variables) = (String::new(), Vec::new());
    for (number, statement) in statements.iter().enumerate() {
        let mut sql = statement.sql.clone();
        // From the last on, or `$1` would be found in `$12`.
        for (at, value) in statement.values.iter().enumerate().rev() {
            let (place, name) = (format!("${}", at + 1), format!("s{number}v{}", at + 1));
            if let Some(value) = value {
                sql = sql.replace(&place, &format!(":{name}"));
                variables.push((name, value.clone()));
            } else {
                sql = sql.replace(&place, "null");
            }
        }
        let _ = writeln!(script, "{sql};");
    }
    (script, variables)
}

/// The same for what can't be asked twice: values that differ between two askings are made anew each time. Ids stay equal
/// where they were equal, and text differs by a number.
pub fn script_anew(first: &[Statement], second: &[Statement]) -> (String, Vec<(String, String)>) {
    let (mut script, mut variables) = (String::new(), Vec::new());
    let mut ids: Vec<&str> = Vec::new();
    for (number, (statement, other)) in first.iter().zip(second).enumerate() {
        let mut sql = statement.sql.clone();
        for (at, value) in statement.values.iter().enumerate().rev() {
            let (place, name) = (format!("${}", at + 1), format!("s{number}v{}", at + 1));
            let differs = value != other.values.get(at).unwrap_or(&None);
            let made = match value {
                None => "null".to_owned(),
                Some(value) if !differs || is_time(value) => {
                    variables.push((name.clone(), value.clone()));
                    format!(":{name}")
                }
                Some(value) => {
                    variables.push((name.clone(), value.clone()));
                    anew(value, &name, &mut ids)
                }
            };
            sql = sql.replace(&place, &made);
        }
        let _ = writeln!(script, "{sql};");
    }
    // `:turn` is what is new each time.
    (format!("\\set turn random(1, 1000000000)\n{script}"), variables)
}

/// An expression of SQL for a value like this one, but new.
fn anew<'a>(value: &'a str, name: &str, ids: &mut Vec<&'a str>) -> String {
    let turn = ":client_id || '-' || :repeat || '-' || :turn";
    let list = value.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    let is_id = |value: &str| value.len() == 36 && value.bytes().filter(|byte| *byte == b'-').count() == 4;
    match list {
        Some(one) if is_id(one) => format!("array[{}]", anew(one, name, ids)),
        _ if is_id(value) => {
            let known = ids.iter().position(|id| *id == value);
            let number = known.unwrap_or_else(|| {
                ids.push(value);
                ids.len() - 1
            });
            format!("md5({turn} || 'id{number}')::uuid")
        }
        // What stands in the text tells where the number of the asking is.
        _ => {
            let digits = value.split("one").nth(1).unwrap_or_default();
            let digits: String = digits.chars().take_while(char::is_ascii_digit).collect();
            format!("replace(:{name}, 'one{digits}', 'one' || {turn})")
        }
    }
}

fn is_time(value: &str) -> bool {
    value.starts_with("20") && value.contains(':') && value.contains('-')
}

/// Reads lines such as `2026-11-24 06:00:00.000 UTC [7] LOG:  execute sqlx_s_1: select …`, which go on in lines that begin
/// with a tab, and the values in the line after.
fn read(log: &str) -> Vec<Statement> {
    let mut entries: Vec<String> = Vec::new();
    for line in log.lines() {
        match (line.strip_prefix('\t'), entries.last_mut()) {
            (Some(more), Some(entry)) => {
                entry.push('\n');
                entry.push_str(more);
            }
            _ => entries.push(line.to_owned()),
        }
    }
    let mut statements: Vec<Statement> = Vec::new();
    for entry in &entries {
        if let Some((_, said)) = entry.split_once("LOG:  execute ")
            && let Some((_, sql)) = said.split_once(": ")
        {
            statements.push(Statement { sql: sql.to_owned(), values: Vec::new() });
        } else if let Some((_, sql)) = entry.split_once("LOG:  statement: ")
            && !sql.starts_with("alter system")
        {
            statements.push(Statement { sql: sql.to_owned(), values: Vec::new() });
        } else if let Some((_, said)) = entry.split_once("DETAIL:  parameters: ")
            && let Some(statement) = statements.last_mut()
        {
            statement.values = values(said);
        }
    }
    statements
}

/// Reads `$1 = 'a', $2 = NULL, $3 = 'it''s'`.
fn values(said: &str) -> Vec<Option<String>> {
    let mut values = Vec::new();
    let mut rest = said;
    while let Some((_, after)) = rest.split_once(" = ") {
        let Some(quoted) = after.strip_prefix('\'') else {
            values.push(None);
            rest = after;
            continue;
        };
        let (mut value, mut left) = (String::new(), quoted);
        while let Some((part, after)) = left.split_once('\'') {
            value.push_str(part);
            left = after;
            match left.strip_prefix('\'') {
                Some(after) => {
                    value.push('\'');
                    left = after;
                }
                None => break,
            }
        }
        values.push(Some(value));
        rest = left;
    }
    values
}
