//! The command line.

use crate::config::{Config, Settings};
use crate::{database, serve, telemetry};
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
    settings: Settings,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the pages and send the mail (what it does when nothing else is said)
    Serve,
    /// Bring the database's schema up to date
    Migrate,
    /// Make organizations
    Organization {
        #[command(subcommand)]
        command: OrganizationCommand,
    },
    /// Print a one-time sign-in link for an active user, good for an hour; the audit log tells of it
    SignInLink(SignInLink),
    /// Make the demo organization "Blobs R Us", slug `blobsrus`, unless it is there
    Demo,
    /// Ask the server at LISTEN whether it is ready
    Healthcheck,
}

#[derive(Subcommand)]
enum OrganizationCommand {
    /// Make an organization with its first admin, and print a one-time sign-in link for the admin
    Create {
        /// The part of its URL: lower-case letters, digits and hyphens
        #[arg(long)]
        slug: String,
        /// What people call it
        #[arg(long)]
        name: String,
        /// The address of its first Organization Admin
        #[arg(long, value_name = "EMAIL")]
        admin: String,
    },
}

#[derive(Args)]
struct SignInLink {
    /// The organization's slug
    #[arg(long, value_name = "SLUG")]
    organization: String,
    #[arg(long)]
    email: String,
}

/// Does what the command line says.
///
/// # Errors
/// In a person's words, for the standard error.
pub async fn run(cli: Cli) -> Result<(), String> {
    if let Some(Command::Healthcheck) = cli.command {
        return serve::healthcheck(cli.settings.listen()?).await;
    }
    let config = Config::new(cli.settings)?;
    telemetry::start(config.log_format);
    let app = database::connect(&config).await?;
    let source = Source { address: "command line".to_owned(), user_agent: String::new() };
    let request_context = RequestContext::new(app.clone(), HashMap::new(), source, "command line");
    match cli.command.unwrap_or(Command::Serve) {
        Command::Serve => serve::serve(config, app).await,
        Command::Migrate => database::migrate(&app).await,
        Command::Organization { command: OrganizationCommand::Create { slug, name, admin } } => {
            database::migrate(&app).await?;
            let token = organizations::create(&request_context, &slug, &name, &admin).await.map_err(words)?;
            println!("{}", domain::mail::links::sign_in(&app, &slug, &token));
            Ok(())
        }
        Command::SignInLink(SignInLink { organization, email }) => {
            let context = request_context.organization(&organization).await.map_err(words)?;
            let token = sign_in::create_operator_link(&context, &email).await.map_err(words)?;
            println!("{}", domain::mail::links::sign_in(&app, &organization, &token));
            Ok(())
        }
        Command::Demo => {
            database::migrate(&app).await?;
            demo::seed(&request_context).await.map_err(words)
        }
        Command::Healthcheck => Ok(()),
    }
}

/// A refusal in words, with each field and what is wrong with it.
fn words(error: domain::Error) -> String {
    match error {
        domain::Error::Problem(model::Problem::Invalid { fields }) => fields
            .iter()
            .map(|field| format!("--{}: {}", field.field, field.error))
            .collect::<Vec<_>>()
            .join("\n"),
        domain::Error::Problem(model::Problem::NotFound) => {
            "there is no such organization, or no such active user in it".to_owned()
        }
        other => other.to_string(),
    }
}
