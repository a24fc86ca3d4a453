//! One connection to the mail server.

use super::errors::{self, TIMED_OUT};
use super::server::{Security, Server};
use super::stream;
use crate::mail::message::OutgoingMessage;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::DEFAULT_MECHANISMS;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Ehlo, Mail, Quit, Rcpt, Rset};
use lettre::transport::smtp::extension::MailParameter;
use lettre::transport::smtp::response::{Code, Response, Severity};
use std::fmt::Display;
use std::time::Duration;
use tokio::time::error::Elapsed;
use tokio::time::timeout;

/// How long to wait for the reply to the data. A client that gives up too early sends a message twice (RFC 1047; RFC 5321,
/// section 4.5.3.2.6, recommends ten minutes).
const DATA_TIMEOUT: Duration = Duration::from_mins(5);
const QUIT_TIMEOUT: Duration = Duration::from_secs(1);

/// A connection after the handshake: greeted, encrypted and authenticated.
pub(in crate::mail) struct Connection {
    smtp: AsyncSmtpConnection,
    timeout: Duration,
    /// The server offers PIPELINING (RFC 2920).
    pipelining: bool,
    /// The server offers SMTPUTF8 (RFC 6531).
    utf8: bool,
    is_broken: bool,
}

/// The result of sending a message. The texts are replies of the server, or our own where it did not reply.
pub(in crate::mail) enum SendOutcome {
    Accepted(String),
    /// The server replied with an error.
    Rejected {
        reply: String,
        /// A retry would be rejected again (RFC 5321, section 4.2.1: 5yz).
        is_permanent: bool,
        /// The reply is not about the message, but about our credentials, encryption or number of connections.
        is_config_fault: bool,
    },
    /// The connection was lost. After [`Stage::Content`], the server may have accepted the message.
    Disconnected {
        error: String,
        stage: Stage,
    },
}

/// How far the transaction of a message had got.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::mail) enum Stage {
    /// Before the first reply.
    Start,
    /// Before the reply to DATA.
    Envelope,
    Content,
}

/// The result of one command.
enum CommandResult {
    Ok(Response),
    /// A negative reply.
    Rejected(Code, String),
    /// The connection failed.
    NoReply(String),
}

impl Connection {
    /// Connects, encrypts and authenticates.
    ///
    /// # Errors
    /// A message for people, such as "could not connect to the mail server: connection refused".
    pub async fn open(server: &Server) -> Result<Self, String> {
        Self::handshake(server).await.map_err(|error| errors::redact_and_truncate(&error, &[]))
    }

    async fn handshake(server: &Server) -> Result<Self, String> {
        let connect_error = |error: String| format!("could not connect to the mail server: {error}");
        let stream = match timeout(server.timeout, stream::connect(server)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(connect_error(errors::describe_io_error(&error))),
            Err(_) => return Err(connect_error(TIMED_OUT.to_owned())),
        };
        let greeting = AsyncSmtpConnection::connect_with_transport(stream, &server.client_name);
        let mut smtp = with_timeout(server, greeting).await.map_err(connect_error)?;
        if let Security::StartTls { parameters, required } = &server.security
            && (*required || smtp.can_starttls())
        {
            let starttls = smtp.starttls(parameters.clone(), &server.client_name);
            with_timeout(server, starttls)
                .await
                .map_err(|error| format!("could not encrypt the connection to the mail server: {error}"))?;
        }
        // Repeated because lettre keeps only a few of the extensions.
        let ehlo = smtp.command(Ehlo::new(server.client_name.clone()));
        let extensions = with_timeout(server, ehlo).await.map_err(connect_error)?;
        let offers = |extension: &str| extensions.message().any(|line| line.eq_ignore_ascii_case(extension));
        let (pipelining, utf8) = (offers("PIPELINING"), offers("SMTPUTF8"));
        if let Some(credentials) = &server.credentials {
            with_timeout(server, smtp.auth(DEFAULT_MECHANISMS, credentials))
                .await
                .map_err(|error| format!("could not log in to the mail server: {error}"))?;
        }
        Ok(Self { smtp, timeout: server.timeout, pipelining, utf8, is_broken: false })
    }

    /// Whether the connection can't be used again.
    pub fn is_broken(&self) -> bool {
        self.is_broken
    }

    /// Sends a message. The texts in the outcome don't contain its secrets.
    pub async fn send(&mut self, message: &OutgoingMessage) -> SendOutcome {
        let mut outcome = self.deliver(message).await;
        match &mut outcome {
            SendOutcome::Accepted(text)
            | SendOutcome::Rejected { reply: text, .. }
            | SendOutcome::Disconnected { error: text, .. } => {
                *text = errors::redact_and_truncate(text, &message.secrets);
            }
        }
        outcome
    }

    async fn deliver(&mut self, message: &OutgoingMessage) -> SendOutcome {
        let is_ascii = AsRef::<str>::as_ref(&message.to).is_ascii();
        if !is_ascii && !self.utf8 {
            let reply = "the mail server does not support non-ASCII addresses (SMTPUTF8)".to_owned();
            return SendOutcome::Rejected { reply, is_permanent: true, is_config_fault: false };
        }
        let parameters = if is_ascii { vec![] } else { vec![MailParameter::SmtpUtfEight] };
        let mail = Mail::new(Some(message.from.clone()), parameters).to_string();
        let rcpt = Rcpt::new(message.to.clone(), vec![]).to_string();
        let envelope = if self.pipelining {
            self.pipeline_envelope(&mail, &rcpt).await
        } else {
            self.send_envelope(&mail, &rcpt).await
        };
        if let Err(outcome) = envelope {
            return outcome;
        }
        match self.command(DATA_TIMEOUT, &message.content).await {
            CommandResult::Ok(response) => SendOutcome::Accepted(errors::format_reply(&response)),
            CommandResult::Rejected(code, reply) => self.rejected(code, reply),
            CommandResult::NoReply(error) => self.disconnected(&error, Stage::Content),
        }
    }

    /// Sends MAIL, RCPT and DATA, each after the reply to the one before.
    async fn send_envelope(&mut self, mail: &str, rcpt: &str) -> Result<(), SendOutcome> {
        let data = Data.to_string();
        for (command, stage) in [(mail, Stage::Start), (rcpt, Stage::Envelope), (&data, Stage::Envelope)] {
            match self.command(self.timeout, command).await {
                CommandResult::Ok(_) => {}
                CommandResult::Rejected(code, reply) => {
                    let outcome = self.rejected(code, reply);
                    self.reset().await;
                    return Err(outcome);
                }
                CommandResult::NoReply(error) => return Err(self.disconnected(&error, stage)),
            }
        }
        Ok(())
    }

    /// Sends MAIL, RCPT and DATA together, then reads their three replies.
    async fn pipeline_envelope(&mut self, mail: &str, rcpt: &str) -> Result<(), SendOutcome> {
        let mut rejection = None;
        let mail_result = self.command(self.timeout, format!("{mail}{rcpt}{Data}")).await;
        let rcpt_result = match mail_result {
            CommandResult::NoReply(_) => None,
            _ => Some(self.read_reply().await),
        };
        let data_result = match rcpt_result {
            None | Some(CommandResult::NoReply(_)) => None,
            Some(_) => Some(self.read_reply().await),
        };
        let expects_data = matches!(data_result, Some(CommandResult::Ok(_)));
        for (result, stage) in [
            (Some(mail_result), Stage::Start),
            (rcpt_result, Stage::Envelope),
            (data_result, Stage::Envelope),
        ] {
            match result {
                Some(CommandResult::NoReply(error)) => {
                    return Err(rejection.unwrap_or_else(|| self.disconnected(&error, stage)));
                }
                Some(CommandResult::Rejected(code, reply)) if rejection.is_none() => {
                    rejection = Some(self.rejected(code, reply));
                }
                _ => {}
            }
        }
        let Some(rejection) = rejection else { return Ok(()) };
        if expects_data && !self.is_broken {
            // The server may accept DATA without a valid recipient; an empty message ends it (RFC 2920, section 3.1).
            let _ = self.command(self.timeout, ".\r\n").await;
        }
        self.reset().await;
        Err(rejection)
    }

    /// Aborts the transaction after a rejection, so that the connection can carry the next message.
    async fn reset(&mut self) {
        if !self.is_broken && !matches!(self.command(self.timeout, Rset).await, CommandResult::Ok(_)) {
            self.is_broken = true;
        }
    }

    /// Sends QUIT.
    pub async fn close(&mut self) {
        if !self.is_broken {
            let _ = self.command(QUIT_TIMEOUT, Quit).await;
        }
    }

    fn rejected(&mut self, code: Code, reply: String) -> SendOutcome {
        let number = u16::from(code);
        // 421: the server closes the connection (RFC 5321, section 3.8).
        self.is_broken |= number == 421;
        // 530, 534, 535, 538: the server requires authentication or encryption (RFC 4954, section 6).
        let is_config_fault = (530..=539).contains(&number) || number == 421;
        let is_permanent = code.severity == Severity::PermanentNegativeCompletion && !is_config_fault;
        SendOutcome::Rejected { reply, is_permanent, is_config_fault }
    }

    fn disconnected(&mut self, error: &str, stage: Stage) -> SendOutcome {
        self.is_broken = true;
        let error = format!("lost the connection to the mail server: {error}");
        SendOutcome::Disconnected { error, stage }
    }

    /// Sends a command and reads its reply.
    async fn command(&mut self, time: Duration, command: impl Display) -> CommandResult {
        let response = timeout(time, self.smtp.command(command)).await;
        self.classify(response)
    }

    /// Reads the reply to a command that was pipelined.
    async fn read_reply(&mut self) -> CommandResult {
        let response = timeout(self.timeout, self.smtp.read_response()).await;
        self.classify(response)
    }

    fn classify(&mut self, response: Result<Result<Response, Error>, Elapsed>) -> CommandResult {
        let error = match response {
            Ok(Ok(response)) => return CommandResult::Ok(response),
            Ok(Err(error)) => match errors::negative_reply(&error) {
                Some((code, reply)) => return CommandResult::Rejected(code, reply),
                None => errors::describe_error(&error),
            },
            Err(_) => TIMED_OUT.to_owned(),
        };
        self.is_broken = true;
        CommandResult::NoReply(error)
    }
}

async fn with_timeout<T>(server: &Server, step: impl Future<Output = Result<T, Error>>) -> Result<T, String> {
    match timeout(server.timeout, step).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(errors::describe_error(&error)),
        Err(_) => Err(TIMED_OUT.to_owned()),
    }
}
