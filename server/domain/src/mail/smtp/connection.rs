//! One connection to the mail server.

use super::super::message::Parcel;
use super::server::{Security, Server};
use super::{errors, stream};
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

/// How long the server may think about a whole mail. Whoever gives up earlier sends it twice (RFC 5321, section
/// 4.5.3.2.6 asks for ten minutes; RFC 1047 tells why).
const JUDGEMENT: Duration = Duration::from_mins(5);
/// How long a good-bye may take.
const GOOD_BYE: Duration = Duration::from_secs(1);

/// One connection to the mail server, greeted and logged in.
pub(in crate::mail) struct Connection {
    smtp: AsyncSmtpConnection,
    timeout: Duration,
    /// Commands may go together (RFC 2920).
    pipelining: bool,
    /// Addresses may have letters of every script (RFC 6531).
    utf8: bool,
    /// Nothing can be sent over it any more.
    broken: bool,
}

/// What became of a mail. The texts say it as the server did, or in our words where it said nothing.
pub(in crate::mail) enum Answer {
    Taken(String),
    /// Refused for good, or for the time being. `ours` is set where the fault is in how we are set up, and not in the
    /// mail.
    Refused {
        reply: String,
        lasting: bool,
        ours: bool,
    },
    /// The connection was lost. After [`Stage::Content`] nobody knows whether the server has the mail.
    Lost {
        words: String,
        stage: Stage,
    },
}

/// How far a mail had come.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::mail) enum Stage {
    /// The server had said nothing at all about it.
    Start,
    /// Its addresses were being looked at.
    Envelope,
    Content,
}

/// What the server said to one command, or that it said nothing.
enum Said {
    Yes(Response),
    No(Code, String),
    Nothing(String),
}

impl Connection {
    /// Connects, encrypts and logs in.
    ///
    /// # Errors
    /// Why it did not come to that, for people: “could not connect to the mail server: connection refused”.
    pub async fn open(server: &Server) -> Result<Self, String> {
        Self::greet(server).await.map_err(|why| errors::kept(&why, &[]))
    }

    async fn greet(server: &Server) -> Result<Self, String> {
        let failed = |why: String| format!("could not connect to the mail server: {why}");
        let stream = match timeout(server.timeout, stream::connect(server)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(failed(errors::io_fault(&error))),
            Err(_) => return Err(failed(errors::too_slow().to_owned())),
        };
        let greeting = AsyncSmtpConnection::connect_with_transport(stream, &server.name);
        let mut smtp = within(server, greeting).await.map_err(failed)?;
        if let Security::StartTls { parameters, required } = &server.security
            && (*required || smtp.can_starttls())
        {
            let encrypting = smtp.starttls(parameters.clone(), &server.name);
            within(server, encrypting)
                .await
                .map_err(|why| format!("could not encrypt the connection to the mail server: {why}"))?;
        }
        // Said once more, since lettre keeps but a part of the answer.
        let offers = within(server, smtp.command(Ehlo::new(server.name.clone()))).await.map_err(failed)?;
        let offers = |extension: &str| offers.message().any(|line| line.eq_ignore_ascii_case(extension));
        let (pipelining, utf8) = (offers("PIPELINING"), offers("SMTPUTF8"));
        if let Some(credentials) = &server.credentials {
            within(server, smtp.auth(DEFAULT_MECHANISMS, credentials))
                .await
                .map_err(|why| format!("could not log in to the mail server: {why}"))?;
        }
        Ok(Self { smtp, timeout: server.timeout, pipelining, utf8, broken: false })
    }

    /// Whether nothing can be sent over it any more.
    pub fn is_broken(&self) -> bool {
        self.broken
    }

    /// Hands a mail over.
    pub async fn send(&mut self, parcel: &Parcel) -> Answer {
        let mut answer = self.talk(parcel).await;
        match &mut answer {
            Answer::Taken(text) | Answer::Refused { reply: text, .. } | Answer::Lost { words: text, .. } => {
                *text = errors::kept(text, &parcel.secrets);
            }
        }
        answer
    }

    async fn talk(&mut self, parcel: &Parcel) -> Answer {
        let ascii = AsRef::<str>::as_ref(&parcel.to).is_ascii();
        if !ascii && !self.utf8 {
            let reply = "the mail server can't write to addresses with such letters (it has no SMTPUTF8)";
            return Answer::Refused { reply: reply.to_owned(), lasting: true, ours: false };
        }
        let parameters = if ascii { vec![] } else { vec![MailParameter::SmtpUtfEight] };
        let mail = Mail::new(Some(parcel.from.clone()), parameters).to_string();
        let recipient = Rcpt::new(parcel.to.clone(), vec![]).to_string();
        let invited = if self.pipelining {
            self.envelope_at_once(&mail, &recipient).await
        } else {
            self.envelope(&mail, &recipient).await
        };
        if let Err(answer) = invited {
            return answer;
        }
        match self.said(JUDGEMENT, &parcel.content).await {
            Said::Yes(response) => Answer::Taken(errors::reply(&response)),
            Said::No(code, reply) => self.refused(code, reply),
            Said::Nothing(words) => self.lost(&words, Stage::Content),
        }
    }

    /// Sender, recipient and the wish to send, one after the other.
    async fn envelope(&mut self, mail: &str, recipient: &str) -> Result<(), Answer> {
        let data = Data.to_string();
        for (command, stage) in [(mail, Stage::Start), (recipient, Stage::Envelope), (&data, Stage::Envelope)]
        {
            match self.said(self.timeout, command).await {
                Said::Yes(_) => {}
                Said::No(code, reply) => {
                    let answer = self.refused(code, reply);
                    self.reset().await;
                    return Err(answer);
                }
                Said::Nothing(words) => return Err(self.lost(&words, stage)),
            }
        }
        Ok(())
    }

    /// The same three commands in one go, and their three answers.
    async fn envelope_at_once(&mut self, mail: &str, recipient: &str) -> Result<(), Answer> {
        let mut refusal = None;
        let first = self.said(self.timeout, format!("{mail}{recipient}{Data}")).await;
        let second = if matches!(first, Said::Nothing(_)) { None } else { Some(self.next().await) };
        let third = match second {
            None | Some(Said::Nothing(_)) => None,
            Some(_) => Some(self.next().await),
        };
        let goes_on = matches!(third, Some(Said::Yes(_)));
        for (said, stage) in
            [(Some(first), Stage::Start), (second, Stage::Envelope), (third, Stage::Envelope)]
        {
            match said {
                Some(Said::Nothing(words)) => return Err(refusal.unwrap_or_else(|| self.lost(&words, stage))),
                Some(Said::No(code, reply)) if refusal.is_none() => refusal = Some(self.refused(code, reply)),
                _ => {}
            }
        }
        let Some(refusal) = refusal else { return Ok(()) };
        if goes_on && !self.broken {
            // It waits for a message in spite of all: an empty one to nobody ends that (RFC 2920, section 3.1).
            let _ = self.said(self.timeout, ".\r\n").await;
        }
        self.reset().await;
        Err(refusal)
    }

    /// Makes ready for the next mail after a refusal.
    async fn reset(&mut self) {
        if !self.broken && !matches!(self.said(self.timeout, Rset).await, Said::Yes(_)) {
            self.broken = true;
        }
    }

    /// Says good-bye.
    pub async fn close(&mut self) {
        if !self.broken {
            let _ = self.said(GOOD_BYE, Quit).await;
        }
    }

    fn refused(&mut self, code: Code, reply: String) -> Answer {
        let number = u16::from(code);
        // 421: it closes the connection (RFC 5321, section 3.8).
        self.broken |= number == 421;
        // 530, 534, 535, 538: it wants us to log in, or to encrypt first (RFC 4954, section 6).
        let ours = (530..=539).contains(&number) || number == 421;
        let lasting = code.severity == Severity::PermanentNegativeCompletion && !ours;
        Answer::Refused { reply, lasting, ours }
    }

    fn lost(&mut self, words: &str, stage: Stage) -> Answer {
        self.broken = true;
        Answer::Lost { words: format!("lost the connection to the mail server: {words}"), stage }
    }

    async fn said(&mut self, time: Duration, command: impl Display) -> Said {
        let answer = timeout(time, self.smtp.command(command)).await;
        self.heard(answer)
    }

    async fn next(&mut self) -> Said {
        let answer = timeout(self.timeout, self.smtp.read_response()).await;
        self.heard(answer)
    }

    fn heard(&mut self, answer: Result<Result<Response, Error>, Elapsed>) -> Said {
        let words = match answer {
            Ok(Ok(response)) => return Said::Yes(response),
            Ok(Err(error)) => match errors::refusal(&error) {
                Some((code, reply)) => return Said::No(code, reply),
                None => errors::fault(&error),
            },
            Err(_) => errors::too_slow().to_owned(),
        };
        self.broken = true;
        Said::Nothing(words)
    }
}

async fn within<T>(server: &Server, step: impl Future<Output = Result<T, Error>>) -> Result<T, String> {
    match timeout(server.timeout, step).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(errors::fault(&error)),
        Err(_) => Err(errors::too_slow().to_owned()),
    }
}
