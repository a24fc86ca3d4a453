//! The program that is measured: the release build, as an operator runs it.

use super::Result;
use super::config::Config;
use super::database::Database;
use super::http::{Client, call_form, get};
use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// Whoever knows it makes the links of invitations, as the benchmark of joining does.
pub const SECRET_KEY: &str = "a secret key of the benchmarks and of no use elsewhere";

/// How long a start may take.
const READY_WITHIN: Duration = Duration::from_secs(30);

/// Where mail goes.
#[derive(Clone, Copy)]
pub enum Mail {
    /// Nowhere: nothing listens there, so that no mail is in the way of what is measured.
    Away,
    /// Into memory, to be read at `/dev/mail`.
    Captured,
    /// To a mail server at this port.
    Port(u16),
}

/// A running server. It ends with this value.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
    /// From the start of the process to the first "ready".
    pub started_in: Duration,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program, told of this database.
pub fn program(config: &Config, database: &Database) -> Command {
    let mut command = Command::new(&config.program);
    command.env_clear().env("DATABASE_URL", &database.url).env("SECRET_KEY", SECRET_KEY);
    command.env("LEPTOS_SITE_ROOT", &config.site_root);
    command
}

/// Runs the program once and gives back the last line that it printed.
pub fn run(config: &Config, database: &Database, arguments: &[&str]) -> Result<String> {
    let output = program(config, database).args(arguments).output()?;
    if !output.status.success() {
        return Err(format!("vestibule {arguments:?}: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    let printed = String::from_utf8(output.stdout)?;
    Ok(printed.lines().last().unwrap_or_default().to_owned())
}

/// A port of the loopback address that nobody uses.
pub fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

impl Server {
    pub async fn start(config: &Config, database: &Database, mail: Mail) -> Result<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
        let mut command = program(config, database);
        command.arg("serve").env("LISTEN", address.to_string()).env("BASE_URL", format!("http://{address}"));
        let smtp = match mail {
            Mail::Away => Some(free_port()?),
            Mail::Captured => None,
            Mail::Port(port) => Some(port),
        };
        if let Some(port) = smtp {
            command.env("SMTP_URL", format!("smtp://127.0.0.1:{port}?tls=none"));
        }
        let log = config.scratch.join("server.log");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(&log)?);
        let from = Instant::now();
        let mut server = Self { child: command.spawn()?, address, started_in: Duration::ZERO };
        while !server.is_ready().await {
            if server.child.try_wait()?.is_some() || from.elapsed() > READY_WITHIN {
                return Err(format!("the server did not get ready: {}", fs::read_to_string(&log)?).into());
            }
            sleep(Duration::from_millis(1)).await;
        }
        server.started_in = from.elapsed();
        Ok(server)
    }

    async fn is_ready(&self) -> bool {
        let answer = Client::new(self.address).send(&get("/health/ready", "")).await;
        answer.is_ok_and(|answer| answer.status == 200)
    }

    /// Signs a user in, by a link from the command line, and gives the cookie of the session.
    pub async fn sign_in(
        &self,
        config: &Config,
        database: &Database,
        slug: &str,
        email: &str,
    ) -> Result<String> {
        let link = run(config, database, &["sign-in-link", "--organization", slug, "--email", email])?;
        let path = link.find("/o/").map(|at| &link[at..]).ok_or("that is no link")?;
        let mut client = Client::new(self.address);
        let opened = client.send(&get(path, "")).await?.with(303)?;
        let link = opened.cookie(&format!("sign-in-{slug}")).ok_or("the link left no cookie")?;
        let signed_in = client.send(&call_form("/api/sign_in/by_link", &link, &[("org", slug)])).await?;
        Ok(signed_in.cookie(&format!("session-{slug}")).ok_or("nobody was signed in")?)
    }

    /// What the process holds in memory now, in MiB, and the most that it held since [`forget_peak`](Self::forget_peak).
    pub fn memory(&self) -> Result<(f64, f64)> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let of = |name: &str| -> Result<f64> {
            let line =
                status.lines().find_map(|line| line.strip_prefix(name)).ok_or("the kernel does not say")?;
            let kib: f64 = line.trim().trim_end_matches(" kB").parse()?;
            Ok(kib / 1024.0)
        };
        Ok((of("VmRSS:")?, of("VmHWM:")?))
    }

    /// From now on the most is counted anew (proc(5), `clear_refs`).
    pub fn forget_peak(&self) -> Result<()> {
        Ok(fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5")?)
    }
}
