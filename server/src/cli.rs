//! The command line: commands, their arguments, and how they are dispatched.

use crate::config::Config;
use crate::{database, serve, telemetry};
use anyhow::{Result, anyhow};
use clap::{Args, Parser, Subcommand};
use domain::{RequestContext, Source, demo, organizations, sign_in};
use std::collections::HashMap;

/// Self-hosted membership for organizations.
#[derive(Parser)]
#[command(name = "vestibule", version, about, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    config: Config,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the web interface and send email (default)
    Serve,
    /// Apply pending database migrations
    Migrate,
    /// Manage organizations
    Organization {
        #[command(subcommand)]
        command: OrganizationCommand,
    },
    /// Print a one-time sign-in link for an active user, valid for one hour; recorded in the audit log
    SignInLink(SignInLinkArgs),
    /// Create the demo organization "Blobs R Us", slug `blobsrus`, unless it exists
    Demo,
    /// Check whether the server at LISTEN is ready
    Healthcheck,
}

#[derive(Subcommand)]
enum OrganizationCommand {
    /// Create an organization with its first admin, and print a one-time sign-in link for the admin
    Create {
        /// The organization's part of the URL: lowercase letters, digits and hyphens
        #[arg(long)]
        slug: String,
        /// The display name
        #[arg(long)]
        name: String,
        /// The email address of the first Organization Admin
        #[arg(long, value_name = "EMAIL")]
        admin: String,
    },
}

#[derive(Args)]
struct SignInLinkArgs {
    /// The organization's slug
    #[arg(long, value_name = "SLUG")]
    organization: String,
    /// The user's email address
    #[arg(long)]
    email: String,
}

/// Runs the command given on the command line.
///
/// # Errors
/// A message to print on standard error.
pub async fn run(Cli { command, config }: Cli) -> Result<()> {
    if let Some(Command::Healthcheck) = command {
        return serve::healthcheck(config.listen).await;
    }
    config.check()?;
    telemetry::init(config.log_format);
    let app = database::connect(&config).await?;
    let source = Source { address: "command line".to_owned(), user_agent: String::new() };
    let request_context = RequestContext::new(app.clone(), HashMap::new(), source, "command line");
    match command.unwrap_or(Command::Serve) {
        Command::Serve => serve::serve(config, app).await,
        Command::Migrate => database::migrate(&app).await,
        Command::Organization { command: OrganizationCommand::Create { slug, name, admin } } => {
            database::migrate(&app).await?;
            let token =
                organizations::create(&request_context, &slug, &name, &admin).await.map_err(describe)?;
            println!("{}", domain::mail::links::sign_in(&app, &slug, &token));
            Ok(())
        }
        Command::SignInLink(SignInLinkArgs { organization, email }) => {
            let context = request_context.organization(&organization).await.map_err(describe)?;
            let token = sign_in::create_operator_link(&context, &email).await.map_err(describe)?;
            println!("{}", domain::mail::links::sign_in(&app, &organization, &token));
            Ok(())
        }
        Command::Demo => {
            database::migrate(&app).await?;
            demo::seed(&request_context).await.map_err(describe)
        }
        Command::Healthcheck => Ok(()),
    }
}

/// Formats an error for the terminal. Invalid fields are listed one per line, as the options that set them.
fn describe(error: domain::Error) -> anyhow::Error {
    match error {
        domain::Error::Problem(model::Problem::Invalid { fields }) => {
            let lines = fields.iter().map(|field| format!("--{}: {}", field.field, field.error));
            anyhow!(lines.collect::<Vec<_>>().join("\n"))
        }
        domain::Error::Problem(model::Problem::NotFound) => {
            anyhow!("the organization does not exist, or it has no active user with this email address")
        }
        other => anyhow!("{other}"),
    }
}
